// How the fields of two people agree.
#include <algorithm>
#include <cstdlib>

#include "ihe/match/match.h"

namespace ihe::match {
namespace {

// Jaro's similarity with Winkler's prefix bonus, 0..1: typing errors in short names.
double similarity(std::string_view a, std::string_view b) {
  if (a == b) return 1;
  if (a.empty() || b.empty()) return 0;
  const std::size_t window = std::max<std::size_t>(std::max(a.size(), b.size()) / 2, 1) - 1;
  std::vector<bool> taken(b.size());
  std::string from_a;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto low = i > window ? i - window : 0;
    const auto high = std::min(i + window + 1, b.size());
    for (std::size_t j = low; j < high; ++j)
      if (!taken[j] && a[i] == b[j]) {
        taken[j] = true;
        from_a += a[i];
        break;
      }
  }
  if (from_a.empty()) return 0;
  std::size_t k = 0, moved = 0;
  for (std::size_t j = 0; j < b.size(); ++j)
    if (taken[j] && b[j] != from_a[k++]) ++moved;
  const auto m = static_cast<double>(from_a.size());
  const double jaro = (m / static_cast<double>(a.size()) + m / static_cast<double>(b.size()) +
                       (m - static_cast<double>(moved) / 2) / m) /
                      3;
  std::size_t prefix = 0;
  while (prefix < 4 && prefix < a.size() && prefix < b.size() && a[prefix] == b[prefix]) ++prefix;
  return jaro + static_cast<double>(prefix) * 0.1 * (1 - jaro);
}

// Two digits swapped, or one different, or one more.
bool one_slip(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > 1) return false;
  const auto at = static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin()).first - a.begin());
  if (a.size() != b.size()) return a.substr(at) == b.substr(at + 1);
  if (at == a.size() || a.substr(at + 1) == b.substr(at + 1)) return true;
  return at + 1 < a.size() && a[at] == b[at + 1] && a[at + 1] == b[at] && a.substr(at + 2) == b.substr(at + 2);
}

bool alike(std::string_view a, std::string_view b) {
  constexpr double spelt_alike = 0.92;
  return (a.size() > 2 && b.size() > 2 && phonetic(a) == phonetic(b)) || similarity(a, b) >= spelt_alike;
}

bool any_alike(const std::vector<std::string>& a, const std::vector<std::string>& b, std::size_t from) {
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t j = i < from ? from : 0; j < b.size(); ++j)
      if (alike(a[i], b[j])) return true;
  return false;
}

Agreement family(const Person& one, const Person& other) {
  if (one.families.empty() || other.families.empty()) return Agreement::missing;
  if (one.families.front() == other.families.front()) return Agreement::same;
  if (alike(one.families.front(), other.families.front())) return Agreement::close;
  const bool inverted = any_alike(one.families, other.givens, 0) && any_alike(one.givens, other.families, 0);
  return inverted || any_alike(one.families, other.families, 0) ? Agreement::part : Agreement::other;
}

// Takes out of both lists what one name of each stands for the same.
template <class Same>
void cancel(std::vector<std::string>& a, std::vector<std::string>& b, const Same& same) {
  std::erase_if(a, [&](const std::string& name) {
    const auto found = std::find_if(b.begin(), b.end(), [&](const std::string& other) { return same(name, other); });
    if (found == b.end()) return false;
    b.erase(found);
    return true;
  });
}

// Of people whose first given names are equal. Jean-Pierre and Jean-Paul, as twins are called, each have a name that
// the other has not.
Agreement further_names(std::vector<std::string> a, std::vector<std::string> b) {
  const auto none_left = [&] { return a.empty() || b.empty(); };
  cancel(a, b, [](const std::string& x, const std::string& y) {
    return x == y || (std::min(x.size(), y.size()) == 1 && x.front() == y.front());  // an initial
  });
  if (none_left()) return Agreement::same;
  cancel(a, b, alike);
  return none_left() ? Agreement::close : Agreement::other;
}

