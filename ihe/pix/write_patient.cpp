// From FHIR to HL7 v3, in the order of PRPA_MT201310's schema.
#include <array>

#include "ihe/pix/patient.h"
#include "ihe/settings.h"

namespace ihe::pix {
namespace {

using fhir::Node;
using xml::Writer;

constexpr std::string_view genders = "2.16.840.1.113883.5.1";
constexpr std::string_view marital_statuses = "2.16.840.1.113883.5.2";

struct Pair {
  std::string_view fhir, v3;
};
template <std::size_t n>
std::string_view look_up(const std::array<Pair, n>& table, std::string_view code) {
  for (const auto& pair : table)
    if (pair.fhir == code) return pair.v3;
  return {};
}

// 1970-01-02T03:04:05+02:00 -> 19700102030405+0200
std::string timestamp_of(std::string_view date) {
  std::string out;
  bool time = false;
  for (std::size_t i = 0; i < date.size(); ++i) {
    const char c = date[i];
    time = time || c == 'T';
    if (c >= '0' && c <= '9') out += c;
    if (time && (c == '+' || c == '-' || c == '.')) out += c;
    if (c == 'Z') out += "+0000";
  }
  return out;
}

void part(Writer& writer, std::string_view name, std::string_view text) {
  if (!text.empty()) writer.element(name, text);
}

void write_name(Writer& writer, const Node& name) {
  static constexpr std::array<Pair, 4> uses{{{"official", "L"}, {"usual", "L"}, {"nickname", "P"}, {"anonymous", "A"}}};
  const bool maiden = name.value_of("use") == "maiden";
  writer.open("name").attribute_if("use", look_up(uses, name.value_of("use")));
  if (const auto family = name.value_of("family"); !family.empty()) {
    writer.open("family");
    if (maiden) writer.attribute("qualifier", "BR");
    writer.text(family).close();
  }
  bool parts = !name.value_of("family").empty();
  for (const auto& child : name)
    if (child.name == "given" || child.name == "prefix" || child.name == "suffix") {
      part(writer, child.name, child.text);
      parts = true;
    }
  if (!parts) writer.text(name.value_of("text"));
  writer.close();
}

void write_telecom(Writer& writer, const Node& telecom) {
  static constexpr std::array<Pair, 4> schemes{
      {{"phone", "tel:"}, {"fax", "fax:"}, {"email", "mailto:"}, {"sms", "tel:"}}};
  static constexpr std::array<Pair, 4> uses{{{"home", "H"}, {"work", "WP"}, {"mobile", "MC"}, {"temp", "TMP"}}};
  if (telecom.value_of("value").empty()) return;
  writer.open("telecom");
  writer.attribute("value",
                   std::string(look_up(schemes, telecom.value_of("system"))) + std::string(telecom.value_of("value")));
  writer.attribute_if("use", look_up(uses, telecom.value_of("use"))).close();
}

void write_address(Writer& writer, const Node& address) {
  static constexpr std::array<Pair, 4> uses{{{"home", "H"}, {"work", "WP"}, {"temp", "TMP"}, {"old", "BAD"}}};
  writer.open("addr").attribute_if("use", look_up(uses, address.value_of("use")));
  for (const auto& child : address)
    if (child.name == "line") part(writer, "streetAddressLine", child.text);
  part(writer, "city", address.value_of("city"));
  part(writer, "county", address.value_of("district"));
  part(writer, "state", address.value_of("state"));
  part(writer, "postalCode", address.value_of("postalCode"));
  part(writer, "country", address.value_of("country"));
  const bool parts = address.child("line") || address.child("city") || address.child("postalCode") ||
                     address.child("country") || address.child("state") || address.child("district");
  if (!parts) writer.text(address.value_of("text"));
  writer.close();
}

void write_circumstances(Writer& writer, const Node& patient) {
  static constexpr std::array<Pair, 3> codes{{{"male", "M"}, {"female", "F"}, {"other", "UN"}}};
  const auto value = [&](std::string_view element, std::string_view text) {
    if (!text.empty()) writer.open(element).attribute("value", text).close();
  };
  if (const auto gender = patient.value_of("gender"); !gender.empty()) {
    const auto code = look_up(codes, gender);
    writer.open("administrativeGenderCode");
    if (code.empty())
      writer.attribute("nullFlavor", "UNK");
    else
      writer.attribute("code", code).attribute("codeSystem", genders);
    writer.close();
  }
  value("birthTime", timestamp_of(patient.value_of("birthDate")));
  const auto died = patient.value_of("deceasedDateTime");
  value("deceasedInd", died.empty() ? patient.value_of("deceasedBoolean") : std::string_view("true"));
  value("deceasedTime", timestamp_of(died));
  const auto order = patient.value_of("multipleBirthInteger");
  value("multipleBirthInd", order.empty() ? patient.value_of("multipleBirthBoolean") : std::string_view("true"));
  value("multipleBirthOrderNumber", order);
}

// The first code of a CodeableConcept.
std::string_view code_of(const Node* concept_node) {
  const auto* coding = concept_node ? concept_node->child("coding") : nullptr;
  return coding ? coding->value_of("code") : std::string_view();
}

}  // namespace

void write_names(Writer& writer, const Node& patient) {
  bool named = false;
  for (const auto& child : patient)
    if (child.name == "name" && child.value_of("use") != "old") {
      write_name(writer, child);
      named = true;
    }
  if (!named) writer.open("name").attribute("nullFlavor", "NA").close();
}

void open_person(Writer& writer, const Node& patient) {
  writer.open("patientPerson").attribute("classCode", "PSN").attribute("determinerCode", "INSTANCE");
  write_names(writer, patient);
  for (const auto& child : patient)
    if (child.name == "telecom") write_telecom(writer, child);
  write_circumstances(writer, patient);
  for (const auto& child : patient)
    if (child.name == "address") write_address(writer, child);
  if (const auto code = code_of(patient.child("maritalStatus")); !code.empty())
    writer.open("maritalStatusCode").attribute("code", code).attribute("codeSystem", marital_statuses).close();
}

void close_person(Writer& writer, const Node& patient) {
  for (const auto& child : patient) {
    if (child.name != "extension" || !child.value_of("url").ends_with("/patient-mothersMaidenName")) continue;
    writer.open("personalRelationship").attribute("classCode", "PRS");
    writer.open("code").attribute("code", "MTH").attribute("codeSystem", "2.16.840.1.113883.5.111").close();
    writer.open("relationshipHolder1").attribute("classCode", "PSN").attribute("determinerCode", "INSTANCE");
    writer.open("name").element("family", child.value_of("valueString")).close().close().close();
  }
  for (const auto& child : patient) {
    const auto code = child.name == "communication" ? code_of(child.child("language")) : std::string_view();
    if (code.empty()) continue;
    writer.open("languageCommunication").open("languageCode").attribute("code", code).close();
    if (child.value_of("preferred") == "true") writer.open("preferenceInd").attribute("value", "true").close();
    writer.close();
  }
  writer.close();
}

std::string oid_of(const Site& site, std::string_view uri) {
  const auto* domain = site.settings.domains.by_uri(uri);
  return domain ? domain->oid : identity::Domains::described_by(uri).oid;
}

void write_ii(const Site& site, Writer& writer, const identity::Id& id) {
  const auto oid = oid_of(site, id.system);
  if (oid.empty()) return;
  const auto* domain = site.settings.domains.by_uri(id.system);
  writer.open("id").attribute("root", oid).attribute("extension", id.value);
  writer.attribute_if("assigningAuthorityName", domain ? std::string_view(domain->name) : std::string_view()).close();
}

void write_other_id(const Site& site, Writer& writer, std::string_view oid, const identity::Id* id) {
  writer.open("asOtherIDs").attribute("classCode", "PAT");
  if (id)
    write_ii(site, writer, *id);
  else
    writer.open("id").attribute("nullFlavor", "NA").close();
  writer.open("scopingOrganization").attribute("classCode", "ORG").attribute("determinerCode", "INSTANCE");
  writer.open("id").attribute("root", oid).close().close().close();
}

}  // namespace ihe::pix
