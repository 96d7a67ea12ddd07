// PID to Patient and RelatedPerson (the mother).
#include <algorithm>
#include <array>

#include "fhir/build.h"
#include "fhir/value.h"
#include "ihe/pix/pid.h"
#include "ihe/pix/systems.h"
#include "ihe/settings.h"

namespace ihe::pix {
namespace {

using fhir::Kind;
using fhir::Node;
using fhir::Outcome;
using fhir::Result;
using hl7v2::Message;
using hl7v2::Repetition;
using hl7v2::Segment;

struct Pair {
  std::string_view v2, fhir;
};

template <std::size_t n>
std::string_view look_up(const std::array<Pair, n>& table, std::string_view code) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const Pair& pair) { return pair.v2 == code; });
  return found == table.end() ? std::string_view() : found->fhir;
}

// HL7's concept maps from v2 tables 0001, 0200, 0190.
constexpr std::array<Pair, 6> genders{
    {{"M", "male"}, {"F", "female"}, {"O", "other"}, {"A", "other"}, {"U", "unknown"}, {"N", "unknown"}}};
constexpr std::array<Pair, 8> name_uses{{{"L", "official"},
                                         {"D", "usual"},
                                         {"M", "maiden"},
                                         {"N", "nickname"},
                                         {"S", "anonymous"},
                                         {"T", "temp"},
                                         {"A", "usual"},
                                         {"B", "old"}}};
constexpr std::array<Pair, 6> address_uses{
    {{"H", "home"}, {"B", "work"}, {"O", "work"}, {"C", "temp"}, {"P", "home"}, {"BA", "old"}}};

Outcome fault(std::string place, std::string_view code, std::string text) {
  return {Kind::unprocessable, code, std::move(text), std::move(place)};
}

class PidReader {
 public:
  PidReader(const Site& site, const Message& message, const Segment& pid) : site_(site), message_(message), pid_(pid) {}

  Result<Told> read() {
    told_.arena = std::make_unique<fhir::Arena>();
    told_.patient = &fhir::build::resource(*told_.arena, "Patient");
    identifiers();
    names();
    if (auto done = birth_and_sex(); !done) return std::move(done.outcome());
    if (auto done = death(); !done) return std::move(done.outcome());
    contact();
    circumstances();
    mother();
    return std::move(told_);
  }

 private:
  std::vector<Repetition> all(std::size_t field) const { return message_.repetitions(pid_, field); }
  Repetition first(std::size_t field) const { return message_.first(pid_, field); }

  // Whether the field says that the element is to go.
  bool clears(std::size_t field, std::string_view element) {
    if (!first(field).null()) return false;
    told_.cleared.push_back(element);
    return true;
  }

  Node& add(Node& parent, std::string_view name) { return fhir::build::add(*told_.arena, parent, name); }
  void some(Node& parent, std::string_view name, const std::string& text) {
    const auto from = text.find_first_not_of(" \t\n");
    if (from == std::string::npos) return;
    const auto to = text.find_last_not_of(" \t\n");
    fhir::build::add(*told_.arena, parent, name, text.substr(from, to - from + 1));
  }

  Node& add_identifier(const Repetition& cx, std::string_view type) {
    auto& identifier = add(*told_.patient, "identifier");
    const auto id = read_cx(site_, cx);
    if (!type.empty()) fhir::build::add_concept(*told_.arena, identifier, "type", identifier_type, type);
    some(identifier, "system", id.system);
    some(identifier, "value", id.value);
    return identifier;
  }

