// Candidates and their judgement: see judge.h.
#include "src/store/judge.h"

#include <algorithm>
#include <queue>

#include "fhir/search/match.h"
#include "src/store/range.h"

namespace alzette::store {

using Shape = Condition::Shape;

namespace {

constexpr std::size_t most_streams = 600;    // index ranges that are merged as they are read
constexpr std::size_t most_linked = 20'000;  // resources that a chain is resolved to beforehand

// Several streams of keys as one, each key once.
class UnionKeys : public Keys {
 public:
  UnionKeys(std::vector<std::unique_ptr<Keys>> parts, bool descending)
      : parts_(std::move(parts)), heads_(Behind{descending}) {}

  bool next(Key& key) override {
    if (!open_) {
      for (std::size_t i = 0; i < parts_.size(); ++i) advance(i);
      open_ = true;
    }
    while (!heads_.empty()) {
      const auto [head, part] = heads_.top();
      heads_.pop();
      advance(part);
      if (any_ && head == last_) continue;
      any_ = true;
      key = last_ = head;
      return true;
    }
    return false;
  }
  void seek(Key key) override {
    for (auto& part : parts_) part->seek(key);
    heads_ = decltype(heads_)(heads_.value_comp_());
    open_ = false;
  }

 private:
  struct Head {
    Key key;
    std::size_t part;
  };
  struct Behind {
    bool descending;
    bool operator()(const Head& a, const Head& b) const { return descending ? a.key < b.key : a.key > b.key; }
  };
  struct Heads : std::priority_queue<Head, std::vector<Head>, Behind> {
    using priority_queue::priority_queue;
    Behind value_comp_() const { return comp; }
  };
  void advance(std::size_t part) {
    Key key = 0;
    if (parts_[part]->next(key)) heads_.push({key, part});
  }

  std::vector<std::unique_ptr<Keys>> parts_;
  Heads heads_;
  bool open_ = false;
  bool any_ = false;
  Key last_ = 0;
};

// Unequal is what none of the given values is: one may be spelled in several ways.
bool meets(const Posting& posting, const Condition& condition) {
  const auto modifier = condition.clause->modifier;
  const auto fits = [&](const Alternative& alternative) { return matches(posting, alternative, modifier); };
  const auto& given = condition.any_of;
  return modifier == fhir::search::Modifier::unequal ? std::all_of(given.begin(), given.end(), fits)
                                                     : std::any_of(given.begin(), given.end(), fits);
}

bool all_in_key_order(const std::vector<Scan>& scans) {
  return std::all_of(scans.begin(), scans.end(), [](const Scan& scan) { return scan.in_key_order(); });
}

}  // namespace

ListedKeys::ListedKeys(std::vector<Listed> keys, bool descending) : keys_(std::move(keys)), descending_(descending) {
  const auto tuple = [](const Listed& one) { return std::pair(one.key, !one.proven); };  // proven first
  std::sort(keys_.begin(), keys_.end(), [&](const Listed& a, const Listed& b) { return tuple(a) < tuple(b); });
  const auto same = [](const Listed& a, const Listed& b) { return a.key == b.key; };
  keys_.erase(std::unique(keys_.begin(), keys_.end(), same), keys_.end());
  if (descending_) std::reverse(keys_.begin(), keys_.end());
}
bool ListedKeys::next(Key& key) {
  if (at_ == keys_.size()) return false;
  key = keys_[at_++].key;
  return true;
}
void ListedKeys::seek(Key key) {
  const auto from = keys_.begin() + static_cast<std::ptrdiff_t>(at_);
  const auto to = std::partition_point(from, keys_.end(),
                                       [&](const Listed& one) { return descending_ ? one.key > key : one.key < key; });
  at_ = static_cast<std::size_t>(to - keys_.begin());
}

std::uint64_t Judge::estimate(const Condition& condition, std::uint64_t most) {
  if (condition.shape == Shape::group) {
    if (!condition.any()) return estimate(narrowest(condition), most);
    std::uint64_t sum = 0;
    for (const auto& part : condition.parts)
      if (sum < most) sum += estimate(part, most - sum);
    return sum;
  }
  if (condition.shape == Shape::id || condition.shape == Shape::reverse) return condition.rids.size();
  if (condition.scans.size() > most) return most;
  std::uint64_t sum = 0;
  for (const auto& scan : condition.scans) {
    if (sum >= most) break;
    sum += view_.estimate(scan, most - sum);
  }
  effort_.spend(sum / 32);  // counting is cheap beside judging
  return sum;
}

// Of a group that asks for all its parts, the one to begin with.
const Condition& Judge::narrowest(const Condition& group) {
  const Condition* best = nullptr;
  std::uint64_t least = 4096;
  for (const auto& part : group.parts) {
    if (!part.drives) continue;
    const auto rows = estimate(part, least);
    if (best && rows >= least) continue;
    best = &part;
    least = rows;
  }
  return *best;
}

std::uint64_t Judge::estimate_of(const TypePlan& plan, int driver, std::uint64_t most) {
  return driver < 0 ? view_.live(plan.name) : estimate(plan.conditions[static_cast<std::size_t>(driver)], most);
}

int Judge::choose(TypePlan& plan, std::uint64_t most) {
  auto& all = plan.conditions;
  const auto best_below = [&](std::uint64_t limit, int& best) {
    std::uint64_t least = limit;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!all[i].drives) continue;
      const auto rows = estimate(all[i], limit);
      if (best >= 0 && rows >= least) continue;
      least = rows;
      best = static_cast<int>(i);
    }
    return least < limit;
  };
  const auto linked = static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [](const Condition& c) { return c.follows() && !c.negated; }));
  const auto drivers =
      static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [](const Condition& c) { return c.drives; }));
  if (drivers == 0 && linked == 0) return -1;
  if (drivers == 1 && linked == 0)
    for (std::size_t i = 0; i < all.size(); ++i)
      if (all[i].drives) return static_cast<int>(i);
  int best = -1;
  if (drivers > 0)
    for (std::uint64_t limit = 64; limit < most; limit *= 16) {
      best = -1;
      if (best_below(limit, best)) return best;
      if (linked > 0) break;
    }
  for (auto& condition : all)
    if (condition.follows() && !condition.negated && resolve(plan, condition) && condition.drives &&
        estimate(condition, 4096) < 256)
      return static_cast<int>(&condition - all.data());
  best = -1;
  best_below(most, best);
  return best;
}

