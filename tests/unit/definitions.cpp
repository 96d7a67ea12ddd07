// The compiled R4 definitions: counts, spot checks against the published pages, and every pointer of the image.

#include "fhir/definitions.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

extern "C" const char alzette_definitions_image[], alzette_definitions_image_end[];

namespace {

using fhir::Definitions;
using fhir::definitions;
using fhir::Element;
using fhir::Type;

const Element& element(std::string_view type, std::string_view name) {
  const Type* found = definitions().type(type);
  REQUIRE_MESSAGE(found, type);
  for (const Element& candidate : found->elements)
    if (candidate.name.view() == name) return candidate;
  FAIL(type << '.' << name);
  return found->elements[0];
}

std::size_t count_types(fhir::TypeKind kind, bool abstract) {
  return static_cast<std::size_t>(
      std::count_if(definitions().types.begin(), definitions().types.end(),
                    [&](const Type& t) { return t.kind == kind && t.abstract == abstract; }));
}

std::vector<std::string> strings(const fhir::List<fhir::Text>& list) {
  std::vector<std::string> result;
  for (const fhir::Text& text : list) result.emplace_back(text.view());
  return result;
}

// Everything reachable lies within the image.
struct Bounds {
  bool inside(const void* place, std::size_t size) const {
    auto at = static_cast<const char*>(place);
    return at >= alzette_definitions_image && at + size <= alzette_definitions_image_end;
  }
  void check(const fhir::Text& text) { sound &= text.empty() || inside(text.view().data(), text.size); }
  template <class T>
  void check(const fhir::List<T>& list) {
    sound &= list.empty() || inside(list.data(), list.size() * sizeof(T));
    if (!sound) return;
    for (const T& item : list) check(item);
  }
  template <class T>
  void check(const fhir::Ref<T>& ref) {
    sound &= !ref || inside(ref.get(), sizeof(T));
  }
  void check(std::uint8_t) {}
  void check(const fhir::Concept& c) { check(c.system), check(c.code), check(c.display), check(c.parents); }
  void check(const fhir::ValueSet& v) { check(v.url), check(v.version), check(v.concepts), check(v.open_systems); }
  void check(const fhir::CodeSystem& c) { check(c.url), check(c.version), check(c.concepts); }
  void check(const fhir::Constraint& c) { check(c.key), check(c.human), check(c.expression); }
  void check(const fhir::ElementType& t) { check(t.type), check(t.targets), check(t.profiles); }
  void check(const Element& e) {
    check(e.name), check(e.path), check(e.owner), check(e.types), check(e.constraints), check(e.value_set),
        check(e.binding);
  }
  void check(const fhir::Member& m) { check(m.name), check(m.element), check(m.type); }
  void check(const fhir::SearchComponent& c) { check(c.expression), check(c.definition), check(c.parameter); }
  void check(const fhir::SearchParameter& p) {
    check(p.code), check(p.url), check(p.expression), check(p.targets), check(p.components);
  }
  void check(const Type& t) {
    check(t.name), check(t.url), check(t.base), check(t.elements), check(t.members), check(t.slots);
    check(t.constraints), check(t.search);
  }
  void check(const fhir::CompartmentMember& m) { check(m.type), check(m.parameters); }
  void check(const fhir::Compartment& c) { check(c.type), check(c.members); }
  void check(const fhir::OperationParameter& p) { check(p.name), check(p.type), check(p.search_type), check(p.parts); }
  void check(const fhir::OperationDefinition& o) { check(o.code), check(o.url), check(o.types), check(o.parameters); }
  bool sound = true;
};

}  // namespace

TEST_CASE("definitions: the counts of FHIR 4.0.1") {
  CHECK(definitions().version.view() == "4.0.1");
  CHECK(count_types(fhir::TypeKind::primitive, false) == 20);
  CHECK(count_types(fhir::TypeKind::complex, false) == 41);  // with SimpleQuantity and MoneyQuantity
  CHECK(count_types(fhir::TypeKind::complex, true) == 2);    // Element, BackboneElement
  CHECK(count_types(fhir::TypeKind::resource, false) == 146);
  CHECK(count_types(fhir::TypeKind::resource, true) == 2);  // Resource, DomainResource
  CHECK(definitions().code_systems.size() == 1062 + 5);
  int operations = 0;  // others are our own
  for (const auto& operation : definitions().operations)
    operations += operation.url.view().starts_with("http://hl7.org/fhir/OperationDefinition/");
  CHECK(operations == 46);
  CHECK(definitions().compartments.size() == 5);
}

TEST_CASE("definitions: every pointer stays within the image") {
  Bounds bounds;
  bounds.check(definitions().version);
  bounds.check(definitions().types);
  bounds.check(definitions().value_sets);
  bounds.check(definitions().code_systems);
  bounds.check(definitions().compartments);
  bounds.check(definitions().operations);
  CHECK(bounds.sound);
  CHECK(alzette_definitions_image_end - alzette_definitions_image < 8 << 20);
}

