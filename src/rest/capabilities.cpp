// capabilities: GET [base]/metadata, made from the rows and the definitions, anew when search parameters are added.
// FHIR R4: http://hl7.org/fhir/R4/capabilitystatement.html
#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "fhir/format/json.h"
#include "fhir/format/json_commas.h"
#include "fhir/search/custom.h"
#include "src/net/shared_text.h"
#include "src/operation/operation.h"
#include "src/rest/criteria.h"
#include "src/rest/interaction.h"
#include "src/rest/reply.h"
#include "src/rest/terminology_capabilities.h"
#include "src/subscription/subscription.h"
#include "src/subscription/topic.h"

namespace alzette::rest {
namespace {

using fhir::ParameterType;
using fhir::SearchParameter;
using fhir::Type;
using fhir::json::Commas;

bool row_exists(std::string_view code, bool conditional) {
  const auto rows = interactions();
  return std::any_of(rows.begin(), rows.end(),
                     [&](const auto* row) { return row->code == code && row->conditional == conditional; });
}

void append_interactions(bool system, std::string& out) {
  std::set<std::string_view> codes;
  for (const auto* row : interactions())
    if ((row->level == Level::system) == system && row->code != "capabilities" && row->code != "operation" &&
        !row->code.starts_with("job-"))
      codes.insert(row->code);
  out += R"("interaction":[)";
  Commas commas(out);
  for (const auto code : codes) commas.next().append(R"({"code":")").append(code).append("\"}");
  out += ']';
}

void append_parameter(const SearchParameter& parameter, std::string& out) {
  out.append(R"({"name":")").append(parameter.code.view()).append(R"(","definition":")");
  out.append(parameter.url.view()).append(R"(","type":")").append(word_of(parameter.type)).append("\"}");
}

// What all types have stands once, for all of them (rest.searchParam); but the two that guides name for single types
// are repeated there.
bool shared(const SearchParameter& parameter) {
  const auto code = parameter.code.view();
  const auto* resource = fhir::definitions().type("Resource");
  return code != "_id" && code != "_lastUpdated" && resource && resource->parameter(code);
}

// Likewise what may be called on any type: rest.operation is "for operations invoked at the system level, or for
// operations that are supported across multiple resource types".
bool shared(const operation::Operation& operation) {
  return (operation.levels & operation::on_system) || operation.types.empty();
}

bool of_type(const operation::Operation& operation, const Type& type) {
  constexpr auto levels = operation::on_type | operation::on_instance;
  return (operation.levels & levels) && !operation.types.empty() && operation.applies_to(type);
}

// The operations that a type has and not every type, or with a null type the others.
void append_operations(const Type* type, std::string& out) {
  std::string list;
  Commas commas(list);
  for (const auto* operation : operation::operations()) {
    if (type ? !of_type(*operation, *type) : !shared(*operation)) continue;
    commas.next().append(R"({"name":")").append(operation->code).append(R"(","definition":")");
    list.append(operation->definition).append("\"}");
  }
  if (!list.empty()) out.append(R"(,"operation":[)").append(list).append("]");
}

// Reference parameters of other types that name this one, "Observation:subject". Those that may point at anything are
// left out: they would be repeated in each of the types.
using Reverse = std::map<std::string_view, std::vector<std::string>>;

Reverse reverse_includes(const std::vector<const Type*>& types) {
  Reverse reverse;
  for (const Type* source : types)
    for (const auto& parameter : source->search)
      if (parameter.type == ParameterType::reference && fhir::search::supported(parameter))
        for (const auto& target : parameter.targets)
          if (parameter.targets.size() < 40)
            reverse[target.view()].push_back(std::string(source->name.view()) + ":" +
                                             std::string(parameter.code.view()));
  return reverse;
}

// Topics that may be subscribed to: Subscriptions R5 Backport 1.1.0.
void append_topics(std::string& out) {
  out += R"("extension":[)";
  Commas commas(out);
  for (const auto topic : subscription::own_topics) {
    commas.next().append(R"({"url":")").append(subscription::backport);
    out.append(R"(capabilitystatement-subscriptiontopic-canonical","valueCanonical":")").append(topic).append("\"}");
  }
  out.append(R"(],"supportedProfile":[")").append(subscription::backport).append(R"(backport-subscription"],)");
}

void append_type(const Type& type, const Reverse& reverse, std::string& out) {
  out.append(R"({"type":")").append(type.name.view()).append(R"(","profile":")").append(type.url.view()).append("\",");
  if (type.name.view() == "Subscription") append_topics(out);
  append_interactions(false, out);
  out += R"(,"versioning":"versioned","readHistory":true,"updateCreate":true)";
  out += R"(,"conditionalCreate":true,"conditionalRead":"full-support","conditionalUpdate":)";
  out += row_exists("update", true) ? "true" : "false";
  out.append(R"(,"conditionalDelete":")").append(row_exists("delete", true) ? "single" : "not-supported");
  out += R"(","referencePolicy":["literal","logical"],"searchInclude":["*")";
  for (const auto& parameter : type.search)
    if (parameter.type == ParameterType::reference && fhir::search::supported(parameter))
      out.append(",\"").append(type.name.view()).append(":").append(parameter.code.view()).append("\"");
  out += ']';
  if (const auto found = reverse.find(type.name.view()); found != reverse.end()) {
    out += R"(,"searchRevInclude":[)";
    Commas commas(out);
    for (const auto& text : found->second) commas.next().append("\"").append(text).append("\"");
    out += ']';
  }
  out += R"(,"searchParam":[)";
  Commas commas(out);
  for (const auto& parameter : type.search)
    if (fhir::search::supported(parameter) && !shared(parameter)) append_parameter(parameter, commas.next());
  for (const auto& custom : fhir::search::custom_parameters(type))
    if (custom.complete) append_parameter(*custom.parameter, commas.next());
  out += ']';
  append_operations(&type, out);
  out += '}';
}

