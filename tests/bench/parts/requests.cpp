#include "tests/bench/parts/requests.h"

#include <cctype>
#include <cstdio>
#include <memory>
#include <random>
#include <stdexcept>
#include <utility>

#include "fhir/format/json.h"

namespace bench {
namespace {

using Random = std::mt19937;

void add_person(Pools& pools, const fhir::Node& patient) {
  const fhir::Node* identifier = patient.child("identifier");
  const fhir::Node* name = patient.child("name");
  if (!identifier || !name) return;
  pools.people.push_back({std::string(patient.value_of("id")), std::string(identifier->value_of("system")),
                          std::string(identifier->value_of("value")), std::string(name->value_of("family")),
                          std::string(name->value_of("given")), std::string(patient.value_of("birthDate"))});
}

template <typename T>
const T& any(const std::vector<T>& from, Random& random) {
  return from[random() % from.size()];
}

}  // namespace

std::string encoded(std::string_view text) {
  std::string result;
  char hex[4];
  for (char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c))) {
      result += c;
    } else {
      std::snprintf(hex, sizeof hex, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
      result += hex;
    }
  }
  return result;
}

void for_each_resource(std::uint16_t port, const std::string& query,
                       const std::function<void(const fhir::Node&)>& take) {
  const std::string page = ask(port, get("/fhir/" + query)).body;
  fhir::Arena arena;
  auto tree = fhir::json::parse(page, arena);
  if (!tree) throw std::runtime_error("no page for " + query + ": " + page.substr(0, 300));
  for (const fhir::Node& entry : **tree)
    if (entry.name == "entry")
      if (const fhir::Node* resource = entry.child("resource")) take(*resource);
}

Pools harvest(std::uint16_t port) {
  Pools pools;
  for_each_resource(port, "Patient?_count=500", [&](const fhir::Node& patient) { add_person(pools, patient); });
  if (pools.people.empty()) throw std::runtime_error("no patients to ask for");
  return pools;
}

Pools drawn_people(std::uint16_t port, std::uint64_t all, unsigned domains, unsigned draws) {
  Pools pools;
  Random random(3);
  unsigned asked = 0;
  drive(port, 1, 60, [&](unsigned, const Answer* last) {
    if (last && last->status == 200) {
      fhir::Arena arena;
      if (auto patient = fhir::json::parse(last->body, arena)) add_person(pools, **patient);
    }
    if (asked++ == draws) return std::string();
    const auto id = "p1-" + std::to_string(random() % all);
    return get("/fhir/Patient/" + (domains == 0 ? id : id + "-" + std::to_string(1 + random() % domains)));
  });
  if (pools.people.empty()) throw std::runtime_error("no generated patients to ask for");
  return pools;
}

std::vector<Work> reads(const Pools& pools) {
  auto random = std::make_shared<Random>(1);
  auto person = [&pools, random]() -> const Person& { return any(pools.people, *random); };
  return {
      {"read", [person] { return "/fhir/Patient/" + person().id; }},
      {"identifier search",
       [person] {
         const Person& one = person();
         return "/fhir/Patient?identifier=" + encoded(one.system + '|' + one.value);
       }},
      {"name search",
       [person] {
         const Person& one = person();
         return "/fhir/Patient?family=" + encoded(one.family) + "&birthdate=" + one.birth_date;
       }},
      {"record of a patient", [person] { return "/fhir/Observation?patient=" + person().id + "&_count=20"; }},
  };
}

}  // namespace bench
