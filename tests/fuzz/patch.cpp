// Any bytes as a patch of one resource. The first byte decides which form they are taken for: JSON Patch, XML Patch,
// FHIRPath Patch. Whatever is accepted leaves a resource that can be read and written again.
#include "fhir/patch/patch.h"

#include <rapidjson/document.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/bind.h"
#include "fhir/format/json.h"
#include "fhir/format/xml.h"

namespace {

constexpr std::string_view json_form =
    R"({"resourceType":"Patient","id":"p","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">)"
    R"(<p>x</p></div>"},"active":true,"name":[{"family":"W","given":["A","B"],"_given":[null,{"id":"g"}]}],)"
    R"("birthDate":"1970-01-01","contact":[{"name":{"text":"c"},"gender":"male"}],"multipleBirthInteger":2})";

fhir::Node* bound(std::string_view json, fhir::Arena& arena, std::vector<fhir::Issue>& issues) {
  const auto raw = fhir::json::parse(json, arena);
  return raw ? fhir::bind(*raw, arena, issues) : nullptr;
}

// Of any kind: FHIR's reader, which comes next, refuses more (an empty name).
void must_be_json(std::string_view text) {
  rapidjson::Document document;
  if (document.Parse<rapidjson::kParseIterativeFlag>(text.data(), text.size()).HasParseError()) std::abort();
}

void by_json(std::string_view patch) {
  if (const auto patched = fhir::patch::apply_json(json_form, patch)) must_be_json(*patched);
}

void by_xml(std::string_view patch) {
  static const std::string xml_form = fhir::xml::from_json(json_form);
  const auto patched = fhir::patch::apply_xml(xml_form, patch);
  if (!patched) return;
  fhir::Arena arena;
  std::vector<fhir::Issue> issues;
  static_cast<void>(fhir::xml::read(*patched, arena, issues));
}

void by_path(std::string_view patch) {
  fhir::Arena arena;
  std::vector<fhir::Issue> issues;
  const fhir::Node* parameters = bound(patch, arena, issues);
  if (!parameters || parameters->name != "Parameters") return;
  // A patch changes the resource in place, so that each run has its own.
  fhir::Node* resource = bound(json_form, arena, issues);
  if (!resource) std::abort();
  if (const auto patched = fhir::patch::apply_fhirpath(*resource, *parameters, arena, 0)) must_be_json(*patched);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 100'000) return 0;
  const std::string_view patch(reinterpret_cast<const char*>(data + 1), size - 1);
  constexpr std::array forms{by_json, by_xml, by_path};
  forms[data[0] % forms.size()](patch);
  return 0;
}
