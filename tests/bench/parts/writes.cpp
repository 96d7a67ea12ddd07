// What is written: bodies made on the spot, and bundles of the generated population. See requests.h.
#include <algorithm>
#include <array>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>

#include "tests/bench/parts/requests.h"

namespace bench {
namespace {

constexpr std::array<const char*, 9> kinds{"Patient",           "Location",  "Organization",
                                           "Practitioner",      "Encounter", "Observation",
                                           "MedicationRequest", "Claim",     "ExplanationOfBenefit"};

// What is changed in each of them.
struct Change {
  const char* from;
  const char* to;
};
constexpr std::array<Change, 9> changes{{{R"("gender":"female")", R"("gender":"other")"},
                                         {R"("name":"Centre)", R"("name":"Nouveau centre)"},
                                         {R"("name":"Clinique)", R"("name":"Nouvelle clinique)"},
                                         {R"("gender":"unknown")", R"("gender":"other")"},
                                         {R"("status":"planned")", R"("status":"in-progress")"},
                                         {R"("issued":"2026-01-01)", R"("issued":"2026-01-02)"},
                                         {R"("status":"on-hold")", R"("status":"draft")"},
                                         {R"("created":"2026-01-01")", R"("created":"2026-01-02")"},
                                         {R"("created":"2026-01-01")", R"("created":"2026-01-02")"}}};

// Bodies by kind; $0 to $8 stand for the ids of the nine, $n for a number.
constexpr std::array<const char*, 9> bodies{
    "",
    R"({"resourceType":"Location","status":"active","name":"Centre $n","telecom":[{"system":"phone","value":"+352 44111"}],)"
    R"("address":{"line":["4, rue du Test"],"city":"Esch","postalCode":"4001","country":"LU"},)"
    R"("position":{"longitude":6.1,"latitude":49.61}})",
    R"({"resourceType":"Organization","identifier":[{"system":"urn:oid:2.999.8","value":"o-$n"}],"active":true,)"
    R"("type":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/organization-type","code":"prov"}]}],)"
    R"("name":"Clinique $n","address":[{"city":"Ettelbruck","country":"LU"}]})",
    R"({"resourceType":"Practitioner","identifier":[{"system":"urn:oid:2.999.9","value":"p-$n"}],"active":true,)"
    R"("name":[{"family":"Bench$n","given":["Jean"],"prefix":["Dr"]}],"gender":"unknown"})",
    R"({"resourceType":"Encounter","status":"planned","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode",)"
    R"("code":"AMB"},"subject":{"reference":"Patient/$0"},"participant":[{"individual":{"reference":"Practitioner/$3"}}],)"
    R"("period":{"start":"2026-01-01T08:00:00Z","end":"2026-01-01T08:30:00Z"},"location":[{"location":{"reference":)"
    R"("Location/$1"}}],"serviceProvider":{"reference":"Organization/$2"}})",
    R"({"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8310-5",)"
    R"("display":"Body temperature"}]},"subject":{"reference":"Patient/$0"},"encounter":{"reference":"Encounter/$4"},)"
    R"("effectiveDateTime":"2026-01-01T08:10:00Z","issued":"2026-01-01T08:10:00Z","valueQuantity":{"value":37.0,)"
    R"("unit":"Cel","system":"http://unitsofmeasure.org","code":"Cel"}})",
    R"({"resourceType":"MedicationRequest","status":"on-hold","intent":"order","medicationCodeableConcept":{"coding":)"
    R"([{"system":"http://www.whocc.no/atc","code":"N02BE01"}],"text":"Paracetamol"},"subject":{"reference":"Patient/$0"},)"
    R"("encounter":{"reference":"Encounter/$4"},"authoredOn":"2026-01-01","requester":{"reference":"Practitioner/$3"}})",
    R"({"resourceType":"Claim","contained":[{"resourceType":"Coverage","id":"cover","status":"active","beneficiary":)"
    R"({"reference":"Patient/$0"},"payor":[{"display":"Caisse"}]}],"status":"active","type":{"coding":[{"system":)"
    R"("http://terminology.hl7.org/CodeSystem/claim-type","code":"professional"}]},"use":"claim","patient":{"reference":)"
    R"("Patient/$0"},"created":"2026-01-01","provider":{"reference":"Organization/$2"},"priority":{"coding":[{"code":)"
    R"("normal"}]},"prescription":{"reference":"MedicationRequest/$6"},"insurance":[{"sequence":1,"focal":true,)"
    R"("coverage":{"reference":"#cover"}}],"item":[{"sequence":1,"productOrService":{"text":"visit"},"encounter":)"
    R"([{"reference":"Encounter/$4"}]}]})",
    R"({"resourceType":"ExplanationOfBenefit","contained":[{"resourceType":"ServiceRequest","id":"referral","status":)"
    R"("completed","intent":"order","subject":{"reference":"Patient/$0"},"requester":{"reference":"Practitioner/$3"},)"
    R"("performer":[{"reference":"Practitioner/$3"}]},{"resourceType":"Coverage","id":"cover","status":"active",)"
    R"("beneficiary":{"reference":"Patient/$0"},"payor":[{"display":"Caisse"}]}],"status":"active","type":{"coding":)"
    R"([{"system":"http://terminology.hl7.org/CodeSystem/claim-type","code":"professional"}]},"use":"claim","patient":)"
    R"({"reference":"Patient/$0"},"created":"2026-01-01","insurer":{"display":"Caisse"},"provider":{"reference":)"
    R"("Practitioner/$3"},"referral":{"reference":"#referral"},"claim":{"reference":"Claim/$7"},"outcome":"complete",)"
    R"("careTeam":[{"sequence":1,"provider":{"reference":"Practitioner/$3"}}],"insurance":[{"focal":true,"coverage":)"
    R"({"reference":"#cover"}}],"item":[{"sequence":1,"productOrService":{"text":"visit"},"encounter":[{"reference":)"
    R"("Encounter/$4"}]}]})"};

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

