// Organisations, locations, practitioners and their roles.
#include "src/generate/directory.h"

#include <array>

#include "src/generate/calendar.h"
#include "src/generate/json_text.h"
#include "src/generate/names.h"
#include "src/generate/places.h"
#include "src/generate/random.h"

namespace alzette::generate {
namespace {

constexpr std::string_view organization_system = "urn:oid:1.3.182.3.1.1";
constexpr std::string_view practitioner_system = "urn:oid:1.3.182.4.1";
constexpr std::string_view organization_type = "http://terminology.hl7.org/CodeSystem/organization-type";
constexpr std::string_view practitioner_role = "http://terminology.hl7.org/CodeSystem/practitioner-role";

constexpr std::string_view hospital_names[] = {"Centre Hospitalier de l'Alzette", "Hôpital du Nord",
                                               "Clinique du Kirchberg", "Hôpital de la Moselle",
                                               "Klinik Sankt Willibrord"};
constexpr std::string_view laboratory_names[] = {"Laboratoire des Trois Frontières", "Laboratoires de la Sûre",
                                                 "Bio-Analyses du Centre", "Laboratoire du Sud"};

struct Specialty {
  std::string_view code;  // own code, shown with its own display
  std::string_view display;
};
constexpr std::string_view specialty_system = "urn:alzette:example:specialty";
constexpr Specialty specialties[] = {{"general", "Médecine générale"}, {"general", "Médecine générale"},
                                     {"general", "Médecine générale"}, {"internal", "Médecine interne"},
                                     {"cardiology", "Cardiologie"},    {"paediatrics", "Pédiatrie"},
                                     {"gynaecology", "Gynécologie"},   {"radiology", "Radiologie"},
                                     {"dermatology", "Dermatologie"},  {"ophthalmology", "Ophtalmologie"}};

Town town_of(std::uint32_t organization) {
  auto list = towns(Country::luxembourg);
  return list[organization % list.size()];
}

std::string organization_name(std::uint32_t number) {
  if (number < hospitals) return std::string(hospital_names[number]);
  number -= hospitals;
  if (number < laboratories) return std::string(laboratory_names[number]);
  number -= laboratories;
  bool pharmacy = number < pharmacies;
  std::string name = pharmacy ? "Pharmacie de " : "Cabinet médical ";
  name += town_of(number).name;
  name += ' ';
  name += std::to_string((pharmacy ? number : number - pharmacies) + 1);
  return name;
}

void address(JsonText& json, std::uint32_t organization) {
  Town town = town_of(organization);
  auto roads = streets(Country::luxembourg);
  json.list("line").item(std::to_string(organization % 90 + 1) + ", " +
                         std::string(roads[organization % roads.size()]));
  json.end_list().text("city", town.name).text("postalCode", town.postal_code).text("country", "LU").end_object();
}

std::string phone_number(std::uint32_t organization) {
  std::string phone = "+352 2";
  append_digits(phone, 600'000 + organization * 37, 6);
  return phone;
}

std::string organization(std::uint64_t seed, std::uint32_t number) {
  bool hospital = number < hospitals;
  std::string out;
  JsonText json(out);
  json.resource("Organization", organization_id(seed, number));
  json.list("identifier").identifier(organization_system, std::to_string(9000001 + number)).end_list();
  json.raw("active", "true");
  json.concepts("type", organization_type, hospital ? "prov" : "other", hospital ? "Healthcare Provider" : "Other");
  json.text("name", organization_name(number));
  json.list("telecom").object().text("system", "phone").text("value", phone_number(number)).text("use", "work");
  json.end_object().end_list();
  json.list("address").object();
  address(json, number);
  json.end_list().end_object();
  return out;
}

std::string location(std::uint64_t seed, std::uint32_t number) {
  std::string out;
  JsonText json(out);
  json.resource("Location", location_id(seed, number)).text("status", "active").text("name", organization_name(number));
  json.text("mode", "instance").object("address");
  address(json, number);
  json.reference("managingOrganization", reference_to("Organization", organization_id(seed, number))).end_object();
  return out;
}

struct Professional {
  bool female;
  std::string_view family;
  std::string_view given;
  Specialty specialty;
  Day birth;
};

Professional professional(std::uint64_t seed, std::uint32_t number) {
  constexpr std::array spoken{Language::luxembourgish, Language::french, Language::german, Language::portuguese};
  Random random(seed, Stream::directory, number);
  Professional who{};
  const Names& list = names(random.mostly_first(spoken));
  who.female = random.permille(480);
  who.family = list.family.draw(random.next());
  who.given = (who.female ? list.female : list.male).draw(random.next());
  who.specialty = random.one_of(specialties);
  who.birth = day_of(random.between(1958, 1995), 1, 1) + random.between(0, 364);
  return who;
}

std::string practitioner(std::uint64_t seed, std::uint32_t number) {
  auto who = professional(seed, number);
  std::string out;
  JsonText json(out);
  json.resource("Practitioner", practitioner_id(seed, number));
  std::string professional_number;
  append_digits(professional_number, 1'900'000'000u + number, 10);
  json.list("identifier").identifier(practitioner_system, professional_number).end_list().raw("active", "true");
  json.list("name").object().text("use", "official").text("family", who.family);
  json.list("given").item(who.given).end_list().list("prefix").item("Dr").end_list().end_object().end_list();
  json.text("gender", who.female ? "female" : "male").text("birthDate", date_text(who.birth));
  json.list("communication").object().list("coding").coding("urn:ietf:bcp:47", "fr").end_list().end_object();
  json.end_list().end_object();
  return out;
}

std::string role(std::uint64_t seed, std::uint32_t number) {
  auto who = professional(seed, number);
  auto workplace = practice_of(number);
  std::string out;
  JsonText json(out);
  json.resource("PractitionerRole", id_of("role", seed, number)).raw("active", "true");
  json.reference("practitioner", reference_to("Practitioner", practitioner_id(seed, number)));
  json.reference("organization", reference_to("Organization", organization_id(seed, workplace)));
  json.concepts("code", practitioner_role, "doctor", "Doctor");
  json.concepts("specialty", specialty_system, who.specialty.code, who.specialty.display);
  json.list("location").reference(reference_to("Location", location_id(seed, workplace))).end_list();
  json.list("telecom").object().text("system", "phone").text("value", phone_number(workplace)).text("use", "work");
  json.end_object().end_list().end_object();
  return out;
}

}  // namespace

std::string organization_id(std::uint64_t seed, std::uint32_t number) { return id_of("org", seed, number); }
std::string location_id(std::uint64_t seed, std::uint32_t number) { return id_of("loc", seed, number); }
std::string practitioner_id(std::uint64_t seed, std::uint32_t number) { return id_of("pract", seed, number); }

std::uint32_t practice_of(std::uint32_t practitioner) {
  if (practitioner % 4 == 0) return practitioner / 4 % hospitals;
  return hospitals + laboratories + pharmacies + practitioner % practices;
}

std::string practitioner_name(std::uint64_t seed, std::uint32_t number) {
  auto who = professional(seed, number);
  return "Dr " + std::string(who.given) + " " + std::string(who.family);
}

void directory(std::uint64_t seed, const Sink& sink) {
  for (std::uint32_t number = 0; number < organizations; ++number) sink("Organization", organization(seed, number));
  for (std::uint32_t number = 0; number < organizations; ++number) sink("Location", location(seed, number));
  for (std::uint32_t number = 0; number < practitioners; ++number) sink("Practitioner", practitioner(seed, number));
  for (std::uint32_t number = 0; number < practitioners; ++number) sink("PractitionerRole", role(seed, number));
}

}  // namespace alzette::generate
