// Candidates of one type's plan: where they come from, and whether each satisfies all conditions.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "src/store/address.h"
#include "src/store/plan.h"
#include "src/store/view.h"

namespace alzette::store {

// Keys that are known.
class ListedKeys : public Keys {
 public:
  struct Listed {
    Key key = 0;
    bool proven = false;
  };
  ListedKeys(std::vector<Listed> keys, bool descending);
  bool next(Key& key) override;
  void seek(Key key) override;
  bool proven() const override { return keys_[at_ - 1].proven; }

 private:
  std::vector<Listed> keys_;
  std::size_t at_ = 0;
  bool descending_;
};

class Judge {
 public:
  Judge(View& view, Effort& effort) : view_(view), effort_(effort), addresses_(view, effort) {}

  // Chooses the condition that yields the fewest candidates; -1: none does better than walking the type.
  // Resolves chains where that is cheap. `most` bounds how far rows are counted.
  int choose(TypePlan& plan, std::uint64_t most);
  std::uint64_t estimate_of(const TypePlan& plan, int driver, std::uint64_t most);

  // Candidates in key order. Current ones and others: `holds` tells.
  std::unique_ptr<Keys> candidates(TypePlan& plan, int driver, bool descending);
  // Whether candidates come as they are asked for, without gathering all of them first.
  bool streams(const TypePlan& plan, int driver);

  // Current, within the time bounds, and every condition but `driver` (when that is exact, or proven) holds.
  bool holds(TypePlan& plan, int driver, Key key, bool proven = false);

  // All ids of a plan's matches, at most `most`; false when there are more or the effort is spent.
  bool gather(TypePlan& plan, std::size_t most, std::vector<Key>& keys);

 private:
  bool condition_holds(const TypePlan& plan, Condition& condition, const Entry& entry, std::string_view postings);
  bool linked(Condition& condition, std::string_view postings);
  bool leads_to_match(Condition& condition, Rid target, std::string_view version);
  bool inner_holds(Condition& condition, Rid target);
  bool referred_to(Condition& condition, const fhir::Type& type, Rid rid, std::string_view postings);
  bool referred_to(Condition& condition, Rid target, const Address* address);
  bool resolve(TypePlan& plan, Condition& condition);
  void refer_to(Condition& condition, const fhir::Type& type, const Entry& entry);
  bool resolve_parts(TypePlan& plan, Condition& group);
  std::uint64_t estimate(const Condition& condition, std::uint64_t most);
  const Condition& narrowest(const Condition& group);
  // `whole`: it is all that the driver asks for. `entries`: the other conditions are judged by the entry.
  std::unique_ptr<Keys> source(const Condition& condition, bool descending, bool entries, bool whole = true);
  bool streams(const Condition& condition);

  View& view_;
  Effort& effort_;
  Addresses addresses_;
};

}  // namespace alzette::store