bool Judge::resolve_parts(TypePlan& plan, Condition& group) {
  bool all = true;
  for (auto& part : group.parts)
    if (part.follows()) all = resolve(plan, part) && all;
  settle(group);
  return all;
}

// What a chain may end at: a resource, and the address that canonicals name it by.
void Judge::refer_to(Condition& condition, const fhir::Type& type, const Entry& entry) {
  condition.rids.insert(entry.rid);
  auto own = addresses_.of(type, entry.postings);
  if (own.url == unknown) return;
  auto& versions = condition.versions[own.url];
  if (own.newest) versions.emplace();
  if (!own.version.empty()) versions.insert(std::move(own.version));
}

bool Judge::resolve(TypePlan& plan, Condition& condition) {
  if (condition.shape == Shape::group) return resolve_parts(plan, condition);
  std::vector<std::pair<Key, const fhir::Type*>> found;
  for (auto& inner : condition.inner) {
    std::vector<Key> keys;
    const Effort before = effort_;
    Effort bounded(std::min<std::uint64_t>(effort_.left(), 50 * most_linked));
    effort_ = bounded;
    const bool all = gather(inner, most_linked - std::min(most_linked, found.size()), keys);
    const std::uint64_t used = bounded.left() - effort_.left();
    effort_ = before;
    if (!effort_.spend(used) || !all) return false;
    for (const Key key : keys) found.emplace_back(key, inner.type);
  }
  Entry entry;
  Posting posting;
  std::vector<std::pair<Rid, std::string>> referred;  // with the version of a canonical
  for (const auto& [key, type] : found) {
    if (!view_.entry(key, entry)) continue;
    if (condition.shape == Shape::chain) {
      refer_to(condition, *type, entry);
      continue;
    }
    referred.clear();
    for (Postings all(entry.postings); all.next_of(condition.parameter, posting);)
      referred.emplace_back(posting.value.target, posting.value.exact);
    for (const auto& [target, version] : referred) {
      condition.rids.insert(target);
      for (const auto& one : addresses_.at(target))
        if (one.address.is(version)) condition.rids.insert(one.rid);
    }
  }
  condition.resolved = true;
  condition.drives = condition.exact = !condition.negated;
  if (condition.shape == Shape::reverse) {
    // What refers to us may also refer to resources of other types.
    std::erase_if(condition.rids, [&](Rid rid) { return view_.identity(rid).type != plan.name; });
  } else if (condition.parameter != unknown) {
    const auto scan = [&](Rid rid) {
      condition.scans.push_back({.shape = Scan::Shape::reference, .parameter = condition.parameter, .target = rid});
    };
    for (const Rid rid : condition.rids) scan(rid);
    for (const auto& [url, versions] : condition.versions) scan(url);
    condition.exact = condition.exact && condition.versions.empty();  // a canonical may say another version
  }
  return true;
}