  void identifiers() {
    for (const auto& cx : all(3)) {
      const auto type = cx.component(5);
      const bool code = !type.empty() && type.size() <= 5 && std::all_of(type.begin(), type.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      });
      add_identifier(cx, code ? std::string_view(type) : std::string_view());
    }
    for (const auto& cx : all(18))
      if (!cx.null() && !cx.component(1).empty()) add_identifier(cx, "AN");
    const auto number = first(19);
    if (number.empty() || number.null()) return;
    auto& identifier = add(*told_.patient, "identifier");
    fhir::build::add_concept(*told_.arena, identifier, "type", identifier_type, "SS");
    some(identifier, "value", number.component(1));
  }

  void add_name(Node& parent, const Repetition& xpn, std::string_view use) {
    if (xpn.component(1).empty() && xpn.component(2).empty()) return;
    auto& name = add(parent, "name");
    if (!use.empty()) fhir::build::add(*told_.arena, name, "use", use);
    some(name, "family", xpn.component(1));
    some(name, "given", xpn.component(2));
    const auto further = xpn.component(3);  // between spaces: HL7 v2.5 2.A, XPN.3
    for (std::size_t at = 0; at < further.size();) {
      const auto end = std::min(further.find(' ', at), further.size());
      some(name, "given", further.substr(at, end - at));
      at = end + 1;
    }
    some(name, "prefix", xpn.component(5));
    some(name, "suffix", xpn.component(4));
  }

  void names() {
    if (!clears(5, "name"))
      for (const auto& xpn : all(5)) add_name(*told_.patient, xpn, look_up(name_uses, xpn.component(7)));
    for (const auto& xpn : all(9))
      if (!xpn.null()) add_name(*told_.patient, xpn, "old");
  }

  Result<bool> birth_and_sex() {
    if (const auto birth = first(7); !birth.empty() && !clears(7, "birthDate")) {
      const auto date = date_of(birth.component(1));
      if (!date) return fault("PID^1^7", "value", "The date of birth does not exist");
      fhir::build::add(*told_.arena, *told_.patient, "birthDate", *date);
    }
    if (const auto sex = first(8); !sex.empty() && !clears(8, "gender")) {
      const auto gender = look_up(genders, sex.component(1));
      if (gender.empty()) return fault("PID^1^8", "code-unknown", "The administrative sex is not of HL7 table 0001");
      fhir::build::add(*told_.arena, *told_.patient, "gender", gender);
    }
    return true;
  }

  Result<bool> death() {
    if (clears(29, "deceased") || clears(30, "deceased")) return true;
    if (const auto time = first(29); !time.empty()) {
      const auto date = date_of(time.component(1));
      if (!date) return fault("PID^1^29", "value", "The date of death does not exist");
      fhir::build::add(*told_.arena, *told_.patient, "deceasedDateTime", *date);
    } else if (const auto dead = first(30).component(1); dead == "Y" || dead == "N") {
      fhir::build::add(*told_.arena, *told_.patient, "deceasedBoolean", dead == "Y" ? "true" : "false");
    }
    return true;
  }

  void add_address(const Repetition& xad) {
    if (xad.null() || xad.raw().find_first_not_of("^&~ ") == std::string_view::npos) return;
    auto& address = add(*told_.patient, "address");
    if (const auto use = look_up(address_uses, xad.component(7)); !use.empty())
      fhir::build::add(*told_.arena, address, "use", use);
    some(address, "line", xad.component(1));
    some(address, "line", xad.component(2));
    some(address, "city", xad.component(3));
    some(address, "district", xad.component(9));
    some(address, "state", xad.component(4));
    some(address, "postalCode", xad.component(5));
    some(address, "country", xad.component(6));
    if (!address.first) fhir::build::remove(*told_.patient, address);
  }

  // XTN: the number as one text, or in its parts, or an address for mail.
  void add_telecom(const Repetition& xtn, std::string_view use) {
    if (xtn.null()) return;
    const auto kind = xtn.component(3);
    const bool mail = kind == "Internet" || kind == "X.400" || !xtn.component(4).empty();
    std::string number = mail ? xtn.component(4) : xtn.component(12);
    if (number.empty()) number = xtn.component(1);
    if (number.empty()) {
      if (const auto country = xtn.component(5); !country.empty()) number += "+" + country + " ";
      if (const auto area = xtn.component(6); !area.empty()) number += area + " ";
      number += xtn.component(7);
    }
    if (number.find_first_not_of(' ') == std::string::npos) return;
    auto& telecom = add(*told_.patient, "telecom");
    fhir::build::add(*told_.arena, telecom, "system",
                     mail           ? "email"
                     : kind == "FX" ? "fax"
                     : kind == "BP" ? "pager"
                                    : "phone");
    some(telecom, "value", number);
    fhir::build::add(*told_.arena, telecom, "use", kind == "CP" ? std::string_view("mobile") : use);
  }

  void contact() {
    if (!clears(11, "address"))
      for (const auto& xad : all(11)) add_address(xad);
    if (clears(13, "telecom")) return;
    for (const auto& xtn : all(13)) add_telecom(xtn, "home");
    for (const auto& xtn : all(14)) add_telecom(xtn, "work");
  }

  void circumstances() {
    const auto status = first(16);
    if (!status.empty() && !clears(16, "maritalStatus")) {
      static constexpr std::string_view known = "ADILMPSTUW";
      const auto code = status.component(1);
      if (code.size() == 1 && known.find(code) != std::string_view::npos && code != "U" && code != "P")
        fhir::build::add_concept(*told_.arena, *told_.patient, "maritalStatus", marital_status, code);
    }
    const auto order = first(25).component(1);
    const auto twin = first(24).component(1);
    const bool number = !order.empty() && order.size() < 3 &&
                        std::all_of(order.begin(), order.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (number)
      fhir::build::add(*told_.arena, *told_.patient, "multipleBirthInteger", std::to_string(std::stoi(order)));
    else if (twin == "Y" || twin == "N")
      fhir::build::add(*told_.arena, *told_.patient, "multipleBirthBoolean", twin == "Y" ? "true" : "false");
  }

  // PID-6 and PID-21: the mother is a RelatedPerson of her own, by which the patient can be found.
  void mother() {
    const auto maiden = first(6);
    const auto ids = all(21);
    if (!maiden.component(1).empty()) {
      auto& extension = add(*told_.patient, "extension");
      fhir::build::add(*told_.arena, extension, "url", mothers_maiden_name);
      some(extension, "valueString", maiden.component(1));
    }
    if (maiden.component(1).empty() && maiden.component(2).empty() && ids.empty()) return;
    told_.mother = &fhir::build::resource(*told_.arena, "RelatedPerson");
    for (const auto& cx : ids) {
      if (cx.null()) continue;
      const auto id = read_cx(site_, cx);
      auto& identifier = add(*told_.mother, "identifier");
      some(identifier, "system", id.system);
      some(identifier, "value", id.value);
    }
    fhir::build::add_reference(*told_.arena, *told_.mother, "patient", "Patient/unknown");  // said by the feed
    fhir::build::add_concept(*told_.arena, *told_.mother, "relationship", role_code, "MTH");
    add_name(*told_.mother, maiden, "maiden");
    add_names_of_known(ids);
  }

  // A mother who is a patient herself is also found by the names that she has there.
  void add_names_of_known(const std::vector<Repetition>& ids) {
    for (const auto& cx : ids) {
      const auto id = read_cx(site_, cx);
      if (id.system.empty() || id.value.empty()) continue;
      const auto found = identity::find(site_, id);
      if (!found) continue;
      const auto& known = *found;
      if (!known) continue;
      for (const auto& name : *known->patient)
        if (name.name == "name") fhir::build::add_copy(*told_.arena, *told_.mother, name);
    }
  }

  const Site& site_;
  const Message& message_;
  const Segment& pid_;
  Told told_;
};

}  // namespace

