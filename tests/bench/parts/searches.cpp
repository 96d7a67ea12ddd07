#include "tests/bench/parts/searches.h"

#include <algorithm>
#include <functional>
#include <set>
#include <stdexcept>
#include <string_view>

#include "fhir/format/json.h"
#include "fhir/node.h"
#include "tests/bench/parts/requests.h"

namespace bench {
namespace {

using Values = std::vector<std::string>;

// The texts at the end of a path of names, of all that repeats on it: "participant.individual.reference".
void texts_at(const fhir::Node& node, std::string_view path, std::set<std::string>& found) {
  const auto name = path.substr(0, path.find('.'));
  for (const fhir::Node& child : node) {
    if (child.name != name) continue;
    if (name.size() < path.size())
      texts_at(child, path.substr(name.size() + 1), found);
    else if (!child.text.empty())
      found.emplace(child.text);
  }
}

// What the resources on the first page of a search say there, each text once.
Values values(std::uint16_t port, const std::string& query, std::string_view path) {
  std::set<std::string> found;
  for_each_resource(port, query, [&](const fhir::Node& resource) {
    if (path != "code.coding") return texts_at(resource, path, found);
    const fhir::Node* code = resource.child("code");
    const fhir::Node* coding = code ? code->child("coding") : nullptr;
    if (coding) found.insert(std::string(coding->value_of("system")) + '|' + std::string(coding->value_of("code")));
  });
  return {found.begin(), found.end()};
}

Values first_of(Values all, std::size_t count) {
  all.resize(std::min(all.size(), count));
  return all;
}

Values with_type(std::string_view type, Values ids) {
  for (auto& id : ids) id.insert(0, std::string(type) + "/");
  return ids;
}

// What stands between commas is told apart; a comma within a value is not.
Values escaped(Values all) {
  for (auto& text : all) {
    std::string out;
    for (const char c : text) out.append(c == ',' || c == '$' || c == '|' || c == '\\' ? "\\" : "").push_back(c);
    text = out;
  }
  return all;
}

class List {
 public:
  void fixed(const std::string& name, const std::string& query) { all_.push_back({name, {"/fhir/" + query}}); }
  // The text with each value between its two halves; nothing where there are no values.
  void drawn(const std::string& name, const std::string& before, const Values& values, const std::string& after) {
    Search search{name, {}};
    for (const auto& value : values) search.targets.push_back("/fhir/" + before + encoded(value) + after);
    if (!search.targets.empty()) all_.push_back(std::move(search));
  }
  std::vector<Search> take() { return std::move(all_); }

