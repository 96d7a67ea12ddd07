// What each kind of condition finds: resources against conditions.
#include "tests/unit/search_fixture.h"

using search_fixture::check;
using search_fixture::Indexed;

TEST_CASE("strings of a Patient") {
  const Indexed patient(R"({"resourceType":"Patient","name":[{"family":"Groß-Müller","given":["Zoë","Anne Marie"],
    "prefix":["Dr."]},{"text":"Zoë 100% Weber"}],
    "address":[{"line":["12, rue de l'Église"],"city":"Esch-sur-Alzette","postalCode":"L-4002","country":"LU"}]})");
  check(patient, {
                     {"family=gross", true},
                     {"family=Groß-Müller", true},
                     {"family=GROSS MULLER", true},
                     {"family=müller", false},
                     {"family:contains=müller", true},
                     {"family:exact=Groß-Müller", true},
                     {"family:exact=Gross-Muller", false},
                     {"family:exact=Groß", false},
                     {"given=zoe", true},
                     {"given=marie", false},
                     {"given:exact=Anne Marie", true},
                     {"name=dr", true},
                     {"name=zoe 100%", true},
                     {"name=zoe 1000", false},
                     {"name=%", false},
                     {"name=_", false},
                     {"name:contains=%", true},
                     {"name:text=eber", true},
                     {"name=nobody,zoe", true},
                     {"name=nobody,noone", false},
                     {"address=esch", true},
                     {"address=l 4002", true},
                     {"address:contains=l eglise", true},
                     {"address-city=Esch", true},
                     {"address-city=12", false},
                     {"address-country=lu", true},
                     {"address-state:missing=true", true},
                     {"address-state:missing=false", false},
                     {"name:missing=false", true},
                 });
}

TEST_CASE("tokens of a Patient") {
  const Indexed patient(R"({"resourceType":"Patient","active":true,"gender":"female",
    "identifier":[{"system":"http://s.org/mr","value":"123","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}],"text":"Record number"}},
                  {"value":"456"}],
    "telecom":[{"system":"phone","value":"+352 12"},{"system":"email","value":"a@b.lu"}],
    "meta":{"tag":[{"system":"http://t","code":"x"}],"profile":["http://p.org/Patient|2.0"],"source":"http://src#1"},
    "deceasedBoolean":false})");
  check(patient, {
                     {"active=true", true},
                     {"active=false", false},
                     {"gender=female", true},
                     {"gender=http://hl7.org/fhir/administrative-gender|female", true},
                     {"gender=http://other|female", false},
                     {"gender:not=male", true},
                     {"gender:not=female", false},
                     {"gender:not=male,female", false},
                     {"identifier=123", true},
                     {"identifier=http://s.org/mr|123", true},
                     {"identifier=|123", false},
                     {"identifier=|456", true},
                     {"identifier=http://s.org/mr|", true},
                     {"identifier=http://s.org/other|", false},
                     {"identifier=12", false},
                     {"identifier=http://s.org/mr\\|123", false},
                     {"identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|123", true},
                     {"identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|456", false},
                     {"identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|SS|123", false},
                     {"identifier:text=record", true},
                     {"identifier:not=999", true},
                     {"identifier:not=456", false},
                     {"telecom=+352 12", true},
                     {"telecom=phone|+352 12", true},
                     {"telecom=email|+352 12", false},
                     {"phone=a@b.lu", false},
                     {"email=a@b.lu", true},
                     {"_tag=http://t|x", true},
                     {"_tag=x", true},
                     {"_tag:not=x", false},
                     {"_security:not=x", true},
                     {"_profile=http://p.org/Patient|2.0", true},
                     {"_profile=http://p.org/Patient", true},
                     {"_profile=http://p.org/Pat", false},
                     {"_profile:below=http://p.org/", true},
                     {"_source=http://src#1", true},
                     {"_source:above=http://src#1/more", true},
                     {"deceased=false", true},
                     {"language:missing=true", true},
                 });
}

