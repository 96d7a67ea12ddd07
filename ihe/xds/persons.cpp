// Persons and organisations in XDS and FHIR: see persons.h.
#include "ihe/xds/persons.h"

#include <algorithm>

#include "fhir/build.h"
#include "fhir/definitions.h"
#include "ihe/xds/attribute.h"
#include "ihe/xds/names.h"
#include "ihe/xds/words.h"

namespace ihe::xds {
namespace {

using fhir::Arena;
using fhir::Node;
namespace build = fhir::build;

Node& add_contained(Arena& arena, Node& owner, std::string_view type, const std::string& id) {
  auto& node = build::add(arena, owner, "contained");
  node.type = fhir::definitions().resource(type);
  build::add(arena, node, "id", id);
  return node;
}

// The id and authority (HD) of an XCN or XON as an Identifier.
void add_identifier(Arena& arena, Node& owner, std::string_view value, std::string_view authority) {
  if (value.empty()) return;
  auto& identifier = build::add(arena, owner, "identifier");
  if (const auto scheme = scheme_of_hd(authority); !scheme.empty())
    build::add(arena, identifier, "system", system_of(scheme));
  build::add(arena, identifier, "value", plain(value));
}

// A component without its escapes, where there is one.
void add_component(Arena& arena, Node& owner, std::string_view name, std::string_view component) {
  build::add_some(arena, owner, name, plain(component));
}

// family^given^second^suffix^prefix from the component `at` on; further given names stand in the third, between spaces.
// HL7 v2.5 2.A, XPN.3.
void add_name(Arena& arena, Node& owner, std::string_view text, std::size_t at) {
  const auto part = [&](std::size_t offset) { return component(component(text, at + offset), 1, '&'); };
  bool any = false;
  for (std::size_t i = 0; i < 5; ++i) any = any || !part(i).empty();
  if (!any) return;
  auto& name = build::add(arena, owner, "name");
  add_component(arena, name, "family", part(0));
  add_component(arena, name, "given", part(1));
  for (auto rest = part(2); !rest.empty();) {
    const auto one = component(rest, 1, ' ');
    add_component(arena, name, "given", one);
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
  }
  add_component(arena, name, "suffix", part(3));
  add_component(arena, name, "prefix", part(4));
}

// XTN: ^^Internet^address, or a number in the components 5 to 8, in the twelfth, or in the first.
void add_telecom(Arena& arena, Node& owner, std::string_view xtn) {
  const bool internet = component(xtn, 3) == "Internet" || component(xtn, 3) == "X.400";
  std::string value(internet ? component(xtn, 4) : component(xtn, 1));
  if (value.empty()) value = component(xtn, 12);
  if (value.empty())
    for (std::size_t i = 5; i <= 8; ++i)
      if (const auto part = component(xtn, i); !part.empty()) value += (value.empty() ? "" : " ") + std::string(part);
  if (value.empty()) return;
  auto& telecom = build::add(arena, owner, "telecom");
  build::add(arena, telecom, "system", internet ? "email" : "phone");
  build::add(arena, telecom, "value", plain(value));
}

void add_person(Arena& arena, Node& practitioner, std::string_view xcn) {
  add_identifier(arena, practitioner, component(xcn, 1), component(xcn, 9));
  add_name(arena, practitioner, xcn, 2);
}

const std::vector<std::string>& values_of(const Label& author, std::string_view name) {
  static const std::vector<std::string> none;
  const Slot* slot = slot_of(author.slots, name);
  return slot ? slot->values : none;
}

// A role or specialty: plain text, or a code with its scheme as the authority.
void add_text(Arena& arena, Node& owner, std::string_view name, std::string_view text) {
  auto& made = build::add(arena, owner, name);
  if (const auto scheme = scheme_of_hd(component(text, 4)); !scheme.empty())
    build::add_coding(arena, made, "coding", system_of(scheme), plain(component(text, 1)));
  else
    build::add(arena, made, "text", plain(text));
}

std::string gender_of(std::string_view pid8) {
  return pid8 == "M" ? "male" : pid8 == "F" ? "female" : pid8 == "O" || pid8 == "A" ? "other" : "unknown";
}

// The value, and the authority as an HD.
std::string first_identifier(const Node& resource, std::string& hd) {
  for (const auto& child : resource) {
    if (child.name != "identifier" || child.value_of("value").empty()) continue;
    hd = hd_of(scheme_of(child.value_of("system")));
    return written(child.value_of("value"));
  }
  return {};
}

// family^given^second^suffix^prefix
std::string name_from(const Node& name) {
  std::string given, second, suffix, prefix;
  const auto append = [](std::string& to, std::string_view text) { (to += to.empty() ? "" : " ") += text; };
  for (const auto& child : name) {
    if (child.name == "given") append(given.empty() ? given : second, child.text);
    if (child.name == "suffix") append(suffix, child.text);
    if (child.name == "prefix") append(prefix, child.text);
  }
  return written(name.value_of("family")) + "^" + written(given) + "^" + written(second) + "^" + written(suffix) + "^" +
         written(prefix);
}

std::string trimmed(std::string text) {
  while (text.ends_with('^')) text.pop_back();
  return text;
}

void add_value(Label& author, std::string_view slot_name, std::string value) {
  if (value.empty()) return;
  for (auto& slot : author.slots)
    if (slot.name == slot_name) return slot.values.push_back(std::move(value));
  author.slots.push_back({std::string(slot_name), {}, {std::move(value)}});
}

// line^line^city^state^code^country
std::string address_from(const Node& address) {
  std::string first, second;
  for (const auto& child : address)
    if (child.name == "line")
      (first.empty() ? first : second) += (second.empty() ? "" : ", ") + std::string(child.text);
  return written(first) + "^" + written(second) + "^" + written(address.value_of("city")) + "^" +
         written(address.value_of("state")) + "^" + written(address.value_of("postalCode")) + "^" +
         written(address.value_of("country"));
}

// A field of PID whose repetitions are the elements of this name; nothing where there are none.
void add_field(std::vector<std::string>& pid, std::string_view field, const Node& patient, std::string_view element,
               std::string (*text_of)(const Node&)) {
  std::string all;
  for (const auto& child : patient)
    if (child.name == element) all += (all.empty() ? "" : "~") + trimmed(text_of(child));
  if (!all.empty()) pid.push_back(std::string(field) + "|" + all);
}

void add_concepts(Label& author, std::string_view slot_name, const Node& role, std::string_view name) {
  for (const auto& child : role) {
    if (child.name != name) continue;
    const Node* coding = child.child("coding");
    const auto scheme = coding ? scheme_of(coding->value_of("system")) : std::string();
    const auto hd = hd_of(scheme);
    if (!hd.empty())
      add_value(author, slot_name, written(coding->value_of("code")) + "^^^" + hd);
    else
      add_value(author, slot_name, written(coding ? coding->value_of("code") : child.value_of("text")));
  }
}

// Each repetition of each field: PID-5|one~other.
template <class Take>
void for_each_value(const std::vector<std::string>& pid, const Take& take) {
  for (const std::string_view field : pid) {
    const auto bar = field.find('|');
    if (bar == std::string_view::npos) continue;
    for (auto rest = field.substr(bar + 1); !rest.empty();) {
      const auto value = component(rest, 1, '~');
      rest.remove_prefix(std::min(rest.size(), value.size() + 1));
      if (!value.empty()) take(field.substr(0, bar), value);
    }
  }
}

}  // namespace

std::string add_practitioner(Arena& arena, Node& owner, std::string_view xcn, const std::string& id) {
  add_person(arena, add_contained(arena, owner, "Practitioner", id), xcn);
  return "#" + id;
}

// XON: name^^^^^&oid&ISO^^^^id; an OID alone in the tenth component is the organisation's own.
std::string add_organization(Arena& arena, Node& owner, std::string_view xon, const std::string& id) {
  auto& organization = add_contained(arena, owner, "Organization", id);
  const auto own = component(xon, 10);
  if (is_oid(own))
    add_identifier(arena, organization, "urn:oid:" + std::string(own), {});
  else
    add_identifier(arena, organization, own, component(xon, 6));
  add_component(arena, organization, "name", component(xon, 1));
  return "#" + id;
}

std::string add_source_patient(Arena& arena, Node& owner, const std::vector<std::string>& pid, const std::string& id) {
  auto& patient = add_contained(arena, owner, "Patient", id);
  for_each_value(pid, [&](std::string_view name, std::string_view value) {
    if (name == "PID-3") {
      add_identifier(arena, patient, component(value, 1), component(value, 4));
    } else if (name == "PID-5") {
      add_name(arena, patient, value, 1);
    } else if (name == "PID-7") {
      build::add_some(arena, patient, "birthDate", date_time_of(value.substr(0, 8)));
    } else if (name == "PID-8") {
      build::add(arena, patient, "gender", gender_of(value));
    } else if (name == "PID-11") {
      auto& address = build::add(arena, patient, "address");
      add_component(arena, address, "line", component(value, 1));
      add_component(arena, address, "line", component(value, 2));
      add_component(arena, address, "city", component(value, 3));
      add_component(arena, address, "state", component(value, 4));
      add_component(arena, address, "postalCode", component(value, 5));
      add_component(arena, address, "country", component(value, 6));
      if (!address.first) build::remove(patient, address);
    } else if (name == "PID-13") {
      add_telecom(arena, patient, value);
    }
  });
  return "#" + id;
}

std::string add_author(Arena& arena, Node& owner, const Label& author, const std::string& id) {
  const auto& persons = values_of(author, slot::author_person);
  const auto& institutions = values_of(author, slot::author_institution);
  const auto& roles = values_of(author, slot::author_role);
  const auto& specialties = values_of(author, slot::author_specialty);
  const auto& telecoms = values_of(author, slot::author_telecommunication);
  if (persons.empty() && roles.empty() && specialties.empty() && telecoms.empty() && institutions.size() == 1)
    return add_organization(arena, owner, institutions.front(), id);
  if (institutions.empty() && roles.empty() && specialties.empty() && persons.size() == 1) {
    auto& practitioner = add_contained(arena, owner, "Practitioner", id);
    add_person(arena, practitioner, persons.front());
    for (const auto& telecom : telecoms) add_telecom(arena, practitioner, telecom);
    return "#" + id;
  }
  std::string person, organization;
  if (!persons.empty()) person = add_practitioner(arena, owner, persons.front(), id + "-person");
  if (!institutions.empty()) organization = add_organization(arena, owner, institutions.front(), id + "-org");
  auto& role = add_contained(arena, owner, "PractitionerRole", id);
  if (!person.empty()) build::add_reference(arena, role, "practitioner", person);
  if (!organization.empty()) build::add_reference(arena, role, "organization", organization);
  for (const auto& text : roles) add_text(arena, role, "code", text);
  for (const auto& text : specialties) add_text(arena, role, "specialty", text);
  for (const auto& telecom : telecoms) add_telecom(arena, role, telecom);
  return "#" + id;
}

std::string xcn_from(const Node& practitioner) {
  std::string hd;
  const auto id = first_identifier(practitioner, hd);
  const Node* name = practitioner.child("name");
  const auto names = !name                ? "^^^^"
                     : name->text.empty() ? name_from(*name)
                                          : written(name->text) + "^^^^";  // of an Organization
  return trimmed(id + "^" + names + (hd.empty() ? "" : "^^^" + hd));
}

std::string xon_from(const Node& organization) {
  std::string hd;
  const auto id = first_identifier(organization, hd);
  const auto name = written(organization.value_of("name"));
  if (id.starts_with("urn:oid:")) return name + "^^^^^^^^^" + id.substr(8);
  return trimmed(name + "^^^^^" + hd + "^^^^" + id);
}

std::vector<std::string> xtn_from(const Node& resource) {
  std::vector<std::string> all;
  for (const auto& telecom : resource) {
    if (telecom.name != "telecom" || telecom.value_of("value").empty()) continue;
    const bool mail = telecom.value_of("system") == "email";
    all.push_back((mail ? "^^Internet^" : "^PRN^PH^^^^^^^^^") + written(telecom.value_of("value")));
  }
  return all;
}

std::vector<std::string> pid_from(const Node& patient) {
  std::vector<std::string> pid;
  for (const auto& child : patient) {
    const auto hd = child.name == "identifier" ? hd_of(scheme_of(child.value_of("system"))) : std::string();
    if (!hd.empty()) pid.push_back("PID-3|" + written(child.value_of("value")) + "^^^" + hd);
  }
  add_field(pid, "PID-5", patient, "name", name_from);
  if (const auto birth = dtm_from(patient.value_of("birthDate")); !birth.empty()) pid.push_back("PID-7|" + birth);
  const auto gender = patient.value_of("gender");
  if (!gender.empty())
    pid.push_back(std::string("PID-8|") + (gender == "male"     ? "M"
                                           : gender == "female" ? "F"
                                           : gender == "other"  ? "O"
                                                                : "U"));
  add_field(pid, "PID-11", patient, "address", address_from);
  std::string numbers;
  for (const auto& xtn : xtn_from(patient)) numbers += (numbers.empty() ? "" : "~") + xtn;
  if (!numbers.empty()) pid.push_back("PID-13|" + numbers);
  return pid;
}

Label author_from(const Node& resource, std::string_view scheme, const Resolve& resolve) {
  Label author;
  author.scheme = scheme;
  const auto type = resource.type->name.view();
  if (type == "Organization") {
    add_value(author, slot::author_institution, xon_from(resource));
  } else if (type == "PractitionerRole") {
    const Node* person = resource.child("practitioner");
    if (const Node* found = person ? resolve(*person) : nullptr)
      add_value(author, slot::author_person, xcn_from(*found));
    const Node* organization = resource.child("organization");
    if (const Node* found = organization ? resolve(*organization) : nullptr)
      add_value(author, slot::author_institution, xon_from(*found));
    add_concepts(author, slot::author_role, resource, "code");
    add_concepts(author, slot::author_specialty, resource, "specialty");
  } else {
    add_value(author, slot::author_person,
              type == "Device"
                  ? "^" + written(resource.child("deviceName") ? resource.child("deviceName")->value_of("name")
                                                               : std::string_view())
                  : xcn_from(resource));
  }
  for (auto& xtn : xtn_from(resource)) add_value(author, slot::author_telecommunication, std::move(xtn));
  return author;
}

}  // namespace ihe::xds
