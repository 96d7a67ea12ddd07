// FHIR R4: http://hl7.org/fhir/R4/terminology-service.html
#include "src/operation/inquiry.h"

#include <utility>

#include "fhir/canonical.h"
#include "fhir/terminology/reading.h"
#include "fhir/utf8.h"
#include "src/rest/published.h"

namespace alzette::operation {
namespace {

using fhir::Kind;
using fhir::Node;
using fhir::Outcome;
using fhir::Result;
using fhir::terminology::Languages;
using fhir::terminology::ValueSet;

std::vector<std::string> texts(const Input& input, std::string_view name) {
  std::vector<std::string> all;
  for (const auto* argument : input.all(name))
    if (argument->value) all.emplace_back(argument->value->text);
  return all;
}

// A client that sends "*" asks for nothing special.
std::string_view wanted_by_header(const rest::Call& call) {
  const auto text = call.header("Accept-Language");
  return text == "*" ? std::string_view{} : text;
}

// A header that cannot be read asks for nothing.
Result<Languages> languages_of(const rest::Call& call, std::string_view parameter) {
  auto languages = Languages::parse(parameter.empty() ? wanted_by_header(call) : parameter);
  if (languages) return std::move(*languages);
  if (parameter.empty()) return Languages();
  return fhir::terminology::refusal(Kind::malformed, "processing", "invalid-display",
                                    "Invalid displayLanguage: '" + fhir::shortened(parameter, 100) + "'", {},
                                    "INVALID_DISPLAY_NAME");
}

}  // namespace

Inquiry::Inquiry(const rest::Call& call, const Input& input)
    : call_(call),
      rules_{texts(input, "system-version"), texts(input, "check-system-version"), texts(input, "force-system-version"),
             texts(input, "default-valueset-version")},
      sources_(call.canonicals),
      composer_(sources_, rules_) {}

Result<std::unique_ptr<Inquiry>> Inquiry::begin(const rest::Call& call, const Input& input) {
  // What R4 does not know in a resource that comes along is left out; anywhere else it is refused.
  for (const auto& fault : input.faults)
    if (fault.refuses() && fault.expression.find(".resource") == fault.expression.npos) {
      Outcome outcome(fhir::kind_of(input.faults));
      outcome.issues.push_back(fault);
      return outcome;
    }
  std::unique_ptr<Inquiry> made(new Inquiry(call, input));
  for (const auto* argument : input.all("tx-resource")) {
    const Node* resource = argument->resource;
    if (!resource) return Outcome(Kind::malformed, "required", "tx-resource holds a resource", "Parameters.parameter");
    if (resource->name != "CodeSystem" && resource->name != "ValueSet" && resource->name != "ConceptMap")
      return Outcome(Kind::malformed, "not-supported",
                     "tx-resource takes a CodeSystem, ValueSet or ConceptMap, not a " + std::string(resource->name),
                     "Parameters.parameter");
    made->sources_.supply(*resource);
  }
  for (const auto& supplement : texts(input, "useSupplement")) made->sources_.use_supplement(supplement);
  if (input.first("activeOnly")) made->active_only = input.flag("activeOnly");
  const auto parameter = input.text("displayLanguage");
  auto languages = languages_of(call, parameter);
  if (!languages) return std::move(languages.outcome());
  made->languages_ = std::move(*languages);
  made->by_parameter_ = !parameter.empty();
  made->by_header_ = parameter.empty() && made->languages_.any();
  return made;
}

Result<const Node*> Inquiry::instance() {
  if (call_.id.empty()) return static_cast<const Node*>(nullptr);
  auto version = rest::stored_or_published(call_);
  if (!version) return std::move(version.outcome());
  auto made = fhir::make_canonical(std::move(version->body));
  if (!made) return Outcome(Kind::internal, "exception", "The stored resource cannot be read");
  keeps_.push_back(made);
  return made->resource;
}

Result<const ValueSet*> Inquiry::value_set(const Input& input) {
  if (const auto absent = sources_.missing_supplement(); !absent.empty())
    return fhir::terminology::refusal(Kind::unprocessable, "not-found", "not-found",
                                      "Required supplement not found: " + absent, {}, "VALUESET_SUPPLEMENT_MISSING");
  const auto own = instance();
  if (!own) return own.outcome();
  const Node* given = *own ? *own : input.resource("valueSet");
  auto address = std::string(input.text("url"));
  if (!given && address.empty()) {
    auto bound = bound_at(input.text("context"));
    if (!bound) return std::move(bound.outcome());
    address = std::move(*bound);
  }
  Result<const ValueSet*> set = Outcome();
  if (given) {
    set = composer_.open(*given);
  } else {
    const auto [url, version] = fhir::terminology::split(address);
    set = composer_.open(url, version.empty() ? input.text("valueSetVersion") : version);
  }
  if (set) heed(**set);
  return set;
}

// "http://hl7.org/fhir/StructureDefinition/Patient#Patient.gender": the value set of the element's binding.
Result<std::string> Inquiry::bound_at(std::string_view context) const {
  if (context.empty())
    return Outcome(Kind::malformed, "required", "Say which value set: url, valueSet, context or the address of one",
                   "Parameters");
  const auto hash = context.find('#');
  const auto structure = call_.canonicals.find("StructureDefinition", context.substr(0, hash));
  const auto place = hash == context.npos ? std::string_view{} : context.substr(hash + 1);
  for (const std::string_view view : {"snapshot", "differential"}) {
    const Node* elements = structure ? structure->resource->child(view) : nullptr;
    if (!elements) continue;
    for (const Node& element : *elements) {
      const Node* binding = element.child("binding");
      if (binding && (element.value_of("id") == place || element.value_of("path") == place))
        return std::string(binding->value_of("valueSet"));
    }
  }
  return fhir::terminology::refusal(Kind::absent, "not-found", "not-found",
                                    "No value set is bound at '" + fhir::shortened(context, 200) + "'");
}

// Parameters that a value set sets itself, in the extension valueset-expansion-parameter.
void Inquiry::heed(const ValueSet& set) {
  const Node* compose = set.source.resource->child("compose");
  for (const Node* holder : {set.source.resource, compose}) {
    if (!holder) continue;
    for (const Node& node : *holder) {
      if (node.name != "extension" || !node.value_of("url").ends_with("/valueset-expansion-parameter")) continue;
      const Node* name = fhir::terminology::extension(node, "name", "");
      const Node* value = fhir::terminology::extension(node, "value", "");
      if (name && value) heed(name->text, value->text);
    }
  }
  if (const auto own = set.source.resource->value_of("language");
      !own.empty() && !by_parameter_ && !by_extension_ && !by_header_)
    if (auto languages = Languages::parse(own)) languages_ = std::move(*languages);
}

void Inquiry::heed(std::string_view parameter, std::string_view value) {
  if (parameter == "versionsMatch") composer_.match_versions(value == "true");
  if (parameter == "activeOnly" && !active_only) active_only = value == "true";
  if (parameter != "displayLanguage" || by_parameter_) return;
  auto languages = Languages::parse(value);
  if (!languages) return;
  languages_ = std::move(*languages);
  by_extension_ = true;
}

Result<GivenCodes> codes_of(const Input& input, const CodeNames& names) {
  constexpr std::size_t most_codings = 100;  // each is looked for by itself
  GivenCodes given;
  const auto code = input.text(names.code);
  const Node* coding = input.value(names.coding);
  const Node* several = input.value(names.concept_);
  if ((code.empty() ? 0 : 1) + (coding ? 1 : 0) + (several ? 1 : 0) != 1)
    return Outcome(Kind::malformed, "required",
                   "Give exactly one of the parameters " + std::string(names.code) + ", " + std::string(names.coding) +
                       " and " + std::string(names.concept_),
                   "Parameters");
  const auto read = [](const Node& node) {
    return fhir::terminology::Candidate{node.value_of("system"), node.value_of("version"), node.value_of("code"),
                                        node.value_of("display")};
  };
  using Form = fhir::terminology::CodeRequest::Form;
  if (!code.empty()) {
    given.codes.push_back({input.text(names.system), input.text(names.version), code, input.text("display")});
  } else if (coding) {
    given.form = Form::coding;
    given.codes.push_back(read(*coding));
  } else {
    given.form = Form::concept_;
    given.concept_ = several;
    for (const Node& child : *several) {
      if (child.name != "coding") continue;
      if (given.codes.size() == most_codings)
        return Outcome(Kind::malformed, "too-costly",
                       "A CodeableConcept may have " + std::to_string(most_codings) + " codings here", "Parameters");
      given.codes.push_back(read(child));
    }
  }
  return given;
}

std::string canonical_of(const Input& input, std::string_view name, std::string_view version_name) {
  const auto text = input.text(name);
  if (text.empty() || text.find('|') != text.npos) return std::string(text);
  return fhir::terminology::joined(text, input.text(version_name));
}

}  // namespace alzette::operation