TEST_CASE("the case of a token does not count where the element is a string; of codes, ids and identifiers it does") {
  const Indexed set(R"({"resourceType":"ValueSet","id":"Ab","status":"active","version":"2.0-Größe",
    "identifier":[{"value":"X1"}]})");
  check(set, {
                 {"version=2.0-Größe", true},
                 {"version=2.0-GRÖSSE", true},
                 {"version=2.0-größe", true},
                 {"version=2.0-Groesse", false},
                 {"version=2.0", false},
                 {"version:not=2.0-GRÖSSE", false},
                 {"version:missing=false", true},
                 {"_filter=version eq \"2.0-GRÖSSE\"", true},
                 {"_filter=version ne \"2.0-GRÖSSE\"", false},
                 {"_filter=version ne \"2.1-GRÖSSE\"", true},
                 {"status=Active", false},
                 {"identifier=x1", false},
             });
  const Indexed medication(R"({"resourceType":"Medication","batch":{"lotNumber":"LOT-7a"}})");
  check(medication, {{"lot-number=lot-7A", true}, {"lot-number=|lot-7A", true}, {"lot-number=7a", false}});
}

TEST_CASE("an element that has only extensions is missing, one of text alone is not") {
  const Indexed patient(R"({"resourceType":"Patient",
    "_birthDate":{"extension":[{"url":"http://x","valueString":"unknown"}]},
    "maritalStatus":{"text":"married"},
    "generalPractitioner":[{"display":"Dr. Weber"}],
    "managingOrganization":{"identifier":{"system":"http://o","value":"1"}}})");
  check(patient, {
                     {"birthdate:missing=true", true},
                     {"general-practitioner:missing=true", false},
                     {"organization:missing=false", true},
                     {"organization:identifier=http://o|1", true},
                     {"organization:identifier=http://o|2", false},
                     {"organization=Organization/1", false},
                 });
}

TEST_CASE("dates") {
  const Indexed day(R"({"resourceType":"Patient","birthDate":"2013-01-14"})");
  check(day,
        {
            {"birthdate=2013-01-14", true},    {"birthdate=2013-01", true},           {"birthdate=2013", true},
            {"birthdate=2013-01-15", false},   {"birthdate=2013-01-14T10:00", false}, {"birthdate=ne2013-01-14", false},
            {"birthdate=ne2013-01-15", true},  {"birthdate=gt2013-01-14", false},     {"birthdate=gt2013-01-13", true},
            {"birthdate=gt2013", false},       {"birthdate=lt2013-01-14", false},     {"birthdate=lt2013-01-15", true},
            {"birthdate=ge2013-01-14", true},  {"birthdate=ge2013-01-15", false},     {"birthdate=le2013-01-14", true},
            {"birthdate=le2013-01-13", false}, {"birthdate=sa2013-01-13", true},      {"birthdate=sa2013-01-14", false},
            {"birthdate=eb2013-01-15", true},  {"birthdate=eb2013-01-14", false},     {"birthdate=ap2013-01-14", true},
            {"birthdate=ap2020-01-14", false}, {"birthdate=2012,2013", true},
        });
  const Indexed period(R"({"resourceType":"Encounter","status":"finished","class":{"code":"AMB"},
    "period":{"start":"2013-01-10T08:00:00Z","end":"2013-01-20T18:00:00+02:00"}})");
  check(period, {
                    {"date=2013-01", true},
                    {"date=2013-01-14", false},
                    {"date=gt2013-01-14", true},
                    {"date=lt2013-01-14", true},
                    {"date=sa2013-01-09", true},
                    {"date=sa2013-01-10", false},
                    {"date=eb2013-01-21", true},
                    {"date=eb2013-01-20", false},
                    {"date=ap2013-01-14", true},
                    {"date=ge2013-01-21", false},
                    {"date=le2013-01-09", false},
                });
  const Indexed open(
      R"({"resourceType":"Encounter","status":"in-progress","class":{"code":"AMB"},"period":{"start":"2013-01-10"}})");
  check(open, {
                  {"date=2013", false},
                  {"date=gt2050", true},
                  {"date=sa2012", true},
                  {"date=lt2013", false},
                  {"date=eb2050", false},
                  {"date=ge2013-01-10", true},
              });
  const Indexed zone(
      R"({"resourceType":"Observation","status":"final","code":{"text":"x"},"effectiveInstant":"2013-01-14T23:30:00-05:00"})");
  check(zone, {{"date=2013-01-15", true}, {"date=2013-01-14", false}, {"date=2013-01-14T23:30:00-05:00", true}});
}

