// What a search condition means. Written for clearness: stores evaluate the same on their indexes.
// FHIR R4: http://hl7.org/fhir/R4/search.html §3.1.1.4 (modifiers), §3.1.1.4.5 (prefixes), §3.1.1.5 (types)
#include "fhir/search/match.h"

#include <algorithm>
#include <cctype>
#include <cmath>

namespace fhir::search {

// Both sides are ranges. eq: the given range holds the stored one. gt and lt: the stored range reaches beyond the
// whole given one. ge and le also take a stored range that overlaps the given one.
bool in_date_range(const Term& term, std::int64_t low, std::int64_t high) {
  const auto given_low = term.value.low;
  const auto given_high = term.value.high;
  const bool within = given_low <= low && high <= given_high;
  switch (term.prefix) {
    case Prefix::eq:
      return within;
    case Prefix::ne:
      return !within;
    case Prefix::gt:
      return high > given_high;
    case Prefix::lt:
      return low < given_low;
    case Prefix::ge:
      return high >= given_low;
    case Prefix::le:
      return low <= given_high;
    case Prefix::sa:
      return low > given_high;
    case Prefix::eb:
      return high < given_low;
    case Prefix::ap:
      return high >= given_low && low <= given_high;
  }
  return false;
}

// eq and ne look at the range that the given digits imply, comparisons at the given value itself; sa and eb at what
// lies outside the implied range. A stored range is compared like a stored period. More digits than a double holds
// imply no range: then the value itself counts.
bool in_number_range(const Term& term, double low, double high) {
  const double given = term.value.number;
  const bool equal = low == given && high == given;
  const bool within = equal || (term.low_number <= low && high < term.high_number);
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
      return low != given && low >= term.high_number;
    case Prefix::eb:
      return high != given && high < term.low_number;
    case Prefix::ap:
      return high >= term.low_number && low <= term.high_number;
  }
  return false;
}

bool is_part(Modifier modifier) {
  return modifier == Modifier::contains || modifier == Modifier::starts || modifier == Modifier::ends;
}

bool part_of(std::string_view stored, std::string_view wanted, Modifier modifier) {
  const auto text = fold(stored);
  const auto part = fold(wanted);
  if (modifier == Modifier::starts) return text.starts_with(part);
  if (modifier == Modifier::ends) return text.ends_with(part);
  return text.find(part) != std::string::npos;
}

// The beginning of any word.
bool holds_word(std::string_view text, std::string_view wanted) {
  for (auto at = text.find(wanted); at != std::string_view::npos; at = text.find(wanted, at + 1))
    if (at == 0 || text[at - 1] == ' ') return true;
  return false;
}

bool is_media_type(std::string_view stored, std::string_view wanted) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  };
  if (stored.size() < wanted.size() || !std::equal(wanted.begin(), wanted.end(), stored.begin(), same)) return false;
  const auto rest = stored.find_first_not_of(' ', wanted.size());
  return rest == std::string_view::npos || stored[rest] == ';';
}

bool is_version_of(std::string_view version, std::string_view beginning) {
  const auto goes_on = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  return version.starts_with(beginning) && (version.size() == beginning.size() || beginning.empty() ||
                                            !goes_on(beginning.back()) || !goes_on(version[beginning.size()]));
}

// http://acme.org/fhir is above http://acme.org/fhir/ValueSet/1, but not above http://acme.org/fhirx.
bool is_above(std::string_view upper, std::string_view lower) {
  if (!lower.starts_with(upper)) return false;
  if (const auto bar = upper.rfind('|'); bar != std::string_view::npos)
    return is_version_of(lower.substr(bar + 1), upper.substr(bar + 1));
  if (lower.size() == upper.size() || upper.ends_with('/')) return true;
  return std::string_view("/?#|").find(lower[upper.size()]) != std::string_view::npos;
}