TEST_CASE("definitions: each member is found, nothing else is") {
  for (const Type& type : definitions().types) {
    CHECK(definitions().type(type.name) == &type);
    CHECK(std::is_sorted(type.members.begin(), type.members.end(),
                         [](const auto& a, const auto& b) { return a.name.view() < b.name.view(); }));
    for (const fhir::Member& member : type.members) {
      CHECK(type.member(member.name) == &member);
      CHECK(type.member(std::string(member.name.view()) + "x") == nullptr);
      CHECK(member.element->owner.get() == &type);
    }
    CHECK(type.member("") == nullptr);
  }
  CHECK(definitions().type("Patient")->member("resourceType") == nullptr);
  CHECK(definitions().type("Patiens") == nullptr);
  CHECK(definitions().resource("HumanName") == nullptr);
  CHECK(definitions().resource("DomainResource") == nullptr);
  CHECK(definitions().resource("Patient") != nullptr);
}

TEST_CASE("definitions: Patient") {
  const Type& patient = *definitions().resource("Patient");
  CHECK(patient.url.view() == "http://hl7.org/fhir/StructureDefinition/Patient");
  CHECK(patient.is("DomainResource"));
  CHECK(patient.is("Resource"));
  CHECK_FALSE(patient.is("Element"));
  CHECK(patient.elements[0].name.view() == "id");
  CHECK(patient.member("id")->type->name.view() == "id");
  CHECK(patient.member("birthDate")->type->primitive == fhir::Primitive::date);
  CHECK(patient.member("deceased") == nullptr);
  CHECK(patient.member("deceasedBoolean")->element->choice);
  CHECK(patient.member("contact")->type->name.view() == "Patient.contact");
  CHECK(patient.member("contact")->type->kind == fhir::TypeKind::backbone);
  CHECK(patient.member("contact")->type->is("BackboneElement"));
  CHECK(element("Patient", "name").repeats());
  CHECK(element("Patient", "active").modifier);
  CHECK(element("Patient", "active").max == 1);
  CHECK(element("Patient.link", "other").min == 1);
  CHECK(strings(element("Patient", "generalPractitioner").types[0].targets) ==
        std::vector<std::string>{"Organization", "Practitioner", "PractitionerRole"});
  CHECK(definitions().type("Patient.contact")->constraints[1].key.view() == "pat-1");
}

TEST_CASE("definitions: choices, content references, any resource") {
  const Type& observation = *definitions().resource("Observation");
  CHECK(element("Observation", "value").types.size() == 11);
  CHECK(observation.member("valueQuantity")->type->name.view() == "Quantity");
  CHECK(observation.member("valueQuantity")->element.get() ==
        observation.member("valueCodeableConcept")->element.get());
  CHECK(observation.member("valueMoney") == nullptr);
  CHECK(definitions().type("Extension")->member("valueMeta") != nullptr);
  const Type& item = *definitions().type("Questionnaire.item");
  CHECK(item.member("item")->type.get() == &item);
  CHECK(definitions().type("Observation.component")->member("referenceRange")->type->name.view() ==
        "Observation.referenceRange");
  CHECK(definitions().type("Bundle.entry")->member("resource")->type->name.view() == "Resource");
  CHECK(definitions().type("Bundle.entry")->member("link")->type->name.view() == "Bundle.link");
  CHECK(observation.member("contained")->type->abstract);
}

TEST_CASE("definitions: attributes and primitives") {
  CHECK(element("Element", "id").attribute);
  CHECK(element("HumanName", "id").types[0].type->name.view() == "string");
  CHECK(element("Extension", "url").attribute);
  CHECK(element("Extension", "url").types[0].type->name.view() == "uri");
  CHECK_FALSE(element("Patient", "id").attribute);
  for (const Type& type : definitions().types)
    if (type.kind == fhir::TypeKind::primitive) {
      CHECK(type.primitive != fhir::Primitive::none);
      CHECK(type.member("value") == nullptr);
      CHECK(type.members.size() == (type.primitive == fhir::Primitive::xhtml ? 1 : 2));
    }
  CHECK(definitions().type("positiveInt")->is("integer"));
}

