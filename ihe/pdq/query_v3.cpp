#include "ihe/pdq/query_v3.h"

#include <algorithm>
#include <map>

#include "ihe/pix/patient.h"
#include "ihe/pix/pid.h"

namespace ihe::pdq {
namespace {

using identity::Field;
using xml::Element;

constexpr std::size_t most_alternatives = 20;  // combined with each other

constexpr std::string_view list_path = "/PRPA_IN201305UV02/controlActProcess/queryByParameter/parameterList";

class QueryReader {
 public:
  explicit QueryReader(const Site& site) : site_(site) {}

  QueryV3 read(const Element* list) {
    if (!list) {
      refuse("101", "The list of parameters is missing", "", 0);
      return std::move(query_);
    }
    for (const auto& parameter : *list) {
      if (parameter.name == "otherIDsScopingOrganization")
        domain(parameter);
      else
        for (const auto* value = parameter.child("value"); value; value = value->again())
          if (!is_blank(*value)) read_value(parameter.name, *value);
    }
    combine();
    return std::move(query_);
  }

 private:
  void refuse(std::string code, std::string text, std::string_view parameter, std::size_t repetition) {
    std::string place(list_path);
    if (!parameter.empty()) place.append("/").append(parameter);
    if (repetition > 0) place.append("[").append(std::to_string(repetition)).append("]");
    if (!parameter.empty()) place += "/value";
    query_.unknown.push_back({std::move(code), std::move(text), std::move(place)});
  }

  void add(Field field, std::string_view pattern, std::string system = {}) {
    if (!pattern.empty()) criteria_.push_back({field, std::string(pattern), std::move(system)});
  }

  void domain(const Element& parameter) {
    ++domains_;
    const auto* value = parameter.child("value");
    const auto root = value ? value->value_of("root") : std::string_view();
    const auto uri = pix::domain_uri(site_, root);
    const auto found = identity::domain_of(site_, uri);
    const auto known = found ? *found : std::nullopt;
    if (!known) return refuse("204", "The domain is not known", "otherIDsScopingOrganization", domains_);
    query_.domains.push_back(known->uri);
    query_.roots.emplace_back(root);
  }

  // Of unknown value, or a form that was not filled in.
  static bool is_blank(const Element& value) {
    if (value.has("nullFlavor")) return true;
    for (const auto name : {"value", "code", "root", "extension"})
      if (!value.value_of(name).empty()) return false;
    return value.word().empty() && std::all_of(value.begin(), value.end(), is_blank);
  }

  // What is asked for and not looked at would find too much.
  void read_value(std::string_view parameter, const Element& value) {
    const auto before = query_.unknown.size();
    criteria_.clear();
    add_criteria(parameter, value);
    if (criteria_.empty() && query_.unknown.size() == before)
      refuse("204", "This server does not search by this value", parameter, 0);
    else if (auto& all = query_.any_of.front(); parameter == "livingSubjectId")
      all.insert(all.end(), criteria_.begin(), criteria_.end());
    else
      alternatives_[parameter].push_back(criteria_);
  }

  // Values of one parameter are alternatives (HL7 v3 PRPA_MT201306UV02), but for identifiers, of which a patient has
  // many. What differs by parameter must hold together.
  void combine() {
    for (const auto& [parameter, alternatives] : alternatives_) {
      std::vector<std::vector<identity::Criterion>> combined;
      for (const auto& alternative : alternatives)
        for (auto criteria : query_.any_of) {
          criteria.insert(criteria.end(), alternative.begin(), alternative.end());
          combined.push_back(std::move(criteria));
        }
      if (combined.size() > most_alternatives)
        return refuse("102", "The query has more than " + std::to_string(most_alternatives) + " alternatives",
                      parameter, 0);
      query_.any_of = std::move(combined);
    }
  }

  void add_criteria(std::string_view parameter, const Element& value) {
    if (parameter == "livingSubjectAdministrativeGender") {
      gender(value.value_of("code"));
    } else if (parameter == "livingSubjectBirthTime") {
      birth(value);
    } else if (parameter == "livingSubjectId") {
      if (const auto id = pix::read_ii(site_, value)) add(Field::id, id->value, id->system);
    } else if (parameter == "livingSubjectName") {
      name(value);
    } else if (parameter == "patientAddress") {
      address(value);
    } else if (parameter == "patientTelecom") {
      const auto number = value.value_of("value");
      add(Field::phone, number.substr(number.find(':') + 1));
    } else if (parameter == "mothersMaidenName") {
      if (const auto* family = value.child("family")) add(Field::mother_name, family->word());
      if (!value.first) add(Field::mother_name, value.word());
    }
  }

  void gender(std::string_view code) {
    if (code == "M")
      add(Field::gender, "male");
    else if (code == "F")
      add(Field::gender, "female");
    else if (code == "UN" || code == "O" || code == "A")
      add(Field::gender, "other");
    else if (code == "U")
      add(Field::gender, "unknown");
    else
      refuse("103", "The code is none of AdministrativeGender", "livingSubjectAdministrativeGender", 0);
  }

  // A point, or an interval by its limits.
  void birth(const Element& value) {
    const auto limit = [&](const Element* time, std::string_view prefix) {
      if (!time || !time->has("value")) return;
      const auto date = pix::date_of(time->value_of("value").substr(0, 8));
      if (!date) return refuse("102", "The date of birth does not exist", "livingSubjectBirthTime", 0);
      add(Field::birth_date, std::string(prefix) + *date);
    };
    if (value.has("value")) return limit(&value, "");
    const auto* low = value.child("low");
    const auto* high = value.child("high");
    const bool point = low && high && low->value_of("value") == high->value_of("value");
    if (point) return limit(low, "");
    limit(low, "ge");
    limit(high, "le");
  }

  // With use SRCH parts of names are meant by their beginning.
  void name(const Element& value) {
    const bool partial = (" " + std::string(value.value_of("use")) + " ").find(" SRCH ") != std::string::npos;
    for (const auto& part : value) {
      std::string pattern(part.word());
      if (pattern.empty()) continue;
      if (partial && !pattern.ends_with('*')) pattern += '*';
      if (part.name == "family") add(Field::family, pattern);
      if (part.name == "given") add(Field::given, pattern);
    }
  }

  void address(const Element& value) {
    for (const auto& part : value) {
      if (part.name == "streetAddressLine") add(Field::street, part.word());
      if (part.name == "city") add(Field::city, part.word());
      if (part.name == "state") add(Field::state, part.word());
      if (part.name == "postalCode") add(Field::postal_code, part.word());
      if (part.name == "country") add(Field::country, part.word());
    }
  }

  const Site& site_;
  QueryV3 query_;
  std::vector<identity::Criterion> criteria_;                                               // of the value at hand
  std::map<std::string_view, std::vector<std::vector<identity::Criterion>>> alternatives_;  // by parameter
  std::size_t domains_ = 0;
};

}  // namespace

QueryV3 read_query(const Site& site, const Element& query) {
  return QueryReader(site).read(query.child("parameterList"));
}

}  // namespace ihe::pdq
