// The tests that a filter makes of a concept. FHIR R4: http://hl7.org/fhir/R4/codesystem.html#filters
#include "fhir/terminology/filter.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <utility>

#include "fhir/terminology/compose.h"
#include "fhir/utf8.h"
#include "fhir/value.h"

namespace fhir::terminology {
namespace {

bool has_property(const System& system, std::string_view name) {
  // The standard's own need not be declared by a code system.
  constexpr std::array<std::string_view, 7> standard{"status", "inactive",   "notSelectable", "parent",
                                                     "child",  "deprecated", "effectiveDate"};
  if (std::find(standard.begin(), standard.end(), name) != standard.end()) return true;
  const auto declares = [&](const CodeSystem& part) {
    return std::any_of(part.kinds().begin(), part.kinds().end(),
                       [&](const PropertyKind& kind) { return part.means(kind, name); });
  };
  const auto& more = system.supplements();
  return declares(*system.rows()) ||
         std::any_of(more.begin(), more.end(), [&](const auto& part) { return declares(*part); });
}

Outcome not_understood(const Filter& filter, const System& system) {
  return refusal(Kind::unprocessable, "not-supported", "vs-invalid",
                 "The filter " + std::string(filter.property) + " " + std::string(filter.op) + " '" +
                     shortened(filter.value) + "' is not understood for the system " + std::string(system.url()),
                 filter.place);
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> values;
  while (true) {
    const auto comma = text.find(',');
    auto item = text.substr(0, comma);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    values.emplace_back(item);
    if (comma == text.npos) return values;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

// UCUM has one property: what a unit is in base units. FHIR R4: http://hl7.org/fhir/R4/ucum.html#filters
Result<Condition> Condition::by_rule(const Filter& filter, const System& system) {
  const auto unit = canonical_unit(filter.value);
  if (system.url() != "http://unitsofmeasure.org" || filter.property != "canonical" || filter.op != "=" || !unit)
    return not_understood(filter, system);
  Condition made;
  made.subject_ = Subject::unit;
  made.value_ = unit->unit;
  return made;
}

Result<Condition> Condition::prepare(const Filter& filter, System& system) {
  constexpr std::pair<std::string_view, Test> tests[] = {
      {"is-a", Test::is_a},         {"descendent-of", Test::descendent},
      {"child-of", Test::child},    {"descendent-leaf", Test::leaf},
      {"is-not-a", Test::not_is_a}, {"generalizes", Test::generalizes},
      {"=", Test::equals},          {"in", Test::in},
      {"not-in", Test::not_in},     {"regex", Test::regex},
      {"exists", Test::exists}};
  const auto* test =
      std::find_if(std::begin(tests), std::end(tests), [&](const auto& known) { return known.first == filter.op; });
  if (filter.value.empty())
    return refusal(Kind::unprocessable, "invalid", "vs-invalid",
                   "The system " + std::string(system.url()) + " filter with property = " +
                       std::string(filter.property) + ", op = " + std::string(filter.op) + " has no value",
                   filter.place, "UNABLE_TO_HANDLE_SYSTEM_FILTER_WITH_NO_VALUE");
  if (test == std::end(tests)) return not_understood(filter, system);
  if (!system.rows()) return by_rule(filter, system);
  Condition made;
  made.test_ = test->second;
  made.value_ = filter.value;
  made.property_ = filter.property;
  if (filter.property == "concept" || filter.property == "code") {
    made.subject_ = Subject::code;
  } else if (filter.property == "display") {
    made.subject_ = Subject::display;
  } else if (filter.property == "definition") {
    made.subject_ = Subject::definition;
  } else if (has_property(system, filter.property)) {
    made.subject_ = filter.property == "inactive" ? Subject::inactive : Subject::property;
  } else {
    return not_understood(filter, system);
  }
  const bool hierarchical = made.test_ <= Test::generalizes;
  if (hierarchical && made.subject_ != Subject::code) return not_understood(filter, system);
  if (hierarchical) made.anchor_ = system.find(filter.value);
  if (made.test_ == Test::in || made.test_ == Test::not_in) {
    made.values_ = split_list(filter.value);
    std::sort(made.values_.begin(), made.values_.end());
  }
  if (made.test_ == Test::exists && filter.value != "true" && filter.value != "false")
    return not_understood(filter, system);
  if (made.test_ == Test::regex) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(1 << 20);
    made.pattern_ =
        std::make_shared<const re2::RE2>(re2::StringPiece(filter.value.data(), filter.value.size()), options);
    if (!made.pattern_->ok())
      return refusal(Kind::unprocessable, "invalid", "vs-invalid",
                     "The regular expression '" + shortened(made.value_) + "' is not valid: " + made.pattern_->error(),
                     filter.place);
  }
  return made;
}

bool Condition::accepts(std::string_view text) const {
  switch (test_) {
    case Test::equals:
      return text == value_;
    case Test::in:
    case Test::not_in:
      return std::binary_search(values_.begin(), values_.end(), text);
    case Test::regex:
      return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), *pattern_);
    case Test::exists:
      return true;
    case Test::is_a:
    case Test::descendent:
    case Test::child:
    case Test::leaf:
    case Test::not_is_a:
    case Test::generalizes:
      break;
  }
  return false;
}

// Whether the concept is the anchor, or below it (what "generalizes" means: above it). To go up from a few concepts is
// cheap, though in a hierarchy that is a line it is not; when many are asked for, all that hold are marked.
bool Condition::on_line(const CodeSystem& rows, At at, std::uint64_t& steps) const {
  constexpr int few = 16;
  if (anchor_ == nowhere) return false;
  const bool up = test_ == Test::generalizes;
  if (line_.empty() && walked_ < few) {
    ++walked_;
    steps += rows.concepts().size() / 8;
    return up ? rows.subsumes(at, anchor_) : rows.subsumes(anchor_, at);
  }
  if (line_.empty()) {
    line_.resize(rows.concepts().size());
    for (const At one : up ? rows.above(anchor_) : rows.below(anchor_)) line_[one] = true;
    steps += line_.size();
  }
  return line_[at];
}

bool Condition::holds(const System& system, At at, std::uint64_t& steps) const {
  ++steps;
  if (subject_ == Subject::unit) {
    const auto unit = canonical_unit(system.at(at).code);
    return unit && unit->unit == value_;
  }
  const CodeSystem& rows = *system.rows();
  const auto is_on_line = [&] { return on_line(rows, at, steps); };
  const auto is_child = [&] {
    const auto parents = rows.parents(at);
    return std::find(parents.begin(), parents.end(), anchor_) != parents.end();
  };
  if (test_ == Test::is_a || test_ == Test::generalizes) return is_on_line();
  if (test_ == Test::descendent) return at != anchor_ && is_on_line();
  if (test_ == Test::child) return anchor_ != nowhere && is_child();
  if (test_ == Test::leaf) return at != anchor_ && rows.children(at).empty() && is_on_line();
  if (test_ == Test::not_is_a) return !is_on_line();
  bool any = false;  // one of the concept's values is accepted
  const Concept& row = system.at(at);
  if (subject_ == Subject::inactive) any = accepts(row.inactive ? "true" : "false");
  if (subject_ == Subject::code) any = accepts(row.code);
  if (subject_ == Subject::display) any = !row.display.empty() && accepts(row.display);
  if (subject_ == Subject::definition) any = !row.definition.empty() && accepts(row.definition);
  if (subject_ == Subject::property) {
    bool stated = false;
    system.each_part(at, [&](const CodeSystem& part, At there) {
      for (const auto& property : part.properties(there)) {
        if (!part.means(part.kinds()[property.kind], property_)) continue;
        stated = true;
        any = any || accepts(property.text) ||
              (!property.system.empty() && accepts(std::string(property.system) + "|" + std::string(property.text)));
      }
    });
    const auto links = property_ == "parent"  ? rows.parents(at)
                       : property_ == "child" ? rows.children(at)
                                              : std::span<const At>{};
    for (const At other : links) any = any || accepts(rows.at(other).code);
    if (!stated && property_ == "status") any = !row.status.empty() && accepts(row.status);
  }
  if (test_ == Test::not_in) return !any;
  if (test_ == Test::exists) return any == (value_ == "true");
  return any;
}

std::optional<std::vector<At>> Condition::among(const System& system) const {
  const CodeSystem& rows = *system.rows();
  const bool down = test_ == Test::is_a || test_ == Test::descendent || test_ == Test::child || test_ == Test::leaf;
  if ((down || test_ == Test::generalizes) && anchor_ == nowhere) return std::vector<At>{};
  std::optional<std::vector<At>> found;
  if (test_ == Test::child) {
    const auto children = rows.children(anchor_);
    found.emplace(children.begin(), children.end());
  } else if (down) {
    found = rows.below(anchor_);
  } else if (test_ == Test::generalizes) {
    found = rows.above(anchor_);
  } else if (subject_ == Subject::code && (test_ == Test::equals || test_ == Test::in)) {
    found.emplace();
    for (const auto& code : test_ == Test::in ? values_ : std::vector<std::string>{value_})
      if (const At at = rows.find(code); at != nowhere) found->push_back(at);
  }
  if (found) std::sort(found->begin(), found->end());
  return found;
}

}  // namespace fhir::terminology
