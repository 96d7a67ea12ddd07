// DocumentReference and Binary: entries of the document registry, as MHD's Comprehensive.DocumentReference describes
// them (IHE MHD 4.2). Three of four documents are PDF, the rest CDA and plain text; one in forty is a long one that
// the store keeps as a file.
#include "src/generate/document.h"

#include <algorithm>

#include "fhir/base64.h"
#include "fhir/digest.h"
#include "fhir/hex.h"
#include "ihe/identity/matricule.h"
#include "src/generate/directory.h"
#include "src/generate/json_text.h"
#include "src/generate/patient.h"

namespace alzette::generate {
namespace {

constexpr std::string_view loinc = "http://loinc.org";

struct Kind {
  std::string_view code;
  std::string_view display;
  std::string_view title;
  std::string_view group;  // its class
};
constexpr Kind kinds[] = {
    {"11502-2", "Laboratory report", "Résultats d'analyses de laboratoire", "26436-6"},
    {"18748-4", "Diagnostic imaging report", "Compte rendu d'imagerie médicale", "18726-0"},
    {"11488-4", "Consultation note", "Compte rendu de consultation", "11488-4"},
    {"34105-7", "Hospital discharge summary", "Lettre de sortie", "18842-5"},
    {"57833-6", "Prescription", "Ordonnance", "57833-6"},
    {"60591-5", "Patient summary", "Résumé patient", "60591-5"},
};
constexpr std::string_view sentences[] = {
    "Examen clinique sans particularité.",
    "Le patient se plaint de fatigue depuis quelques semaines.",
    "Tension artérielle stable sous traitement.",
    "Les valeurs mesurées se situent dans les limites de la norme.",
    "Contrôle recommandé dans trois mois auprès du médecin traitant.",
    "Pas d'allergie connue. Vaccinations à jour selon le carnet.",
    "Befund: unauffällig, keine weiteren Maßnahmen erforderlich.",
    "L'évolution est favorable ; poursuite du traitement en cours.",
    "Une activité physique régulière a été conseillée.",
    "Résultats discutés avec le patient, qui a bien compris.",
};

enum class Format : std::uint8_t { pdf, cda, text };

std::string_view content_type(Format format) {
  return format == Format::pdf ? "application/pdf" : format == Format::cda ? "text/xml" : "text/plain; charset=UTF-8";
}

std::string cda(const Person& person, const Kind& kind, const std::string& id, Day day,
                const std::vector<std::string>& lines) {
  std::string date = date_text(day), birth = date_text(person.birth), text;
  std::erase(date, '-');
  std::erase(birth, '-');
  for (const auto& line : lines) text += "<paragraph>" + line + "</paragraph>";
  std::string given(person.given), code(kind.code), title(kind.title);
  return R"(<?xml version="1.0" encoding="UTF-8"?>)"
         "\n"
         R"(<ClinicalDocument xmlns="urn:hl7-org:v3"><typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>)"
         R"(<id root="1.3.182.2.3.1" extension=")" +
         id + R"("/><code code=")" + code + R"(" codeSystem="2.16.840.1.113883.6.1"/><title>)" + title +
         R"(</title><effectiveTime value=")" + date +
         R"("/><confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25"/><languageCode code="fr-LU"/>)"
         R"(<recordTarget><patientRole><id root="1.3.182.4.4" extension=")" +
         person.matricule + R"("/><patient><name><given>)" + given + "</given><family>" + person.family +
         R"(</family></name><administrativeGenderCode code=")" + (person.sex == Sex::female ? "F" : "M") +
         R"(" codeSystem="2.16.840.1.113883.5.1"/><birthTime value=")" + birth +
         R"("/></patient></patientRole></recordTarget><author><time value=")" + date +
         R"("/><assignedAuthor><id nullFlavor="NI"/></assignedAuthor></author><custodian><assignedCustodian>)"
         R"(<representedCustodianOrganization><id nullFlavor="NI"/></representedCustodianOrganization>)"
         R"(</assignedCustodian></custodian><component><structuredBody><component><section><title>)" +
         title + "</title><text>" + text +
         "</text></section></component></structuredBody></component></ClinicalDocument>\n";
}

std::string bytes_of(Format format, const Person& person, const Kind& kind, const std::string& id, Day day,
                     const std::vector<std::string>& lines) {
  if (format == Format::cda) return cda(person, kind, id, day, lines);
  if (format == Format::pdf) return pdf(kind.title, lines);
  std::string text(kind.title);
  for (const auto& line : lines) text += "\n" + line;
  return text + "\n";
}

std::vector<std::string> lines_for(const Person& person, Day day, Random& random) {
  std::vector<std::string> lines{"Patient: " + std::string(person.given) + " " + person.family,
                                 "Matricule: " + person.matricule, "Date: " + date_text(day), ""};
  int more = random.permille(25) ? random.between(1100, 2600) : random.between(4, 60);
  for (int at = 0; at < more; ++at) lines.emplace_back(random.one_of(sentences));
  return lines;
}

// What a document is called: its uniqueId, the UUID of its entry, and the Binary that the repository keeps it as. UUIDs
// of one person are neighbours (RFC 9562 5.8: version 8).
struct Called {
  std::string unique_id, uuid, binary;

