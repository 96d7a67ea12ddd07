#include "tests/bench/parts/requests.h"

#include <cctype>
#include <cstdio>
#include <memory>
#include <random>
#include <set>
#include <stdexcept>
#include <utility>

#include "fhir/format/json.h"
#include "fhir/node.h"

namespace bench {
namespace {

using Random = std::mt19937;

void each_of(std::uint16_t port, const std::string& query, const std::function<void(const fhir::Node&)>& take) {
  const std::string page = ask(port, get("/fhir/" + query)).body;
  fhir::Arena arena;
  auto tree = fhir::json::parse(page, arena);
  if (!tree) throw std::runtime_error("no page for " + query + ": " + page.substr(0, 300));
  for (const fhir::Node& entry : **tree)
    if (entry.name == "entry")
      if (const fhir::Node* resource = entry.child("resource")) take(*resource);
}

void add_person(Pools& pools, const fhir::Node& patient) {
  const fhir::Node* identifier = patient.child("identifier");
  const fhir::Node* name = patient.child("name");
  if (!identifier || !name) return;
  pools.people.push_back({std::string(patient.value_of("id")), std::string(identifier->value_of("system")),
                          std::string(identifier->value_of("value")), std::string(name->value_of("family")),
                          std::string(name->value_of("given")), std::string(patient.value_of("birthDate"))});
}

std::string coding(const fhir::Node& resource) {
  const fhir::Node* code = resource.child("code");
  const fhir::Node* first = code ? code->child("coding") : nullptr;
  return first ? std::string(first->value_of("system")) + '|' + std::string(first->value_of("code")) : "";
}

std::vector<std::string> distinct(const std::vector<std::string>& from) {
  const std::set<std::string> all(from.begin(), from.end());
  return {all.begin(), all.end()};
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

Pools harvest(std::uint16_t port) {
  Pools pools;
  each_of(port, "Patient?_count=500", [&](const fhir::Node& patient) { add_person(pools, patient); });
  if (pools.people.empty()) throw std::runtime_error("no patients to ask for");
  each_of(port, "Observation?_count=300",
          [&](const fhir::Node& one) { pools.observation_codes.push_back(coding(one)); });
  each_of(port, "Condition?_count=300", [&](const fhir::Node& one) { pools.condition_codes.push_back(coding(one)); });
  each_of(port, "Practitioner?_count=100",
          [&](const fhir::Node& one) { pools.practitioners.emplace_back(one.value_of("id")); });
  each_of(port, "Location?_count=100",
          [&](const fhir::Node& one) { pools.locations.emplace_back(one.value_of("id")); });
  pools.observation_codes = distinct(pools.observation_codes);
  pools.condition_codes = distinct(pools.condition_codes);
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

Mix search_mix(const Pools& pools, std::uint16_t port) {
  auto random = std::make_shared<Random>(2);
  auto queries = std::make_shared<std::vector<Target>>();
  Mix mix;
  auto add = [&](bool possible, Target target) {
    ++mix.all;
    if (possible && ask(port, get(target())).status == 200) queries->push_back(std::move(target));
  };
  auto fixed = [&](const std::string& query) { add(true, [query] { return "/fhir/" + query; }); };
  // The text, with one of the values between its two halves.
  auto drawn = [&](const std::vector<std::string>& values, const std::string& before, const std::string& after) {
    add(!values.empty(),
        [&values, before, after, random] { return "/fhir/" + before + encoded(any(values, *random)) + after; });
  };
  auto of_person = [&](const std::string& before, std::string Person::*field, const std::string& after) {
    add(true, [&pools, before, field, after, random] {
      return "/fhir/" + before + encoded(any(pools.people, *random).*field) + after;
    });
  };
  fixed("metadata");
  fixed("Observation?_count=10");
  fixed("Observation?_count=1&_total=accurate");
  for (int i = 0; i < 4; ++i) drawn(pools.observation_codes, "Observation?code=", "&_count=5&_total=accurate");
  fixed("Observation?date=ge2020-01-01&_count=5");
  fixed("Patient?gender=male&_count=5&_total=accurate");
  fixed("Patient?family=S&_count=5");
  fixed("Patient?given=A&_count=5");
  of_person("Patient/", &Person::id, "");
  of_person("Patient?family=", &Person::family, "&_count=5");
  of_person("Observation?patient=Patient/", &Person::id, "&_count=20");
  of_person("Condition?patient=Patient/", &Person::id, "");
  drawn(pools.condition_codes, "Condition?code=", "&_count=5");
  fixed("Procedure?code=http://snomed.info/sct%7C430193006&_count=5");
  of_person("Encounter?patient=Patient/", &Person::id, "&_count=10");
  of_person("MedicationRequest?patient=Patient/", &Person::id, "&_count=10");
  drawn(pools.practitioners, "Encounter?participant=Practitioner/", "&_count=10");
  drawn(pools.locations, "Encounter?location=Location/", "&_count=10");
  fixed("Patient?gender=female&family=B&_count=5");
  fixed("Observation?combo-code=http://loinc.org%7C8480-6&_count=1&_total=accurate");
  fixed("Patient?_content=Schmit&_count=5");
  fixed("Observation?_content=blood&_count=5");
  fixed("Condition?_content=hypertension&_count=5");
  fixed("Patient?name:text=chm&_count=5");
  fixed("Patient?address:text=Sanem&_count=5");
  fixed("Patient?_text=Schmit&_count=5");
  fixed("Condition?code:text=migraine&_count=5");
  mix.left = queries->size();
  mix.target = [queries, random] { return any(*queries, *random)(); };
  return mix;
}

}  // namespace bench
