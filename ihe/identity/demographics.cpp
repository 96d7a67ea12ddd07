// Who answers to these demographics: ITI TF-2 3.21.4.1, 3.47.4.1. The index finds candidates by what stands before a
// wildcard; each is then held against all criteria as a whole.
#include <algorithm>
#include <array>
#include <iterator>
#include <set>

#include "fhir/search/index.h"
#include "ihe/identity/record.h"
#include "ihe/settings.h"

namespace ihe::identity {
namespace {

using fhir::Kind;
using fhir::Node;
using fhir::Outcome;
using fhir::Result;
using fhir::search::fold;

constexpr std::size_t most_hits = 5'000;

// A pattern as the folded texts between its wildcards.
class Pattern {
 public:
  explicit Pattern(std::string_view text) {
    for (std::size_t at = 0;;) {
      const auto star = text.find('*', at);
      pieces_.push_back(fold(text.substr(at, star - at)));
      if (star == std::string_view::npos) break;
      at = star + 1;
    }
  }

  bool matches(std::string_view value) const {
    const std::string folded = fold(value);
    std::string_view rest = folded;
    if (pieces_.size() == 1) return rest == pieces_.front();
    if (!rest.starts_with(pieces_.front())) return false;
    rest.remove_prefix(pieces_.front().size());
    for (std::size_t i = 1; i + 1 < pieces_.size(); ++i) {
      const auto at = rest.find(pieces_[i]);
      if (at == std::string_view::npos) return false;
      rest.remove_prefix(at + pieces_[i].size());
    }
    return rest.ends_with(pieces_.back());
  }

  const std::string& head() const { return pieces_.front(); }
  const std::string& longest() const {
    return *std::max_element(pieces_.begin(), pieces_.end(),
                             [](const auto& a, const auto& b) { return a.size() < b.size(); });
  }