Agreement given(const Person& one, const Person& other) {
  if (one.givens.empty() || other.givens.empty()) return Agreement::missing;
  const auto& a = one.givens.front();
  const auto& b = other.givens.front();
  if (a == b) return further_names(one.givens, other.givens);
  if (alike(a, b)) return Agreement::close;
  const bool initial = (a.size() == 1 || b.size() == 1) && a.front() == b.front();
  const bool inverted = any_alike(one.families, other.givens, 0) && any_alike(one.givens, other.families, 0);
  return initial || inverted || any_alike(one.givens, other.givens, 0) ? Agreement::part : Agreement::other;
}

std::string digits_of(const Birth& birth) {
  std::string text = std::to_string(birth.year * 10000 + birth.month * 100 + birth.day);
  return text;
}

Agreement birth(const Person& one, const Person& other) {
  const auto& a = one.birth;
  const auto& b = other.birth;
  if (!a.year || !b.year) return Agreement::missing;
  if (a == b) return a.whole() ? Agreement::same : Agreement::part;
  if (!a.whole() || !b.whole()) {
    const bool month = !a.month || !b.month || a.month == b.month;
    const bool day = !a.day || !b.day || a.day == b.day;
    return a.year == b.year && month && day ? Agreement::part : Agreement::other;
  }
  const bool swapped = a.year == b.year && a.month == b.day && a.day == b.month;
  return swapped || one_slip(digits_of(a), digits_of(b)) ? Agreement::close : Agreement::other;
}

Agreement national(const Person& one, const Person& other) {
  if (one.national.empty() || other.national.empty()) return Agreement::missing;
  if (one.national == other.national) return Agreement::same;
  // The old number of 11 digits is the head of the one of 13.
  const auto& [shorter, longer] =
      std::minmax(one.national, other.national, [](const auto& x, const auto& y) { return x.size() < y.size(); });
  if (shorter.size() == 11 && longer.size() == 13 && longer.starts_with(shorter)) return Agreement::same;
  return one_slip(one.national, other.national) ? Agreement::close : Agreement::other;
}

Agreement address(const Address& a, const Address& b) {
  const bool place =
      (!a.postal_code.empty() && a.postal_code == b.postal_code) || (!a.city.empty() && a.city == b.city);
  constexpr double same_street = 0.95;
  if (place && a.house == b.house && !a.street.empty() && !b.street.empty() &&
      similarity(a.street, b.street) >= same_street)
    return Agreement::same;
  if (!a.postal_code.empty() && a.postal_code == b.postal_code) return Agreement::close;
  if (!a.city.empty() && a.city == b.city) return Agreement::part;
  return (a.postal_code.empty() && a.city.empty()) || (b.postal_code.empty() && b.city.empty()) ? Agreement::missing
                                                                                                : Agreement::other;
}

Agreement addresses(const Person& one, const Person& other) {
  auto best = Agreement::missing;
  for (const auto& a : one.addresses)
    for (const auto& b : other.addresses) best = std::min(best, address(a, b));
  return best;
}

Agreement telecom(const Person& one, const Person& other) {
  if (one.telecoms.empty() || other.telecoms.empty()) return Agreement::missing;
  return std::find_first_of(one.telecoms.begin(), one.telecoms.end(), other.telecoms.begin(), other.telecoms.end()) ==
                 one.telecoms.end()
             ? Agreement::other
             : Agreement::same;
}

Agreement gender(const Person& one, const Person& other) {
  if (one.gender.empty() || other.gender.empty()) return Agreement::missing;
  return one.gender == other.gender ? Agreement::same : Agreement::other;
}

}  // namespace

Agreements compare(const Person& one, const Person& other) {
  return {family(one, other),   given(one, other),     birth(one, other),  gender(one, other),
          national(one, other), addresses(one, other), telecom(one, other)};
}

}  // namespace ihe::match
