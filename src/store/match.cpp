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

bool in_date_range(std::int64_t low, std::int64_t high, const Term& term) {
  const auto& wanted = term.value;
  switch (term.prefix) {
    case Prefix::eq:
      return wanted.low <= low && high <= wanted.high;
    case Prefix::ne:
      return low < wanted.low || wanted.high < high;
    case Prefix::gt:
      return high > wanted.high;
    case Prefix::lt:
      return low < wanted.low;
    case Prefix::ge:
      return high >= wanted.low;
    case Prefix::le:
      return low <= wanted.high;
    case Prefix::sa:
      return low > wanted.high;
    case Prefix::eb:
      return high < wanted.low;
    case Prefix::ap:
      return low <= wanted.high && wanted.low <= high;
  }
  return false;
}

namespace {

bool in_number_range(double low, double high, const Term& term) {
  const double given = term.value.number;
  const bool within = (low == given && high == given) || (term.low_number <= low && high < term.high_number);
  switch (term.prefix) {
    case Prefix::eq:
      return within;
    case Prefix::ne:
      return !within;
    case Prefix::gt:
      return high > given;
    case Prefix::lt:
      return low < given;
    case Prefix::ge:
      return high >= given;
    case Prefix::le:
      return low <= given;
    case Prefix::sa:
      return low >= term.high_number && low != given;
    case Prefix::eb:
      return high < term.low_number && high != given;
    case Prefix::ap:
      return term.low_number <= high && low <= term.high_number;
  }
  return false;
}

bool part_of(std::string_view stored, std::string_view wanted, Modifier modifier) {
  const auto text = fhir::search::fold(stored);
  const auto part = fhir::search::fold(wanted);
  if (modifier == Modifier::starts) return text.starts_with(part);
  if (modifier == Modifier::ends) return text.ends_with(part);
  return text.find(part) != std::string::npos;
}

bool same_token(const Value& value, const Alternative& wanted, Modifier modifier) {
  const auto& term = *wanted.term;
  if (!term.any_system && value.system != wanted.system) return false;
  if (is_part(modifier)) return part_of(value.text, term.value.text, modifier);
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
  // Text search: the beginning of any word.
  for (auto at = value.text.find(term.text); at != std::string_view::npos; at = value.text.find(term.text, at + 1))
    if (at == 0 || value.text[at - 1] == ' ') return true;
  return false;
}

bool same_uri(std::string_view value, std::string_view wanted, Modifier modifier) {
  if (modifier == Modifier::below) return is_above(wanted, value);
  if (modifier == Modifier::above) return is_above(value, wanted);
  if (is_part(modifier)) return part_of(value, wanted, modifier);
  return value == wanted;
}

bool same_quantity(const Value& value, const Alternative& wanted) {
  const auto& term = *wanted.term;
  if (value.canonical != term.value.canonical) return false;
  if (!in_number_range(value.number, value.upper, term)) return false;
  if (term.value.canonical) return value.text == term.value.text;
  if (term.any_unit) return true;
  const auto& unit = term.value.text.empty() ? term.value.unit : term.value.text;
  if (term.any_system) return value.text == unit || value.exact == unit;
  return value.system == wanted.system && value.text == unit;
}

bool same_reference(const Value& value, const Alternative& wanted) {
  const auto& version = wanted.term->value.system;
  if (!version.empty() && value.exact != version) return false;
  return std::find(wanted.targets.begin(), wanted.targets.end(), value.target) != wanted.targets.end();
}

}  // namespace

bool is_part(Modifier modifier) {
  return modifier == Modifier::contains || modifier == Modifier::starts || modifier == Modifier::ends;
}

namespace {

bool meets(const Value& value, const Alternative& alternative, Modifier modifier) {
  const auto& term = *alternative.term;
  switch (value.kind) {
    case IndexKind::token:
      return same_token(value, alternative, modifier);
    case IndexKind::string:
      return same_string(value, alternative, modifier);
    case IndexKind::date:
      return in_date_range(value.low, value.high, term);
    case IndexKind::number:
      return in_number_range(value.number, value.upper, term);
    case IndexKind::quantity:
      return same_quantity(value, alternative);
    case IndexKind::reference:
      return same_reference(value, alternative);
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

bool is_above(std::string_view upper, std::string_view lower) {
  if (!lower.starts_with(upper)) return false;
  if (lower.size() == upper.size() || upper.ends_with('/')) return true;
  constexpr std::string_view ends = "/?#|";
  return ends.find(lower[upper.size()]) != std::string_view::npos;
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

Facet facet_of(const Clause& clause) {
  using enum Modifier;
  if (clause.modifier == identifier) return Facet::identifier;
  if (clause.modifier == of_type) return Facet::of_type;
  if (clause.modifier == text && clause.parameter->type != fhir::ParameterType::string) return Facet::text;
  return Facet::value;
}

}  // namespace alzette::store
