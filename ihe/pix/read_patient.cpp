// From HL7 v3 to FHIR.
#include <algorithm>
#include <array>

#include "fhir/build.h"
#include "ihe/pix/patient.h"
#include "ihe/pix/pid.h"
#include "ihe/pix/systems.h"
#include "ihe/settings.h"

namespace ihe::pix {
namespace {

using fhir::Kind;
using fhir::Node;
using fhir::Outcome;
using fhir::Result;
using xml::Element;
namespace build = fhir::build;

struct Pair {
  std::string_view v3, fhir;
};

// The first word of a list of uses ("H HP") that the table knows.
template <std::size_t n>
std::string_view look_up(const std::array<Pair, n>& table, std::string_view words) {
  while (!words.empty()) {
    const auto end = std::min(words.find(' '), words.size());
    for (const auto& pair : table)
      if (pair.v3 == words.substr(0, end)) return pair.fhir;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return {};
}

// HL7's concept maps of v3-EntityNameUse, v3-AddressUse and v3-AdministrativeGender.
constexpr std::array<Pair, 5> name_uses{
    {{"L", "official"}, {"C", "official"}, {"P", "nickname"}, {"A", "anonymous"}, {"OLD", "old"}}};
constexpr std::array<Pair, 9> address_uses{{{"H", "home"},
                                            {"HP", "home"},
                                            {"HV", "home"},
                                            {"WP", "work"},
                                            {"DIR", "work"},
                                            {"PUB", "work"},
                                            {"TMP", "temp"},
                                            {"BAD", "old"},
                                            {"OLD", "old"}}};
constexpr std::array<Pair, 7> telecom_uses{
    {{"MC", "mobile"}, {"WP", "work"}, {"H", "home"}, {"HP", "home"}, {"HV", "home"}, {"TMP", "temp"}, {"BAD", "old"}}};
constexpr std::array<Pair, 5> telecom_systems{
    {{"tel", "phone"}, {"fax", "fax"}, {"mailto", "email"}, {"sms", "sms"}, {"http", "url"}}};

class PatientReader {
 public:
  PatientReader(const Site& site, const Element& role) : site_(site), role_(role) {}

  Result<Person> read() {
    told_.arena = std::make_unique<fhir::Arena>();
    told_.patient = &build::resource(*told_.arena, "Patient");
    const auto* person = role_.child("patientPerson");
    if (!person) return Outcome(Kind::unprocessable, "required", "patient/patientPerson is missing", "patientPerson");
    identifiers(*person);
    for (const auto* name = person->child("name"); name; name = name->again()) add_name(*told_.patient, *name);
    for (const auto* telecom = person->child("telecom"); telecom; telecom = telecom->again()) add_telecom(*telecom);
    if (auto done = circumstances(*person); !done) return std::move(done.outcome());
    for (const auto* address = person->child("addr"); address; address = address->again()) add_address(*address);
    if (const auto* status = person->child("maritalStatusCode"); status && status->has("code"))
      build::add_concept(*told_.arena, *told_.patient, "maritalStatus", marital_status, status->value_of("code"));
    languages(*person);
    relations(*person);
    return std::move(told_);
  }

 private:
  Node& add(Node& parent, std::string_view name) { return build::add(*told_.arena, parent, name); }
  void some(Node& parent, std::string_view name, std::string_view text) {
    build::add_some(*told_.arena, parent, name, text);
  }

  void add_identifier(Node& parent, const Element& ii) {
    const auto id = read_ii(site_, ii);
    if (!id) return;
    auto& identifier = add(parent, "identifier");
    some(identifier, "system", id->system);
    some(identifier, "value", id->value);
  }

  void identifiers(const Element& person) {
    for (const auto* id = role_.child("id"); id; id = id->again()) add_identifier(*told_.patient, *id);
    for (const auto* other = person.child("asOtherIDs"); other; other = other->again())
      for (const auto* id = other->child("id"); id; id = id->again()) add_identifier(*told_.patient, *id);
  }

  // Parts of the name with that qualifier, or with another one than it.
  void add_parts(Node& name, const Element& parts, std::string_view part, bool birth) {
    for (const auto* e = parts.child(part); e; e = e->again()) {
      const auto qualifier = e->value_of("qualifier");
      const bool of_birth = part == "family" && qualifier.find("BR") != std::string_view::npos;
      if (part != "family" || of_birth == birth) some(name, part, e->word());
    }
  }

  // A family name since birth becomes a name of its own beside the present one.
  void add_name(Node& parent, const Element& written) {
    if (written.has("nullFlavor")) return;
    bool born = false;
    bool present = false;
    for (const auto* family = written.child("family"); family; family = family->again())
      (family->value_of("qualifier").find("BR") != std::string_view::npos ? born : present) = true;
    for (const bool birth : {false, true}) {
      if (birth ? !born : born && !present) continue;
      auto& name = add(parent, "name");
      const auto use = birth ? std::string_view("maiden") : look_up(name_uses, written.value_of("use"));
      some(name, "use", use);
      if (!written.first) some(name, "text", written.word());
      add_family(name, written, birth);
      for (const auto* part : {"given", "prefix", "suffix"}) add_parts(name, written, part, birth);
      const bool empty = !name.first || (!name.first->next && name.first->name == "use");
      if (empty) build::remove(parent, name);
    }
  }

  // FHIR has one family name, v3 its parts.
  void add_family(Node& name, const Element& written, bool birth) {
    std::string all;
    for (const auto* family = written.child("family"); family; family = family->again()) {
      const bool of_birth = family->value_of("qualifier").find("BR") != std::string_view::npos;
      if (of_birth != birth || family->word().empty()) continue;
      if (!all.empty()) all += ' ';
      all += family->word();
    }
    some(name, "family", all);
  }

  void add_telecom(const Element& written) {
    const auto value = written.value_of("value");
    if (written.has("nullFlavor") || value.empty()) return;
    const auto colon = value.find(':');
    const auto scheme = value.substr(0, colon == std::string_view::npos ? 0 : colon);
    auto system = look_up(telecom_systems, scheme);
    const bool known = !system.empty() && system != "url";
    if (scheme == "https") system = "url";
    auto& telecom = add(*told_.patient, "telecom");
    some(telecom, "system", system.empty() ? std::string_view("phone") : system);
    some(telecom, "value", known ? value.substr(colon + 1) : value);
    some(telecom, "use", look_up(telecom_uses, written.value_of("use")));
  }

  Result<bool> add_date(const Element& person, std::string_view from, std::string_view to) {
    const auto* time = person.child(from);
    if (!time || !time->has("value")) return false;
    const auto date = date_of(time->value_of("value"));
    if (!date)
      return Outcome(Kind::unprocessable, "value", "The date in " + std::string(from) + " does not exist",
                     std::string(from));
    build::add(*told_.arena, *told_.patient, to, *date);
    return true;
  }

  Result<bool> circumstances(const Element& person) {
    static constexpr std::array<Pair, 6> genders{
        {{"M", "male"}, {"F", "female"}, {"UN", "other"}, {"O", "other"}, {"A", "other"}, {"U", "unknown"}}};
    if (const auto* gender = person.child("administrativeGenderCode"); gender && gender->has("code")) {
      const auto code = look_up(genders, gender->value_of("code"));
      if (code.empty())
        return Outcome(Kind::unprocessable, "code-unknown", "The administrative gender is not of AdministrativeGender",
                       "administrativeGenderCode");
      some(*told_.patient, "gender", code);
    } else if (gender && gender->has("nullFlavor")) {
      some(*told_.patient, "gender", "unknown");
    }
    if (auto done = add_birth(person); !done) return done;
    auto dead = add_date(person, "deceasedTime", "deceasedDateTime");
    if (!dead) return dead;
    if (!*dead) add_flag(person, "deceasedInd", "deceasedBoolean");
    const auto* order = person.child("multipleBirthOrderNumber");
    const auto number = order ? order->value_of("value") : std::string_view();
    if (number.size() == 1 && number.front() > '0' && number.front() <= '9')
      some(*told_.patient, "multipleBirthInteger", number);
    else
      add_flag(person, "multipleBirthInd", "multipleBirthBoolean");
    return true;
  }

  // Patient.birthDate has no time of day.
  Result<bool> add_birth(const Element& person) {
    const auto* time = person.child("birthTime");
    if (!time || !time->has("value")) return false;
    const auto date = date_of(time->value_of("value").substr(0, 8));
    if (!date) return Outcome(Kind::unprocessable, "value", "The date of birth does not exist", "birthTime");
    some(*told_.patient, "birthDate", *date);
    return true;
  }

  void add_flag(const Element& person, std::string_view from, std::string_view to) {
    const auto* flag = person.child(from);
    const auto value = flag ? flag->value_of("value") : std::string_view();
    if (value == "true" || value == "false") some(*told_.patient, to, value);
  }

  void add_address(const Element& written) {
    if (written.has("nullFlavor")) return;
    auto& address = add(*told_.patient, "address");
    some(address, "use", look_up(address_uses, written.value_of("use")));
    if (!written.first) some(address, "text", written.word());
    for (const auto* line = written.child("streetAddressLine"); line; line = line->again())
      some(address, "line", line->word());
    const auto text = [&](std::string_view part) {
      const auto* e = written.child(part);
      return e ? e->word() : std::string_view();
    };
    std::string street(text("streetName"));
    if (const auto number = text("houseNumber"); !number.empty()) {
      if (!street.empty()) street += ' ';
      street += number;
    }
    some(address, "line", street);
    some(address, "city", text("city"));
    some(address, "district", text("county"));
    some(address, "state", text("state"));
    some(address, "postalCode", text("postalCode"));
    some(address, "country", text("country"));
    if (!address.first) build::remove(*told_.patient, address);
  }

  void languages(const Element& person) {
    for (const auto* spoken = person.child("languageCommunication"); spoken; spoken = spoken->again()) {
      const auto* code = spoken->child("languageCode");
      if (!code || !code->has("code")) continue;
      auto& communication = add(*told_.patient, "communication");
      build::add_concept(*told_.arena, communication, "language", "urn:ietf:bcp:47", code->value_of("code"));
      const auto* preferred = spoken->child("preferenceInd");
      if (preferred && preferred->value_of("value") == "true") some(communication, "preferred", "true");
    }
  }

  // The mother is a RelatedPerson of her own, by which the patient can be found.
  void relations(const Element& person) {
    for (const auto* relation = person.child("personalRelationship"); relation; relation = relation->again()) {
      const auto* code = relation->child("code");
      const auto* holder = relation->child("relationshipHolder1");
      if (!code || code->value_of("code") != "MTH" || !holder || told_.mother) continue;
      const auto* family = holder->at({"name", "family"});
      if (family && !family->word().empty()) {
        auto& extension = add(*told_.patient, "extension");
        some(extension, "url", mothers_maiden_name);
        some(extension, "valueString", family->word());
      }
      told_.mother = &build::resource(*told_.arena, "RelatedPerson");
      for (const auto* id = holder->child("id"); id; id = id->again()) add_identifier(*told_.mother, *id);
      build::add_reference(*told_.arena, *told_.mother, "patient", "Patient/unknown");  // said by the feed
      build::add_concept(*told_.arena, *told_.mother, "relationship", role_code, "MTH");
      for (const auto* name = holder->child("name"); name; name = name->again()) add_name(*told_.mother, *name);
    }
  }

  const Site& site_;
  const Element& role_;
  Person told_;
};

}  // namespace

Result<Person> read_patient(const Site& site, const Element& patient) { return PatientReader(site, patient).read(); }

std::string domain_uri(const Site& site, std::string_view root) {
  const auto* domain = site.settings.domains.by_oid(root);
  return domain ? domain->uri : identity::Domains::uri_of({}, root, "ISO");
}

std::optional<identity::Id> read_ii(const Site& site, const Element& ii) {
  if (ii.has("nullFlavor") || !ii.has("root") || ii.value_of("extension").empty()) return std::nullopt;
  return identity::Id{domain_uri(site, ii.value_of("root")), std::string(ii.value_of("extension"))};
}

}  // namespace ihe::pix