TEST_CASE("a schedule counts by its outer limits") {
  const Indexed timing(R"({"resourceType":"MedicationRequest","status":"active","intent":"order",
    "medicationCodeableConcept":{"text":"x"},"subject":{"reference":"Patient/1"},
    "dosageInstruction":[{"timing":{"event":["2013-01-10","2013-01-20"]}}]})");
  check(timing, {{"date=2013-01-10", true}, {"date=2013-01-15", false}});
  const Indexed plan(
      R"({"resourceType":"ServiceRequest","status":"active","intent":"order","subject":{"reference":"Patient/1"},
    "occurrenceTiming":{"event":["2013-01-10","2013-01-20"]}})");
  check(plan, {{"occurrence=2013-01", true}, {"occurrence=2013-01-10", false}, {"occurrence=ap2013-01-15", true}});
}

TEST_CASE("numbers") {
  const Indexed risk(R"({"resourceType":"RiskAssessment","status":"final","subject":{"reference":"Patient/1"},
    "prediction":[{"probabilityDecimal":0.5}]})");
  check(risk, {
                  {"probability=0.5", true},
                  {"probability=0.50", true},
                  {"probability=0.51", false},
                  {"probability=gt0.5", false},
                  {"probability=ge0.5", true},
                  {"probability=lt0.51", true},
                  {"probability=ne0.5", false},
                  {"probability=ap0.52", true},
                  {"probability=ap0.9", false},
                  {"probability=5e-1", true},
                  {"probability=sa0.4", true},
                  {"probability=eb0.4", false},
              });
}

TEST_CASE("quantities in any unit, in one unit, in canonical units") {
  const Indexed mass(R"({"resourceType":"Observation","status":"final","code":{"text":"x"},
    "valueQuantity":{"value":1000,"unit":"milligram","system":"http://unitsofmeasure.org","code":"mg"}})");
  check(mass, {
                  {"value-quantity=1000", true},
                  {"value-quantity=1000|http://unitsofmeasure.org|mg", true},
                  {"value-quantity=1|http://unitsofmeasure.org|g", true},
                  {"value-quantity=1.00|http://unitsofmeasure.org|g", true},
                  {"value-quantity=ge1|http://unitsofmeasure.org|g", true},
                  {"value-quantity=le1|http://unitsofmeasure.org|g", true},
                  {"value-quantity=gt1|http://unitsofmeasure.org|g", false},
                  {"value-quantity=lt1|http://unitsofmeasure.org|g", false},
                  {"value-quantity=0.001|http://unitsofmeasure.org|kg", true},
                  {"value-quantity=2|http://unitsofmeasure.org|g", false},
                  {"value-quantity=1000|http://unitsofmeasure.org|mL", false},
                  {"value-quantity=1|http://other.org|g", false},
                  {"value-quantity=1000||mg", true},
                  {"value-quantity=1000||milligram", true},
                  {"value-quantity=1||g", false},
                  {"value-quantity=gt999", true},
                  {"value-quantity=lt5", false},
                  {"value-quantity=1e3", true},
              });
  const Indexed odd(R"({"resourceType":"Observation","status":"final","code":{"text":"x"},
    "valueQuantity":{"value":3,"unit":"tablets","system":"http://local.org","code":"TAB"}})");
  check(odd, {
                 {"value-quantity=3|http://local.org|TAB", true},
                 {"value-quantity=3|http://local.org|tablets", false},
                 {"value-quantity=3||tablets", true},
                 {"value-quantity=3", true},
             });
}

