// Encounter, Observation, Condition and Immunization. Codes: LOINC with UCUM units, ICD-10, ATC; displays are ours.
#include "src/generate/record.h"

#include <algorithm>
#include <array>

#include "src/generate/directory.h"
#include "src/generate/json_text.h"
#include "src/generate/patient.h"

namespace alzette::generate {
namespace {

constexpr std::string_view loinc = "http://loinc.org";
constexpr std::string_view ucum = "http://unitsofmeasure.org";
constexpr std::string_view icd10 = "http://hl7.org/fhir/sid/icd-10";
constexpr std::string_view atc = "http://www.whocc.no/atc";
constexpr std::string_view act_code = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
constexpr std::string_view observation_category = "http://terminology.hl7.org/CodeSystem/observation-category";
constexpr std::string_view condition_clinical = "http://terminology.hl7.org/CodeSystem/condition-clinical";
constexpr std::string_view condition_verification = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
constexpr std::string_view immunization_origin = "http://terminology.hl7.org/CodeSystem/immunization-origin";

// A measured quantity: low..high counted in steps of 10^-decimals.
struct Measure {
  std::string_view code;
  std::string_view display;
  std::string_view unit;
  int low;
  int high;
  int decimals;
};
constexpr Measure systolic{"8480-6", "Systolic blood pressure", "mm[Hg]", 98, 168, 0};
constexpr Measure diastolic{"8462-4", "Diastolic blood pressure", "mm[Hg]", 58, 98, 0};
constexpr Measure vital_signs[] = {
    {"8867-4", "Heart rate", "/min", 52, 104, 0},      {"8310-5", "Body temperature", "Cel", 360, 389, 1},
    {"29463-7", "Body weight", "kg", 450, 1180, 1},    {"8302-2", "Body height", "cm", 148, 198, 0},
    {"9279-1", "Respiratory rate", "/min", 11, 22, 0}, {"39156-5", "Body mass index", "kg/m2", 180, 380, 1},
};
constexpr Measure child_signs[] = {
    {"8867-4", "Heart rate", "/min", 70, 130, 0},
    {"8310-5", "Body temperature", "Cel", 362, 392, 1},
    {"29463-7", "Body weight", "kg", 80, 420, 1},
    {"8302-2", "Body height", "cm", 70, 150, 0},
};
constexpr Measure laboratory[] = {
    {"2345-7", "Glucose in serum or plasma", "mg/dL", 68, 190, 0},
    {"4548-4", "Haemoglobin A1c in blood", "%", 45, 98, 1},
    {"718-7", "Haemoglobin in blood", "g/dL", 98, 175, 1},
    {"2160-0", "Creatinine in serum or plasma", "mg/dL", 55, 160, 2},
    {"2093-3", "Cholesterol in serum or plasma", "mg/dL", 130, 285, 0},
    {"2085-9", "HDL cholesterol in serum or plasma", "mg/dL", 32, 88, 0},
    {"2571-8", "Triglyceride in serum or plasma", "mg/dL", 55, 310, 0},
    {"2951-2", "Sodium in serum or plasma", "mmol/L", 132, 146, 0},
    {"2823-3", "Potassium in serum or plasma", "mmol/L", 34, 53, 1},
    {"6690-2", "Leukocytes in blood", "10*3/uL", 34, 128, 1},
    {"777-3", "Platelets in blood", "10*3/uL", 140, 420, 0},
};

struct Diagnosis {
  std::string_view code;
  std::string_view display;
  int from_age;
  bool lasting;
};
constexpr Diagnosis diagnoses[] = {
    {"J06.9", "Upper respiratory infection", 0, false},
    {"I10", "High blood pressure", 35, true},
    {"M54.5", "Low back pain", 18, false},
    {"E78.5", "High blood lipids", 40, true},
    {"E11.9", "Type 2 diabetes", 40, true},
    {"J45.9", "Asthma", 3, true},
    {"F32.9", "Depressive episode", 16, false},
    {"N39.0", "Urinary tract infection", 2, false},
    {"K21.9", "Reflux disease", 25, true},
    {"M17.9", "Osteoarthritis of the knee", 50, true},
    {"E66.9", "Obesity", 18, true},
    {"G43.9", "Migraine", 12, true},
    {"J44.9", "Chronic obstructive lung disease", 50, true},
    {"I48", "Atrial fibrillation", 55, true},
    {"E03.9", "Underactive thyroid", 25, true},
    {"L20.9", "Atopic dermatitis", 0, true},
    {"D50.9", "Iron deficiency anaemia", 12, false},
    {"I25.1", "Coronary heart disease", 50, true},
};

struct Vaccine {
  std::string_view code;
  std::string_view display;
  int from_age;  // in months
  int doses;
  int apart;      // days between doses
  int born_from;  // offered to people born from this year on
};
constexpr Vaccine vaccines[] = {
    {"J07CA09", "Diphtheria, tetanus, pertussis, polio, Hib, hepatitis B", 2, 3, 60, 2000},
    {"J07AL02", "Pneumococcus, conjugate", 2, 3, 60, 2005},
    {"J07BD52", "Measles, mumps, rubella", 12, 2, 180, 1985},
    {"J07AH07", "Meningococcus C, conjugate", 13, 1, 0, 2002},
    {"J07BM03", "Human papillomavirus", 132, 2, 180, 2000},
    {"J07AM01", "Tetanus", 216, 1, 0, 1930},
    {"J07BN01", "COVID-19, messenger RNA", 0, 2, 42, 1921},
    {"J07BB02", "Influenza, inactivated", 720, 2, 365, 1921},
};
constexpr Day covid_campaign = day_of(2021, 2, 1);

std::string decimal(int steps, int decimals) {
  std::string digits = std::to_string(steps);
  if (decimals == 0) return digits;
  auto places = static_cast<std::size_t>(decimals);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  return digits.insert(digits.size() - places, 1, '.');
}

struct Visit {
  std::string reference;
  Day day = 0;
  unsigned minute = 0;
  std::uint32_t organization = 0;
  std::uint32_t practitioner = 0;
};

class Recorder {
 public:
  Recorder(std::uint64_t seed, const Person& person, const Sink& sink)
      : seed_(seed),
        person_(person),
        sink_(sink),
        random_(seed, Stream::record, person.index),
        patient_(reference_to("Patient", patient_id(seed, person))),
        end_(person.death.value_or(today) - 1) {}

