// Runs a planned search: see search.h.
#include "src/store/search.h"

#include <algorithm>
#include <cmath>

#include "fhir/search/custom.h"
#include "fhir/search/refusal.h"
#include "src/store/judge.h"
#include "src/store/range.h"
#include "src/store/sort.h"

namespace alzette::store {

using fhir::Kind;
using fhir::Outcome;
using fhir::Result;
using fhir::search::Query;

namespace {

// One type of a search with its candidates.
struct Lane {
  TypePlan plan;
  int driver = -1;
  std::unique_ptr<Keys> keys;
  Key head = 0;
  bool open = false;
  std::uint64_t rows = 0;  // of the driver, as far as they were counted
  std::uint64_t counted_to = 0;
};

class Search {
 public:
  Search(View& view, const Query& query, const Want& want)
      : view_(view), query_(query), want_(want), effort_(want.effort), judge_(view, effort_) {}

  std::optional<Outcome> prepare(const fhir::Access& access) {
    std::vector<const fhir::Type*> types = query_.types;
    const bool every = !query_.type && types.empty();
    if (query_.type) types = {query_.type};
    if (every) types = view_.types();
    for (const auto* type : types) {
      // A search over everything is one over all that may be seen.
      if (every && !access.may(fhir::Verb::search, type->name)) continue;
      using fhir::search::Contained;
      for (const bool contained : {false, true}) {
        if (query_.contained == (contained ? Contained::no : Contained::yes)) continue;
        auto planned = plan_for(access, *type, contained);
        if (!planned) {
          if (planned.outcome().kind == Kind::unsupported && !query_.type) continue;
          return std::move(planned.outcome());
        }
        lanes_.emplace_back();
        lanes_.back().plan = std::move(*planned);
      }
    }
    for (const auto& by : query_.sort)
      if (!sortable(*by.parameter))
        return Outcome(Kind::malformed, "not-supported",
                       "'" + std::string(by.parameter->code.view()) + "' has no order to sort by",
                       fhir::search::place_of("_sort"));
    return std::nullopt;
  }

  Result<Found> run() {
    Found found;
    const bool by_key =
        query_.sort.empty() || (query_.sort.size() == 1 && query_.sort[0].parameter->code.view() == "_lastUpdated");
    const bool descending = !query_.sort.empty() && query_.sort[0].descending;
    choose();
    if (want_.range > 0 && !walks_range())
      return Outcome(Kind::malformed, "value", "_page is not a page of this search; start again without it",
                     fhir::search::place_of("_page"));
    if (want_.count > 0) {
      if (walks_range())
        in_range_order(found);
      else if (by_key)
        in_key_order(descending, found);
      else
        in_sort_order(found);
      if (effort_.spent()) return too_costly();
    }
    if (!found.total) total(found);
    if (effort_.spent()) return too_costly();
    if (query_.explain) explain(found);
    return found;
  }

  std::uint64_t effort_left() const { return effort_.left(); }

 private:
  // Clauses name parameters of the first type; others have one of the same code, or do not take part.
  Result<TypePlan> plan_for(const fhir::Access& access, const fhir::Type& type, bool contained) {
    if (query_.type && !contained) return plan(view_, access, type, query_.all_of);
    clauses_.push_back(std::make_unique<std::vector<fhir::search::Clause>>(query_.all_of));
    for (auto& clause : *clauses_.back())
      if (!make_own(clause, type)) return Outcome(Kind::unsupported, "not-supported", "not a parameter of this type");
    for (const auto& [of, clause] : query_.besides)
      if (of == &type) clauses_.back()->push_back(clause);
    if (contained) clauses_.back()->push_back(any_contained(type));
    return plan(view_, access, type, *clauses_.back(), contained);
  }

  // Whatever contains a resource of the type.
  static fhir::search::Clause any_contained(const fhir::Type& type) {
    fhir::search::Clause clause;
    clause.parameter = type.parameter("_id");
    fhir::search::Term term;
    term.value.kind = fhir::search::IndexKind::token;
    term.value.system = fhir::search::contained_system;
    clause.any_of.push_back(std::move(term));
    return clause;
  }