bool Judge::streams(const Condition& condition) {
  if (condition.shape == Shape::group && !condition.any()) return streams(narrowest(condition));
  if (condition.shape == Shape::group)
    return std::all_of(condition.parts.begin(), condition.parts.end(), [&](const Condition& c) { return streams(c); });
  return condition.shape == Shape::id || condition.shape == Shape::reverse ||
         (condition.scans.size() <= most_streams && all_in_key_order(condition.scans));
}

bool Judge::streams(const TypePlan& plan, int driver) {
  return driver < 0 || streams(plan.conditions[static_cast<std::size_t>(driver)]);
}

std::unique_ptr<Keys> Judge::candidates(TypePlan& plan, int driver, bool descending) {
  if (plan.empty) return std::make_unique<ListedKeys>(std::vector<ListedKeys::Listed>(), descending);
  const auto& all = plan.conditions;
  if (driver < 0) return view_.keys({.shape = Scan::Shape::type, .parameter = plan.name}, descending, !all.empty());
  const auto& first = all[static_cast<std::size_t>(driver)];
  return source(first, descending, all.size() > 1 || !first.exact);
}

std::unique_ptr<Keys> Judge::source(const Condition& condition, bool descending, bool entries, bool whole) {
  std::vector<std::unique_ptr<Keys>> streamed;  // each is ahead of what is asked for: without entries
  if (condition.shape == Shape::group) {
    if (!condition.any()) return source(narrowest(condition), descending, entries, false);
    for (const auto& part : condition.parts) streamed.push_back(source(part, descending, false));
    return std::make_unique<UnionKeys>(std::move(streamed), descending);
  }
  std::vector<ListedKeys::Listed> listed;
  if (condition.shape == Shape::id || condition.shape == Shape::reverse) {
    for (const Rid rid : condition.rids)
      if (const Key key = view_.current_of(rid)) listed.push_back({key});
    return std::make_unique<ListedKeys>(std::move(listed), descending);
  }
  if (!streams(condition)) {
    for (const auto& scan : condition.scans) {
      view_.each(scan, [&](const Row& row) {
        listed.push_back({row.key, whole && proves(row, scan, condition)});
        return effort_.spend(1);
      });
      if (effort_.spent()) break;
    }
    return std::make_unique<ListedKeys>(std::move(listed), descending);
  }
  if (condition.scans.size() == 1) return view_.keys(condition.scans[0], descending, entries);
  for (const auto& scan : condition.scans) streamed.push_back(view_.keys(scan, descending, false));
  return std::make_unique<UnionKeys>(std::move(streamed), descending);
}

bool Judge::holds(TypePlan& plan, int driver, Key key, bool proven) {
  effort_.spend(1);
  if (key < plan.from || key > plan.to) return false;
  auto& all = plan.conditions;
  const bool sure = driver >= 0 && (proven || all[static_cast<std::size_t>(driver)].exact);
  if (all.size() == (sure ? 1u : 0u)) return view_.current(key);
  Entry entry;
  if (!view_.entry(key, entry) || !entry.current) return false;
  const bool links = std::any_of(all.begin(), all.end(), [](const Condition& c) { return c.follows(); });
  // Following links reads other entries, which ends the life of this one's postings.
  const std::string kept(links ? entry.postings : std::string_view());
  const std::string_view postings = links ? std::string_view(kept) : entry.postings;
  for (const bool following : {false, true})
    for (std::size_t i = 0; i < all.size(); ++i) {
      auto& condition = all[i];
      if (condition.follows() != following || (sure && static_cast<int>(i) == driver)) continue;
      if (!condition_holds(plan, condition, entry, postings)) return false;
    }
  return true;
}

