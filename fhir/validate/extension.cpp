// Where an extension may stand. FHIR R4:
// http://hl7.org/fhir/R4/defining-extensions.html#context
#include <algorithm>

#include "fhir/utf8.h"
#include "fhir/validate/resources.h"
#include "fhir/validate/rules.h"

namespace fhir::validate {

namespace {

// "Patient", "Patient.contact", "HumanName", "Element", "Observation.value[x]"
bool is_element(const Node& parent, std::string_view wanted) {
  if (wanted == "Element" || parent.type->is(wanted)) return true;
  if (wanted == "BackboneElement") return parent.type->kind == TypeKind::backbone;
  if (const auto mark = wanted.find('#'); mark != wanted.npos) wanted.remove_prefix(mark + 1);
  if (!parent.element) return false;
  const auto path = parent.element->path.view();
  if (path == wanted || (path.ends_with("[x]") && path.substr(0, path.size() - 3) == wanted)) return true;
  // An element that the type inherits may be named by where it comes from:
  // DomainResource.text.
  const auto dot = wanted.find('.');
  const Type* owner = dot == wanted.npos ? nullptr : definitions().type(wanted.substr(0, dot));
  const Type* own = definitions().type(path.substr(0, path.find('.')));
  return owner && own && own->is(owner->name) && path.substr(path.find('.')) == wanted.substr(dot);
}

bool is_selected(const Node& parent, std::string_view expression, const path::Context& context) {
  const auto program = path::compile(expression);
  if (!program || !context.resource) return false;
  const auto found = path::evaluate(**program, *context.resource, context);
  return found &&
         std::any_of(found->begin(), found->end(), [&](const path::Item& item) { return item.node == &parent; });
}

bool fits(const Node& context, const Node& parent, const path::Context& resource) {
  const auto type = context.value_of("type"), expression = context.value_of("expression");
  if (type == "extension") return parent.type->name.view() == "Extension" && parent.value_of("url") == expression;
  if (type == "fhirpath") return is_selected(parent, expression, resource);
  return is_element(parent, expression);
}

// Where R4's own definitions have an extension that, by its definition, stands
// elsewhere.
bool is_erratum(std::string_view url, const Node& parent) {
  return url ==
             "http://hl7.org/fhir/StructureDefinition/"
             "structuredefinition-fhir-type" &&
         parent.element && parent.element->path.view() == "ElementDefinition.type";
}

}  // namespace

bool may_lack_definition(std::string_view url) {
  constexpr std::string_view hl7 = "http://hl7.org/fhir/";
  if (url.starts_with("http://example.org/") || url.starts_with("https://example.org/")) return true;
  if (!url.starts_with(hl7)) return false;
  url.remove_prefix(hl7.size());
  const bool release = !url.empty() && url.front() >= '0' && url.front() <= '9';
  return release || url.starts_with("StructureDefinition/") || url.starts_with("tools/") || url.starts_with("test/");
}

std::optional<std::string> context_fault(const Node& definition, const Node& parent, const path::Context& resource) {
  std::string allowed;
  bool fitting = false;
  for (const Node& context : definition) {
    if (context.name != "context") continue;
    fitting = fitting || fits(context, parent, resource);
    allowed.append(allowed.empty() ? "" : ", ").append(context.value_of("expression"));
  }
  if (!fitting && !allowed.empty() && !is_erratum(definition.value_of("url"), parent))
    return "may not stand here, only in: " + allowed;
  for (const Node& invariant : definition) {
    if (invariant.name != "contextInvariant") continue;
    const auto program = path::compile(invariant.text);
    const auto holds = program ? path::holds(**program, parent, resource) : Result<bool>(true);
    if (holds && !*holds) return "may stand here only where " + std::string(invariant.text);
  }
  return std::nullopt;
}

void judge_parts(const Node& extension, const Profile& definition, const Place& place, const Say& say) {
  const Shape* parts = definition.root->child("extension");
  if (!parts || parts->slices.empty()) return;
  std::uint32_t index = 0;
  for (const Node& part : extension) {
    if (part.name != "extension") continue;
    const Place here{&place, "extension", index++, true};
    const auto url = part.value_of("url");
    const bool named = std::any_of(parts->slices.begin(), parts->slices.end(), [&](const auto& slice) {
      const Shape* own = slice->child("url");
      return own && own->fixed && own->fixed->text == url;
    });
    if (!named && url.find(':') == url.npos)
      say(here, "structure", quoted(url) + " is no part of the extension " + definition.url, Severity::error);
  }
}

}  // namespace fhir::validate