  static bool make_own(fhir::search::Clause& clause, const fhir::Type& type) {
    for (auto& part : clause.parts)
      if (!make_own(part, type)) return false;
    if (clause.has_type || !clause.parameter) return true;
    clause.parameter = fhir::search::find_parameter(type, clause.parameter->code);
    return clause.parameter != nullptr;
  }

  static Outcome too_costly() {
    return Outcome(Kind::too_costly, "too-costly",
                   "the search would have to look at too many index rows; add a parameter that is more selective");
  }

  void choose() {
    for (auto& lane : lanes_) lane.driver = lane.plan.empty ? -1 : judge_.choose(lane.plan, want_.few);
  }

  // Of the driver's range, `most` at most.
  std::uint64_t rows(Lane& lane, std::uint64_t most) {
    const bool all = lane.rows < lane.counted_to;
    if (!all && most > lane.counted_to) {
      lane.rows = judge_.estimate_of(lane.plan, lane.driver, most);
      lane.counted_to = most;
    }
    return std::min(lane.rows, most);
  }

  void open(Lane& lane, int driver, bool descending, Key after) {
    lane.keys = judge_.candidates(lane.plan, driver, descending);
    const auto& plan = lane.plan;
    if (descending) {
      if (plan.to != INT64_MAX) lane.keys->seek(plan.to);
      if (after) lane.keys->seek(after - 1);
    } else {
      if (plan.from) lane.keys->seek(plan.from);
      if (after) lane.keys->seek(after + 1);
    }
    lane.open = lane.keys->next(lane.head);
  }

  Lane* nearest(bool descending) {
    Lane* best = nullptr;
    for (auto& lane : lanes_)
      if (lane.open && (!best || (descending ? lane.head > best->head : lane.head < best->head))) best = &lane;
    return best;
  }

  // Matches of all lanes in key order, behind `after`, until `take` answers false. `patience` bounds the rows looked
  // at; false: it ran out.
  template <class Take>
  bool merge(const std::vector<int>& drivers, bool descending, Key after, std::uint64_t patience, const Take& take) {
    for (std::size_t i = 0; i < lanes_.size(); ++i) open(lanes_[i], drivers[i], descending, after);
    const auto before = effort_.left();
    while (Lane* lane = nearest(descending)) {
      if (effort_.spent()) return true;
      if (before - effort_.left() > patience) return false;
      const Key key = lane->head;
      const int driver = drivers[static_cast<std::size_t>(lane - lanes_.data())];
      if (judge_.holds(lane->plan, driver, key, lane->keys->proven()) && !take(key)) return true;
      lane->open = (descending ? key >= lane->plan.from : key <= lane->plan.to) && lane->keys->next(lane->head);
    }
    return true;
  }

  bool page(const std::vector<int>& drivers, bool descending, std::uint64_t patience, Found& found) {
    return merge(drivers, descending, want_.after, patience, [&](Key key) { return put(key, found); });
  }

  bool put(Key key, Found& found) const {
    if (!found.keys.empty() && found.keys.back() == key) return true;  // by itself and by what it contains
    if (found.keys.size() == want_.count) {
      found.more = true;
      return false;
    }
    found.keys.push_back(key);
    return true;
  }

  // From how many rows on a range is wide: where r of the n resources of a type match, a page of c is found within
  // c·n/r of them, and to judge one costs as much as to read some eight rows.
  std::uint64_t wide_for(const Lane& lane) {
    const auto all = 8.0 * want_.count * static_cast<double>(view_.live(lane.plan.name));
    return std::clamp<std::uint64_t>(static_cast<std::uint64_t>(std::sqrt(all)), 64, want_.few);
  }

  // The condition whose range is walked is the same for all pages.
  bool walks_range() {
    if (!want_.any_order || !query_.sort.empty() || lanes_.size() != 1) return false;
    auto& lane = lanes_[0];
    if (want_.range > 0) {
      if (want_.range > lane.plan.conditions.size()) return false;
      lane.driver = static_cast<int>(want_.range) - 1;
    }
    if (lane.driver < 0 || !RangeWalk::possible(lane.plan.conditions[static_cast<std::size_t>(lane.driver)]))
      return false;
    if (want_.range > 0) return true;
    const bool bounded_in_time = lane.plan.from > 0 || lane.plan.to != INT64_MAX;  // ages are walked from there
    return want_.after == 0 && !want_.total && !bounded_in_time;
  }

