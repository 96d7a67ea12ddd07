// Probabilistic record linkage: are two Patients the same person? Fellegi and Sunter, "A Theory for Record Linkage"
// (1969), with frequencies of values: agreement on a rare name says more than agreement on a common one.
//
//   Patient -> Person (normalised) -> blocking keys -> candidates of the store -> weight per field -> grade
//
// A weight is log2(m/u): m, how often the field agrees so for one person's records; u, for those of two people.
// Grades as in http://terminology.hl7.org/CodeSystem/match-grade; ITI-119,
// http://hl7.org/fhir/R4/patient-operation-match.html
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fhir/node.h"
#include "fhir/outcome.h"

namespace ihe::match {

// A date of birth, perhaps in part: 0 = not known.
struct Birth {
  std::int32_t year = 0;
  std::int32_t month = 0;
  std::int32_t day = 0;
  bool whole() const { return year && month && day; }
  bool operator==(const Birth&) const = default;
};

struct Identifier {
  std::string system, value;
  bool operator==(const Identifier&) const = default;
};

struct Address {
  std::string street;  // folded, words sorted, without numbers
  std::string house;   // its numbers
  std::string city, postal_code;
};

// A Patient as it is compared: folded (case, marks, punctuation), names without particles ("de", "van", "dos").
struct Person {
  std::vector<std::string> families;  // of all names, the current one first; a double name also by its parts
  std::vector<std::string> givens;    // in order, those of further names behind
  Birth birth;
  std::string gender;                   // "male", "female", "" when neither
  std::string national;                 // national number as given, "" when there is none
  std::vector<Identifier> identifiers;  // the others
  std::vector<Address> addresses;
  std::vector<std::string> telecoms;  // digits of telephone numbers without country code and trunk zero; e-mail
};

// `national_system`: Identifier.system of the national number.
Person person_of(const fhir::Node& patient, std::string_view national_system);

// One sound of French, German, Luxembourgish and Portuguese names: "schmitt" = "schmidt", "philippe" = "filipe".
std::string phonetic(std::string_view folded);

// ── comparison ──────────────────────────────────────────────────────────────────────────────────────────────────
enum class Field : std::uint8_t { family, given, birth, gender, national, address, telecom };
inline constexpr std::size_t fields = 7;

// How two values of a field stand to each other, from the best to none at all. What each means, by field:
//            same              close                      part                       other
//   family   equal             sounds or spelt alike      one of a double or an       different
//                                                         earlier name; inverted
//   given    first equal       first sounds alike         another in common           different, also only the second
//                                                                                     of two: twins are called so
//   birth    equal             two digits or day and      part unknown, rest equal    different
//                              month transposed; one digit
//   gender   equal                                                                    different
//   national equal             one slip                                               different
//   address  street and place  postal code                city                        different
//   telecom  one in common                                                            none in common
enum class Agreement : std::uint8_t { same, close, part, other, missing };

using Agreements = std::array<Agreement, fields>;

struct Chance {
  double m = 0, u = 0;
};

// All numbers of the comparison: data, to be learned from a store (`alzette match learn`).
struct Weights {
  std::array<std::array<Chance, 4>, fields> chances;  // by field and agreement
  std::unordered_map<std::string, double> families;   // share of people who have this (folded) family name ...
  std::unordered_map<std::string, double> givens;     // ... and first given name; others: rare_name
  double rare_name = 0.0005;
  double certain = 28;  // weights from which on a pair has the grade, when nothing speaks against it
  double probable = 17;
  double possible = 9;

  static const Weights& standard();
};

// JSON as written by `write`; refuses what is no such table.
fhir::Result<Weights> read_weights(std::string_view json);
std::string write_weights(const Weights& weights);

enum class Grade : std::uint8_t { certain, probable, possible, certainly_not };
std::string_view code_of(Grade grade);  // "certainly-not"

struct Verdict {
  Grade grade = Grade::certainly_not;
  double weight = 0;  // sum over the fields, in bits
  double score = 0;   // 0..1; grades do not overlap
  Agreements agreements{};
};

Agreements compare(const Person& one, const Person& other);
Verdict judge(const Person& one, const Person& other, const Weights& weights);

// ── learning ────────────────────────────────────────────────────────────────────────────────────────────────────
// `random`: pairs drawn at random, almost all of two people, which tell u. `blocked`: pairs that share a key, some of
// one person, from which m is estimated by expectation and maximisation (Dempster, Laird, Rubin, 1977). What `random`
// and `blocked` are too few to tell stays as in `start`; thresholds and names are those of `start`.
Weights learn(const std::vector<Agreements>& random, const std::vector<Agreements>& blocked, const Weights& start);

// ── blocking ────────────────────────────────────────────────────────────────────────────────────────────────────
// Keys under which a person is stored: people who share none are not compared. A handful for each.
std::vector<std::string> keys_of(const Person& person);

// Keys to look for, in groups from the most telling to the least; with the slips that a date may hold.
std::vector<std::vector<std::string>> probes_of(const Person& person);

}  // namespace ihe::match
