// Versions, newest first. Totals come from the counts that each version carries, so none is counted one by one.
// FHIR R4: http://hl7.org/fhir/R4/http.html#history
#include <algorithm>
#include <functional>

#include "src/store/page.h"
#include "src/store/sqlite/snapshot.h"

namespace alzette::store::sqlite {

using fhir::Access;
using fhir::HistoryPage;
using fhir::HistoryQuery;
using fhir::Kind;
using fhir::Outcome;
using fhir::Result;

namespace {

constexpr const char* onwards = "SELECT key, type FROM version WHERE key > ? AND key <= ? ORDER BY key LIMIT ?";
constexpr const char* onwards_of_type =
    "SELECT key, type FROM version WHERE key > ? AND key <= ? AND type = ? ORDER BY key LIMIT ?";
constexpr const char* of_all = "SELECT key, type FROM version WHERE key BETWEEN ? AND ? ORDER BY key DESC";
constexpr const char* of_type =
    "SELECT key, type FROM version WHERE type = ? AND key BETWEEN ? AND ? ORDER BY key DESC";
constexpr const char* of_one =
    "SELECT key, type FROM version WHERE rid = ? AND key BETWEEN ? AND ? ORDER BY version DESC";

// What a history runs over: everything, a type, or one resource; and the keys between which.
struct Scope {
  Name type = 0;
  Rid rid = 0;
  Key from = 0;
  Key to = 0;