  void in_range_order(Found& found) {
    auto& lane = lanes_[0];
    const auto driver = static_cast<std::size_t>(lane.driver);
    found.range = driver + 1;
    RangeWalk walk(view_, lane.plan.conditions[driver], want_.after);
    Key key = 0;
    for (bool proven = false; !effort_.spent() && walk.next(key, proven);)
      if (judge_.holds(lane.plan, lane.driver, key, proven) && !put(key, found)) return;
    if (want_.range > 0) return;
    std::sort(found.keys.begin(), found.keys.end());  // all there are: oldest first, as without a range
    found.range = 0;
  }

  void in_key_order(bool descending, Found& found) {
    // A range that does not come in key order would have to be read as a whole for one page. When it is wide, walking
    // the type finds a page sooner; when that takes long, it was the wrong guess.
    auto drivers = chosen();
    std::uint64_t patience = UINT64_MAX;
    for (std::size_t i = 0; i < lanes_.size() && !want_.total; ++i) {
      auto& lane = lanes_[i];
      if (lane.driver < 0 || judge_.streams(lane.plan, lane.driver)) continue;
      const auto wide = wide_for(lane);
      if (rows(lane, wide) < wide) continue;
      drivers[i] = -1;
      const auto expected = want_.count * view_.live(lane.plan.name) / wide;
      patience = std::min<std::uint64_t>({patience, 2000 + 50ull * want_.count, 100 + 4 * expected});
    }
    if (page(drivers, descending, patience, found)) return;
    found = Found{};
    page(chosen(), descending, UINT64_MAX, found);
  }

  void in_sort_order(Found& found) {
    Sorter sorter(view_, query_.sort, query_.type);
    const bool single = lanes_.size() == 1;
    const bool little = single && rows(lanes_[0], want_.few_sorted) < want_.few_sorted;
    if (!single || little || !sorter.walkable())
      gather_and_sort(sorter, found);
    else
      walk(sorter, found);
  }

  void gather_and_sort(Sorter& sorter, Found& found) {
    std::optional<Sortable> after;
    if (want_.after) after = sorter.of(want_.after);
    std::vector<Sortable> all;
    std::uint64_t matches = 0;
    merge(chosen(), false, 0, UINT64_MAX, [&](Key key) {
      ++matches;
      auto one = sorter.of(key);
      if (!after || sorter.before(*after, one)) all.push_back(std::move(one));
      return true;
    });
    const auto wanted = static_cast<std::ptrdiff_t>(std::min<std::size_t>(all.size(), want_.count));
    std::partial_sort(all.begin(), all.begin() + wanted, all.end(),
                      [&](const auto& a, const auto& b) { return sorter.before(a, b); });
    for (std::ptrdiff_t i = 0; i < wanted; ++i) found.keys.push_back(all[static_cast<std::size_t>(i)].key);
    found.more = static_cast<std::size_t>(wanted) < all.size();
    found.total = matches;
  }

  // Along the index of the first sort parameter; then those without a value, in key order.
  void walk(Sorter& sorter, Found& found) {
    auto& lane = lanes_[0];
    std::optional<Sortable> after;
    if (want_.after) after = sorter.of(want_.after);
    std::vector<Sortable> group;  // equal in the first parameter, to be ordered by the others
    const auto emit = [&] {
      std::sort(group.begin(), group.end(), [&](const auto& a, const auto& b) { return sorter.before(a, b); });
      for (const auto& one : group)
        if ((!after || sorter.before(*after, one)) && !put(one.key, found)) return false;
      group.clear();
      return true;
    };
    const bool grouped = query_.sort.size() > 1;
    const auto add = [&](Sortable one) {
      if (!grouped) {
        group.push_back(std::move(one));
        return emit();
      }
      if (!group.empty() && !sorter.same_first(group.front(), one) && !emit()) return false;
      group.push_back(std::move(one));
      return true;
    };
    const bool among_absent = after && !after->values.empty() && !after->values[0].present;
    if (!among_absent) {
      const auto keys = sorter.walk(lane.plan.name, after ? &*after : nullptr);
      for (Key key = 0; keys->next(key);) {
        if (effort_.spent()) return;
        if (judge_.holds(lane.plan, -1, key) && !add(sorter.of(key))) return;
      }
      if (!emit()) return;
    }
    const bool descending = query_.sort[0].descending;
    const auto rest = judge_.candidates(lane.plan, -1, descending);
    if (among_absent && !grouped) rest->seek(want_.after);
    for (Key key = 0; rest->next(key);) {
      if (effort_.spent()) return;
      if (!judge_.holds(lane.plan, -1, key)) continue;
      auto one = sorter.of(key);
      if (!one.values[0].present && !add(std::move(one))) return;
    }
    emit();
  }