std::optional<std::string> date_of(std::string_view timestamp) {
  const auto digits = timestamp.substr(0, std::min(timestamp.find_first_not_of("0123456789"), timestamp.size()));
  if (digits.size() < 4 || digits.size() == 5 || digits.size() == 7) return std::nullopt;
  std::string date(digits.substr(0, 4));
  if (digits.size() >= 6) date.append("-").append(digits.substr(4, 2));
  if (digits.size() >= 8) date.append("-").append(digits.substr(6, 2));
  if (!fhir::parse_date_time(date)) return std::nullopt;
  return date;
}

std::string read_authority(const Site& site, const Repetition& field, std::size_t n) {
  const auto name = field.component(n, 1), universal_id = field.component(n, 2), type = field.component(n, 3);
  if (const auto* domain = site.settings.domains.by_authority(name, universal_id, type)) return domain->uri;
  auto uri = identity::Domains::uri_of(name, universal_id, type);
  if (!site.settings.domains.by_uri(uri)) return uri;
  return "urn:x-namespace:" + name + "&" + universal_id;  // two domains at once
}

identity::Id read_cx(const Site& site, const Repetition& cx) {
  auto value = cx.component(1);
  const auto from = value.find_first_not_of(' ');
  value = from == std::string::npos ? std::string() : value.substr(from, value.find_last_not_of(' ') - from + 1);
  return {read_authority(site, cx, 4), std::move(value)};
}

Result<Told> read_pid(const Site& site, const Message& message, const Segment& pid) {
  return PidReader(site, message, pid).read();
}

Outcome in_pid(Outcome outcome) {
  for (auto& issue : outcome.issues) {
    const auto open = issue.expression.find("Patient.identifier[");
    if (open == 0)
      issue.expression = "PID^1^3^" + std::to_string(std::stoul(issue.expression.substr(19)) + 1);
    else if (issue.expression.starts_with("Patient.identifier"))
      issue.expression = "PID^1^3";
    else if (issue.expression.starts_with("Patient"))
      issue.expression = "PID^1";
  }
  return outcome;
}

}  // namespace ihe::pix