TEST_CASE("money, ages and ranges are quantities") {
  const Indexed claim(R"({"resourceType":"Invoice","status":"issued","totalNet":{"value":48.5,"currency":"EUR"}})");
  check(claim,
        {{"totalnet=48.5", true}, {"totalnet=48.5|urn:iso:std:iso:4217|EUR", true}, {"totalnet=48.5||USD", false}});
  const Indexed range(R"({"resourceType":"Condition","subject":{"reference":"Patient/1"},
    "onsetRange":{"low":{"value":30,"system":"http://unitsofmeasure.org","code":"a"},"high":{"value":40,"system":"http://unitsofmeasure.org","code":"a"}}})");
  check(range,
        {{"onset-age=gt35", true}, {"onset-age=lt35", true}, {"onset-age=gt41", false}, {"onset-age=lt29", false}});
}

TEST_CASE("references") {
  const Indexed observation(R"({"resourceType":"Observation","status":"final","code":{"text":"x"},
    "subject":{"reference":"Patient/p1","identifier":{"system":"http://s","value":"9"}},
    "encounter":{"reference":"http://example.org/fhir/Encounter/e1/_history/3"},
    "performer":[{"reference":"http://other.org/fhir/Practitioner/x"},{"reference":"urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}],
    "device":{"reference":"#d"},"contained":[{"resourceType":"Device","id":"d"}]})");
  check(observation, {
                         {"subject=Patient/p1", true},
                         {"subject=http://example.org/fhir/Patient/p1", true},
                         {"subject=http://other.org/fhir/Patient/p1", false},
                         {"subject=p1", true},
                         {"subject=p2", false},
                         {"subject=Group/p1", false},
                         {"subject:Patient=p1", true},
                         {"subject:Group=p1", false},
                         {"subject:identifier=http://s|9", true},
                         {"patient=p1", true},
                         {"patient=Patient/p1,Patient/p2", true},
                         {"encounter=Encounter/e1", true},
                         {"encounter=e1", true},
                         {"performer=http://other.org/fhir/Practitioner/x", true},
                         {"performer=Practitioner/x", false},
                         {"performer=urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", true},
                         {"device:missing=false", true},
                         {"device=Device/d", false},
                     });
  const Indexed response(
      R"({"resourceType":"QuestionnaireResponse","status":"completed","questionnaire":"http://x.org/q|1.0"})");
  check(response, {
                      {"questionnaire=http://x.org/q", true},
                      {"questionnaire=http://x.org/q|1.0", true},
                      {"questionnaire=http://x.org/q|2.0", false},
                      {"questionnaire:below=http://x.org/q", true},
                      {"questionnaire:below=http://x.org/q|1", true},
                      {"questionnaire:below=http://x.org/q|1.", true},
                      {"questionnaire:below=http://x.org/q|1.0", true},
                      {"questionnaire:below=http://x.org/q|1.0.0", false},
                      {"questionnaire:below=http://x.org/q|2", false},
                      {"questionnaire:below=http://x.org/|1", false},
                  });
  const Indexed profiled(
      R"({"resourceType":"Patient","meta":{"profile":["http://x.org/p|1.10","http://x.org/unversioned"]}})");
  check(profiled, {
                      {"_profile:below=http://x.org/p", true},
                      {"_profile:below=http://x.org/p|1", true},
                      {"_profile:below=http://x.org/p|1.1", false},
                      {"_profile:below=http://x.org/unversioned|1", false},
                  });
}

TEST_CASE("references to a patient need not be resolved") {
  const Indexed location(
      R"({"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Location/1"}})");
  check(location, {{"patient:missing=true", true}, {"subject:missing=false", true}});
  const Indexed inside(
      R"({"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"#p"},
    "contained":[{"resourceType":"Patient","id":"p"}]})");
  check(inside, {{"patient:missing=false", true}});
}

TEST_CASE("URIs") {
  const Indexed set(R"({"resourceType":"ValueSet","status":"active","url":"http://acme.org/fhir/ValueSet/123"})");
  check(set, {
                 {"url=http://acme.org/fhir/ValueSet/123", true},
                 {"url=http://acme.org/fhir/ValueSet/12", false},
                 {"url=HTTP://acme.org/fhir/ValueSet/123", false},
                 {"url:below=http://acme.org/fhir/", true},
                 {"url:below=http://acme.org/other/", false},
                 {"url:below=http://acme.org/fhir", true},
                 {"url:below=http://acme.org/fh", false},
                 {"url:above=http://acme.org/fhir/ValueSet/123/_history/5", true},
                 {"url:above=http://acme.org/fhir/", false},
             });
}

TEST_CASE("text of codes") {
  const Indexed condition(R"({"resourceType":"Condition","subject":{"reference":"Patient/1"},
    "code":{"coding":[{"system":"http://snomed.info/sct","code":"38341003","display":"Hypertensive disorder"}],"text":"Hoher Blutdruck"}})");
  check(condition, {
                       {"code:text=hypertensive", true},
                       {"code:text=blutdruck", true},
                       {"code:text=druck", false},
                       {"code:text=diabetes", false},
                       {"code=hypertensive", false},
                       {"code=http://snomed.info/sct|38341003", true},
                   });
}

TEST_CASE("composites hold on one and the same element") {
  const Indexed pressure(R"({"resourceType":"Observation","status":"final",
    "code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},
    "component":[
      {"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":150,"system":"http://unitsofmeasure.org","code":"mm[Hg]"}},
      {"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":90,"system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]})");
  check(pressure,
        {
            {"code=http://loinc.org|8480-6", false},
            {"combo-code=http://loinc.org|8480-6", true},
            {"component-code-value-quantity=8480-6$gt140", true},
            {"component-code-value-quantity=http://loinc.org|8480-6$150|http://unitsofmeasure.org|mm[Hg]", true},
            {"component-code-value-quantity=8462-4$gt140", false},
            {"component-code-value-quantity=8480-6$lt100", false},
            {"combo-code-value-quantity=8462-4$lt100", true},
            {"code-value-quantity=85354-9$gt0", false},
            {"component-code-value-quantity=x$1,8462-4$90", true},
            {"component-value-quantity=gt140", true},
            {"value-quantity=gt140", false},
        });
  const Indexed sequence(R"({"resourceType":"MolecularSequence","coordinateSystem":0,
    "referenceSeq":{"chromosome":{"coding":[{"code":"1"}]},"windowStart":5,"windowEnd":9},
    "variant":[{"start":6,"end":7}]})");
  check(sequence, {
                      {"chromosome-window-coordinate=1$ge5$le9", true},
                      {"chromosome-window-coordinate=1$gt5$le9", false},
                      {"chromosome-window-coordinate=2$ge5$le9", false},
                      {"chromosome-variant-coordinate=1$6$7", true},
                  });
  const Indexed document(R"({"resourceType":"DocumentReference","status":"current",
    "content":[{"attachment":{"title":"x"}}],
    "relatesTo":[{"code":"replaces","target":{"reference":"DocumentReference/old"}},
                 {"code":"appends","target":{"reference":"DocumentReference/other"}}]})");
  check(document, {
                      {"relationship=DocumentReference/old$replaces", true},
                      {"relationship=DocumentReference/old$appends", false},
                      {"relationship=DocumentReference/other$appends", true},
                  });
}

TEST_CASE("paths with conditions") {
  const Indexed library(R"({"resourceType":"Library","status":"active","type":{"text":"x"},
    "relatedArtifact":[{"type":"depends-on","resource":"http://a.org/L1"},{"type":"successor","resource":"http://a.org/L2"}]})");
  check(library, {{"depends-on=http://a.org/L1", true},
                  {"depends-on=http://a.org/L2", false},
                  {"successor=http://a.org/L2", true}});
  const Indexed document(R"({"resourceType":"Bundle","type":"document","entry":[
    {"resource":{"resourceType":"Composition","id":"c1","status":"final","type":{"text":"x"},"date":"2020","title":"t","author":[{"display":"a"}]}},
    {"resource":{"resourceType":"Patient","id":"p1"}}]})");
  check(document, {{"composition=Composition/c1", true}, {"composition=Patient/p1", false}});
  const Indexed text(
      R"({"resourceType":"Observation","status":"final","code":{"text":"x"},"valueCodeableConcept":{"text":"Positive"}})");
  check(
      text,
      {{"value-string=positive", true}, {"value-concept:text=positive", true}, {"combo-value-concept:text=pos", true}});
}
