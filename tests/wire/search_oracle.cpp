// The server's answers to searches against an independent slow evaluation of each search parameter's FHIRPath, over the
// example nation and, where ALZETTE_CORPORA names a folder, over its Synthea bundles as well.
#include "tests/search_oracle.h"

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <set>

#include "src/net/uri.h"
#include "tests/wire/program.h"

namespace {

// Each parameter is asked at most so many questions, spread over what the oracle can think of.
constexpr std::size_t most_questions = 16;

class Reader {
 public:
  explicit Reader(const std::string& address) : http_(address), origin_("http://" + address) {}

  // Hands out each resource that a search finds, over all its pages. False when an answer is not a searchset.
  bool matches(std::string path, const std::function<void(const fhir::Node&)>& take) {
    while (!path.empty()) {
      const auto answer = http_.ask("GET", path);
      if (!answer || answer->status != 200) return false;
      const auto bundle = oracle::read(answer->body);
      if (!bundle) return false;
      path.clear();
      for (const auto& part : *bundle->node) {
        if (part.name == "link" && part.value_of("relation") == "next")
          path = std::string(part.value_of("url")).substr(origin_.size());
        if (const fhir::Node* resource = part.name == "entry" ? part.child("resource") : nullptr) take(*resource);
      }
    }
    return true;
  }

 private:
  wire::Http http_;
  std::string origin_;
};

oracle::Documents all_of(Reader& reader, const std::string& type) {
  oracle::Documents documents;
  const bool read = reader.matches("/fhir/" + type + "?_count=500", [&](const fhir::Node& resource) {
    fhir::Node root = resource;
    root.name = resource.type->name;
    std::string json;
    fhir::json::write(root, json);
    if (auto document = oracle::read(std::move(json))) documents.push_back(std::move(document));
  });
  CHECK_MESSAGE(read, type);
  return documents;
}

// Ids that must be found and are not, or are found and must not be; "" when all is well.
std::string difference(const oracle::Documents& documents, const oracle::Question& question,
                       const std::set<std::string>& found) {
  std::string out;
  std::size_t known = 0;
  for (const auto& document : documents) {
    const bool here = found.contains(document->id);
    known += here;
    const auto expected = question.answer(*document);
    if (expected && *expected != here && out.size() < 200) out += (here ? " +" : " -") + document->id;
  }
  if (known != found.size()) out += " and ids of no known resource";
  return out;
}

void must_run(const wire::Folder& folder, std::vector<std::string> arguments) {
  wire::Program program(folder.path(), std::move(arguments));
  const int code = program.wait();
  REQUIRE_MESSAGE(code == 0, program.err());
}

std::map<fhir::ParameterType, int> compare(const std::string& address) {
  Reader reader(address);
  std::map<fhir::ParameterType, int> asked;
  for (const auto& type : fhir::definitions().types) {
    if (type.kind != fhir::TypeKind::resource || type.abstract) continue;
    const std::string name(type.name);
    const auto documents = all_of(reader, name);
    oracle::Asker asker(documents, "http://" + address + "/fhir");
    for (const auto& parameter : type.search) {
      const auto code = parameter.code.view();
      if (documents.empty() || !fhir::search::supported(parameter) || code == "_id" || code == "_lastUpdated") continue;
      const auto questions = asker.ask(parameter);
      const auto stride = questions.size() / most_questions + 1;
      for (std::size_t i = 0; i < questions.size(); i += stride) {
        const auto& question = questions[i];
        const auto path = "/fhir/" + name + "?" + alzette::net::percent_encode(question.name) + "=" +
                          alzette::net::percent_encode(question.value) + "&_elements=id&_count=500";
        std::set<std::string> found;
        const bool read =
            reader.matches(path, [&](const fhir::Node& resource) { found.emplace(resource.value_of("id")); });
        CHECK_MESSAGE(read, path);
        const auto wrong = difference(documents, question, found);
        CHECK_MESSAGE(wrong.empty(), path << ":" << wrong);
        ++asked[question.kind];
      }
    }
  }
  return asked;
}

// A server over the example nation and, where they are given, the bundles of the corpora.
class Nation {
 public:
  Nation() {
    const auto data = folder_.path("data");
    must_run(folder_, {"generate", "--patients", "40", "--documents", "20", "--seed", "11", "--data", data});
    if (const char* corpora = std::getenv("ALZETTE_CORPORA")) load(data, corpora);
    server_ = std::make_unique<wire::Program>(
        folder_.path(), std::vector<std::string>{"serve", "--data", data, "--http", "127.0.0.1:0"});
    address_ = server_->ready();
    REQUIRE_MESSAGE(!address_.empty(), server_->err());
  }
  ~Nation() {
    server_->signal(SIGTERM);
    CHECK(server_->wait() == 0);
  }
  Nation(const Nation&) = delete;
  Nation& operator=(const Nation&) = delete;
  const std::string& address() const { return address_; }

