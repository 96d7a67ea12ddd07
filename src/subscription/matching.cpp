#include "src/subscription/matching.h"

#include <algorithm>

#include "fhir/search/match.h"
#include "src/subscription/index.h"

namespace alzette::subscription {

using fhir::Method;
using fhir::search::Clause;
using fhir::search::Query;

namespace {

// What rows cannot tell (chains) is asked of the store, as it is now.
bool found(const Query& query, const Clause& clause, const Live& live, Change& change) {
  const auto* type = change.version().type;
  auto asked = fhir::search::parse(type, {{"_id", change.version().id}}, live.owner.base, false);
  if (!asked || change.removed()) return false;
  asked->type = query.type;
  asked->all_of.push_back(clause);
  const auto ids = change.snapshot().find(live.owner.access, *asked, 1);
  return ids && !ids->empty();
}

bool holds(const Query& query, const Live& live, Change& change, const Change::Rows& rows) {
  return std::all_of(query.all_of.begin(), query.all_of.end(), [&](const Clause& clause) {
    return is_plain(clause) ? fhir::search::matches(clause, rows) : found(query, clause, live, change);
  });
}

bool passes_filters(const Live& live, Change& change) {
  const auto& filters = live.wanted.filters;
  const auto& rows = change.rows(live.owner.base);
  bool named = filters.empty();
  for (const auto& filter : filters) {
    if (filter.type != change.version().type) continue;
    named = true;
    if (!holds(filter.query, live, change, rows)) return false;
  }
  return named;
}

bool holds(const fhir::path::Program& program, Change& change) {
  const auto variable = [](const fhir::Node* node) {
    fhir::path::Collection items;
    if (node) items.emplace_back().node = node;
    return items;
  };
  fhir::path::Context context;
  context.variables = {{"current", variable(change.current())}, {"previous", variable(change.previous())}};
  const auto* focus = change.current() ? change.current() : change.previous();
  context.resource = context.root_resource = focus;
  if (!focus) return false;
  const auto result = fhir::path::evaluate(program, *focus, context);
  return result && result->size() == 1 && result->front().kind == fhir::path::Item::Kind::boolean &&
         result->front().boolean;
}

bool triggers(const Trigger& trigger, const Live& live, Change& change) {
  const auto method = change.method();
  if (trigger.type && trigger.type != change.version().type) return false;
  if (!trigger.on[static_cast<std::size_t>(method)]) return false;
  if (!trigger.previous && !trigger.current) return !trigger.path || holds(*trigger.path, change);
  const auto& base = live.owner.base;
  const bool before = !trigger.previous          ? trigger.both || !trigger.current
                      : method == Method::create ? trigger.passes_on_create
                                                 : holds(*trigger.previous, live, change, change.previous_rows(base));
  const bool after = !trigger.current           ? trigger.both || !trigger.previous
                     : method == Method::remove ? trigger.passes_on_remove
                                                : holds(*trigger.current, live, change, change.rows(base));
  return trigger.both ? before && after : before || after;
}

bool is_triggered(const Live& live, Change& change) {
  // R4 tells of what was created or updated; a feed of patients is a feed of removals as well.
  if (!live.on_topic()) return !change.removed() || live.wanted.channel == Channel::message;
  return std::any_of(live.topic.triggers.begin(), live.topic.triggers.end(),
                     [&](const Trigger& trigger) { return triggers(trigger, live, change); });
}

bool may_see(const Live& live, Change& change) {
  const auto& version = change.version();
  if (!live.owner.access.may(fhir::Verb::search, version.type->name)) return false;
  const auto seen = version.version - (change.removed() ? 1 : 0);
  return bool{change.snapshot().vread(live.owner.access, *version.type, version.id, seen)};
}

}  // namespace

Method Change::method() const {
  return version_.method == Method::update && version_.version == 1 ? Method::create : version_.method;
}

const fhir::Node* Change::tree(Read& read, const fhir::Version& version) {
  auto incoming = fhir::receive(version.body);
  if (incoming) read.incoming = std::move(*incoming);
  return read.incoming ? read.incoming->resource : nullptr;
}

const fhir::Node* Change::current() {
  if (removed()) return nullptr;
  if (!std::exchange(now_.done, true)) return tree(now_, version_);
  return now_.incoming ? now_.incoming->resource : nullptr;
}

const fhir::Node* Change::previous() {
  if (!std::exchange(before_.done, true) && version_.version > 1) {
    auto read = snapshot_.vread(access_, *version_.type, version_.id, version_.version - 1);
    if (read) {
      before_.version = std::move(*read);
      return tree(before_, before_.version);
    }
  }
  return before_.incoming ? before_.incoming->resource : nullptr;
}

const Change::Rows& Change::rows_of(Read& read, const fhir::Node* tree, const std::string& base, std::int64_t updated) {
  const auto kept = read.rows.find(base);
  if (kept != read.rows.end()) return kept->second;
  return read.rows[base] = tree ? subscription::rows_of(*tree, base, updated) : Rows();
}

const Change::Rows& Change::rows(const std::string& base) {
  return removed() ? previous_rows(base) : rows_of(now_, current(), base, version_.last_updated);
}

const Change::Rows& Change::previous_rows(const std::string& base) {
  const auto* tree = previous();
  return rows_of(before_, tree, base, before_.version.last_updated);
}

bool is_event(const Live& live, Change& change) {
  return change.version().key > live.counted.from && is_triggered(live, change) && passes_filters(live, change) &&
         may_see(live, change);
}

}  // namespace alzette::subscription