  void total(Found& found) {
    const bool plain =
        std::all_of(lanes_.begin(), lanes_.end(), [](const Lane& l) { return l.plan.conditions.empty(); });
    if (want_.total || plain) {
      std::uint64_t sum = 0;
      for (auto& lane : lanes_) sum += count(lane);
      found.total = sum;
    } else if (want_.after == 0 && !found.more) {
      found.total = found.keys.size();
    }
  }

  std::uint64_t count(Lane& lane) {
    auto& plan = lane.plan;
    if (plan.empty) return 0;
    if (plan.conditions.empty()) return view_.live(plan.name);
    const auto* only = plan.conditions.size() == 1 ? &plan.conditions[0] : nullptr;
    if (only && only->exact && lane.driver == 0 && only->scans.size() == 1 && only->scans[0].in_key_order()) {
      const auto rows = view_.count(only->scans[0], effort_.left() + 1);
      effort_.spend(rows);
      return rows;
    }
    std::uint64_t sum = 0;
    open(lane, lane.driver, false, 0);
    while (lane.open && !effort_.spent()) {
      const Key key = lane.head;
      if (judge_.holds(plan, lane.driver, key, lane.keys->proven())) ++sum;
      lane.open = key <= plan.to && lane.keys->next(lane.head);
    }
    return sum;
  }

  void explain(Found& found) const {
    for (const auto& lane : lanes_) {
      auto& text = found.plan;
      text.append(lane.plan.type->name).append(": ");
      if (lane.driver < 0)
        text += "walk the type";
      else
        text += "from " + describe(lane.plan.conditions[static_cast<std::size_t>(lane.driver)]);
      if (found.range > 0) text += " in its own order";
      for (std::size_t i = 0; i < lane.plan.conditions.size(); ++i)
        if (static_cast<int>(i) != lane.driver) text += ", then " + describe(lane.plan.conditions[i]);
      text += '\n';
    }
    found.plan += "index rows looked at: " + std::to_string(want_.effort - effort_.left());
  }

  std::vector<int> chosen() const {
    std::vector<int> drivers;
    drivers.reserve(lanes_.size());
    for (const auto& lane : lanes_) drivers.push_back(lane.driver);
    return drivers;
  }

  View& view_;
  const Query& query_;
  const Want& want_;
  Effort effort_;
  Judge judge_;
  std::vector<Lane> lanes_;
  std::vector<std::unique_ptr<std::vector<fhir::search::Clause>>> clauses_;
};

}  // namespace

Result<Found> search(View& view, const fhir::Access& access, const Query& query, const Want& want) {
  Search run(view, query, want);
  if (auto refused = run.prepare(access)) return std::move(*refused);
  auto found = run.run();
  if (found) found->effort_left = run.effort_left();
  return found;
}

Result<std::vector<std::string>> find(View& view, const fhir::Access& access, const Query& query, std::uint32_t at_most,
                                      std::uint64_t& effort) {
  Query plain = query;
  plain.sort.clear();
  auto found = search(view, access, plain, {.count = at_most, .after = 0, .total = false, .effort = effort});
  if (!found) return std::move(found.outcome());
  effort = found->effort_left;
  std::vector<std::string> ids;
  Entry entry;
  for (const Key key : found->keys)
    if (view.entry(key, entry)) ids.push_back(view.identity(entry.rid).id);
  return ids;
}

}  // namespace alzette::store