  void run() {
    int visits = person_.age() < 60 ? random_.between(0, 2) : random_.between(1, 3);
    for (int at = 0; at < visits; ++at) {
      Visit visit = encounter();
      blood_pressure(visit);
      observations(visit, "vital-signs", "Vital signs", signs());
      if (random_.permille(450)) observations(visit, "laboratory", "Laboratory", laboratory);
      if (random_.permille(500)) condition(visit);
    }
    if (random_.permille(130)) card();
  }

 private:
  std::span<const Measure> signs() const {
    return person_.age() < 14 ? std::span<const Measure>(child_signs) : std::span<const Measure>(vital_signs);
  }
  Day day_within(int years) {
    Day first = std::max(person_.birth, end_ - years * 365);
    return first >= end_ ? end_ : random_.between(first, end_);
  }
  // enc42-17-0: seed, person, running number of that type.
  std::string next_id(std::string_view letter, std::uint32_t& counter) {
    return id_of(letter, seed_, person_.index) + "-" + std::to_string(counter++);
  }
  void emit(std::string_view type, std::string&& json) { sink_(type, std::move(json)); }

  Visit encounter() {
    Visit visit;
    visit.practitioner = random_.permille(700) ? person_.practitioner : random_.below(practitioners);
    visit.organization = practice_of(visit.practitioner);
    visit.day = day_within(3);
    visit.minute = 480 + random_.below(600);
    bool stay = visit.organization < hospitals && random_.permille(250);
    std::string id = next_id("enc", encounters_), out;
    visit.reference = reference_to("Encounter", id);
    JsonText json(out);
    json.resource("Encounter", id).text("status", "finished");
    json.object("class").text("system", act_code).text("code", stay ? "IMP" : "AMB").end_object();
    json.reference("subject", patient_).list("participant").object();
    json.reference("individual", reference_to("Practitioner", practitioner_id(seed_, visit.practitioner)));
    json.end_object().end_list().object("period").text("start", instant_text(visit.day, visit.minute));
    Day last = stay ? std::min(visit.day + random_.between(1, 9), end_ + 1) : visit.day;
    json.text("end", instant_text(last, last > visit.day ? 660 : visit.minute + 20)).end_object();
    json.list("location").object();
    json.reference("location", reference_to("Location", location_id(seed_, visit.organization)));
    json.end_object().end_list();
    json.reference("serviceProvider", reference_to("Organization", organization_id(seed_, visit.organization)));
    json.end_object();
    emit("Encounter", std::move(out));
    return visit;
  }

  void observation_head(JsonText& json, const Visit& visit, std::string_view category, std::string_view category_text,
                        std::string_view code, std::string_view display) {
    json.resource("Observation", next_id("obs", observations_)).text("status", "final");
    json.concepts("category", observation_category, category, category_text).concept_of("code", loinc, code, display);
    json.reference("subject", patient_).reference("encounter", visit.reference);
    json.text("effectiveDateTime", instant_text(visit.day, visit.minute + 5));
    json.list("performer");
    json.reference(reference_to("Practitioner", practitioner_id(seed_, visit.practitioner))).end_list();
  }