 private:
  std::vector<Search> all_;
};

constexpr const char* every_patient = "Patient?_count=500";
constexpr const char* some_encounters = "Encounter?_count=300";

void add_dates(std::uint16_t port, List& list) {
  const auto births = first_of(values(port, every_patient, "birthDate"), 20);
  Values days, instants;
  for (int i = 0; i < 20; ++i) {
    const auto day = "-0" + std::to_string(1 + i % 9) + "-1" + std::to_string(i % 10);
    days.push_back(std::to_string(1958 + i * 66 / 19) + day);
    instants.push_back(std::to_string(2014 + i % 11) + day + "T10:20:30");
  }
  for (const std::string prefix : {"", "eq", "lt", "gt", "ge", "le", "sa", "eb"}) {
    const auto add = [&](const std::string& type, const std::string& parameter, Values dates) {
      for (auto& date : dates) date.insert(0, prefix);
      list.drawn(type + "." + parameter + " " + prefix, type + "?" + parameter + "=", dates, "&_count=20");
    };
    add("Patient", "birthdate", births);
    add("Observation", "date", instants);
    add("Encounter", "date", days);
  }
}

void add_quantities(List& list) {
  for (const std::string prefix : {"", "eq", "lt", "gt", "ge", "le"}) {
    const auto add = [&](const std::string& parameter, Values numbers) {
      for (auto& number : numbers) number.insert(0, prefix);
      list.drawn("Observation." + parameter + " " + prefix, "Observation?" + parameter + "=", numbers, "&_count=20");
    };
    add("value-quantity", {"170", "80", "30", "100", "140", "200"});
    add("component-value-quantity", {"120", "80", "140", "90", "100", "60"});
    add("combo-value-quantity", {"120", "170", "80", "100", "140"});
  }
}

}  // namespace

std::vector<Search> viewer_searches(std::uint16_t port, const Words& words) {
  List list;
  const auto ids = values(port, every_patient, "id");
  // Patients that have a record, too.
  const auto patients = values(port, "Encounter?_count=1000&_elements=subject", "subject.reference");
  list.fixed("statement", "metadata");
  list.fixed("Observation", "Observation?_count=10");
  list.fixed("Observation, total", "Observation?_count=1&_total=accurate");
  for (const std::string code : {"8480-6&_count=1", "8302-2&_count=5", "29463-7&_count=5", "72514-3&_count=5"})
    list.fixed("Observation code " + code.substr(0, code.find('&')),
               "Observation?code=http://loinc.org%7C" + code + "&_total=accurate");
  list.fixed("Observation of late", "Observation?date=ge2020-01-01&_count=5");
  list.fixed("Patient male, total", "Patient?gender=male&_count=5&_total=accurate");
  list.fixed("Patient family S", "Patient?family=S&_count=5");
  list.fixed("Patient given A", "Patient?given=A&_count=5");
  list.drawn("Patient read", "Patient/", ids, "");
  list.drawn("Patient family", "Patient?family=", values(port, every_patient, "name.family"), "&_count=5");
  list.drawn("Observation of patient", "Observation?patient=", patients, "&_count=20");
  list.drawn("Condition of patient", "Condition?patient=", patients, "");
  list.drawn("Condition code", "Condition?code=", values(port, "Condition?_count=300", "code.coding"), "&_count=5");
  list.drawn("Procedure code", "Procedure?code=", values(port, "Procedure?_count=300", "code.coding"), "&_count=5");
  list.drawn("Encounter of patient", "Encounter?patient=", patients, "&_count=10");
  list.drawn("MedicationRequest of patient", "MedicationRequest?patient=", patients, "&_count=10");
  list.drawn("Encounter participant",
             "Encounter?participant=", values(port, some_encounters, "participant.individual.reference"), "&_count=10");
  list.drawn("Encounter location", "Encounter?location=", values(port, some_encounters, "location.location.reference"),
             "&_count=10");
  list.fixed("Patient female, family B", "Patient?gender=female&family=B&_count=5");
  list.fixed("Observation combo-code", "Observation?combo-code=http://loinc.org%7C8480-6&_count=1&_total=accurate");
  list.fixed("Patient _content", "Patient?_content=" + words.family + "&_count=5");
  list.fixed("Observation _content", "Observation?_content=" + words.finding + "&_count=5");
  list.fixed("Condition _content", "Condition?_content=" + words.problem + "&_count=5");
  list.fixed("Patient name:text", "Patient?name:text=" + words.part_of_name + "&_count=5");
  list.fixed("Patient address:text", "Patient?address:text=" + words.town + "&_count=5");
  list.fixed("Patient _text", "Patient?_text=" + words.family + "&_count=5");
  list.fixed("Condition code:text", "Condition?code:text=" + words.beginning_of_problem + "&_count=5");
  return list.take();
}

std::vector<Search> parameter_searches(std::uint16_t port) {
  List list;
  for (const std::string modifier : {"", ":contains"}) {
    const auto add = [&](const std::string& type, const std::string& parameter, const Values& texts) {
      list.drawn(type + "." + parameter + modifier, type + "?" + parameter + modifier + "=", escaped(texts),
                 "&_count=20");
    };
    add("Patient", "name", first_of(values(port, every_patient, "name.given"), 20));
    add("Patient", "address", first_of(values(port, every_patient, "address.city"), 20));
    add("Organization", "name", first_of(values(port, "Organization?_count=100", "name"), 20));
  }
  add_dates(port, list);
  add_quantities(list);
  const auto token = [&](const std::string& type, const std::string& parameter, const Values& codes) {
    list.drawn(type + "." + parameter, type + "?" + parameter + "=", codes, "&_count=20");
  };
  token("Observation", "category",
        {"laboratory", "http://terminology.hl7.org/CodeSystem/observation-category|laboratory", "vital-signs", "survey",
         "social-history", "procedure", "laboratory,vital-signs", "laboratory,vital-signs,survey"});
  token("Observation", "code",
        {"8302-2", "29463-7", "8480-6", "8867-4", "72514-3", "718-7", "http://loinc.org|8302-2", "8302-2,29463-7",
         "8480-6,8462-4,8867-4"});
  token("Encounter", "status", {"finished", "in-progress", "planned", "finished,in-progress,planned"});
  token("Encounter", "class", {"AMB", "EMER", "IMP", "HH", "WELLNESS", "AMB,EMER", "AMB,EMER,IMP"});
  token(
      "Observation", "code-value-quantity",
      {"8867-4$gt100", "8867-4$lt60", "8302-2$gt170", "29463-7$gt80", "39156-5$ge30", "http://loinc.org|8302-2$gt170"});
  token("Observation", "component-code-value-quantity", {"8480-6$gt140", "8480-6$lt100", "8462-4$gt90"});
  token("Observation", "combo-code-value-quantity", {"8867-4$gt100", "8480-6$gt140", "8302-2$gt170", "39156-5$ge30"});
  const auto reference = [&](const std::string& type, const std::string& parameter, Values targets) {
    targets = first_of(std::move(targets), 20);
    if (targets.size() > 2) targets.push_back(targets[0] + "," + targets[1] + "," + targets[2]);
    token(type, parameter, targets);
  };
  const auto patients = values(port, "Encounter?_count=1000&_elements=subject", "subject.reference");
  const auto staff = values(port, some_encounters, "participant.individual.reference");
  const auto encounters = with_type("Encounter", values(port, some_encounters, "id"));
  reference("Observation", "subject", patients);
  reference("Observation", "encounter", encounters);
  reference("Observation", "performer", staff);
  reference("Encounter", "subject", patients);
  reference("Encounter", "participant", staff);
  reference("MedicationRequest", "subject", patients);
  reference("MedicationRequest", "encounter", encounters);
  reference("MedicationRequest", "requester", staff);
  return list.take();
}

}  // namespace bench
