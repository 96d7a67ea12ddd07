// Patient to PID.
#include <algorithm>
#include <array>

#include "ihe/pix/pid.h"
#include "ihe/settings.h"

namespace ihe::pix {
namespace {

using fhir::Node;
using hl7v2::Writer;

struct Pair {
  std::string_view fhir, v2;
};

template <std::size_t n>
std::string look_up(const std::array<Pair, n>& table, std::string_view code) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const Pair& pair) { return pair.fhir == code; });
  return found == table.end() ? std::string() : std::string(found->v2);
}

constexpr std::array<Pair, 4> genders{{{"male", "M"}, {"female", "F"}, {"other", "O"}, {"unknown", "U"}}};
constexpr std::array<Pair, 6> name_uses{
    {{"official", "L"}, {"usual", "D"}, {"maiden", "M"}, {"nickname", "N"}, {"anonymous", "S"}, {"temp", "T"}}};
constexpr std::array<Pair, 3> address_uses{{{"home", "H"}, {"work", "B"}, {"temp", "C"}}};

// The nth value of an element that repeats, or "".
std::string value(const Node& node, std::string_view name, std::size_t n = 0) {
  for (const auto& child : node)
    if (child.name == name && n-- == 0) return std::string(child.text);
  return {};
}

std::string digits_of(std::string_view date) {
  std::string digits;
  for (const char c : date.substr(0, 10))
    if (c >= '0' && c <= '9') digits += c;
  return digits;
}

std::string name(const Writer& writer, const Node& node) {
  std::string second;
  for (std::size_t n = 1;; ++n) {
    const auto given = value(node, "given", n);
    if (given.empty()) break;
    second += (second.empty() ? "" : " ") + given;
  }
  return writer.join({value(node, "family"), value(node, "given"), second, value(node, "suffix"), value(node, "prefix"),
                      "", look_up(name_uses, node.value_of("use"))});
}

std::string address(const Writer& writer, const Node& node) {
  return writer.join({value(node, "line"), value(node, "line", 1), value(node, "city"), value(node, "state"),
                      value(node, "postalCode"), value(node, "country"), look_up(address_uses, node.value_of("use")),
                      "", value(node, "district")});
}

std::string telecom(const Writer& writer, const Node& node) {
  const auto use = node.value_of("use") == "work" ? "WPN" : "PRN";
  if (node.value_of("system") == "email") return writer.join({"", "NET", "Internet", value(node, "value")});
  const auto system = node.value_of("system");
  const auto kind = node.value_of("use") == "mobile" ? "CP" : system == "fax" ? "FX" : "PH";
  return writer.join({value(node, "value"), use, kind});
}

std::string all(const Writer& writer, const Node& patient, std::string_view element,
                std::string (*write)(const Writer&, const Node&), bool (*wanted)(const Node&)) {
  std::string out;
  for (const auto& node : patient) {
    if (node.name != element || !wanted(node)) continue;
    if (!out.empty()) out += writer.delimiters().repetition;
    out += write(writer, node);
  }
  return out;
}

bool any(const Node&) { return true; }
bool private_one(const Node& node) { return node.value_of("use") != "work"; }
bool of_work(const Node& node) { return node.value_of("use") == "work"; }

std::string maiden_name_of_mother(const Node& patient) {
  for (const auto& extension : patient)
    if (extension.name == "extension" && extension.value_of("url").ends_with("/patient-mothersMaidenName"))
      return std::string(extension.value_of("valueString"));
  return {};
}

std::string account(const Site& site, const Writer& writer, const Node& patient) {
  for (const auto& identifier : patient) {
    const auto* type = identifier.name == "identifier" ? identifier.child("type") : nullptr;
    const auto* coding = type ? type->child("coding") : nullptr;
    if (!coding || coding->value_of("code") != "AN") continue;
    return write_cx(site, writer, {value(identifier, "system"), value(identifier, "value")});
  }
  return {};
}

}  // namespace

std::string write_cx(const Site& site, const Writer& writer, const identity::Id& id) {
  const auto* known = site.settings.domains.by_uri(id.system);
  const auto domain = known ? *known : identity::Domains::described_by(id.system);
  std::string authority;
  if (!domain.oid.empty())
    authority = writer.join_sub({domain.name, domain.oid, "ISO"});
  else if (!domain.name.empty())
    authority = writer.join_sub({domain.name});
  else if (!domain.uri.empty())
    authority = writer.join_sub({"", domain.uri, "URI"});
  const std::string marks(3, writer.delimiters().component);
  return writer.join({id.value}) + (authority.empty() ? std::string() : marks + authority);
}

void write_pid(const Site& site, Writer& writer, const Node& patient, const std::vector<identity::Id>& ids) {
  std::string identifiers;
  for (const auto& id : ids) {
    if (!identifiers.empty()) identifiers += writer.delimiters().repetition;
    identifiers += write_cx(site, writer, id);
  }
  std::string birth_order;
  for (const auto& child : patient)
    if (child.name == "multipleBirthInteger") birth_order = child.text;
  writer.segment("PID").field("1").skip(1).raw(identifiers).skip(1);
  writer.raw(all(writer, patient, "name", name, any));                    // 5
  writer.raw(writer.join({maiden_name_of_mother(patient)}));              // 6
  writer.field(digits_of(patient.value_of("birthDate")));                 // 7
  writer.field(look_up(genders, patient.value_of("gender"))).skip(2);     // 8
  writer.raw(all(writer, patient, "address", address, any)).skip(1);      // 11
  writer.raw(all(writer, patient, "telecom", telecom, private_one));      // 13
  writer.raw(all(writer, patient, "telecom", telecom, of_work)).skip(1);  // 14
  const auto* status = patient.child("maritalStatus");
  const auto* coding = status ? status->child("coding") : nullptr;
  writer.field(coding ? coding->value_of("code") : std::string_view()).skip(1);  // 16
  writer.raw(account(site, writer, patient)).skip(5);                            // 18
  const auto twin = patient.value_of("multipleBirthBoolean");
  writer.field(!birth_order.empty() || twin == "true" ? "Y" : twin == "false" ? "N" : "");  // 24
  writer.field(birth_order).skip(3);                                                        // 25
  writer.field(digits_of(patient.value_of("deceasedDateTime")));                            // 29
  const auto dead = patient.value_of("deceasedBoolean");
  writer.field(dead == "true" || patient.child("deceasedDateTime") ? "Y" : dead == "false" ? "N" : "");  // 30
}

}  // namespace ihe::pix
