// One function per kind of pair; each changes the second of two like people.
#include "src/generate/pairs.h"

#include <array>

#include "ihe/identity/matricule.h"
#include "src/generate/patient.h"
#include "src/generate/random.h"

namespace alzette::generate {
namespace {

// The two sides while they are being changed. `given` holds what is no name of the lists.
struct Draft {
  Person one, other;
  std::string given, given_of_one;
  Random& random;

  const NameList& families() const { return generate::names(other.language).family; }
  const NameList& givens() const {
    const auto& list = generate::names(other.language);
    return other.sex == Sex::female ? list.female : list.male;
  }
};

void forget_number(Person& person) {
  person.matricule.clear();
  person.hospital_number = 0;
}

void move(Draft& draft) {
  draft.other.town = draft.random.one_of(towns(draft.other.country));
  draft.other.street = draft.random.one_of(streets(draft.other.country));
  draft.other.house = draft.random.below(90) + 1;
}

void change_telecom(Draft& draft) {
  draft.other.phone =
      std::string(dial_code(draft.other.country)) + " 6" + std::to_string(10'000'000 + draft.random.below(89'999'999));
  draft.other.email.clear();
}

// Letters that a keyboard or an ear exchanges: two neighbours swapped, one doubled, one left out.
std::string misspelt(std::string_view name, Random& random) {
  std::string text(name);
  if (text.size() < 4) return text + 'e';
  const auto plain = [&](std::size_t i) { return i < text.size() && static_cast<unsigned char>(text[i]) < 128; };
  std::size_t at = 1 + random.below(static_cast<std::uint32_t>(text.size() - 2));
  while (at < text.size() && !(plain(at) && plain(at + 1))) ++at;
  if (at == text.size()) return text;
  switch (random.below(3)) {
    case 0:
      std::swap(text[at], text[at + 1]);
      return text;
    case 1:
      return text.insert(at, 1, text[at]);
    default:
      return text.erase(at, 1);
  }
}

// The number of another person who was born on the same day.
std::string another_number(const std::string& matricule, unsigned more) {
  const auto count = (std::stoul(matricule.substr(8, 3)) + more) % 1000;
  std::string eleven = matricule.substr(0, 8);
  append_digits(eleven, static_cast<unsigned>(count), 3);
  const auto check = ihe::identity::matricule_check_digits(eleven);
  return eleven + check[0] + check[1];
}

// ── one person ──────────────────────────────────────────────────────────────────────────────────────────────────
void missing_number(Draft& draft) { forget_number(draft.other); }

void married_name(Draft& draft) {
  draft.one.sex = draft.other.sex = Sex::female;
  draft.one.given = draft.other.given = draft.givens().draw(draft.random.next());
  draft.other.family = draft.families().draw(draft.random.next());
  forget_number(draft.other);
}

void transposed_date(Draft& draft) {
  const auto date = civil(draft.other.birth);
  const auto day = static_cast<unsigned>(date.day()), month = static_cast<unsigned>(date.month());
  const int year = static_cast<int>(date.year());
  // A day that no month has cannot be exchanged with it: then two digits of the day are.
  draft.other.birth = day <= 12 && day != month ? day_of(year, day, month)
                                                : day_of(year, month,
                                                         (day % 10) * 10 + day / 10 <= 28 && day % 11
                                                             ? std::max(1U, (day % 10) * 10 + day / 10)
                                                             : day - day / 20);
  forget_number(draft.other);
}

void misspelt_family(Draft& draft) {
  draft.other.family = misspelt(draft.other.family, draft.random);
  forget_number(draft.other);
}

void misspelt_given(Draft& draft) {
  draft.given = misspelt(draft.other.given, draft.random);
  draft.other.given = draft.given;
  forget_number(draft.other);
}

void moved(Draft& draft) {
  move(draft);
  change_telecom(draft);
  forget_number(draft.other);
}

void inverted_names(Draft& draft) {
  draft.given = draft.other.family;
  draft.other.family = draft.one.given;
  draft.other.given = draft.given;
  draft.other.second_given = {};
  forget_number(draft.other);
}

void moved_and_number(Draft& draft) {
  move(draft);
  change_telecom(draft);
}

void misspelt_both(Draft& draft) {
  misspelt_given(draft);
  misspelt_family(draft);
}

void married_and_moved(Draft& draft) {
  married_name(draft);
  move(draft);
}

// ── two people ──────────────────────────────────────────────────────────────────────────────────────────────────
void twins(Draft& draft) {
  while (draft.other.given.front() == draft.one.given.front())  // parents do not call two children alike
    draft.other.given = draft.givens().draw(draft.random.next());
  draft.other.second_given = {};
  draft.other.matricule = another_number(draft.one.matricule, 1);
  draft.other.hospital_number = 0;
  if (draft.random.permille(500)) forget_number(draft.other);
}

// No number is known of either, as in the record of a hospital that sees them for the first time.
void twins_without_numbers(Draft& draft) {
  twins(draft);
  forget_number(draft.one);
  forget_number(draft.other);
}

// Jean-Pierre and Jean-Paul: the first name is the same, and no other is.
void twins_with_double_names(Draft& draft) {
  const auto contains = [](std::string_view a, std::string_view b) {
    return a.find(b) != a.npos || b.find(a) != b.npos;
  };
  const std::string first(draft.one.given);
  std::string one, other;
  while (one.empty() || contains(one, first)) one = draft.givens().draw(draft.random.next());
  while (other.empty() || contains(other, first) || contains(other, one) || other.front() == one.front())
    other = draft.givens().draw(draft.random.next());
  draft.given_of_one = first + "-" + one;
  draft.given = first + "-" + other;
  draft.one.given = draft.given_of_one;
  draft.other.given = draft.given;
  draft.one.second_given = draft.other.second_given = {};
  forget_number(draft.one);
  forget_number(draft.other);
}

void parent_and_child(Draft& draft) {
  draft.other.birth -= draft.random.between(20 * 365, 35 * 365);
  forget_number(draft.other);
}

void namesakes(Draft& draft) {
  draft.other.birth += draft.random.between(400, 4000) * (draft.random.permille(500) ? 1 : -1);
  moved(draft);
}

void namesakes_of_one_day(Draft& draft) {
  move(draft);
  change_telecom(draft);
  draft.other.matricule = another_number(draft.one.matricule, 1);
  draft.other.hospital_number = 0;
  if (draft.random.permille(500)) forget_number(draft.other);
}

void siblings(Draft& draft) {
  twins(draft);
  draft.other.birth += draft.random.between(330, 2500);
  forget_number(draft.other);
}

struct Kind {
  std::string_view name;
  bool same;
  void (*change)(Draft&);
};

constexpr std::array<Kind, 17> kinds{{{"missing number", true, missing_number},
                                      {"married name", true, married_name},
                                      {"transposed date", true, transposed_date},
                                      {"misspelt family name", true, misspelt_family},
                                      {"misspelt given name", true, misspelt_given},
                                      {"moved", true, moved},
                                      {"inverted names", true, inverted_names},
                                      {"moved, with number", true, moved_and_number},
                                      {"both names misspelt", true, misspelt_both},
                                      {"married and moved", true, married_and_moved},
                                      {"twins", false, twins},
                                      {"twins without numbers", false, twins_without_numbers},
                                      {"twins, double names", false, twins_with_double_names},
                                      {"parent and child", false, parent_and_child},
                                      {"namesakes", false, namesakes},
                                      {"namesakes of one day", false, namesakes_of_one_day},
                                      {"siblings", false, siblings}}};

}  // namespace

Pair pair_of(const Population& population, std::uint64_t seed, std::uint64_t index) {
  const auto& kind = kinds[index % kinds.size()];
  Random random(seed, Stream::pair, index);
  const auto person = population.person(index);
  Draft draft{person, person, {}, {}, random};
  kind.change(draft);
  return {kind.name, kind.same, patient(seed, draft.one), patient(seed, draft.other)};
}

}  // namespace alzette::generate