 private:
  void load(const std::string& data, const char* corpora) {
    const auto bundles = std::filesystem::path(corpora) / "synthea-bundles";
    std::vector<std::string> arguments{"load", "--data", data};
    for (const auto* first : {"hospital", "practitioner", ""})  // others refer to these
      for (const auto& entry : std::filesystem::directory_iterator(bundles)) {
        const auto file = entry.path().filename().string();
        const bool named = file.starts_with("hospital") || file.starts_with("practitioner");
        if (entry.path().extension() == ".json" && file.starts_with(first) && (*first || !named))
          arguments.push_back(entry.path().string());
      }
    must_run(folder_, arguments);
  }

  wire::Folder folder_;
  std::unique_ptr<wire::Program> server_;
  std::string address_;
};

using Ids = std::set<std::string>;

// Ids that a search finds.
Ids ids(Reader& reader, const std::string& type, const std::string& name, const std::string& value) {
  Ids found;
  const auto path = "/fhir/" + type + "?" + alzette::net::percent_encode(name) + "=" +
                    alzette::net::percent_encode(value) + "&_elements=id&_count=500";
  CHECK_MESSAGE(reader.matches(path, [&](const fhir::Node& resource) { found.emplace(resource.value_of("id")); }),
                path);
  return found;
}

// Ids of `target` that a resource refers to by a reference parameter.
Ids targets(const oracle::Document& document, std::string_view code, const std::string& target) {
  Ids found;
  for (const auto* node : oracle::nodes_of(*document.node->type->parameter(code), document)) {
    const std::string text(node->value_of("reference"));
    if (text.starts_with(target + "/")) found.insert(text.substr(target.size() + 1));
  }
  return found;
}

bool overlap(const Ids& a, const Ids& b) {
  return std::any_of(a.begin(), a.end(), [&](const std::string& id) { return b.contains(id); });
}

}  // namespace

TEST_CASE("the server finds what an independent evaluation finds") {
  const Nation nation;
  const auto asked = compare(nation.address());
  using fhir::ParameterType;
  for (const auto kind : {ParameterType::token, ParameterType::string, ParameterType::date, ParameterType::reference,
                          ParameterType::quantity, ParameterType::composite})
    CHECK((asked.contains(kind) && asked.at(kind) >= 10));
}

TEST_CASE("chains and _has find what two searches one after the other find") {
  const Nation nation;
  Reader reader(nation.address());
  struct Link {
    std::string type, parameter, target, condition, value;
  };
  const Link links[] = {
      {"Observation", "subject", "Patient", "gender", "female"},
      {"Observation", "patient", "Patient", "birthdate", "lt1975"},
      {"Encounter", "subject", "Patient", "family:contains", "e"},
      {"Condition", "patient", "Patient", "address-city:missing", "false"},
      {"Immunization", "patient", "Patient", "gender:not", "female"},
      {"PractitionerRole", "organization", "Organization", "name:contains", "a"},
      {"PractitionerRole", "practitioner", "Practitioner", "name", "m"},
      {"DocumentReference", "subject", "Patient", "birthdate", "ge1960"},
  };
  for (const auto& link : links) {
    const auto documents = all_of(reader, link.type);
    const auto inner = ids(reader, link.target, link.condition, link.value);
    Ids expected, referred;
    for (const auto& document : documents) {
      const auto to = targets(*document, link.parameter, link.target);
      if (overlap(to, inner)) expected.insert(document->id);
    }
    CHECK_MESSAGE(!expected.empty(), link.type << "." << link.parameter);
    const auto chain = link.parameter + ":" + link.target + "." + link.condition;
    CHECK_MESSAGE(ids(reader, link.type, chain, link.value) == expected, link.type << "?" << chain);
    // The other way round: what resources of this type with a recent change refer to.
    const auto outer = ids(reader, link.type, "_lastUpdated", "gt2000");
    for (const auto& document : documents)
      if (outer.contains(document->id)) referred.merge(targets(*document, link.parameter, link.target));
    CHECK_MESSAGE(!referred.empty(), link.type << "." << link.parameter);
    const auto has = "_has:" + link.type + ":" + link.parameter + ":_lastUpdated";
    CHECK_MESSAGE(ids(reader, link.target, has, "gt2000") == referred, link.target << "?" << has);
  }
}

TEST_CASE("sorted pages hold each resource once, in order") {
  const Nation nation;
  Reader reader(nation.address());
  const auto patients = all_of(reader, "Patient");
  std::map<std::string, std::string> born;
  for (const auto& patient : patients) born[patient->id] = patient->node->value_of("birthDate");
  for (const bool descending : {false, true}) {
    std::vector<std::string> dates;
    Ids seen;
    const std::string path = std::string("/fhir/Patient?_sort=") + (descending ? "-" : "") + "birthdate&_count=7";
    CHECK(reader.matches(path, [&](const fhir::Node& resource) {
      const std::string id(resource.value_of("id"));
      CHECK(seen.insert(id).second);
      dates.push_back(born[id]);
    }));
    CHECK(seen.size() == patients.size());
    if (descending) std::reverse(dates.begin(), dates.end());
    CHECK(std::is_sorted(dates.begin(), dates.end()));
  }
}