namespace {

// A UCUM value is compared in base units with canonical rows alone, any other with the rows as written.
bool meets_quantity(const Term& term, const IndexValue& stored) {
  if (stored.canonical != term.value.canonical) return false;
  const bool unit = term.value.canonical ? stored.text == term.value.text
                    : term.any_unit      ? true
                    : term.any_system    ? stored.text == term.value.text || stored.unit == term.value.text
                                         : stored.text == term.value.text && stored.system == term.value.system;
  return unit && in_number_range(term, stored.number, stored.upper);
}

// Whole words, one behind the other; the last one may go on where only its beginning is asked for.
bool holds_words(std::string_view text, std::string_view wanted, bool beginning) {
  for (auto at = text.find(wanted); at != std::string_view::npos; at = text.find(wanted, at + 1)) {
    const auto end = at + wanted.size();
    if ((at == 0 || text[at - 1] == ' ') && (beginning || end == text.size() || text[end] == ' ')) return true;
  }
  return false;
}

bool meets_string(const Term& term, Modifier modifier, const IndexValue& stored) {
  if (modifier == Modifier::exact) return stored.exact == term.value.exact;
  if (modifier == Modifier::contains) return stored.text.find(term.value.text) != std::string::npos;
  if (modifier == Modifier::text) return holds_word(stored.text, term.value.text);
  if (modifier == Modifier::equal) return stored.text == term.value.text;
  if (modifier == Modifier::unequal) return stored.text != term.value.text;
  if (modifier == Modifier::ends) return stored.text.ends_with(term.value.text);
  return stored.text.starts_with(term.value.text);
}

bool meets_token(const Term& term, Modifier modifier, const IndexValue& stored) {
  const bool code = term.value.text.empty()       ? true
                    : modifier == Modifier::below ? is_media_type(stored.text, term.value.text)
                    : is_part(modifier)           ? part_of(stored.text, term.value.text, modifier)
                                                  : stored.text == term.value.text;
  const bool met = code && (term.any_system || stored.system == term.value.system);
  return met != (modifier == Modifier::unequal);
}

bool meets_reference(const Term& term, Modifier modifier, const IndexValue& stored) {
  if (stored.text != term.value.text) return false;
  if (!term.types.empty())
    return std::any_of(term.types.begin(), term.types.end(),
                       [&](const Type* type) { return type->name.view() == stored.type; });
  if (stored.type != term.value.type) return false;
  if (modifier == Modifier::below) return is_version_of(stored.system, term.value.system);
  return term.value.system.empty() || stored.system == term.value.system;
}

bool meets_uri(const Term& term, Modifier modifier, const IndexValue& stored) {
  if (modifier == Modifier::below) return is_above(term.value.text, stored.text);
  if (modifier == Modifier::above) return is_above(stored.text, term.value.text);
  if (is_part(modifier)) return part_of(stored.text, term.value.text, modifier);
  if (modifier == Modifier::unequal) return stored.text != term.value.text;
  return stored.text == term.value.text;
}

bool meets_parts(const Term& term, const IndexRow& row) {
  if (term.near)
    return row.parts.size() == 2 && kilometres(row.parts[0].number, row.parts[1].number, term.parts[0].value.number,
                                               term.parts[1].value.number) <= term.value.number;
  if (term.parts.size() != row.parts.size()) return false;
  for (std::size_t i = 0; i < row.parts.size(); ++i)
    if (!meets(term.parts[i], Modifier::none, row.parts[i])) return false;
  return true;
}

}  // namespace

Facet facet_of(Modifier modifier) {
  if (modifier == Modifier::text) return Facet::text;
  if (modifier == Modifier::identifier) return Facet::identifier;
  if (modifier == Modifier::of_type) return Facet::of_type;
  return Facet::value;
}

bool meets(const Term& term, Modifier modifier, const IndexValue& value) {
  if (term.value.kind != value.kind) return false;
  switch (value.kind) {
    case IndexKind::token:
      return meets_token(term, modifier, value);
    case IndexKind::string:
      return meets_string(term, modifier, value);
    case IndexKind::date:
      return in_date_range(term, value.low, value.high);
    case IndexKind::number:
      return in_number_range(term, value.number, value.upper);
    case IndexKind::quantity:
      return meets_quantity(term, value);
    case IndexKind::reference:
      return meets_reference(term, modifier, value) != (modifier == Modifier::unequal);
    case IndexKind::uri:
      return meets_uri(term, modifier, value);
    case IndexKind::composite:
      return false;
    case IndexKind::words:
      return holds_words(value.text, term.value.text, modifier == Modifier::starts);
  }
  return false;
}

double kilometres(double latitude, double longitude, double other_latitude, double other_longitude) {
  constexpr double radians = 3.14159265358979323846 / 180;
  const double up = std::sin((other_latitude - latitude) * radians / 2);
  const double across = std::sin((other_longitude - longitude) * radians / 2);
  const double a = up * up + std::cos(latitude * radians) * std::cos(other_latitude * radians) * across * across;
  return 2 * earth_radius * std::asin(std::min(1.0, std::sqrt(a)));
}

bool matches(const Clause& clause, std::span<const IndexRow> rows) {
  if (clause.join != Clause::Join::none) {
    const auto holds = [&](const Clause& part) { return matches(part, rows); };
    const bool met = clause.join == Clause::Join::all ? std::all_of(clause.parts.begin(), clause.parts.end(), holds)
                                                      : std::any_of(clause.parts.begin(), clause.parts.end(), holds);
    return met != clause.negated;
  }
  const auto facet = facet_of(clause.modifier);
  bool present = false;
  bool met = false;
  for (const auto& row : rows) {
    if (row.contained || row.parameter->code.view() != clause.parameter->code.view()) continue;
    present = true;
    if (row.facet != facet) continue;
    const auto fits = [&](const Term& term) {
      return term.parts.empty() ? meets(term, clause.modifier, row.value) : meets_parts(term, row);
    };
    met = met || (clause.modifier == Modifier::unequal ? std::all_of(clause.any_of.begin(), clause.any_of.end(), fits)
                                                       : std::any_of(clause.any_of.begin(), clause.any_of.end(), fits));
  }
  if (clause.modifier == Modifier::missing) return present != clause.missing;
  return clause.modifier == Modifier::not_ ? !met : met;
}

}  // namespace fhir::search
