// Planning of lines, resources, transactions and batches, by the REST door's own rules.
#include "src/load/plan.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <unordered_set>
#include <utility>

#include "ihe/mhd/provide.h"
#include "ihe/settings.h"
#include "src/obey.h"
#include "src/rest/incoming.h"
#include "src/rest/salvage.h"
#include "src/rest/transact.h"

namespace alzette::load {
namespace {

using fhir::Kind;
using fhir::Outcome;

// By what it begins with: a file's name says less.
fhir::Format format_of(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const auto begin = text.find_first_not_of(" \t\r\n");
  return begin != text.npos && text[begin] == '<' ? fhir::Format::xml : fhir::Format::json;
}

class Planner {
 public:
  Planner(const Piece& piece, const std::vector<Item>& only, fhir::Snapshot& snapshot, const fhir::Access& access,
          std::string_view base)
      : piece_(piece), only_(only), snapshot_(snapshot), access_(access), base_(base) {}

  Planned run() {
    if (piece_.line == 0) {
      document(piece_.text, 0);
    } else {
      std::string_view rest = piece_.text;
      for (std::uint32_t line = 0; !rest.empty(); ++line) {
        auto end = std::min(rest.find('\n'), rest.size());
        auto text = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (text.find_first_not_of(" \t\r") != std::string_view::npos && wanted_line(line)) document(text, line);
      }
    }
    close_group();
    return std::move(planned_);
  }

 private:
  bool wanted_line(std::uint32_t line) const {
    return only_.empty() || std::any_of(only_.begin(), only_.end(), [&](const Item& i) { return i.line == line; });
  }
  bool wanted(const Item& item) const {
    return only_.empty() || std::find(only_.begin(), only_.end(), item) != only_.end();
  }

  void refuse(const Item& item, Outcome outcome, bool may_be_lifted) {
    planned_.refused.push_back(item);
    planned_.refusals.push_back({piece_.line ? piece_.line + item.line : 0, item.entry, std::move(outcome)});
    planned_.may_be_lifted.push_back(may_be_lifted);
  }

  rest::Ids ids_of(const Item& item) const {
    std::uint64_t mixed = (std::uint64_t{item.line} << 32 | static_cast<std::uint32_t>(item.entry + 1)) + piece_.salt;
    mixed = (mixed ^ (mixed >> 31)) * 0x9E3779B97F4A7C15u;
    return rest::Ids(static_cast<std::uint32_t>(mixed >> 32) ^ piece_.salt);
  }

  void document(std::string_view text, std::uint32_t line) {
    const auto format = format_of(text);
    auto incoming = rest::receive(text, format, true);
    if (!incoming) {
      auto salvaged = format == fhir::Format::json ? rest::salvage(text) : std::nullopt;
      if (!salvaged) return refuse({line, -1}, incoming.outcome(), false);
      return batch(*salvaged->bundle.resource, salvaged->bundle, line, salvaged->refused);
    }
    fhir::Node& root = *incoming->resource;
    auto bundle_type = root.name == "Bundle" ? root.value_of("type") : std::string_view{};
    if (bundle_type == "batch") return batch(root, *incoming, line, {});
    if (refuse_faults(incoming->issues, "", {line, -1})) return;
    if (bundle_type == "transaction") return transaction(root, *incoming->arena, {line, -1});
    resource(root, {line, -1});
  }

  // Refuses `item` for the faults at or below `place`, if there are any.
  bool refuse_faults(const std::vector<fhir::Issue>& issues, std::string_view place, const Item& item) {
    std::vector<fhir::Issue> faults;
    bool refuses = false;
    for (const auto& issue : issues) {
      std::string_view expression = issue.expression;
      bool within = expression.starts_with(place) &&
                    (place.empty() || expression.size() == place.size() || expression[place.size()] == '.');
      if (!within) continue;
      faults.push_back(issue);
      refuses = refuses || issue.severity <= fhir::Severity::error;
    }
    if (!refuses) return false;
    Outcome outcome(rest::kind_of(faults));
    outcome.issues = std::move(faults);
    refuse(item, std::move(outcome), false);
    return true;
  }

  static const ihe::Settings& as_delivered() {
    static const ihe::Settings settings;
    return settings;
  }
  fhir::RuleSite rule_site(fhir::Ids& ids) const {
    return {snapshot_, access_, base_, piece_.time, ids, as_delivered()};
  }
  ihe::Site site(fhir::Ids& ids) const { return {snapshot_, access_, as_delivered(), base_, piece_.time, ids}; }