  Statement rows(Connection& connection) const {
    auto statement = connection.take(rid ? of_one : type ? of_type : of_all);
    if (rid || type)
      statement.with(rid ? rid : type, from, to);
    else
      statement.with(from, to);
    return statement;
  }
};

// How many versions a type or a resource had when `key` was the newest.
std::int64_t versions_until(Connection& connection, const Scope& scope, Name type, Key key) {
  auto row =
      connection.take(scope.rid ? "SELECT version FROM version WHERE rid = ? AND key <= ? ORDER BY version DESC LIMIT 1"
                                : "SELECT ordinal FROM version WHERE type = ? AND key <= ? ORDER BY key DESC LIMIT 1");
  return row.with(scope.rid ? scope.rid : type, key).step() ? row.integer(0) : 0;
}

// Whether a version was current at the end of `then`, or came after it.
bool lasts(SqliteView& then, Key key) { return key > then.last() || then.current(key); }

// How many versions a history has on all its pages. `then`: the view at the start of the period that it is asked for.
std::uint64_t total_of(Connection& connection, const Names& names, const Access& access, const HistoryQuery& query,
                       Scope scope, SqliteView& then, Key until) {
  std::uint64_t total = 0;
  const auto visible = [&](const fhir::Type* type) { return type && access.may(fhir::Verb::read, type->name); };
  if (query.current_from && (scope.rid || query.since || until < then.last())) {  // of these no count is kept
    scope.to = until;
    auto rows = scope.rows(connection);
    while (rows.step())
      if (lasts(then, rows.integer(0)) && visible(names.type(rows.integer(1)))) ++total;
    return total;
  }
  for (const auto* type : scope.type ? std::vector<const fhir::Type*>{query.type} : names.types()) {
    if (!visible(type)) continue;
    const Name name = names.find(type->name, connection);
    const Key before = std::max(scope.from - 1, then.last());
    total += then.live(name) + static_cast<std::uint64_t>(versions_until(connection, scope, name, until) -
                                                          versions_until(connection, scope, name, before));
  }
  return total;
}

}  // namespace

Result<HistoryPage> Snapshot::history(const Access& access, const HistoryQuery& query) {
  try {
    begin();
    return versions(access, query);
  } catch (const Failure&) {
    return Outcome(Kind::internal, "exception", "the store cannot be read; stop the server and run `alzette check`");
  }
}

Result<HistoryPage> Snapshot::versions(const Access& access, const HistoryQuery& query) {
  Scope scope;
  if (query.type) {
    if (!access.may(fhir::Verb::read, query.type->name))
      return Outcome(Kind::forbidden, "forbidden", "you may not read " + std::string(query.type->name.view()));
    scope.type = names_.find(query.type->name, *connection_);
    if (!query.id.empty()) {
      scope.rid = scope.type == unknown ? unknown : view_->rid(scope.type, query.id);
      if (scope.rid == unknown || versions_until(*connection_, scope, scope.type, last_) == 0)
        return Outcome(Kind::absent, "not-found",
                       std::string(query.type->name.view()) + "/" + query.id + " does not exist");
    }
    if (scope.type == unknown) return HistoryPage{};
  }
  Position position{.view = last_};
  if (!query.page.empty()) {
    const auto given = from_text(query.page);
    if (!given || given->view > last_ || given->last > given->view)
      return Outcome(Kind::malformed, "value", "_page is not a page of this history; start again without it");
    position = *given;
  }
  const auto newest_by = [&](std::int64_t time) { return std::min(position.view, view_->first_at(time + 1) - 1); };
  const Key until = query.current_until ? newest_by(*query.current_until) : position.view;
  SqliteView then(*connection_, names_, &texts_, query.current_from ? newest_by(*query.current_from) : 0);
  scope.from = query.since ? view_->first_at(*query.since) : 0;
  scope.to = position.last ? std::min(until, position.last - 1) : until;
  HistoryPage page;
  std::uint64_t bytes = 0;
  // False: the page ends before this version, and the next one begins with it.
  const auto take = [&](Key key) -> Result<bool> {
    if (page.versions.size() == query.count || bytes >= most_page_bytes) {
      if (page.versions.empty()) return false;
      position.last = page.versions.back().key;
      page.next = to_text(position);
      return false;
    }
    page.versions.emplace_back();
    if (auto failed = fill(key, page.versions.back())) return std::move(*failed);
    bytes += page.versions.back().body.size();
    return true;
  };
  if (query.listed) {
    for (const Key key : listed(access, query, then, scope.from, scope.to, until, page.total)) {
      const auto taken = take(key);
      if (!taken) return taken.outcome();
      if (!*taken) break;
    }
    return page;
  }
  page.total = total_of(*connection_, names_, access, query, scope, then, until);
  auto rows = scope.rows(*connection_);
  while (rows.step()) {
    const Key key = rows.integer(0);
    const auto* type = names_.type(rows.integer(1));
    if (!lasts(then, key) || !type || !access.may(fhir::Verb::read, type->name)) continue;
    const auto taken = take(key);
    if (!taken) return taken.outcome();
    if (!*taken) break;
  }
  return page;
}

Result<fhir::Changes> Snapshot::changes(const Access& access, Key after, const std::vector<const fhir::Type*>& types,
                                        std::uint32_t at_most) {
  try {
    begin();
    fhir::Changes changes;
    changes.until = after;
    std::uint32_t seen = 0;
    const bool one = types.size() == 1;
    auto rows = connection_->take(one ? onwards_of_type : onwards);
    if (one)
      rows.with(after, last_, names_.find(types.front()->name, *connection_), std::int64_t{at_most});
    else
      rows.with(after, last_, std::int64_t{at_most});
    for (; rows.step(); ++seen) {
      changes.until = rows.integer(0);
      const auto* type = names_.type(rows.integer(1));
      if (std::find(types.begin(), types.end(), type) == types.end()) continue;
      if (!access.may(fhir::Verb::read, type->name)) continue;
      changes.versions.emplace_back();
      auto failed = fill(changes.until, changes.versions.back());
      // Who follows goes on: a document beyond all bounds is told of without its bytes.
      if (failed && failed->kind == Kind::too_costly)
        failed = fill(changes.until, changes.versions.back(), Large::apart);
      if (failed) return std::move(*failed);
    }
    changes.more = seen == at_most;
    if (!changes.more) changes.until = last_;
    return changes;
  } catch (const Failure&) {
    return Outcome(Kind::internal, "exception", "the store cannot be read; stop the server and run `alzette check`");
  }
}

// Each resource has its versions in order; what a page needs of each is merged.
std::vector<Key> Snapshot::listed(const Access& access, const HistoryQuery& query, SqliteView& then, Key from, Key to,
                                  Key until, std::uint64_t& total) {
  std::vector<Key> keys;
  for (const auto& [type, id] : *query.listed) {
    if ((query.type && type != query.type) || !access.may(fhir::Verb::read, type->name)) continue;
    const Name name = names_.find(type->name, *connection_);
    const Rid rid = name == unknown ? unknown : view_->rid(name, id);
    if (rid == unknown) continue;
    auto rows = Scope{name, rid, from, until}.rows(*connection_);
    for (std::uint32_t wanted = query.count + 1; rows.step();) {
      const Key key = rows.integer(0);
      if (!lasts(then, key)) continue;
      ++total;
      if (key > to || wanted == 0) continue;
      keys.push_back(key);
      --wanted;
    }
  }
  std::sort(keys.begin(), keys.end(), std::greater<>());
  return keys;
}

}  // namespace alzette::store::sqlite