// What clients of the terminology ecosystem look for: code systems may come with a request; the version of the guide's
// tests. https://hl7.org/fhir/uv/tx-ecosystem/requirements.html
void append_features(std::string& out) {
  constexpr std::string_view feature =
      R"({"url":"http://hl7.org/fhir/uv/application-feature/StructureDefinition/feature","extension":[)";
  out.append(R"("extension":[)").append(feature);
  out += R"({"url":"definition","valueCanonical":"http://hl7.org/fhir/uv/tx-tests/FeatureDefinition/test-version"},)";
  out.append(R"({"url":"value","valueCode":"1.9.0"}]},)").append(feature);
  out += R"({"url":"definition","valueCanonical":)";
  out += R"("http://hl7.org/fhir/uv/tx-ecosystem/FeatureDefinition/CodeSystemAsParameter"},)";
  out += R"({"url":"value","valueBoolean":true}]}],)";
}

// The statement without what depends on the request: between the parts stand the base address, and that of WebSockets.
struct Statement {
  std::uint64_t state = 0;  // of the search parameters of our own that it lists
  std::string before, between, after;
};

Statement make_statement() {
  const auto& definitions = fhir::definitions();
  std::vector<const Type*> types;
  for (const auto& type : definitions.types)
    if (type.kind == fhir::TypeKind::resource && !type.abstract) types.push_back(&type);
  const auto reverse = reverse_includes(types);

  Statement made;
  made.state = fhir::search::custom_state();
  std::string out = R"({"resourceType":"CapabilityStatement",)";
  append_features(out);
  out += R"("url":"https://alzette.lu/fhir/CapabilityStatement/server","version":")" ALZETTE_VERSION R"(",)";
  out += R"("name":"Alzette","title":"Alzette FHIR server","status":"active","date":"2026-11-21",)";
  out += R"("publisher":"Alzette","kind":"instance",)";
  out += R"("instantiates":["http://hl7.org/fhir/CapabilityStatement/terminology-server",)";
  out += R"("http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data",)";
  out += R"("http://hl7.org/fhir/uv/subscriptions-backport/CapabilityStatement/backport-subscription-server-r4"],)";
  out += R"("software":{"name":"Alzette","version":")" ALZETTE_VERSION R"(","releaseDate":"2026-11-21"},)";
  out += R"("implementation":{"description":"Alzette health-record exchange","url":)";
  made.before = std::exchange(out, {});
  out.append(R"(},"fhirVersion":")").append(definitions.version.view()).append("\",");
  out += R"("format":["application/fhir+json","application/fhir+xml","json","xml"],)";
  out += R"("patchFormat":["application/json-patch+json","application/xml-patch+xml",)";
  out += R"("application/fhir+json","application/fhir+xml"],"rest":[{"extension":[{)";
  out += R"("url":"http://hl7.org/fhir/StructureDefinition/capabilitystatement-websocket","valueUri":)";
  made.between = std::exchange(out, {});
  out += R"(}],"mode":"server","resource":[)";
  Commas commas(out);
  for (const Type* type : types) {
    commas.next();
    append_type(*type, reverse, out);
  }
  out += "],";
  append_interactions(true, out);
  out += R"(,"searchParam":[)";
  Commas system(out);
  if (const auto* resource = definitions.type("Resource"))
    for (const auto& parameter : resource->search)
      if (fhir::search::supported(parameter)) append_parameter(parameter, system.next());
  out += ']';
  append_operations(nullptr, out);
  out += R"(,"compartment":[)";
  Commas compartments(out);
  for (const auto& compartment : definitions.compartments) {
    std::string name(compartment.type.view());
    name[0] = static_cast<char>(name[0] | 0x20);
    compartments.next().append(R"("http://hl7.org/fhir/CompartmentDefinition/)").append(name).append("\"");
  }
  out += "]}]}";
  made.after = std::move(out);
  return made;
}

