// Prefixes and modifiers on one posting. FHIR R4: http://hl7.org/fhir/R4/search.html
#include "src/store/match.h"

#include <algorithm>
#include <cmath>

#include "fhir/search/match.h"

namespace alzette::store {

using fhir::search::Clause;
using fhir::search::Facet;
using fhir::search::IndexKind;
using fhir::search::Modifier;
using fhir::search::Prefix;
using fhir::search::Term;

namespace {

bool same_token(const Value& value, const Alternative& wanted, Modifier modifier) {
  const auto& term = *wanted.term;
  if (!term.any_system && value.system != wanted.system) return false;
  if (is_part(modifier)) return part_of(value.text, term.value.text, modifier);
  if (modifier == Modifier::below) return fhir::search::is_media_type(value.text, term.value.text);
  return term.value.text.empty() ? !term.any_system : value.text == term.value.text;
}

bool same_string(const Value& value, const Alternative& wanted, Modifier modifier) {
  const auto& term = wanted.term->value;
  if (modifier == Modifier::exact) return value.exact == (term.exact.empty() ? term.text : term.exact);
  if (modifier == Modifier::contains) return value.text.find(term.text) != std::string_view::npos;
  if (modifier == Modifier::equal) return value.text == term.text;
  if (modifier == Modifier::ends) return value.text.ends_with(term.text);
  if (modifier == Modifier::unequal) return value.text == term.text;
  if (modifier != Modifier::text) return value.text.starts_with(term.text);
  return fhir::search::holds_word(value.text, term.text);
}

bool same_uri(std::string_view value, std::string_view wanted, Modifier modifier) {
  if (modifier == Modifier::below) return fhir::search::is_above(wanted, value);
  if (modifier == Modifier::above) return fhir::search::is_above(value, wanted);
  if (is_part(modifier)) return part_of(value, wanted, modifier);
  return value == wanted;
}

bool same_quantity(const Value& value, const Alternative& wanted) {
  const auto& term = *wanted.term;
  if (value.canonical != term.value.canonical) return false;
  if (!fhir::search::in_number_range(term, value.number, value.upper)) return false;
  if (term.value.canonical) return value.text == term.value.text;
  if (term.any_unit) return true;
  const auto& unit = term.value.text.empty() ? term.value.unit : term.value.text;
  if (term.any_system) return value.text == unit || value.exact == unit;
  return value.system == wanted.system && value.text == unit;
}

bool same_reference(const Value& value, const Alternative& wanted, Modifier modifier) {
  const auto& version = wanted.term->value.system;
  const bool fits = modifier == Modifier::below ? fhir::search::is_version_of(value.exact, version)
                                                : version.empty() || value.exact == version;
  if (!fits) return false;
  return std::find(wanted.targets.begin(), wanted.targets.end(), value.target) != wanted.targets.end();
}

bool meets(const Value& value, const Alternative& alternative, Modifier modifier) {
  const auto& term = *alternative.term;
  switch (value.kind) {
    case IndexKind::token:
      return same_token(value, alternative, modifier);
    case IndexKind::string:
      return same_string(value, alternative, modifier);
    case IndexKind::date:
      return fhir::search::in_date_range(term, value.low, value.high);
    case IndexKind::number:
      return fhir::search::in_number_range(term, value.number, value.upper);
    case IndexKind::quantity:
      return same_quantity(value, alternative);
    case IndexKind::reference:
      return same_reference(value, alternative, modifier);
    case IndexKind::uri:
      return same_uri(value.text, term.value.text, modifier);
    case IndexKind::composite:
    case IndexKind::words:
      return false;
  }
  return false;
}

}  // namespace

bool matches(const Value& value, const Alternative& alternative, Modifier modifier) {
  if (value.kind != alternative.term->value.kind) return false;
  return meets(value, alternative, modifier) != (modifier == Modifier::unequal);
}

bool matches(const Posting& posting, const Alternative& alternative, Modifier modifier) {
  if (alternative.term->near)
    return posting.part_count == 2 &&
           fhir::search::kilometres(posting.parts[0].number, posting.parts[1].number,
                                    alternative.term->parts[0].value.number,
                                    alternative.term->parts[1].value.number) <= alternative.term->value.number;
  if (alternative.parts.empty()) return posting.part_count == 0 && matches(posting.value, alternative, modifier);
  if (posting.part_count != alternative.parts.size()) return false;
  for (std::size_t i = 0; i < posting.part_count; ++i)
    if (!matches(posting.parts[i], alternative.parts[i], Modifier::none)) return false;
  return true;
}

std::string parameter_name(std::string_view type, std::string_view code, Facet facet) {
  std::string name;
  name.reserve(type.size() + code.size() + 12);
  name.append(type).append(".").append(code);
  switch (facet) {
    case Facet::value:
      break;
    case Facet::text:
      name += ":text";
      break;
    case Facet::identifier:
      name += ":identifier";
      break;
    case Facet::of_type:
      name += ":of-type";
      break;
  }
  return name;
}

std::string contained_name(std::string_view type, std::string_view code, Facet facet) {
  return "#" + parameter_name(type, code, facet);
}

std::string chained_name(std::string_view type, std::string_view reference, std::string_view to, std::string_view code,
                         Facet facet) {
  return parameter_name(type, reference, Facet::value) + contained_name(to, code, facet);
}

Facet facet_of(const Clause& clause) {
  using enum Modifier;
  if (clause.modifier == identifier) return Facet::identifier;
  if (clause.modifier == of_type) return Facet::of_type;
  if (clause.modifier == text && clause.parameter->type != fhir::ParameterType::string) return Facet::text;
  return Facet::value;
}

}  // namespace alzette::store
