// Reading: see snapshot.h. History is in history.cpp.
#include "src/store/sqlite/snapshot.h"

#include <algorithm>
#include <array>

#include "src/store/page.h"
#include "src/store/search.h"

namespace alzette::store::sqlite {

using fhir::Access;
using fhir::Kind;
using fhir::Method;
using fhir::Outcome;
using fhir::Result;
using fhir::SearchPage;
using fhir::Type;
using fhir::Version;
using fhir::search::Query;

namespace {

constexpr std::size_t most_at_once = 10;  // bodies by one statement

std::string name_of(const Type& type, std::string_view id) {
  return std::string(type.name.view()) + "/" + std::string(id);
}
Outcome absent(const Type& type, std::string_view id) {
  return Outcome(Kind::absent, "not-found", name_of(type, id) + " does not exist");
}
Outcome forbidden(const Type& type) {
  return Outcome(Kind::forbidden, "forbidden", "you may not read " + std::string(type.name.view()));
}
Outcome broken() {
  return Outcome(Kind::internal, "exception", "the store cannot be read; stop the server and run `alzette check`");
}

// What is found is current, so that its body says all that is asked for: it begins with type and id (fhir::Body).
// `likely`: the type that it probably is.
bool read_identity(std::string_view body, const Type* likely, Version& out) {
  const auto quoted = [&](std::string_view before) -> std::string_view {
    if (!body.starts_with(before)) return {};
    body.remove_prefix(before.size());
    const auto text = body.substr(0, body.find('"'));
    body.remove_prefix(text.size());
    return text;
  };
  const auto name = quoted(R"({"resourceType":")");
  out.type = likely && likely->name.view() == name ? likely : fhir::definitions().resource(name);
  out.id = quoted(R"(","id":")");
  return out.type && !out.id.empty();
}

}  // namespace

Snapshot::Snapshot(Pool& pool, const Names& names, Texts& texts, Recent& recent, const Packing& packing,
                   const Blobs& blobs, Key last)
    : pool_(pool), names_(names), texts_(texts), recent_(recent), packing_(packing), blobs_(blobs), last_(last) {}

Snapshot::~Snapshot() {
  view_.reset();
  if (!connection_) return;
  try {
    pool_.give_back(std::move(connection_), commits_);
  } catch (const Failure&) {  // the connection dies with us
  }
}

SqliteView& Snapshot::begin() {
  if (view_) return *view_;
  connection_ = pool_.take(last_, commits_);
  return view_.emplace(*connection_, names_, &texts_, last_);
}

// Turns what the engine throws into an outcome.
template <class Answer>
Answer Snapshot::guarded(const std::function<Answer()>& work) {
  try {
    begin();
    return work();
  } catch (const Failure&) {
    return broken();
  }
}

Result<Version> Snapshot::read(const Access& access, const Type& type, std::string_view id) {
  return current(access, type, id, Large::put_back);
}

Result<Version> Snapshot::vread(const Access& access, const Type& type, std::string_view id, std::int64_t version) {
  return numbered(access, type, id, version, Large::put_back);
}

Result<Version> Snapshot::fetch(const Access& access, const Type& type, std::string_view id,
                                std::optional<std::int64_t> version) {
  return version ? numbered(access, type, id, *version, Large::apart) : current(access, type, id, Large::apart);
}

Result<Version> Snapshot::current(const Access& access, const Type& type, std::string_view id, Large large) {
  if (!access.may(fhir::Verb::read, type.name)) return forbidden(type);
  return guarded<Result<Version>>([&]() -> Result<Version> {
    const Name name = names_.find(type.name, *connection_);
    if (name == unknown) return absent(type, id);
    auto row = connection_->take("SELECT rid, current FROM identity WHERE type = ? AND id = ?");
    if (!row.with(name, id).step() || row.is_null(1)) return absent(type, id);
    Version out;
    // What is current now, unless that is younger than this view.
    if (const Key key = row.integer(1); key <= last_) {
      if (const auto held = recent_.find(key)) return *held;
      auto body = connection_->take("SELECT version, instant, bytes, record FROM body WHERE key = ? AND files IS NULL");
      if (body.with(key).step()) {
        if (!unpack(body, 2, 3, out)) return broken();
        out.type = &type;
        out.id = id;
        out.key = key;
        out.version = body.integer(0);
        out.last_updated = body.integer(1);
        if (!Recent::is_large(out)) recent_.keep(std::make_shared<Version>(out));
        return out;
      }
    }
    auto latest = connection_->take("SELECT key FROM version WHERE rid = ? AND key <= ? ORDER BY version DESC LIMIT 1");
    if (!latest.with(row.integer(0), last_).step()) return absent(type, id);
    if (auto failed = fill(latest.integer(0), out, large)) return std::move(*failed);
    if (out.deleted())
      return Outcome(Kind::gone, "deleted",
                     name_of(type, id) + " was deleted by version " + std::to_string(out.version));
    return out;
  });
}

Result<Version> Snapshot::numbered(const Access& access, const Type& type, std::string_view id, std::int64_t version,
                                   Large large) {
  if (!access.may(fhir::Verb::read, type.name)) return forbidden(type);
  return guarded<Result<Version>>([&]() -> Result<Version> {
    const Name name = names_.find(type.name, *connection_);
    const Rid rid = name == unknown ? unknown : view_->rid(name, id);
    auto row = connection_->take("SELECT key FROM version WHERE rid = ? AND version = ? AND key <= ?");
    if (rid == unknown || !row.with(rid, version, last_).step()) {
      if (rid == unknown) return absent(type, id);
      return Outcome(Kind::absent, "not-found", name_of(type, id) + " has no version " + std::to_string(version));
    }
    Version out;
    if (auto failed = fill(row.integer(0), out, large)) return std::move(*failed);
    if (out.deleted())
      return Outcome(Kind::gone, "deleted", "version " + std::to_string(version) + " deleted " + name_of(type, id));
    return out;
  });
}

std::optional<Outcome> Snapshot::fill(Key key, Version& out, Large large) {
  auto row = connection_->take(
      "SELECT v.type, v.version, v.instant, v.method, i.id, b.bytes, b.files, b.record FROM version v "
      "JOIN identity i ON i.rid = v.rid LEFT JOIN body b ON b.key = v.key WHERE v.key = ?");
  if (!row.with(key).step()) return broken();
  out.type = names_.type(row.integer(0));
  out.key = key;
  out.version = row.integer(1);
  out.last_updated = row.integer(2);
  out.method = static_cast<Method>(row.integer(3));
  out.id = row.text(4);
  if (!out.type) return broken();
  if (out.deleted()) return std::nullopt;
  if (row.is_null(5)) return broken();
  if (!unpack(row, 5, 7, out)) return broken();
  if (row.is_null(6)) return std::nullopt;
  if (large == Large::apart) {
    auto documents = blobs_.documents(row.text(6));
    if (!documents) return broken();
    out.documents = std::move(*documents);
    return std::nullopt;
  }
  auto whole = blobs_.put_back(out.body, row.text(6));
  if (!whole) return std::move(whole.outcome());
  out.body = std::move(*whole);
  return std::nullopt;
}

// The columns of a body and its record; false: they are damaged.
bool Snapshot::unpack(const Statement& row, int body, int record, Version& out) const {
  auto bytes = packing_.unpack(row.text(body)), beside = packing_.unpack(row.text(record));
  if (!bytes || !beside) return false;
  out.body = std::move(*bytes);
  out.record = std::move(*beside);
  return true;
}

Result<SearchPage> Snapshot::search(const Access& access, const Query& query, std::uint32_t count,
                                    std::uint64_t effort) {
  return guarded<Result<SearchPage>>([&] { return page(access, query, count, effort); });
}

Result<SearchPage> Snapshot::page(const Access& access, const Query& query, std::uint32_t count, std::uint64_t effort) {
  SqliteView& now = begin();
  Position position{.view = last_};
  if (!query.page.empty()) {
    const auto given = from_text(query.page);
    Entry entry;
    if (!given || given->view > last_ || given->last > given->view ||
        (given->last != 0 && !now.entry(given->last, entry)))
      return Outcome(Kind::malformed, "value", "_page is not a page of this search; start again without it");
    position = *given;
  }
  std::optional<SqliteView> earlier;
  if (position.view != last_) earlier.emplace(*connection_, names_, &texts_, position.view);
  SqliteView& view = earlier ? *earlier : now;
  using fhir::search::Total;
  const bool first = position.last == 0;
  const bool wants_total = query.total == Total::accurate || query.total == Total::estimate || count == 0;
  auto found = store::search(view, access, query,
                             {.count = count,
                              .after = position.last,
                              .total = wants_total && position.total < 0,
                              .effort = effort,
                              .any_order = true,
                              .range = static_cast<std::size_t>(position.range)});
  if (!found) return std::move(found.outcome());
  SearchPage out;
  out.plan = std::move(found->plan);
  position.range = static_cast<std::int64_t>(found->range);
  if (const auto total = found->total; first && total) position.total = static_cast<std::int64_t>(*total);
  if (position.total >= 0 && query.total != Total::none) out.total = static_cast<std::uint64_t>(position.total);
  std::uint64_t bytes = 0;
  auto added = add(access, query.type, found->keys, true, bytes, out);
  if (!added) return std::move(added.outcome());
  if (*added < found->keys.size()) {
    found->keys.resize(*added);
    found->more = true;
  }
  constexpr std::size_t most_included = fhir::search::Limits{}.includes;
  const auto included = include(view, access, query, found->keys, most_included);
  auto beside = add(access, nullptr, included.keys, false, bytes, out);
  if (!beside) return std::move(beside.outcome());
  out.includes_capped = included.capped || *beside < included.keys.size();
  if (found->more && !found->keys.empty()) {
    position.last = found->keys.back();
    out.next = to_text(position);
  }
  return out;
}

// What nobody read lately is read several at a time: to begin a statement costs as much as to find a row.
void Snapshot::read_current(const Type* likely, std::span<const Key> keys, std::span<Recent::Held> versions) {
  std::array<std::size_t, most_at_once> wanted{};
  std::size_t count = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    versions[i] = recent_.find(keys[i]);
    if (!versions[i]) wanted[count++] = i;
  }
  if (count == 0) return;
  auto bodies = connection_->take(
      "SELECT wanted.column1, version, instant, bytes, record "
      "FROM (VALUES (?), (?), (?), (?), (?), (?), (?), (?), (?), (?)) wanted "
      "CROSS JOIN body ON key = wanted.column1 WHERE files IS NULL");
  for (std::size_t i = 0; i < most_at_once; ++i) bodies.bind(static_cast<int>(i + 1), i < count ? keys[wanted[i]] : 0);
  for (std::size_t i = 0; i < count && bodies.step(); ++i) {
    auto version = std::make_shared<Version>();
    version->key = bodies.integer(0);
    while (keys[wanted[i]] != version->key) ++i;
    if (!unpack(bodies, 3, 4, *version) || !read_identity(version->body, likely, *version)) continue;
    version->version = bodies.integer(1);
    version->last_updated = bodies.integer(2);
    recent_.keep(version);
    versions[wanted[i]] = std::move(version);
  }
}