std::string text_of(const Statement& statement, std::string_view base) {
  std::string text = statement.before;
  fhir::json::write_string(base, text);
  text += statement.between;
  fhir::json::write_string(subscription::websocket_url(base), text);
  return text += statement.after;
}

// The statement as it is told at each address. How hosts are called is up to the clients, so few are kept.
struct Told {
  std::shared_ptr<const Statement> statement;
  std::vector<std::pair<std::string, std::shared_ptr<const fhir::Content>>> at;
};

std::shared_ptr<const fhir::Content> told_at(std::string_view base) {
  constexpr std::size_t most = 8;
  static std::atomic<std::shared_ptr<const Told>> kept;
  Told next;
  if (const auto told = kept.load(); told && told->statement->state == fhir::search::custom_state()) {
    for (const auto& [address, content] : told->at)
      if (address == base) return content;
    next = *told;
  } else {
    next.statement = std::make_shared<const Statement>(make_statement());
  }
  if (next.at.size() == most) next.at.erase(next.at.begin());
  auto content = std::make_shared<const net::SharedText>(text_of(*next.statement, base));
  next.at.emplace_back(base, content);
  kept = std::make_shared<const Told>(std::move(next));
  return content;
}

fhir::Result<Plan> run(const Call& call) {
  for (const auto& [name, value] : call.parameters) {
    if (name != "mode" || value == "full" || value == "normative") continue;
    if (value == "terminology") return terminology_capabilities(call);
    return fhir::Outcome(fhir::Kind::malformed, "value", "mode is full, normative or terminology");
  }
  auto response = json_reply(200, {});
  response.content = told_at(call.base);
  return Plan(std::move(response));
}

}  // namespace

extern constinit const Interaction capabilities{.code = "capabilities",
                                                .level = Level::system,
                                                .method = "GET",
                                                .path = "metadata",
                                                .lane = Lane::core,
                                                .needs = fhir::Verb::read,
                                                .run = run};

}  // namespace alzette::rest
