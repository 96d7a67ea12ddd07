// Who publishes the well-known code systems.
#include "fhir/terminology/owner.h"

#include <algorithm>
#include <iterator>
#include <string>

namespace fhir::terminology {
namespace {

struct Owned {
  std::string_view system, owner;
};
constexpr Owned systems[] = {
    {"http://loinc.org", "regenstrief"},
    {"http://loinc.org", "loinc"},
    {"http://snomed.info/sct", "snomed"},
    {"http://snomed.info/sct", "ihtsdo"},
    {"http://unitsofmeasure.org", "ucum"},
    {"http://unitsofmeasure.org", "regenstrief"},
    {"http://www.nlm.nih.gov/research/umls/rxnorm", "national library of medicine"},
    {"http://www.nlm.nih.gov/research/umls/rxnorm", "nlm"},
    {"http://www.whocc.no/atc", "who"},
    {"http://www.whocc.no/atc", "world health organization"},
    {"http://hl7.org/fhir/sid/icd-10", "who"},
    {"http://hl7.org/fhir/sid/icd-10", "world health organization"},
    {"http://id.who.int/icd/release/11/mms", "who"},
    {"http://id.who.int/icd/release/11/mms", "world health organization"},
    {"http://hl7.org/fhir/sid/icd-9-cm", "cdc"},
    {"http://hl7.org/fhir/sid/icd-9-cm", "nchs"},
    {"http://hl7.org/fhir/sid/icd-10-cm", "cdc"},
    {"http://hl7.org/fhir/sid/icd-10-cm", "nchs"},
    {"http://hl7.org/fhir/sid/cvx", "cdc"},
    {"http://hl7.org/fhir/sid/cvx", "centers for disease control"},
    {"http://hl7.org/fhir/sid/ndc", "fda"},
    {"http://hl7.org/fhir/sid/ndc", "food and drug"},
    {"http://www.ama-assn.org/go/cpt", "ama"},
    {"http://www.ama-assn.org/go/cpt", "american medical association"},
    {"http://varnomen.hgvs.org", "hgvs"},
    {"http://dicom.nema.org/resources/ontology/DCM", "nema"},
    {"http://dicom.nema.org/resources/ontology/DCM", "dicom"},
    {"http://standardterms.edqm.eu", "edqm"},
    {"http://www.orpha.net", "orphanet"},
    {"http://www.orpha.net", "inserm"},
};

std::string folded(std::string_view text) {
  std::string letters(text);
  std::transform(letters.begin(), letters.end(), letters.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return letters;
}

}  // namespace

bool is_excerpt(std::string_view url, std::string_view publisher) {
  const auto own = [&](const Owned& one) { return one.system == url; };
  if (std::none_of(std::begin(systems), std::end(systems), own)) return false;
  const auto name = folded(publisher);
  return std::none_of(std::begin(systems), std::end(systems),
                      [&](const Owned& one) { return own(one) && name.find(one.owner) != name.npos; });
}

}  // namespace fhir::terminology
