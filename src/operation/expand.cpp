// ValueSet/$expand. FHIR R4: http://hl7.org/fhir/R4/valueset-operation-expand.html
#include "fhir/terminology/expand.h"

#include <charconv>

#include "fhir/digest.h"
#include "fhir/hex.h"
#include "fhir/value.h"
#include "src/operation/inquiry.h"
#include "src/operation/refusal.h"
#include "src/rest/reply.h"

namespace alzette::operation {
namespace {

using fhir::Kind;
using fhir::Outcome;
using fhir::Result;
using fhir::terminology::Echo;
using fhir::terminology::ExpandRequest;

Result<std::uint64_t> number(const Input& input, std::string_view name) {
  const auto text = input.text(name);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return Outcome(Kind::malformed, "value", std::string(name) + " must not be negative", place_of(name));
  return value;
}

Result<ExpandRequest> read(const Input& input) {
  ExpandRequest request;
  request.filter = input.text("filter");
  for (const auto* argument : input.all("designation")) request.designations.emplace_back(argument->value->text);
  for (const auto* argument : input.all("property")) request.properties.emplace_back(argument->value->text);
  request.include_designations = input.flag("includeDesignations", !request.designations.empty());
  request.include_definition = input.flag("includeDefinition");
  for (const auto* argument : input.all("exclude-system")) request.excluded_systems.emplace_back(argument->value->text);
  request.exclude_nested = input.flag("excludeNested");
  request.exclude_not_for_ui = input.flag("excludeNotForUI");
  if (input.first("offset")) {
    const auto offset = number(input, "offset");
    if (!offset) return offset.outcome();
    request.offset = *offset;
  }
  if (input.first("count")) {
    const auto count = number(input, "count");
    if (!count) return count.outcome();
    request.count = *count;
  }
  return request;
}

// What the expansion repeats of the request.
std::vector<Echo> echo_of(const Input& input, const ExpandRequest& request) {
  std::vector<Echo> all;
  for (const auto name : {"filter", "offset", "count", "includeDesignations", "includeDefinition", "activeOnly",
                          "excludeNested", "excludeNotForUI", "excludePostCoordinated"})
    if (const auto* node = input.value(name)) {
      using Form = fhir::Node::Form;
      const auto* type = node->form == Form::boolean ? "Boolean" : node->form == Form::number ? "Integer" : "String";
      all.push_back({name, type, std::string(node->text)});
    }
  for (const auto& designation : request.designations) all.push_back({"designation", "String", designation});
  if (request.languages.any()) all.push_back({"displayLanguage", "Code", request.languages.text()});
  return all;
}

// A UUID of version 8 (RFC 9562) out of an id that is unique already.
std::string uuid_of(const std::string& unique) {
  auto bytes = fhir::sha256(unique);
  bytes[6] = static_cast<char>(0x80 | (bytes[6] & 0x0F));
  bytes[8] = static_cast<char>(0x80 | (bytes[8] & 0x3F));
  auto text = fhir::to_hex(bytes).substr(0, 32);
  for (const std::size_t at : {8, 13, 18, 23}) text.insert(at, 1, '-');
  return text;
}

Result<rest::Plan> run(const rest::Call& call, const Input& input) {
  auto inquiry = Inquiry::begin(call, input);
  if (!inquiry) return std::move(inquiry.outcome());
  auto request = read(input);
  if (!request) return std::move(request.outcome());
  const auto set = (*inquiry)->value_set(input);
  if (!set) return set.outcome();
  request->languages = (*inquiry)->languages();
  request->active_only = (*inquiry)->active_only;
  auto& composer = (*inquiry)->composer();
  const auto expansion = fhir::terminology::expand(composer, **set, *request);
  if (!expansion) return expansion.outcome();
  return rest::Plan(rest::json_reply(
      200, fhir::terminology::to_json(*expansion, *request, composer.usage(), echo_of(input, *request),
                                      uuid_of(call.ids.next(call.now)), fhir::instant_text(call.now))));
}

}  // namespace

extern constinit const Operation expand{.code = "expand",
                                        .definition = "https://alzette.lu/fhir/OperationDefinition/ValueSet-expand",
                                        .levels = on_type | on_instance,
                                        .types = "ValueSet",
                                        .lane = rest::Lane::worker,
                                        .keep_faults = true,
                                        .run = run};

}  // namespace alzette::operation
