#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "fhir/base64.h"
#include "fhir/digest.h"
#include "ihe/identity/matricule.h"
#include "src/generate/directory.h"
#include "src/generate/document.h"
#include "src/generate/nation.h"
#include "src/rest/incoming.h"

using namespace alzette;
using namespace alzette::generate;

namespace {

std::vector<std::string> all_of(const Nation& nation, bool backwards = false) {
  std::vector<std::vector<std::string>> parts(nation.parts());
  for (std::uint64_t at = 0; at < nation.parts(); ++at) {
    auto number = backwards ? nation.parts() - 1 - at : at;
    nation.part(number, [&](std::string_view, std::string&& json) { parts[number].push_back(std::move(json)); });
  }
  std::vector<std::string> all;
  for (auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

std::string member(const std::string& json, const std::string& name) {
  auto at = json.find("\"" + name + "\":\"");
  if (at == std::string::npos) return {};
  at += name.size() + 4;
  return json.substr(at, json.find('"', at) - at);
}

std::string decoded(std::string_view base64) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  int held = 0;
  for (char letter : base64) {
    if (letter == '=') break;
    bits = bits << 6 | static_cast<unsigned>(letters.find(letter));
    held += 6;
    if (held >= 8) out += static_cast<char>(bits >> (held -= 8) & 0xFF);
  }
  return out;
}

}  // namespace

TEST_CASE("generate: the same seed gives the same bytes in any order of making, another seed others") {
  NationOptions options{.patients = 600, .documents = 90, .seed = 7, .only = {}};
  auto once = all_of(Nation(options));
  CHECK(once == all_of(Nation(options), true));
  options.seed = 8;
  CHECK(once != all_of(Nation(options)));
}

TEST_CASE("generate: a person stays the same when more are made") {
  NationOptions few{.patients = 10, .documents = 0, .seed = 3, .only = {"Patient"}};
  NationOptions many = few;
  many.patients = 1000;
  auto small = all_of(Nation(few)), large = all_of(Nation(many));
  REQUIRE(small.size() == 10);
  CHECK(std::equal(small.begin(), small.end(), large.begin()));
}

TEST_CASE("generate: each domain has a record of each person, with a number of its own beside the national one") {
  NationOptions options{.patients = 3, .documents = 0, .seed = 3, .domains = 2, .only = {"Patient"}};
  const auto all = all_of(Nation(options));
  REQUIRE(all.size() == 9);
  CHECK(all[0] == all_of(Nation({.patients = 3, .documents = 0, .seed = 3, .only = {"Patient"}}))[0]);
  CHECK(member(all[1], "id") == member(all[0], "id") + "-1");
  CHECK(all[2].find("\"urn:oid:2.999.7.2\"") != std::string::npos);
  CHECK(member(all[2], "birthDate") == member(all[0], "birthDate"));
  CHECK(all[2].find(ihe::identity::matricule_system) != std::string::npos);
}

TEST_CASE("generate: national numbers are valid, unique and agree with the birth date") {
  Population population(1);
  std::set<std::string> seen;
  for (std::uint64_t index = 0; index < 200'000; ++index) {
    Person person = population.person(index);
    if (!seen.insert(person.matricule).second) FAIL("twice: " << person.matricule);
    if (ihe::identity::matricule_fault(person.matricule) != ihe::identity::MatriculeFault::none) FAIL(person.matricule);
    std::string date = date_text(person.birth);
    std::erase(date, '-');
    if (person.matricule.substr(0, 8) != date) FAIL(person.matricule << " born " << date);
    if (person.death && (*person.death <= person.birth || *person.death >= today)) FAIL("death " << index);
  }
}

TEST_CASE("generate: residence, age and names are spread as in the national record") {
  Population population(42);
  std::map<Country, int> lands;
  std::map<std::string, int> families;
  std::array<int, 11> decades{};
  int people = 100'000, dead = 0;
  for (int index = 0; index < people; ++index) {
    Person person = population.person(static_cast<std::uint64_t>(index));
    ++lands[person.country];
    ++families[person.family];
    ++decades[static_cast<std::size_t>(std::min(person.age() / 10, 10))];
    dead += person.death ? 1 : 0;
  }
  auto share = [&](int count) { return 100.0 * count / people; };
  CHECK(share(lands[Country::luxembourg]) == doctest::Approx(54.5).epsilon(0.01));
  CHECK(share(lands[Country::france]) == doctest::Approx(22.5).epsilon(0.02));
  CHECK(share(lands[Country::belgium]) == doctest::Approx(10.4).epsilon(0.03));
  CHECK(share(lands[Country::germany]) == doctest::Approx(9.4).epsilon(0.03));
  CHECK(decades[4] > decades[0]);
  CHECK(decades[4] > decades[8]);
  CHECK(decades[9] > 0);
  CHECK(share(dead) > 3);
  CHECK(share(dead) < 20);
  int commonest = 0;
  for (const auto& [name, count] : families) commonest = std::max(commonest, count);
  CHECK(share(commonest) > 0.3);
  CHECK(share(commonest) < 3);
  CHECK(families.size() > 3000);
}

TEST_CASE("generate: each language has its own names, none twice") {
  for (int at = 0; at < languages; ++at) {
    const Names& list = names(static_cast<Language>(at));
    CAPTURE(at);
    auto distinct = [](const NameList& one) { return std::set(one.all().begin(), one.all().end()).size(); };
    CHECK(list.family.all().size() >= 300);
    CHECK(list.male.all().size() + list.female.all().size() >= 200);
    CHECK(distinct(list.family) == list.family.all().size());
    CHECK(distinct(list.male) == list.male.all().size());
    CHECK(distinct(list.female) == list.female.all().size());
    // The whole list can be drawn, and the first name is the most frequent.
    std::map<std::string_view, int> drawn;
    for (std::uint64_t chance = 0; chance < 1 << 16; ++chance) ++drawn[list.family.draw(chance)];
    CHECK(drawn.size() == list.family.all().size());
    CHECK(drawn[list.family.all().front()] > 5 * drawn[list.family.all().back()]);
  }
}

TEST_CASE("generate: exactly as many documents as asked, with size and hash of the bytes") {
  for (std::uint64_t patients : {1, 2, 3, 7, 500}) {
    NationOptions options{.patients = patients, .documents = 11, .seed = 5, .only = {"Binary", "DocumentReference"}};
    auto all = all_of(Nation(options));
    REQUIRE(all.size() == 22);
    for (std::size_t at = 0; at < all.size(); at += 2) {
      std::string bytes = decoded(member(all[at], "data"));
      const std::string& reference = all[at + 1];
      const auto hash = fhir::sha1(bytes);
      CHECK(member(reference, "url") == "Binary/" + member(all[at], "id"));
      CHECK(member(reference, "hash") == fhir::encode_base64(hash));
      CHECK(reference.find("\"size\":" + std::to_string(bytes.size()) + ",") != std::string::npos);
      CHECK(member(reference, "contentType") == member(all[at], "contentType"));
    }
  }
}

TEST_CASE("generate: a PDF's cross-reference table points at its objects") {
  std::string file = pdf("Résumé (1)", std::vector<std::string>(120, "Straße, Cœur, Şahin \\"));
  CHECK(file.substr(0, 9) == "%PDF-1.4\n");
  auto start = file.rfind("startxref\n");
  auto table = std::stoul(file.substr(start + 10));
  REQUIRE(file.substr(table, 5) == "xref\n");
  auto count = std::stoul(file.substr(table + 7));
  CHECK(count == 3 + 2 * 3 + 1);
  auto entry = file.find("\n", table + 5) + 1;
  for (std::size_t number = 1; number < count; ++number) {
    auto offset = std::stoul(file.substr(entry + 20 * number, 10));
    std::string head = std::to_string(number) + " 0 obj\n";
    CHECK(file.substr(offset, head.size()) == head);
  }
  CHECK(file.find("(R\xE9sum\xE9 \\(1\\))") != std::string::npos);
  CHECK(file.find("(Stra\xDF"
                  "e, C\x9Cur, Sahin \\\\)") != std::string::npos);
}

TEST_CASE("generate: everything passes the server's own write path, with distinct ids and references that resolve") {
  auto all = all_of(Nation({.patients = 300, .documents = 60, .seed = 11, .only = {}}));
  std::set<std::string> ids;
  std::map<std::string, int> types;
  for (const auto& json : all) {
    std::string type = member(json, "resourceType"), id = member(json, "id");
    ++types[type];
    CHECK(ids.insert(type + "/" + id).second);
    auto incoming = rest::receive(json);
    if (!incoming) FAIL(json << "\n" << incoming.outcome().issues.front().diagnostics);
    auto write = rest::prepare(*incoming->resource, id, fhir::Method::update, "http://localhost/fhir");
    if (!write) FAIL(json << "\n" << write.outcome().issues.front().diagnostics);
    CHECK(write->rows.empty() == (type == "Binary"));  // which has no search parameters
  }
  for (const auto& type : nation_types()) {
    CAPTURE(type);
    CHECK(types[type] > 0);
  }
  for (const auto& json : all)
    for (auto at = json.find("\"reference\":\""); at != std::string::npos; at = json.find("\"reference\":\"", at + 1)) {
      std::string target = json.substr(at + 13, json.find('"', at + 13) - at - 13);
      CAPTURE(target);
      CHECK((target.starts_with('#') || ids.count(target) == 1));
    }
}