  Called(std::uint64_t seed, std::uint64_t person, std::uint32_t number)
      : unique_id("1.3.182.2.3.1." + std::to_string(seed) + "." + std::to_string(person) + "." +
                  std::to_string(number)),
        uuid(hex(seed, 8) + "-" + hex(person >> 24, 4) + "-8" + hex(person >> 12, 3) + "-8" + hex(person, 3) + "-" +
             hex(number, 12)),
        binary(fhir::to_hex(fhir::sha256(unique_id)).substr(0, 40)) {}

  static std::string hex(std::uint64_t value, std::size_t digits) {
    std::string out(digits, '0');
    for (auto at = digits; at-- > 0; value >>= 4) out[at] = "0123456789abcdef"[value & 15];
    return out;
  }
};

void add_contained(JsonText& json, std::uint64_t seed, const Person& person, std::uint32_t author) {
  const auto name = practitioner_name(seed, author).substr(3);  // without "Dr "
  const auto space = name.rfind(' ');
  json.list("contained").object().text("resourceType", "Practitioner").text("id", "author").list("identifier");
  json.identifier("urn:oid:1.3.182.3.2", std::to_string(author)).end_list();
  json.list("name").object().text("family", name.substr(space + 1));
  if (space != std::string::npos) json.list("given").item(name.substr(0, space)).end_list();
  json.end_object().end_list().end_object();
  json.object().text("resourceType", "Patient").text("id", "source").list("identifier");
  json.identifier(ihe::identity::matricule_system, person.matricule).end_list().end_object().end_list();
}

void add_context(JsonText& json, Day day, std::uint32_t author) {
  constexpr std::string_view snomed = "http://snomed.info/sct";
  const bool hospital = author % 3 == 0;
  json.object("context").object("period").text("start", date_text(day)).text("end", date_text(day)).end_object();
  json.concept_of("facilityType", snomed, hospital ? "22232009" : "35971002", hospital ? "Hospital" : "Practice");
  json.concept_of("practiceSetting", snomed, author % 2 ? "394802001" : "394814009",
                  author % 2 ? "General medicine" : "General practice");
  json.reference("sourcePatientInfo", "#source").end_object();
}

std::string document_reference(std::uint64_t seed, const Person& person, const Kind& kind, Format format, Day day,
                               const Called& called, const std::string& bytes, Random& random) {
  bool restricted = random.permille(60);
  auto author = random.permille(600) ? person.practitioner : random.below(practitioners);
  std::string out;
  JsonText json(out);
  json.resource("DocumentReference", called.uuid).object("meta").list("profile");
  json.item("https://profiles.ihe.net/ITI/MHD/StructureDefinition/IHE.MHD.Comprehensive.DocumentReference");
  json.end_list().end_object();
  add_contained(json, seed, person, author);
  json.object("masterIdentifier").text("system", "urn:ietf:rfc:3986").text("value", "urn:oid:" + called.unique_id);
  json.end_object().text("status", "current");
  json.concept_of("type", loinc, kind.code, kind.display).concepts("category", loinc, kind.group, kind.display);
  json.object("subject").text("reference", reference_to("Patient", patient_id(seed, person))).object("identifier");
  json.text("system", ihe::identity::matricule_system).text("value", person.matricule).end_object().end_object();
  json.text("date", instant_text(day, 700)).list("author").reference("#author").end_list();
  json.text("description", kind.title);
  json.concepts("securityLabel", "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", restricted ? "R" : "N",
                restricted ? "restricted" : "normal");
  json.list("content").object().object("attachment").text("contentType", content_type(format));
  json.text("language", "fr-LU").text("url", reference_to("Binary", called.binary)).number("size", bytes.size());
  json.text("hash", fhir::encode_base64(fhir::sha1(bytes)));
  json.text("title", kind.title).text("creation", instant_text(day, 690)).end_object();
  json.object("format").text("system", "http://ihe.net/fhir/ihe.formatcode.fhir/CodeSystem/formatcode");
  json.text("code", "urn:ihe:iti:xds:2017:mimeTypeSufficient").end_object().end_object().end_list();
  add_context(json, day, author);
  json.end_object();
  return out;
}

}  // namespace

void document(std::uint64_t seed, const Person& person, std::uint32_t number, const Sink& sink) {
  Random random(seed, Stream::document, person.index << 16 | number);
  const Kind& kind = random.mostly_first(kinds);
  auto chance = random.below(100);
  Format format = chance < 75 ? Format::pdf : chance < 88 ? Format::cda : Format::text;
  Day last = person.death.value_or(today) - 1;
  Day day = random.between(std::min(last, std::max(person.birth, last - 5 * 365)), last);
  const Called called(seed, person.index, number);
  std::string bytes = bytes_of(format, person, kind, called.unique_id, day, lines_for(person, day, random));

  std::string binary;
  JsonText json(binary);
  json.resource("Binary", called.binary).text("contentType", content_type(format));
  json.reference("securityContext", reference_to("Patient", patient_id(seed, person)));
  json.text("data", fhir::encode_base64(bytes)).end_object();
  sink("Binary", std::move(binary));
  sink("DocumentReference", document_reference(seed, person, kind, format, day, called, bytes, random));
}

}  // namespace alzette::generate
