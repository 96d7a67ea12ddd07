// Patient/$match: who of the store is the person that is described, each with a score and a grade.
// FHIR R4: http://hl7.org/fhir/R4/patient-operation-match.html; IHE PDQm, ITI-119
#include <algorithm>
#include <array>
#include <charconv>

#include "fhir/bundle.h"
#include "fhir/format/json.h"
#include "ihe/identity/identity.h"
#include "ihe/identity/matricule.h"
#include "ihe/match/candidates.h"
#include "src/operation/operation.h"
#include "src/operation/refusal.h"
#include "src/rest/reply.h"

namespace alzette::operation {
namespace {

namespace match = ihe::match;
using fhir::Kind;
using fhir::Outcome;

constexpr std::size_t default_count = 50;
constexpr std::size_t most_count = 1000;

fhir::Result<std::size_t> count_of(const Input& input) {
  const auto text = input.text("count");
  if (text.empty()) return default_count;
  std::size_t count = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), count).ptr;
  if (end != text.data() + text.size() || count == 0)
    return Outcome(Kind::malformed, "value", "count must be a positive number", place_of("count"));
  return std::min(count, most_count);
}

std::string score_text(double score) {
  std::array<char, 16> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), score, std::chars_format::fixed, 4).ptr;
  return {buffer.data(), end};
}

std::string searchset(const rest::Call& call, const std::vector<match::Candidate>& found) {
  std::string out = R"({"resourceType":"Bundle","type":"searchset","total":)" + std::to_string(found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto& [version, verdict] = found[i];
    out += i ? "," : R"(,"entry":[)";
    out += R"({"fullUrl":)";
    fhir::json::write_string(std::string(call.base) + "/Patient/" + version.id, out);
    out.append(R"(,"resource":)").append(version.body);
    out += R"(,"search":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/match-grade","valueCode":")";
    out.append(match::code_of(verdict.grade)).append(R"("}],"mode":"match","score":)");
    out.append(score_text(verdict.score)).append("}}");
  }
  return out + (found.empty() ? "}" : "]}");
}

// Of several who are not known for one person, none is certain: PDQm, 2:3.119.4.1.3, case 5.
fhir::Result<bool> keep_certain(const rest::Call& call, std::vector<match::Candidate>& found) {
  std::erase_if(found, [](const auto& one) { return one.verdict.grade != match::Grade::certain; });
  std::vector<std::string> patients;
  for (const auto& one : found) patients.push_back(one.version.id);
  const ihe::Site site{call.snapshot, call.access, call.settings, call.base, call.now, call.ids};
  const auto one_person = ihe::identity::of_one_person(site, patients);
  if (!one_person) return one_person.outcome();
  if (!*one_person) found.clear();
  return true;
}

// A modifier that is not understood may turn what is said into something else (FHIR R4, extensibility).
bool is_modified(const fhir::Node& node) {
  return std::any_of(node.begin(), node.end(),
                     [](const fhir::Node& child) { return child.name == "modifierExtension" || is_modified(child); });
}

fhir::Result<rest::Plan> run(const rest::Call& call, const Input& input) {
  const auto* resource = input.resource("resource");
  if (!resource)
    return Outcome(Kind::malformed, "required", "$match needs a Patient in the parameter \"resource\"",
                   place_of("resource"));
  if (is_modified(*resource))
    return Outcome(Kind::malformed, "extension",
                   "No modifierExtension is understood here: describe the patient without",
                   "Patient.modifierExtension");
  const auto count = count_of(input);
  if (!count) return count.outcome();
  const auto person = match::person_of(*resource, ihe::identity::matricule_system);
  if (match::probes_of(person).front().empty() && person.national.empty() && person.identifiers.empty() &&
      (person.families.empty() || person.givens.empty()))
    return Outcome(Kind::unprocessable, "required",
                   "Too little to look for: give an identifier, or names with a date of birth", "Patient");
  auto found = match::candidates(call.snapshot, call.access, person, ihe::identity::matricule_system,
                                 match::weights_of(call.settings));
  if (!found) return std::move(found.outcome());
  if (input.flag("onlyCertainMatches"))
    if (auto done = keep_certain(call, *found); !done) return std::move(done.outcome());
  if (found->size() > *count) found->resize(*count);
  return rest::Plan(rest::json_reply(200, searchset(call, *found)));
}

}  // namespace

extern constinit const Operation match_patient{.code = "match",
                                               .definition = "http://hl7.org/fhir/OperationDefinition/Patient-match",
                                               .levels = on_type,
                                               .types = "Patient",
                                               .lane = rest::Lane::worker,
                                               .affects_state = true,
                                               .run = run};

}  // namespace alzette::operation