TEST_CASE("definitions: bindings and value sets") {
  const Element& gender = element("Patient", "gender");
  CHECK(gender.strength == fhir::Strength::required);
  REQUIRE(gender.value_set);
  CHECK(gender.value_set->complete);
  CHECK(gender.value_set->concepts.size() == 4);
  CHECK(gender.value_set->concepts[0].code.view() == "female");
  CHECK(definitions().value_set("http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1") == gender.value_set.get());
  const Element& content = element("Attachment", "contentType");
  REQUIRE(content.value_set);
  CHECK_FALSE(content.value_set->complete);
  CHECK(strings(content.value_set->open_systems) == std::vector<std::string>{"urn:ietf:bcp:13"});
  // is-a over a hierarchy, and an exclusion
  const fhir::ValueSet* encounter = definitions().value_set("http://terminology.hl7.org/ValueSet/v3-ActEncounterCode");
  REQUIRE(encounter);
  CHECK(std::any_of(encounter->concepts.begin(), encounter->concepts.end(),
                    [](const auto& c) { return c.code.view() == "AMB" && c.display.view() == "ambulatory"; }));
  CHECK(std::none_of(encounter->concepts.begin(), encounter->concepts.end(),
                     [](const auto& c) { return c.code.view() == "_ActCoverageTypeCode"; }));
  for (const fhir::ValueSet& set : definitions().value_sets) {
    CHECK_MESSAGE((!set.concepts.empty() || !set.open_systems.empty()), set.url.view());
    CHECK(set.complete == set.open_systems.empty());
  }
  for (const Type& type : definitions().types)
    for (const Element& e : type.elements)
      if (e.strength == fhir::Strength::required && !e.value_set)
        CHECK(e.binding.view() == "http://loinc.org/vs/LL379-9|4.0.1");
}

TEST_CASE("definitions: search parameters of a type") {
  const Type& patient = *definitions().resource("Patient");
  for (const char* code : {"_id", "_lastUpdated", "_profile", "_security", "_source", "_tag", "_text"})
    CHECK_MESSAGE(patient.parameter(code), code);
  CHECK(patient.parameter("phone")->expression.view() == "Patient.telecom.where(system='phone')");
  CHECK(patient.parameter("deceased")->expression.view() == "Patient.deceased.exists() and Patient.deceased != false");
  CHECK(definitions().resource("Bundle")->parameter("_text") == nullptr);  // no DomainResource
  const Type& observation = *definitions().resource("Observation");
  const fhir::SearchParameter& composite = *observation.parameter("code-value-quantity");
  REQUIRE(composite.components.size() == 2);
  CHECK(composite.components[0].parameter.get() == observation.parameter("code"));
  CHECK(composite.components[1].parameter.get() == observation.parameter("value-quantity"));
  CHECK(composite.components[1].type == fhir::ParameterType::quantity);
  CHECK(composite.components[1].expression.view() == "value.ofType(Quantity)");
  CHECK(observation.parameter("combo-code-value-quantity")->expression.view() == "Observation | Observation.component");
  CHECK(observation.parameter("patient")->expression.view() == "Observation.subject.where(resolve() is Patient)");
  CHECK(definitions().resource("InsurancePlan")->parameter("name")->expression.view() ==
        "InsurancePlan.name | InsurancePlan.alias");
}

TEST_CASE("definitions: parameters are unique and sorted, expressions belong to the type") {
  std::size_t own = 0;
  for (const Type& type : definitions().types) {
    std::string last;
    for (const fhir::SearchParameter& parameter : type.search) {
      CHECK(last < parameter.code.view());
      last = parameter.code.view();
      CHECK(type.parameter(parameter.code) == &parameter);
      std::string_view expression = parameter.expression;
      CHECK(expression.empty() == (last == "match-key" || last == "_text" || last == "_content" || last == "_query"));
      CHECK(expression.find(" as ") == std::string_view::npos);
      own += expression.find(type.name.view()) != std::string_view::npos;
      for (const fhir::SearchComponent& component : parameter.components) CHECK(component.parameter);
    }
  }
  CHECK(own > 1600);
}

TEST_CASE("definitions: invariants stand once, and the wrong ones are right") {
  std::set<std::string> keys;
  for (const Type& type : definitions().types) {
    for (const fhir::Constraint& constraint : type.constraints) keys.emplace(constraint.key.view());
    for (const Element& e : type.elements)
      for (const fhir::Constraint& constraint : e.constraints) {
        keys.emplace(constraint.key.view());
        CHECK(constraint.key.view() != "ele-1");
        CHECK(constraint.expression.view().find("Boolean") == std::string_view::npos);
      }
  }
  for (const char* key : {"ele-1", "ext-1", "dom-3", "ref-1", "obs-7", "org-2", "txt-1", "sqty-1", "tst-12", "vsd-9"})
    CHECK_MESSAGE(keys.contains(key), key);
  CHECK(keys.size() > 230);
}

TEST_CASE("definitions: compartments and operations") {
  const fhir::Compartment* patient = definitions().compartment("Patient");
  REQUIRE(patient);
  const auto* own = std::find_if(patient->members.begin(), patient->members.end(),
                                 [](const auto& member) { return member.type.view() == "Patient"; });
  REQUIRE(own != patient->members.end());
  CHECK(strings(own->parameters) == std::vector<std::string>{"link"});
  CHECK(definitions().compartment("Group") == nullptr);
  const auto& operations = definitions().operations;
  const auto* everything = std::find_if(operations.begin(), operations.end(), [](const auto& operation) {
    return operation.url.view() == "http://hl7.org/fhir/OperationDefinition/Patient-everything";
  });
  REQUIRE(everything != operations.end());
  CHECK(everything->code.view() == "everything");
  CHECK((everything->instance && everything->type && !everything->system));
}
