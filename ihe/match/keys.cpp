// Blocking: under which keys a person is kept, and which are asked for.
//
//   f|sound of a family name|date      g|sound of a given name|date      n|both sounds|year      p|postal
//   code|given|year
//
// Two records of one person share a key unless they differ in the date and in the place, or in the year.
#include <algorithm>

#include "ihe/match/match.h"

namespace ihe::match {
namespace {

constexpr std::size_t most_names = 4;

std::string date_of(const Birth& birth) {
  return birth.whole() ? std::to_string(birth.year * 10000 + birth.month * 100 + birth.day) : std::string();
}

void add(std::vector<std::string>& keys, std::initializer_list<std::string_view> parts) {
  std::string key;
  for (const auto part : parts) {
    if (part.empty()) return;
    key.append(key.empty() ? "" : "|").append(part);
  }
  if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(std::move(key));
}

std::vector<std::string> sounds_of(const std::vector<std::string>& names) {
  std::vector<std::string> sounds;
  for (const auto& name : names) {
    if (sounds.size() == most_names) break;
    auto sound = phonetic(name);
    if (!sound.empty() && std::find(sounds.begin(), sounds.end(), sound) == sounds.end())
      sounds.push_back(std::move(sound));
  }
  return sounds;
}

// Dates that a slip of the pen makes of one: day and month exchanged, neighbouring digits of day, month and year
// exchanged.
std::vector<std::string> slips_of(const Birth& birth) {
  std::vector<std::string> dates;
  const auto digits = date_of(birth);
  if (digits.size() != 8) return dates;
  if (birth.day <= 12) dates.push_back(date_of({birth.year, birth.day, birth.month}));
  for (std::size_t i = 2; i + 1 < digits.size(); ++i) {
    auto swapped = digits;
    std::swap(swapped[i], swapped[i + 1]);
    if (swapped != digits) dates.push_back(std::move(swapped));
  }
  return dates;
}

}  // namespace

std::vector<std::string> keys_of(const Person& person) {
  std::vector<std::string> keys;
  const auto families = sounds_of(person.families), givens = sounds_of(person.givens);
  const auto date = date_of(person.birth);
  const auto year = person.birth.year ? std::to_string(person.birth.year) : std::string();
  for (const auto& family : families) add(keys, {"f", family, date});
  for (const auto& given : givens) add(keys, {"g", given, date});
  for (const auto& family : families)
    if (!givens.empty()) add(keys, {"n", family, givens.front(), year});
  for (const auto& address : person.addresses)
    if (!givens.empty()) add(keys, {"p", address.postal_code, givens.front(), year});
  return keys;
}

std::vector<std::vector<std::string>> probes_of(const Person& person) {
  std::vector<std::vector<std::string>> groups(3);
  const auto families = sounds_of(person.families), givens = sounds_of(person.givens);
  const auto date = date_of(person.birth);
  const auto year = person.birth.year ? std::to_string(person.birth.year) : std::string();
  for (const auto& family : families) add(groups[0], {"f", family, date});
  for (const auto& given : givens) add(groups[0], {"g", given, date});
  for (const auto& family : families)
    for (const auto& given : givens) {
      add(groups[1], {"n", family, given, year});
      add(groups[1], {"n", given, family, year});
    }
  for (const auto& family : givens) add(groups[1], {"f", family, date});  // names the other way round
  for (const auto& slip : slips_of(person.birth))
    for (const auto& family : families) add(groups[2], {"f", family, slip});
  for (const auto& address : person.addresses)
    for (const auto& given : givens) add(groups[2], {"p", address.postal_code, given, year});
  return groups;
}

}  // namespace ihe::match
