// From agreements to a grade.
#include <algorithm>
#include <cmath>

#include "ihe/match/match.h"

namespace ihe::match {
namespace {

std::size_t index(Field field) { return static_cast<std::size_t>(field); }

Agreement of(const Agreements& agreements, Field field) { return agreements[index(field)]; }

// How many people have this very name: `average` where nothing was learned, `rare` for a name that was not met.
double share(const std::unordered_map<std::string, double>& names, const std::string& name, double average,
             double rare) {
  if (names.empty()) return average;
  const auto found = names.find(name);
  return found == names.end() ? rare : found->second;
}

// log2(m/u); on equal names u is how common this very name is.
double weight(const Person& one, const Weights& weights, Field field, Agreement agreement) {
  if (agreement == Agreement::missing) return 0;
  auto [m, u] = weights.chances[index(field)][static_cast<std::size_t>(agreement)];
  if (m <= 0 || u <= 0) return 0;
  if (agreement == Agreement::same && field == Field::family)
    u = share(weights.families, one.families.front(), u, weights.rare_name);
  if (agreement == Agreement::same && field == Field::given)
    u = share(weights.givens, one.givens.front(), u, weights.rare_name);
  return std::log2(m / u);
}

// What no sum of weights may overrule. Twins share all but the given name and the number; a father and a son may share
// their names and the address.
Grade limit(const Agreements& agreements) {
  const auto family = of(agreements, Field::family), given = of(agreements, Field::given);
  const auto birth = of(agreements, Field::birth), number = of(agreements, Field::national);
  const bool same_number = number == Agreement::same;
  const bool names = family <= Agreement::part && given <= Agreement::part;
  const bool other_person = number == Agreement::other || birth == Agreement::other || given == Agreement::other;
  if (same_number && names && birth <= Agreement::part) return Grade::certain;
  if (same_number) return Grade::probable;
  if (other_person) return Grade::possible;
  const bool reached =
      of(agreements, Field::address) == Agreement::same || of(agreements, Field::telecom) == Agreement::same;
  const bool to_the_letter = family == Agreement::same && given == Agreement::same && birth == Agreement::same &&
                             of(agreements, Field::gender) != Agreement::other && number == Agreement::missing;
  return to_the_letter && reached ? Grade::certain : Grade::probable;
}

Grade grade_of(double weight, const Weights& weights) {
  if (weight >= weights.certain) return Grade::certain;
  if (weight >= weights.probable) return Grade::probable;
  return weight >= weights.possible ? Grade::possible : Grade::certainly_not;
}

// Each grade has its part of 0..1, within which the weight decides.
double score_of(Grade grade, double weight) {
  const double within = 1 / (1 + std::exp2(-weight / 8));  // 0..1, rising
  switch (grade) {
    case Grade::certain:
      return 0.95 + 0.05 * within;
    case Grade::probable:
      return 0.8 + 0.149 * within;
    case Grade::possible:
      return 0.5 + 0.299 * within;
    case Grade::certainly_not:
      return 0.499 * within;
  }
  return 0;
}

}  // namespace

std::string_view code_of(Grade grade) {
  switch (grade) {
    case Grade::certain:
      return "certain";
    case Grade::probable:
      return "probable";
    case Grade::possible:
      return "possible";
    case Grade::certainly_not:
      return "certainly-not";
  }
  return "";
}

Verdict judge(const Person& one, const Person& other, const Weights& weights) {
  Verdict verdict;
  verdict.agreements = compare(one, other);
  for (std::size_t i = 0; i < fields; ++i)
    verdict.weight += weight(one, weights, static_cast<Field>(i), verdict.agreements[i]);
  verdict.grade = std::max(grade_of(verdict.weight, weights), limit(verdict.agreements));
  // One number for two people is an error that somebody must see.
  if (of(verdict.agreements, Field::national) == Agreement::same)
    verdict.grade = std::min(verdict.grade, Grade::possible);
  verdict.score = score_of(verdict.grade, verdict.weight);
  return verdict;
}

}  // namespace ihe::match