 private:
  std::vector<std::string> pieces_;
};

// Where the text that a criterion speaks of stands, and the search parameter that finds it.
struct Place {
  Field field;
  std::string_view parent, child, parameter;
};
constexpr std::array<Place, 8> places{{{Field::family, "name", "family", "family"},
                                       {Field::given, "name", "given", "given"},
                                       {Field::street, "address", "line", "address"},
                                       {Field::city, "address", "city", "address-city"},
                                       {Field::state, "address", "state", "address-state"},
                                       {Field::postal_code, "address", "postalCode", "address-postalcode"},
                                       {Field::country, "address", "country", "address-country"},
                                       {Field::phone, "telecom", "value", ""}}};

const Place* place_of(Field field) {
  const auto found =
      std::find_if(places.begin(), places.end(), [&](const Place& place) { return place.field == field; });
  return found == places.end() ? nullptr : &*found;
}

std::string escaped(std::string_view text) { return token_of({"", std::string(text)}); }

using Parameter = std::optional<std::pair<std::string, std::string>>;

// What the index can tell of a text; nothing where only the comparison can.
Parameter text_parameter(const Criterion& criterion) {
  const Pattern pattern(criterion.pattern);
  if (pattern.longest().empty()) return std::nullopt;
  if (criterion.field == Field::mother_name)
    return std::pair("_has:RelatedPerson:patient:name", escaped(pattern.longest()));
  const std::string name(place_of(criterion.field)->parameter);
  if (name.empty()) return std::nullopt;
  if (!pattern.head().empty()) return std::pair(name, escaped(pattern.head()));
  return std::pair(name + ":contains", escaped(pattern.longest()));
}

Parameter parameter_of(const Criterion& criterion) {
  if (criterion.field == Field::id || criterion.field == Field::account)
    return std::pair("identifier", token_of({criterion.system, criterion.pattern}));
  if (criterion.field == Field::mother_id)
    return std::pair("_has:RelatedPerson:patient:identifier", token_of({criterion.system, criterion.pattern}));
  if (criterion.field == Field::birth_date) return std::pair("birthdate", criterion.pattern);
  if (criterion.field == Field::gender) return std::pair("gender", criterion.pattern);
  return text_parameter(criterion);
}

bool holds(const Node& patient, const Criterion& criterion) {
  const auto* place = place_of(criterion.field);
  if (!place) return true;  // the index is exact
  const Pattern pattern(criterion.pattern);
  for (const auto& node : patient) {
    if (node.name != place->parent) continue;
    for (const auto& value : node)
      if (value.name == place->child && pattern.matches(value.text)) return true;
  }
  return false;
}

Result<std::vector<Record>> candidates(const Site& site, const std::vector<Criterion>& criteria,
                                       const std::vector<std::string>& among) {
  fhir::search::Parameters parameters;
  const Criterion* id = nullptr;
  for (const auto& criterion : criteria) {
    if (criterion.field == Field::id && !criterion.system.empty() && !id) {
      id = &criterion;
      continue;
    }
    if (auto parameter = parameter_of(criterion)) parameters.push_back(std::move(*parameter));
  }
  if (id) {
    // Found by the identifier, a merged patient leads to its survivor; the other criteria are held against that one.
    auto found = resolve(site, {id->system, id->pattern});
    if (!found || parameters.empty() || found->empty()) return found;
    std::string list;
    for (const auto& record : *found) list += (list.empty() ? "" : ",") + record.id;
    parameters.emplace_back("_id", list);
    return records(site, parameters, most_hits);
  }
  if (!among.empty()) {
    std::string list;
    for (const auto& one : among) list += (list.empty() ? "" : ",") + one;
    parameters.emplace_back("_id", list);
  }
  if (parameters.empty())
    return Outcome(Kind::unprocessable, "required",
                   "The query needs an identifier, or a part of a name, an address or a birth date");
  return records(site, parameters, most_hits);
}

// Those of whom all criteria hold, under the names that they have now.
Result<std::vector<Record>> meeting(const Site& site, const std::vector<Criterion>& criteria,
                                    const std::vector<std::string>& among) {
  auto found = candidates(site, criteria, among);
  if (!found) return found;
  std::erase_if(*found, [&](const Record& record) {
    return !replaced_by(*record.patient).empty() ||
           !std::all_of(criteria.begin(), criteria.end(),
                        [&](const Criterion& criterion) { return holds(*record.patient, criterion); });
  });
  return found;
}

std::vector<Id> shown(const Site& site, const Record& record, const std::vector<std::string>& domains) {
  std::vector<Id> ids;
  for (auto& held : held_by(*record.patient)) {
    if (held.old || held.account) continue;
    const bool known = site.settings.accept_unknown_domains || site.settings.domains.by_uri(held.id.system);
    const bool wanted = domains.empty() || std::find(domains.begin(), domains.end(), held.id.system) != domains.end();
    if (known && wanted) ids.push_back(std::move(held.id));
  }
  return ids;
}

struct Found {
  Record record;
  std::vector<Id> ids;              // to show
  bool own = true;                  // some of them the record has itself
  std::vector<std::string> person;  // logical ids of all its records, where they were looked for
};

// What is to be shown of a record: with domains, the identifiers that its person has there.
Result<Found> with_ids(const Site& site, Record record, const std::vector<std::string>& domains) {
  Found found;
  found.ids = shown(site, record, domains);
  found.own = !found.ids.empty();
  if (!domains.empty()) {
    auto group = group_of(site, {record});
    if (!group) return std::move(group.outcome());
    for (const auto& member : *group) {
      found.person.push_back(member.id);
      for (auto& id : shown(site, member, domains))
        if (std::find(found.ids.begin(), found.ids.end(), id) == found.ids.end()) found.ids.push_back(std::move(id));
    }
  }
  found.record = std::move(record);
  return found;
}

// Who has no identifier in the domains asked for is not shown, nor is a record without one of its own there beside one
// of the same person that has one.
void keep_shown(std::vector<Found>& all) {
  std::set<std::string> own;
  for (const auto& one : all)
    if (one.own) own.insert(one.record.id);
  std::erase_if(all, [&](const Found& one) {
    const auto is_own = [&](const std::string& id) { return own.contains(id); };
    return one.ids.empty() || (!one.own && std::any_of(one.person.begin(), one.person.end(), is_own));
  });
}

}  // namespace

bool answers_to(std::string_view pattern, std::string_view value) { return Pattern(pattern).matches(value); }

Result<Demographics> demographics(const Site& site, const DemographicsQuery& query) {
  auto found = meeting(site, query.criteria, query.among);
  if (!found) return std::move(found.outcome());
  for (const auto& criteria : query.otherwise) {
    auto more = meeting(site, criteria, query.among);
    if (!more) return std::move(more.outcome());
    std::move(more->begin(), more->end(), std::back_inserter(*found));
  }
  std::sort(found->begin(), found->end(), [](const Record& a, const Record& b) { return a.id < b.id; });
  const auto same = [](const Record& a, const Record& b) { return a.id == b.id; };
  found->erase(std::unique(found->begin(), found->end(), same), found->end());
  std::vector<Found> all;
  for (auto& record : *found) {
    auto one = with_ids(site, std::move(record), query.domains);
    if (!one) return std::move(one.outcome());
    all.push_back(std::move(*one));
  }
  if (!query.domains.empty()) keep_shown(all);

  Demographics answer;
  answer.total = all.size();
  for (auto& one : all) {
    if (one.record.id <= query.after && !query.after.empty()) {
      ++answer.before;
      continue;
    }
    if (query.count != 0 && answer.hits.size() == query.count) break;
    answer.hits.push_back({std::move(one.record), std::move(one.ids)});
  }
  return answer;
}

}  // namespace ihe::identity