Result<std::size_t> Snapshot::add(const Access& access, const Type* likely, std::span<const Key> keys, bool match,
                                  std::uint64_t& bytes, SearchPage& out) {
  out.entries.reserve(out.entries.size() + keys.size());
  std::array<Recent::Held, most_at_once> versions;
  for (std::size_t added = 0; added < keys.size(); ++added) {
    auto& version = versions[added % most_at_once];
    if (bytes >= most_page_bytes) return added;
    if (added % most_at_once == 0)
      read_current(likely, keys.subspan(added, std::min(most_at_once, keys.size() - added)), versions);
    if (!version) {
      auto large = std::make_shared<Version>();
      if (auto failed = fill(keys[added], *large)) return std::move(*failed);
      version = std::move(large);
    }
    bytes += version->body.size();
    // Each row that leaves is checked again.
    if (access.may(match ? fhir::Verb::search : fhir::Verb::read, version->type->name))
      out.entries.push_back({std::move(version), match});
  }
  return keys.size();
}

Result<std::vector<std::string>> Snapshot::find(const Access& access, const Query& query, std::uint32_t at_most) {
  return guarded<Result<std::vector<std::string>>>(
      [&] { return store::find(*view_, access, query, at_most, finding_); });
}

std::string Snapshot::first_page() const { return to_text(Position{.view = last_}); }

