// From a Patient to what is compared.
#include <algorithm>
#include <charconv>

#include "fhir/search/index.h"
#include "ihe/match/match.h"

namespace ihe::match {
namespace {

using fhir::Node;

constexpr std::array<std::string_view, 22> particles{"de",    "da",  "do", "dos", "das", "du",  "des", "del",
                                                     "della", "di",  "d",  "la",  "le",  "les", "l",   "van",
                                                     "von",   "vom", "zu", "zum", "den", "der"};

constexpr std::size_t most = 32;  // names, addresses and numbers of a kind that are compared; those of now come first

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(' ', at), text.size());
    if (end > at) words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

void add(std::vector<std::string>& list, std::string text) {
  if (text.empty() || list.size() == most || std::find(list.begin(), list.end(), text) != list.end()) return;
  list.push_back(std::move(text));
}

// A family name less its particles, together and, when it is a double one, each part.
void add_family(std::string_view written, std::vector<std::string>& families) {
  const auto folded = fhir::search::fold(written);
  std::vector<std::string_view> words;
  for (const auto word : words_of(folded))
    if (std::find(particles.begin(), particles.end(), word) == particles.end()) words.push_back(word);
  if (words.empty()) return add(families, folded);
  std::string whole;
  for (const auto word : words) whole += word;
  add(families, std::move(whole));
  if (words.size() > 1)
    for (const auto word : words)
      if (word.size() > 2) add(families, std::string(word));
}

void add_name(const Node& name, Person& person) {
  for (const Node& part : name) {
    if (part.name == "family") add_family(part.text, person.families);
    if (part.name != "given") continue;
    const auto folded = fhir::search::fold(part.text);
    for (const auto word : words_of(folded)) add(person.givens, std::string(word));
  }
}

std::int32_t number(std::string_view digits) {
  std::int32_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

Birth birth_of(std::string_view text) {
  Birth birth;
  if (text.size() >= 4) birth.year = number(text.substr(0, 4));
  if (text.size() >= 7) birth.month = number(text.substr(5, 2));
  if (text.size() >= 10) birth.day = number(text.substr(8, 2));
  return birth;
}

Address address_of(const Node& node) {
  Address address;
  std::vector<std::string> words;
  for (const Node& part : node) {
    if (part.name == "city") address.city = fhir::search::fold(part.text);
    if (part.name == "postalCode") {
      for (const char c : part.text)
        if (c >= '0' && c <= '9') address.postal_code += c;
    }
    if (part.name != "line") continue;
    const auto folded = fhir::search::fold(part.text);
    for (const auto word : words_of(folded)) {
      const bool number = word.front() >= '0' && word.front() <= '9';
      if (number)
        address.house.append(address.house.empty() ? "" : " ").append(word);
      else
        words.emplace_back(word);
    }
  }
  std::sort(words.begin(), words.end());
  for (const auto& word : words) address.street.append(address.street.empty() ? "" : " ").append(word);
  return address;
}

// "+352 621 123 456" and "0621 123456" are one number.
std::string telephone(std::string_view text) {
  std::string digits;
  const bool international = text.starts_with('+') || text.starts_with("00");
  for (const char c : text)
    if (c >= '0' && c <= '9') digits += c;
  if (text.starts_with("00")) digits.erase(0, 2);
  constexpr std::array<std::string_view, 5> codes{"352", "351", "33", "32", "49"};
  for (const auto code : codes)
    if (international && digits.starts_with(code)) {
      digits.erase(0, code.size());
      break;
    }
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  return digits.size() < 5 ? std::string() : digits;
}

void add_identifier(const Node& node, std::string_view national_system, Person& person) {
  const auto system = node.value_of("system");
  const auto value = node.value_of("value");
  if (value.empty() || node.value_of("use") == "old") return;
  if (system == national_system)
    person.national = value;
  else if (!system.empty())
    person.identifiers.push_back({std::string(system), std::string(value)});
}

}  // namespace

Person person_of(const Node& patient, std::string_view national_system) {
  Person person;
  for (const bool current : {true, false})
    for (const Node& child : patient) {
      const auto use = child.value_of("use");
      if (child.name == "name" && (use != "old" && use != "maiden") == current) add_name(child, person);
    }
  for (const Node& child : patient) {
    if (child.name == "identifier") add_identifier(child, national_system, person);
    if (child.name == "birthDate") person.birth = birth_of(child.text);
    if (child.name == "gender" && (child.text == "male" || child.text == "female")) person.gender = child.text;
    if (child.name == "address" && person.addresses.size() < most) person.addresses.push_back(address_of(child));
    if (child.name != "telecom") continue;
    const auto value = child.value_of("value");
    const bool mail = value.find('@') != std::string_view::npos;
    add(person.telecoms, mail ? fhir::search::fold(value) : telephone(value));
  }
  return person;
}

}  // namespace ihe::match