bool Judge::condition_holds(const TypePlan& plan, Condition& condition, const Entry& entry, std::string_view postings) {
  Posting posting;
  bool found = false;
  switch (condition.shape) {
    case Shape::values:
      if (condition.parameter == unknown) return condition.negated;
      for (Postings all(postings); !found && all.next_of(condition.parameter, posting);)
        found = meets(posting, condition);
      return found != condition.negated;
    case Shape::words:
      for (const auto& scan : condition.scans) found = found || view_.has_words(scan, entry.key);
      return found != condition.negated;
    case Shape::group:
      found = !condition.any();
      for (auto& part : condition.parts) {
        found = condition_holds(plan, part, entry, postings);
        if (found == condition.any()) break;
      }
      return found != condition.negated;
    case Shape::missing:
      for (const Name facet : condition.facets) found = found || Postings(postings).next_of(facet, posting);
      return found != condition.clause->missing;
    case Shape::id:
      return condition.rids.contains(entry.rid) != condition.negated;
    case Shape::updated:
      for (const auto& alternative : condition.any_of)
        found = found || fhir::search::in_date_range(*alternative.term, entry.instant, entry.instant);
      return found != condition.negated;
    case Shape::chain:
      return linked(condition, postings) != condition.negated;
    case Shape::reverse:
      found = condition.resolved ? condition.rids.contains(entry.rid)
                                 : referred_to(condition, *plan.type, entry.rid, postings);
      return found != condition.negated;
  }
  return false;
}

bool Judge::linked(Condition& condition, std::string_view postings) {
  if (condition.parameter == unknown) return false;
  Posting posting;
  for (Postings all(postings); all.next_of(condition.parameter, posting);)
    if (leads_to_match(condition, posting.value.target, posting.value.exact)) return true;
  return false;
}

// `version`: of a canonical.
bool Judge::leads_to_match(Condition& condition, Rid target, std::string_view version) {
  if (condition.resolved) {
    if (condition.rids.contains(target)) return true;
    const auto addressed = condition.versions.find(target);
    return addressed != condition.versions.end() && addressed->second.contains(std::string(version));
  }
  if (inner_holds(condition, target)) return true;
  for (const auto& one : addresses_.at(target))
    if (one.address.is(version) && inner_holds(condition, one.rid)) return true;
  return false;
}

bool Judge::inner_holds(Condition& condition, Rid target) {
  const auto known = condition.judged.find(target);
  if (known != condition.judged.end()) return known->second;
  const Name type = view_.identity(target).type;
  const Key key = view_.current_of(target);
  bool any = false;
  for (auto& inner : condition.inner) any = any || (key != 0 && inner.name == type && holds(inner, -1, key));
  return condition.judged[target] = any;
}

bool Judge::referred_to(Condition& condition, const fhir::Type& type, Rid rid, std::string_view postings) {
  const auto known = condition.judged.find(rid);
  if (known != condition.judged.end()) return known->second;
  bool any = condition.parameter != unknown && referred_to(condition, rid, nullptr);
  if (!any && condition.parameter != unknown) {
    const auto own = addresses_.of(type, postings);
    any = own.url != unknown && referred_to(condition, own.url, &own);
  }
  return condition.judged[rid] = any;
}

// `address`: null where the target is a resource that is named by its id.
bool Judge::referred_to(Condition& condition, Rid target, const Address* address) {
  const auto keys =
      view_.keys({.shape = Scan::Shape::reference, .parameter = condition.parameter, .target = target}, false, true);
  for (Key key = 0; !effort_.spent() && keys->next(key);) {
    if (address && !addresses_.names(key, condition.parameter, *address)) continue;
    for (auto& inner : condition.inner)
      if (holds(inner, -1, key)) return true;
  }
  return false;
}

bool Judge::gather(TypePlan& plan, std::size_t most, std::vector<Key>& keys) {
  if (plan.empty) return true;
  const int driver = choose(plan, 4096);
  if (driver < 0 && view_.live(plan.name) > most) return false;
  const auto candidates_found = candidates(plan, driver, false);
  for (Key key = 0; candidates_found->next(key);) {
    if (effort_.spent() || keys.size() > most) return false;
    if (holds(plan, driver, key, candidates_found->proven())) keys.push_back(key);
  }
  return !effort_.spent();
}

}  // namespace alzette::store