std::vector<fhir::Note> Snapshot::notes(std::string_view room) { return notes_from(room, {}, UINT32_MAX); }

std::vector<fhir::Note> Snapshot::notes_from(std::string_view room, std::string_view name, std::uint32_t at_most) {
  std::vector<fhir::Note> all;
  try {
    begin();
    auto row = connection_->take("SELECT name, text FROM note WHERE room = ? AND name >= ? ORDER BY name LIMIT ?");
    for (row.with(room, name, std::int64_t{at_most}); row.step();)
      all.push_back({std::string(room), std::string(row.text(0)), std::string(row.text(1))});
  } catch (const Failure&) {
    all.clear();
  }
  return all;
}

std::optional<std::string> Snapshot::note(std::string_view room, std::string_view name) {
  try {
    begin();
    auto row = connection_->take("SELECT text FROM note WHERE room = ? AND name = ?");
    if (row.with(room, name).step()) return std::string(row.text(0));
  } catch (const Failure&) {  // as if there were none
  }
  return std::nullopt;
}

std::uint64_t Snapshot::count(const Type& type) {
  try {
    auto& view = begin();
    const Name name = names_.find(type.name, *connection_);
    return name == unknown ? 0 : view.live(name);
  } catch (const Failure&) {
    return 0;
  }
}

}  // namespace alzette::store::sqlite
