// The meaning of conditions over index rows (extract, match) against an independent slow evaluation, over the example
// nation and, where ALZETTE_CORPORA names a folder, over the Synthea bundles and the examples of R4 in it.
#include "tests/search_oracle.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "fhir/search/match.h"
#include "src/generate/nation.h"

namespace {

namespace fs = std::filesystem;
using oracle::Documents;

constexpr std::string_view base = "http://example.org/fhir";
using ByType = std::map<std::string, Documents>;

void keep(ByType& all, std::string json, std::size_t most) {
  auto document = oracle::read(std::move(json));
  if (!document) return;
  auto& list = all[std::string(document->node->type->name)];
  if (list.size() < most) list.push_back(std::move(document));
}

std::string file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void compare(const fhir::Type& type, const Documents& documents,
             const std::vector<std::vector<fhir::search::IndexRow>>& rows, const oracle::Question& question) {
  const auto name = std::string(type.name) + "?" + question.name + "=" + question.value;
  const auto query = fhir::search::parse(&type, {{question.name, question.value}}, base, false);
  REQUIRE_MESSAGE(static_cast<bool>(query), name);
  for (std::size_t i = 0; i < documents.size(); ++i) {
    const auto expected = question.answer(*documents[i]);
    if (!expected) continue;
    const bool found = fhir::search::matches(query->all_of[0], rows[i]);
    if (found != *expected) CHECK_MESSAGE(found == *expected, documents[i]->id << ": " << name);
  }
}

// Asks everything that the oracle can answer; returns how many questions there were of each kind.
std::map<fhir::ParameterType, int> compare(const ByType& all) {
  std::map<fhir::ParameterType, int> asked;
  for (const auto& [name, documents] : all) {
    const fhir::Type& type = *fhir::definitions().resource(name);
    std::vector<std::vector<fhir::search::IndexRow>> rows;
    for (const auto& document : documents) rows.push_back(fhir::search::extract(*document->node, base));
    oracle::Asker asker(documents, std::string(base));
    for (const auto& parameter : type.search) {
      const auto code = parameter.code.view();
      if (!fhir::search::supported(parameter) || code == "_id" || code == "_lastUpdated") continue;
      for (const auto& question : asker.ask(parameter)) {
        ++asked[question.kind];
        compare(type, documents, rows, question);
        if (const auto filter = oracle::as_filter(question)) compare(type, documents, rows, *filter);
      }
    }
    for (const auto& question : oracle::ask_words(documents)) compare(type, documents, rows, question);
  }
  return asked;
}

}  // namespace

TEST_CASE("searches over the example nation agree with an independent evaluation") {
  ByType all;
  const alzette::generate::Nation nation({.patients = 40, .documents = 20, .seed = 11, .only = {}});
  for (std::uint64_t part = 0; part < nation.parts(); ++part)
    nation.part(part, [&](std::string_view, std::string&& json) { keep(all, std::move(json), 60); });
  const auto asked = compare(all);
  using fhir::ParameterType;
  for (const auto kind : {ParameterType::token, ParameterType::string, ParameterType::date, ParameterType::reference,
                          ParameterType::quantity, ParameterType::composite})
    CHECK((asked.contains(kind) && asked.at(kind) >= 10));
}

TEST_CASE("searches over public data agree with an independent evaluation") {
  const char* corpora = std::getenv("ALZETTE_CORPORA");
  if (!corpora) return;
  ByType all;
  for (const auto& entry : fs::directory_iterator(fs::path(corpora) / "r4-examples-json"))
    if (entry.path().extension() == ".json") keep(all, file(entry.path()), 60);
  for (const auto& entry : fs::directory_iterator(fs::path(corpora) / "synthea-bundles")) {
    if (entry.path().extension() != ".json") continue;
    const auto bundle = oracle::read(file(entry.path()));
    if (!bundle) continue;
    for (const auto& part : *bundle->node) {
      const fhir::Node* resource = part.name == "entry" ? part.child("resource") : nullptr;
      if (!resource || all[std::string(resource->type->name)].size() >= 60) continue;
      std::string json;
      fhir::Node root = *resource;
      root.name = resource->type->name;
      fhir::json::write(root, json);
      keep(all, std::move(json), 60);
    }
  }
  const auto asked = compare(all);
  for (const auto& [kind, count] : asked) CHECK(count >= 10);
  CHECK(asked.size() == 8);
}