  void resource(const fhir::Node& root, const Item& item) {
    std::string id(root.value_of("id"));
    if (id.empty()) {
      auto ids = ids_of(item);
      id = ids.next(piece_.time);
    }
    auto ids = ids_of(item);
    if (ihe::mhd::is_entry(root)) {
      if (auto faults = fhir::faults_of(root)) return refuse(item, std::move(*faults), false);
      auto entry = entries_.put(site(ids), root, id);
      if (!entry) return refuse(item, std::move(entry.outcome()), true);
      if (auto& put = *entry) return add_to_group(std::move(*put), item);
    }
    auto write = rest::prepare(root, id, fhir::Method::update, base_);
    if (!write) return refuse(item, write.outcome(), false);
    fhir::Batch alone{access_, {}, {}};
    alone.writes.push_back(std::move(*write));
    if (auto done = obey(rule_site(ids), alone); !done) return refuse(item, done.outcome(), true);
    add_to_group(std::move(alone), item);
  }

  // A batch writes no resource twice; the second version goes into the next one.
  void add_to_group(fhir::Batch alone, const Item& item) {
    std::vector<std::string> places;
    places.reserve(alone.writes.size());
    for (const auto& write : alone.writes) places.push_back(std::string(write.type->name.view()) + "/" + write.id);
    if (std::any_of(places.begin(), places.end(), [&](const auto& place) { return in_group_.count(place) > 0; }))
      close_group();
    in_group_.insert(places.begin(), places.end());
    auto& batch = group_.batch;
    std::move(alone.writes.begin(), alone.writes.end(), std::back_inserter(batch.writes));
    std::move(alone.expect.begin(), alone.expect.end(), std::back_inserter(batch.expect));
    group_.items.push_back(item);
  }

  void close_group() {
    if (!group_.batch.writes.empty()) {
      group_.batch.access = access_;
      planned_.batches.push_back(std::move(group_));
    }
    group_ = {};
    in_group_.clear();
  }

  void transaction(fhir::Node& bundle, fhir::Arena& arena, const Item& item) {
    close_group();
    auto ids = ids_of(item);
    const rest::Each each = rest::one_by_one;
    auto result = rest::transact(bundle, arena, {snapshot_, access_, base_, piece_.time, ids, each});
    if (!result) return refuse(item, result.outcome(), true);
    if (auto done = obey(rule_site(ids), result->batch); !done) return refuse(item, done.outcome(), true);
    std::uint64_t found = 0;
    for (const auto& entry : result->entries) found += entry.act == rest::TransactionEntry::Act::found ? 1 : 0;
    if (result->batch.writes.empty()) {
      planned_.found += found;
    } else {
      planned_.batches.push_back({std::move(result->batch), {item}, found});
    }
  }

  // Each entry of a batch is a transaction of its own.
  void batch(fhir::Node& bundle, rest::Incoming& incoming, std::uint32_t line,
             const std::vector<std::optional<Outcome>>& unreadable) {
    auto outside = incoming.issues;
    std::erase_if(outside, [](const fhir::Issue& issue) { return issue.expression.starts_with("Bundle.entry["); });
    if (refuse_faults(outside, "", {line, -1})) return;
    std::int32_t number = -1;
    for (fhir::Node* child : incoming.entries) {
      Item item{line, ++number};
      if (!wanted(item)) continue;
      if (const auto at = static_cast<std::size_t>(number); at < unreadable.size()) {
        if (const auto& why = unreadable[at]) {
          refuse(item, *why, false);
          continue;
        }
      }
      if (refuse_faults(incoming.issues, "Bundle.entry[" + std::to_string(number) + "]", item)) continue;
      fhir::Node type = *bundle.child("type"), entry = *child, alone = bundle;
      type.text = "transaction";
      type.next = &entry;
      entry.next = nullptr;
      alone.first = &type;
      transaction(alone, *incoming.arena, item);
    }
  }

  const Piece& piece_;
  const std::vector<Item>& only_;
  fhir::Snapshot& snapshot_;
  const fhir::Access& access_;
  std::string_view base_;
  ihe::mhd::Entries entries_;
  Planned planned_;
  PlannedBatch group_;
  std::unordered_set<std::string> in_group_;
};

}  // namespace

Planned plan(const Piece& piece, const std::vector<Item>& only, fhir::Snapshot& snapshot, const fhir::Access& access,
             std::string_view base) {
  return Planner(piece, only, snapshot, access, base).run();
}

}  // namespace alzette::load