  void value(JsonText& json, const Measure& measure) {
    json.object("valueQuantity").raw("value", decimal(random_.between(measure.low, measure.high), measure.decimals));
    json.text("unit", measure.unit).text("system", ucum).text("code", measure.unit).end_object();
  }

  void blood_pressure(const Visit& visit) {
    std::string out;
    JsonText json(out);
    observation_head(json, visit, "vital-signs", "Vital signs", "85354-9", "Blood pressure");
    json.list("component");
    for (const Measure& part : {systolic, diastolic}) {
      json.object().concept_of("code", loinc, part.code, part.display);
      value(json, part);
      json.end_object();
    }
    json.end_list().end_object();
    emit("Observation", std::move(out));
  }

  // One to four of the list, beginning anywhere.
  void observations(const Visit& visit, std::string_view category, std::string_view category_text,
                    std::span<const Measure> list) {
    auto first = random_.below(static_cast<std::uint32_t>(list.size()));
    int count = random_.between(1, std::min<int>(4, static_cast<int>(list.size())));
    for (int at = 0; at < count; ++at) {
      const Measure& measure = list[(first + static_cast<std::uint32_t>(at)) % list.size()];
      std::string out;
      JsonText json(out);
      observation_head(json, visit, category, category_text, measure.code, measure.display);
      value(json, measure);
      json.end_object();
      emit("Observation", std::move(out));
    }
  }

  void condition(const Visit& visit) {
    const Diagnosis& what = random_.mostly_first(diagnoses);
    if (person_.age() < what.from_age) return;
    std::string out;
    JsonText json(out);
    json.resource("Condition", next_id("cond", conditions_));
    json.concept_of("clinicalStatus", condition_clinical, what.lasting ? "active" : "resolved");
    json.concept_of("verificationStatus", condition_verification, "confirmed");
    json.concepts("category", "http://terminology.hl7.org/CodeSystem/condition-category", "encounter-diagnosis");
    json.concept_of("code", icd10, what.code, what.display);
    json.reference("subject", patient_).reference("encounter", visit.reference);
    json.text("onsetDateTime", date_text(visit.day));
    if (!what.lasting)
      json.text("abatementDateTime", date_text(std::min(visit.day + random_.between(3, 40), end_ + 1)));
    json.text("recordedDate", date_text(visit.day));
    json.reference("recorder", reference_to("Practitioner", practitioner_id(seed_, visit.practitioner))).end_object();
    emit("Condition", std::move(out));
  }

  void card() {
    int born = static_cast<int>(civil(person_.birth).year());
    for (const Vaccine& vaccine : vaccines) {
      if (born < vaccine.born_from || random_.permille(150)) continue;
      Day first = std::max(person_.birth + vaccine.from_age * 30, day_of(1990, 1, 1)) + random_.between(0, 60);
      if (vaccine.code == "J07BN01") first = std::max(first + 12 * 365, covid_campaign + random_.between(0, 200));
      for (int dose = 0; dose < vaccine.doses; ++dose) immunization(vaccine, first + dose * vaccine.apart, dose + 1);
    }
  }

  // Given and recorded by the vaccinator, or copied from the yellow card later on.
  void immunization(const Vaccine& vaccine, Day day, int dose) {
    if (day > end_) return;
    bool transcribed = day < day_of(2018, 1, 1) || random_.permille(200);
    std::string out;
    JsonText json(out);
    json.resource("Immunization", next_id("imm", immunizations_)).text("status", "completed");
    json.concept_of("vaccineCode", atc, vaccine.code, vaccine.display).reference("patient", patient_);
    json.text("occurrenceDateTime", date_text(day)).raw("primarySource", transcribed ? "false" : "true");
    if (transcribed) json.concept_of("reportOrigin", immunization_origin, "record");
    std::string lot = "L";
    append_digits(lot, random_.below(100'000), 5);
    json.text("lotNumber", lot).list("performer").object();
    json.reference("actor", reference_to("Practitioner", practitioner_id(seed_, person_.practitioner))).end_object();
    json.end_list().list("protocolApplied").object().number("doseNumberPositiveInt", static_cast<unsigned>(dose));
    json.end_object().end_list().end_object();
    emit("Immunization", std::move(out));
  }

  std::uint64_t seed_;
  const Person& person_;
  const Sink& sink_;
  Random random_;
  std::string patient_;
  Day end_;
  std::uint32_t encounters_ = 0, observations_ = 0, conditions_ = 0, immunizations_ = 0;
};

}  // namespace

void record(std::uint64_t seed, const Person& person, const Sink& sink) { Recorder(seed, person, sink).run(); }

}  // namespace alzette::generate
