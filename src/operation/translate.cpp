// ConceptMap/$translate, with the parameters of R4 or of R5.
// FHIR R4: http://hl7.org/fhir/R4/conceptmap-operation-translate.html
#include "fhir/terminology/translate.h"

#include "fhir/terminology/reading.h"
#include "src/operation/inquiry.h"
#include "src/rest/reply.h"

namespace alzette::operation {
namespace {

using fhir::Kind;
using fhir::Node;
using fhir::Outcome;
using fhir::terminology::Candidate;
using fhir::terminology::TranslateRequest;

std::string_view either(const Input& input, std::string_view one, std::string_view other) {
  const auto text = input.text(one);
  return text.empty() ? input.text(other) : text;
}

std::vector<Candidate> dependencies(const Input& input) {
  std::vector<Candidate> all;
  for (const auto* argument : input.all("dependency")) {
    if (!argument->parameter) continue;
    std::string_view element;
    const Node* concept_node = nullptr;
    for (const Node& part : *argument->parameter) {
      if (part.name != "part") continue;
      const Node* value = fhir::terminology::value_x(part);
      if (value && part.value_of("name") == "element") element = value->text;
      if (value && part.value_of("name") == "concept") concept_node = value;
    }
    if (!concept_node) continue;
    for (const Node& coding : *concept_node)
      if (coding.name == "coding") all.push_back({element, {}, coding.value_of("code"), {}});
  }
  return all;
}

// Of a value set named by its canonical, its address on this server, relative or not, or its logical id.
std::string set_of(const rest::Call& call, std::string_view text) {
  if (text.starts_with(call.base) && text.substr(call.base.size()).starts_with('/'))
    text.remove_prefix(call.base.size() + 1);
  const bool canonical = text.empty() || text.find(':') != text.npos;
  if (canonical) return std::string(text);
  const auto address = rest::is_id(text) ? "ValueSet/" + std::string(text) : std::string(text);
  const auto found = call.canonicals.find("ValueSet", address);
  return found ? found->url : std::string(text);
}

fhir::Result<rest::Plan> run(const rest::Call& call, const Input& input) {
  auto inquiry = Inquiry::begin(call, input);
  if (!inquiry) return std::move(inquiry.outcome());
  TranslateRequest request;
  const bool backwards =
      input.first("targetCode") || input.first("targetCoding") || input.first("targetCodeableConcept");
  const bool newer = input.first("sourceCode") || input.first("sourceCoding") || input.first("sourceCodeableConcept");
  const auto given =
      backwards ? codes_of(input, {"targetCode", "targetSystem", "version", "targetCoding", "targetCodeableConcept"})
      : newer   ? codes_of(input, {"sourceCode", "sourceSystem", "version", "sourceCoding", "sourceCodeableConcept"})
                : codes_of(input, {"code", "system", "version", "coding", "codeableConcept"});
  if (!given) return given.outcome();
  if (given->form == fhir::terminology::CodeRequest::Form::code && given->codes.front().system.empty())
    return Outcome(Kind::malformed, "required", "Say which system the code is of", "Parameters");
  request.codes = given->codes;
  request.by_target = backwards;
  request.reverse = input.flag("reverse");
  const auto source = set_of(call, either(input, "source", "sourceScope")),
             target = set_of(call, either(input, "target", "targetScope"));
  request.source_set = source;
  request.target_set = target;
  request.target_system = either(input, "targetsystem", "targetSystem");
  if (backwards) request.source_system = input.text("sourceSystem");
  // The words are those of the map that is read backwards: where it comes to lies on its source side.
  if (request.reverse) {
    std::swap(request.source_set, request.target_set);
    request.source_system = std::exchange(request.target_system, {});
  }
  request.dependencies = dependencies(input);
  const auto own = (*inquiry)->instance();
  if (!own) return own.outcome();
  request.others = (*inquiry)->sources().concept_maps({});
  if (const Node* resource = *own ? *own : input.resource("conceptMap")) {
    request.maps.push_back({resource, nullptr});
  } else if (const auto canonical = canonical_of(input, "url", "conceptMapVersion"); !canonical.empty()) {
    const auto [url, version] = fhir::terminology::split(canonical);
    for (const auto& map : request.others)
      if (map.resource->value_of("url") == url && (version.empty() || map.resource->value_of("version") == version))
        request.maps.push_back(map);
    if (request.maps.empty())
      return fhir::terminology::refusal(Kind::absent, "not-found", "not-found",
                                        "A definition for the concept map '" + canonical + "' could not be found");
  } else {
    request.maps = request.others;
  }
  return rest::Plan(rest::json_reply(200, fhir::terminology::translate(request)));
}

}  // namespace

extern constinit const Operation translate{
    .code = "translate",
    .definition = "https://alzette.lu/fhir/OperationDefinition/ConceptMap-translate",
    .levels = on_type | on_instance,
    .types = "ConceptMap",
    .lane = rest::Lane::worker,
    .keep_faults = true,
    .run = run};

}  // namespace alzette::operation