std::string id_in(std::string_view text) {
  const std::size_t at = text.find("\"id\":\"");
  if (at == std::string_view::npos) return "";
  return std::string(text.substr(at + 6, text.find('"', at + 6) - at - 6));
}

}  // namespace

std::string patient_json(std::uint64_t number) {
  const std::string n = std::to_string(number);
  return R"({"resourceType":"Patient","identifier":[{"system":"urn:oid:2.999.7","value":"bench-)" + n +
         R"("}],"active":true,"name":[{"use":"official","family":"Bench)" + n +
         R"(","given":["Anna","Maria"]}],"telecom":[{"system":"phone","value":"+352 621 000 000"}],"gender":"female",)"
         R"("birthDate":"1975-05-17","address":[{"line":["1, rue du Test"],"city":"Esch","postalCode":"4001"}]})";
}

std::string adt_message(std::uint64_t number) {
  const std::string n = std::to_string(number);
  std::array<char, 15> now{};
  const std::time_t seconds = std::time(nullptr);
  std::tm parts{};
  std::strftime(now.data(), now.size(), "%Y%m%d%H%M%S", ::gmtime_r(&seconds, &parts));
  const std::string at = now.data();
  return "MSH|^~\\&|BENCH|HOSPITAL|ALZETTE|LU|" + at + "||ADT^A01^ADT_A01|" + n + "|P|2.3.1\rEVN|A01|" + at +
         "\rPID|||bench-" + n + "^^^&2.999.7." + std::to_string(number % 4) + "&ISO||Bench" + n +
         "^Anna^Maria^^^^L||19750517|F|||1, rue du Test^^Esch^^4001||+352 621 000 000\rPV1||I\r";
}

std::string Round::body(std::size_t kind, std::uint64_t number) const {
  if (kind == 0) return patient_json(number);
  std::string text = bodies[kind];
  replace_all(text, "$n", std::to_string(number));
  for (std::size_t i = 0; i < ids_.size(); ++i) replace_all(text, "$" + std::to_string(i), ids_[i]);
  return text;
}

std::string Round::next(const Answer* last, std::uint64_t number) {
  if (step_ >= 1 && step_ <= kinds.size() && last) ids_.push_back(id_in(last->body));
  if (step_ == requests) step_ = 0;
  if (step_ == 0) {
    ids_.clear();
    bodies_.clear();
  }
  const std::size_t kind = step_ % kinds.size();
  const auto turn = step_++ / kinds.size();
  if (turn == 0) {
    bodies_.push_back(body(kind, number));
    return send("POST", std::string("/fhir/") + kinds[kind], bodies_.back());
  }
  // The last made goes first, so that nothing is deleted while others refer to it.
  const std::size_t which = turn == 3 ? kinds.size() - 1 - kind : kind;
  const std::string target = std::string("/fhir/") + kinds[which] + '/' + ids_[which];
  if (turn == 1) return get(target);
  if (turn == 3) return "DELETE " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  std::string changed = bodies_[which];
  replace_all(changed, changes[which].from, changes[which].to);
  changed.insert(1, "\"id\":\"" + ids_[which] + "\",");
  return send("PUT", target, changed);
}

Bundles bundles_from(const std::string& folder) {
  // Everything of one patient has the patient's number in its id: obs1-17-3 is of p1-17.
  std::map<std::string, std::vector<std::pair<std::string, std::string>>> by_patient;
  for (const char* type : {"Patient", "Encounter", "Condition", "Observation", "Immunization"}) {
    std::ifstream file(std::filesystem::path(folder) / (std::string(type) + ".ndjson"));
    for (std::string line; std::getline(file, line);) {
      const std::string id = id_in(line);
      const std::size_t number = id.find('-') + 1;
      by_patient[id.substr(number, id.find('-', number) - number)].emplace_back(type, line);
    }
  }
  if (by_patient.empty()) throw std::runtime_error("no generated files in " + folder);
  Bundles bundles;
  for (const auto& [patient, resources] : by_patient) {
    std::string text = R"({"resourceType":"Bundle","type":"transaction","entry":[)";
    std::vector<std::pair<std::string, std::string>> names;  // "Patient/p1-17" and its urn:uuid
    for (const auto& [type, line] : resources) {
      char urn[64];
      std::snprintf(urn, sizeof urn, "urn:uuid:00000000-0000-4000-8000-%012zu", names.size() + 1);
      text += (names.empty() ? "" : ",") + std::string(R"({"fullUrl":")") + urn + R"(","resource":)" + line +
              R"(,"request":{"method":"POST","url":")" + type + R"("}})";
      names.emplace_back('"' + type + '/' + id_in(line) + '"', '"' + std::string(urn) + '"');
    }
    for (const auto& [name, urn] : names) replace_all(text, name, urn);
    bundles.texts.push_back(text + "]}");
    bundles.entries += static_cast<double>(resources.size());
  }
  bundles.entries /= static_cast<double>(bundles.texts.size());
  return bundles;
}

}  // namespace bench
