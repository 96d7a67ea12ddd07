// Patient, http://hl7.org/fhir/R4/patient.html.
#include "src/generate/patient.h"

#include "ihe/identity/matricule.h"
#include "src/generate/directory.h"
#include "src/generate/json_text.h"

namespace alzette::generate {
namespace {

constexpr std::string_view identifier_type = "http://terminology.hl7.org/CodeSystem/v2-0203";

std::string_view tag_of(Language language) {
  switch (language) {
    case Language::french:
      return "fr";
    case Language::german:
      return "de";
    case Language::luxembourgish:
      return "lb";
    case Language::portuguese:
      return "pt";
    case Language::english:
      return "en";
  }
  return "fr";
}

void identifiers(JsonText& json, const Person& person, unsigned domain) {
  if (person.matricule.empty() && !person.hospital_number) return;  // a source that knows neither
  json.list("identifier");
  if (domain) {
    std::string number = "D";
    append_digits(number, person.index, 8);
    json.object().text("use", "usual").concept_of("type", identifier_type, "MR");
    json.text("system", "urn:oid:2.999.7." + std::to_string(domain)).text("value", number).end_object();
  }
  json.object().text("use", "official").concept_of("type", identifier_type, "NI");
  json.text("system", ihe::identity::matricule_system).text("value", person.matricule).end_object();
  if (person.hospital_number && !domain) {
    std::string number = "H";
    append_digits(number, person.hospital_number, 8);
    json.object().text("use", "secondary").concept_of("type", identifier_type, "MR");
    json.text("system", hospital_patient_system).text("value", number).end_object();
  }
  json.end_list();
}

void address(JsonText& json, const Person& person) {
  std::string line = std::to_string(person.house);
  bool number_last = person.country == Country::germany || person.country == Country::portugal ||
                     person.country == Country::netherlands || person.country == Country::italy;
  line = number_last ? std::string(person.street) + " " + line : line + ", " + std::string(person.street);
  json.list("address").object().text("use", "home").list("line").item(line).end_list();
  json.text("city", person.town.name).text("postalCode", person.town.postal_code);
  json.text("country", code_of(person.country)).end_object().end_list();
}

}  // namespace

std::string patient_id(std::uint64_t seed, const Person& person, unsigned domain) {
  auto id = id_of("p", seed, person.index);
  return domain ? id + "-" + std::to_string(domain) : id;
}

std::string patient(std::uint64_t seed, const Person& person, unsigned domain) {
  std::string out;
  out.reserve(1200);
  JsonText json(out);
  json.resource("Patient", patient_id(seed, person, domain));
  identifiers(json, person, domain);
  json.raw("active", "true");
  json.list("name").object().text("use", "official").text("family", person.family).list("given").item(person.given);
  if (!person.second_given.empty()) json.item(person.second_given);
  json.end_list().end_object().end_list();
  json.list("telecom").object().text("system", "phone").text("value", person.phone).text("use", "mobile").end_object();
  if (!person.email.empty()) json.object().text("system", "email").text("value", person.email).end_object();
  json.end_list();
  json.text("gender", person.sex == Sex::female ? "female" : "male").text("birthDate", date_text(person.birth));
  if (person.death) json.text("deceasedDateTime", date_text(*person.death));
  address(json, person);
  json.list("communication").object().object("language").list("coding");
  json.coding("urn:ietf:bcp:47", tag_of(person.language)).end_list().end_object().raw("preferred", "true");
  json.end_object().end_list().list("generalPractitioner");
  json.reference(reference_to("Practitioner", practitioner_id(seed, person.practitioner))).end_list().end_object();
  return out;
}

}  // namespace alzette::generate
