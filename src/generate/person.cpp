// Who the people are: residence shares as the national record has them, an age pyramid, names by language.
// Birth date and running number come from one permutation over all numbers that exist, so no two people share a
// matricule and no list of those given out is kept.
#include "src/generate/person.h"

#include <algorithm>

#include "ihe/identity/matricule.h"
#include "src/generate/directory.h"

namespace alzette::generate {
namespace {

constexpr int first_year = 1921;
constexpr int last_year = 2025;
constexpr std::uint32_t lowest_number = 10;
constexpr std::uint32_t most_per_day = 900;

// Per cent of the strongest year, by age: a Western European pyramid with a bulge of people at working age.
std::uint32_t share_at(int age) {
  struct Step {
    int age;
    int share;
  };
  constexpr Step steps[] = {{0, 62},  {10, 68}, {20, 76}, {30, 98}, {40, 100}, {50, 96},
                            {60, 80}, {70, 52}, {80, 30}, {90, 8},  {104, 1}};
  const Step* next = std::find_if(std::begin(steps), std::end(steps), [age](const Step& s) { return s.age > age; });
  if (next == std::end(steps)) return 1;
  const Step& last = next[-1];
  return static_cast<std::uint32_t>(last.share +
                                    (next->share - last.share) * (age - last.age) / (next->age - last.age));
}

std::uint64_t slots_of(int year) {
  Day end = std::min(day_of(year + 1, 1, 1), today);
  return static_cast<std::uint64_t>(end - day_of(year, 1, 1)) * (share_at(last_year - year) * most_per_day / 100);
}

std::uint64_t all_slots() {
  std::uint64_t sum = 0;
  for (int year = first_year; year <= last_year; ++year) sum += slots_of(year);
  return sum;
}

// Permille of those whose records the nation holds: 54.5 / 22.5 / 10.4 / 9.4 / 3.2 %.
Country residence(Random& random) {
  auto chance = random.below(1000);
  if (chance < 545) return Country::luxembourg;
  if (chance < 770) return Country::france;
  if (chance < 874) return Country::belgium;
  if (chance < 968) return Country::germany;
  if (chance < 980) return Country::portugal;
  if (chance < 986) return Country::italy;
  return chance < 992 ? Country::netherlands : Country::britain;
}

Language language_in(Country country, Random& random) {
  auto chance = random.below(100);
  switch (country) {
    case Country::luxembourg:
      if (chance < 46) return Language::luxembourgish;
      if (chance < 66) return Language::portuguese;
      if (chance < 84) return Language::french;
      return chance < 92 ? Language::german : Language::english;
    case Country::france:
      return chance < 92 ? Language::french : Language::portuguese;
    case Country::belgium:
      return chance < 90 ? Language::french : Language::german;
    case Country::germany:
      return chance < 94 ? Language::german : Language::luxembourgish;
    case Country::portugal:
      return Language::portuguese;
    case Country::italy:
      return chance < 50 ? Language::french : Language::english;
    case Country::netherlands:
      return chance < 70 ? Language::german : Language::english;
    case Country::britain:
      return Language::english;
  }
  return Language::french;
}

// The letters of a name without case and marks, for an electronic address.
void append_plain(std::string& out, std::string_view name) {
  constexpr std::string_view latin1 = "aaaaaaaceeeeiiiidnooooo.ouuuuy.s";  // U+00C0.. and U+00E0.. in step
  for (std::size_t at = 0; at < name.size(); ++at) {
    auto byte = static_cast<unsigned char>(name[at]);
    char letter = '.';
    if (byte >= 'A' && byte <= 'Z') letter = static_cast<char>(byte + 32);
    if (byte >= 'a' && byte <= 'z') letter = static_cast<char>(byte);
    if (byte == 0xC3 && at + 1 < name.size()) letter = latin1[static_cast<unsigned char>(name[at + 1]) & 0x1F];
    if (letter != '.') out += letter;
  }
}

void give_names(Person& person, Random& random) {
  const Names& list = names(person.language);
  const NameList& given = person.sex == Sex::male ? list.male : list.female;
  person.family = list.family.draw(random.next());
  std::string_view other = list.family.draw(random.next());
  auto chance = random.below(100);
  if (person.language == Language::portuguese && chance < 70 && other != person.family) {
    person.family += ' ';
    person.family += other;
  } else if (chance < 3 && other != person.family && person.family.find_first_of(" -") == std::string::npos) {
    person.family += '-';
    person.family += other;
  }
  person.given = given.draw(random.next());
  person.second_given = given.draw(random.next());
  if (random.permille(600) || person.second_given == person.given) person.second_given = {};
}

void give_home(Person& person, Random& random) {
  person.town = random.mostly_first(towns(person.country));
  person.street = random.mostly_first(streets(person.country));
  person.house = 1 + random.below(random.permille(800) ? 60 : 240);
}

void give_contacts(Person& person, Random& random) {
  person.phone = dial_code(person.country);
  person.phone += person.country == Country::luxembourg ? " 621 " : " 6 ";
  append_digits(person.phone, random.below(1'000'000), 6);
  if (person.age() < 14 || random.permille(300)) return;
  append_plain(person.email, person.given);
  person.email += '.';
  append_plain(person.email, person.family);
  append_digits(person.email, random.below(1000), 3);
  person.email += "@example.lu";
}

// Yearly risk of death in permille by age; only the years since the record began (2000) count.
std::optional<Day> death_of(const Person& person, Random& random) {
  int born = static_cast<int>(civil(person.birth).year());
  for (int year = std::max(born + 1, 2000); year < last_year; ++year) {
    int age = year - born;
    std::uint32_t risk = age < 40 ? 1 : age < 60 ? 3 : age < 75 ? 12 : age < 85 ? 45 : 120;
    if (random.below(2000) < risk) return day_of(year, 1, 1) + random.between(0, 364);
  }
  return std::nullopt;
}

}  // namespace

int Person::age() const {
  auto born = civil(birth), now = civil(death.value_or(today));
  int years = static_cast<int>(now.year()) - static_cast<int>(born.year());
  bool before_birthday = std::pair(now.month(), now.day()) < std::pair(born.month(), born.day());
  return years - (before_birthday ? 1 : 0);
}

Population::Population(std::uint64_t seed) : seed_(seed), order_(Random(seed, Stream::order, 0).next(), all_slots()) {
  for (int year = first_year; year <= last_year; ++year) {
    years_.push_back({slots_, day_of(year, 1, 1), share_at(last_year - year) * most_per_day / 100});
    slots_ += slots_of(year);
  }
}

void Population::give_birth(Person& person) const {
  std::uint64_t slot = order_(person.index);
  auto after = std::upper_bound(years_.begin(), years_.end(), slot,
                                [](std::uint64_t value, const Year& year) { return value < year.first; });
  const Year& year = after[-1];
  person.birth = year.january_first + static_cast<Day>((slot - year.first) / year.per_day);
  auto date = civil(person.birth);
  append_digits(person.matricule, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  append_digits(person.matricule, static_cast<unsigned>(date.month()), 2);
  append_digits(person.matricule, static_cast<unsigned>(date.day()), 2);
  append_digits(person.matricule, lowest_number + static_cast<unsigned>((slot - year.first) % year.per_day), 3);
  auto check = ihe::identity::matricule_check_digits(person.matricule);
  person.matricule.append(check.data(), check.size());
}

Person Population::person(std::uint64_t index) const {
  Random random(seed_, Stream::person, index);
  Person person;
  person.index = index;
  give_birth(person);
  person.sex = random.permille(503) ? Sex::female : Sex::male;
  person.country = residence(random);
  person.language = language_in(person.country, random);
  give_names(person, random);
  give_home(person, random);
  person.death = death_of(person, random);
  give_contacts(person, random);
  person.practitioner = random.below(practitioners);
  if (random.permille(400)) person.hospital_number = 1 + static_cast<std::uint32_t>(index);
  return person;
}

}  // namespace alzette::generate
