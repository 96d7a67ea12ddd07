// Reads one value of a search parameter: prefix, escapes, bars, implied ranges.
// FHIR R4: http://hl7.org/fhir/R4/search.html §3.1.1.4.5 (prefixes), §3.1.1.5 (types), §3.1.1.5.7 (escaping)
#include "fhir/search/term.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "fhir/search/values.h"
#include "fhir/utf8.h"
#include "fhir/value.h"

namespace fhir::search {
namespace {

constexpr std::array<std::pair<std::string_view, Prefix>, 9> prefixes{{{"eq", Prefix::eq},
                                                                       {"ne", Prefix::ne},
                                                                       {"gt", Prefix::gt},
                                                                       {"lt", Prefix::lt},
                                                                       {"ge", Prefix::ge},
                                                                       {"le", Prefix::le},
                                                                       {"sa", Prefix::sa},
                                                                       {"eb", Prefix::eb},
                                                                       {"ap", Prefix::ap}}};
constexpr std::string_view prefix_help = ", optionally after one of eq ne gt lt ge le sa eb ap";

Outcome expected(std::string_view code, std::string_view text, std::string_view what) {
  std::string message = "Parameter '" + std::string(code) + "': '" + shown(text) + "' is not " + std::string(what);
  return {Kind::malformed, "invalid", std::move(message)};
}

Prefix take_prefix(std::string_view& text) {
  for (const auto& [word, prefix] : prefixes) {
    if (!text.starts_with(word)) continue;
    text.remove_prefix(2);
    return prefix;
  }
  return Prefix::eq;
}

bool read_date(std::string_view text, const Reading& reading, Term& term) {
  term.prefix = take_prefix(text);
  const auto date = parse_date_time(with_plus(text));
  if (!date) return false;
  term.value.kind = IndexKind::date;
  term.value.low = date->low;
  term.value.high = date->high;
  if (term.prefix == Prefix::ap) {
    const auto slack = reading.now ? std::abs(reading.now - date->low) / 10 : date->high - date->low + 1;
    term.value.low -= slack;
    term.value.high += slack;
  }
  return true;
}

bool read_number(std::string_view text, Term& term) {
  const auto range = decimal_range(text);
  if (!range) return false;
  term.value.number = range->value;
  term.low_number = range->low;
  term.high_number = range->high;
  if (term.prefix == Prefix::ap) {
    const double tenth = std::abs(range->value) * 0.1;
    term.low_number = std::min(term.low_number, range->value - tenth);
    term.high_number = std::max(term.high_number, range->value + tenth);
  }
  return true;
}

// Base units: the limits move by less than any difference that is meant, so that rounding of the conversion neither
// drops nor adds a value that is equal.
void to_base_units(Term& term, std::string_view code) {
  const auto canonical = canonical_quantity(term.value.number, code);
  const auto low = canonical_quantity(term.low_number, code), high = canonical_quantity(term.high_number, code);
  if (!canonical || !low || !high) return;
  const auto moved = [](double x, int direction) { return x + direction * std::abs(x) * 1e-12; };
  const bool from_below = term.prefix == Prefix::ge || term.prefix == Prefix::lt;
  const bool inclusive = term.prefix == Prefix::ap;
  term.low_number = moved(low->number, -1);
  term.high_number = moved(high->number, inclusive ? 1 : -1);
  term.value = *canonical;
  term.value.number = moved(term.value.number, from_below ? -1 : 1);
}

bool read_quantity(std::string_view text, Term& term) {
  term.prefix = take_prefix(text);
  term.value.kind = IndexKind::quantity;
  const auto parts = split(text, '|');
  if (parts.size() > 3 || !read_number(parts[0], term)) return false;
  const auto system = parts.size() > 1 ? unescape(parts[1]) : std::string();
  const auto code = parts.size() > 2 ? unescape(parts[2]) : std::string();
  if (code.empty() && !system.empty()) return false;
  term.any_unit = code.empty();
  term.any_system = system.empty();
  term.value.text = code;
  term.value.system = system;
  if (system == ucum_system) to_base_units(term, code);
  return true;
}

bool read_token(std::string_view text, Term& term) {
  term.value.kind = IndexKind::token;
  const auto parts = split(text, '|');
  if (parts.size() == 1) {
    term.any_system = true;
    term.value.text = unescape(text);
    return !term.value.text.empty();
  }
  term.value.system = unescape(parts[0]);
  term.value.text = unescape(text.substr(parts[0].size() + 1));
  return !term.value.system.empty() || !term.value.text.empty();
}

bool read_of_type(std::string_view text, Term& term) {
  term.value.kind = IndexKind::token;
  const auto parts = split(text, '|');
  if (parts.size() != 3 || parts[1].empty() || parts[2].empty()) return false;
  term.value.system = unescape(parts[0]) + "|" + unescape(parts[1]);
  term.value.text = unescape(parts[2]);
  return true;
}

bool read_string(std::string_view text, Term& term) {
  term.value.kind = IndexKind::string;
  term.value.exact = unescape(text);
  term.value.text = fold(term.value.exact);
  return term.value.text.find_first_not_of(" \t\r\n") != std::string::npos;
}

// latitude|longitude, then perhaps |distance and |unit: kilometres by default, and 5 of them.
bool read_near(std::string_view text, Term& term) {
  constexpr std::pair<std::string_view, double> units[] = {
      {"km", 1}, {"", 1}, {"m", 0.001}, {"[mi_i]", 1.609344}, {"[mi_us]", 1.609347219}, {"mi", 1.609344}};
  const auto parts = split(text, '|');
  if (parts.size() < 2 || parts.size() > 4) return false;
  term.near = true;
  term.value.kind = IndexKind::composite;
  for (int i = 0; i < 2; ++i) {
    const auto degrees = decimal_range(unescape(parts[static_cast<std::size_t>(i)]));
    if (!degrees || std::abs(degrees->value) > (i == 0 ? 90 : 180)) return false;
    auto& part = term.parts.emplace_back();
    part.value.kind = IndexKind::number;
    part.value.number = part.value.upper = degrees->value;
  }
  constexpr double around = 5;
  term.value.number = around;
  if (parts.size() > 2 && !parts[2].empty()) {
    const auto distance = decimal_range(unescape(parts[2]));
    if (!distance || distance->value < 0) return false;
    term.value.number = distance->value;
  }
  const auto given = parts.size() > 3 ? unescape(parts[3]) : std::string();
  for (const auto& [unit, factor] : units) {
    if (unit != given) continue;
    term.value.number *= factor;
    return true;
  }
  return false;
}

bool read_uri(std::string_view text, Term& term) {
  term.value.kind = IndexKind::uri;
  term.value.text = unescape(text);
  return !term.value.text.empty();
}

// "Observation.subject.where(resolve() is Patient)" leads to nothing but a Patient, whatever the targets say.
const Type* resolved_type(std::string_view expression) {
  constexpr std::string_view mark = "resolve() is ";
  const Type* only = nullptr;
  for (std::size_t at = 0; at <= expression.size();) {
    const auto end = std::min(expression.find('|', at), expression.size());
    const auto branch = expression.substr(at, end - at);
    const auto found = branch.find(mark);
    if (found == std::string_view::npos) return nullptr;
    const auto name = branch.substr(found + mark.size());
    const Type* type = definitions().resource(name.substr(0, name.find(')')));
    if (!type || (only && only != type)) return nullptr;
    only = type;
    at = end + 1;
  }
  return only;
}

const std::vector<const Type*>& all_resources() {
  static const std::vector<const Type*> all = [] {
    std::vector<const Type*> types;
    for (const auto& type : definitions().types)
      if (type.kind == TypeKind::resource && !type.abstract) types.push_back(&type);
    return types;
  }();
  return all;
}

bool read_reference(const SearchParameter* parameter, std::string_view text, const Reading& reading, Term& term) {
  const auto written = unescape(text);
  term.value.kind = IndexKind::reference;
  if (valid_id(written)) {
    term.value.text = written;
    term.types = parameter ? targets_of(*parameter) : all_resources();
    if (term.types.size() == 1) {
      term.value.type = term.types[0]->name.view();
      term.types.clear();
    }
    return true;
  }
  auto value = reference_value(written, reading.base);
  if (!value || written.starts_with('#')) return false;
  if (value->type.empty() && value->text.find(':') == std::string::npos) return false;
  term.value = std::move(*value);
  return true;
}

// A value of one type; `parameter` (may be null) knows the targets of a reference.
Result<Term> read_value(ParameterType type, const SearchParameter* parameter, std::string_view code,
                        std::string_view text, const Reading& reading) {
  Term term;
  switch (type) {
    case ParameterType::string:
      if (read_string(text, term)) return term;
      return expected(code, text, "a text to look for");
    case ParameterType::token:
      if (read_token(text, term)) return term;
      return expected(code, text, "a token: code, system|code, |code or system|");
    case ParameterType::date:
      if (read_date(unescape(text), reading, term)) return term;
      return expected(code, text,
                      "a date such as 2013, 2013-01, 2013-01-14 or 2013-01-14T10:00:00Z" + std::string(prefix_help));
    case ParameterType::number:
      term.value.kind = IndexKind::number;
      term.prefix = take_prefix(text);
      if (read_number(unescape(text), term)) return term;
      return expected(code, text, "a number such as 100, 5.40 or 1e-3" + std::string(prefix_help));
    case ParameterType::quantity:
      if (read_quantity(text, term)) return term;
      return expected(code, text, "a quantity: number, number|system|code or number||code" + std::string(prefix_help));
    case ParameterType::reference:
      if (read_reference(parameter, text, reading, term)) return term;
      return expected(code, text, "a reference: id, Type/id, or an absolute URL, optionally with |version");
    case ParameterType::uri:
      if (read_uri(text, term)) return term;
      return expected(code, text, "a URI");
    case ParameterType::special:
      if (read_near(text, term)) return term;
      return expected(code, text, "a place: latitude|longitude|distance|km (or m, [mi_i]) in degrees WGS84");
    case ParameterType::composite:
      break;
  }
  return expected(code, text, "a value that can be searched for");
}

Result<Term> read_composite(const SearchParameter& parameter, std::string_view text, const Reading& reading) {
  const auto parts = split(text, '$');
  if (parts.size() != parameter.components.size())
    return expected(parameter.code, text,
                    "made of " + std::to_string(parameter.components.size()) + " values joined by '$'");
  Term term;
  term.value.kind = IndexKind::composite;
  for (std::uint32_t i = 0; i < parts.size(); ++i) {
    const auto& component = parameter.components[i];
    auto part = read_value(component.type, component.parameter.get(), parameter.code, parts[i], reading);
    if (!part) return part;
    term.parts.push_back(std::move(*part));
  }
  return term;
}

}  // namespace

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
      continue;
    }
    if (text[i] != separator) continue;
    parts.push_back(text.substr(start, i - start));
    start = i + 1;
  }
  parts.push_back(text.substr(start));
  return parts;
}

std::string with_plus(std::string_view text) {
  std::string written(text);
  if (const auto blank = written.rfind(' '); blank != std::string::npos && written.find('T') < blank)
    written[blank] = '+';
  return written;
}

std::string unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape =
        text[i] == '\\' && i + 1 < text.size() && std::string_view("\\,$|").find(text[i + 1]) != std::string_view::npos;
    if (escape) ++i;
    out += text[i];
  }
  return out;
}

std::string shown(std::string_view text) {
  constexpr std::size_t most = 80;
  if (text.size() <= most) return std::string(text);
  return shortened(text, most) + "...";
}

std::string quoted(std::string_view text) { return "'" + shown(text) + "'"; }

std::vector<const Type*> targets_of(const SearchParameter& parameter) {
  if (const Type* only = resolved_type(parameter.expression)) return {only};
  std::vector<const Type*> types;
  for (const auto& target : parameter.targets) {
    if (target.view() == "Resource") return all_resources();
    if (const Type* type = definitions().resource(target)) types.push_back(type);
  }
  return types.empty() ? all_resources() : types;
}

namespace {

Result<Term> read_term(const SearchParameter& parameter, Modifier modifier, std::string_view text,
                       const Reading& reading) {
  Term term;
  if (modifier == Modifier::text) {
    if (read_string(text, term)) return term;
    return expected(parameter.code, text, "a text to look for");
  }
  if (modifier == Modifier::of_type) {
    if (read_of_type(text, term)) return term;
    return expected(parameter.code, text, "of the form type-system|type-code|value");
  }
  if (modifier == Modifier::identifier) return read_value(ParameterType::token, nullptr, parameter.code, text, reading);
  if (parameter.type == ParameterType::composite) return read_composite(parameter, text, reading);
  return read_value(parameter.type, &parameter, parameter.code, text, reading);
}

// How a code may be met with whose system does not look at case, so that it knows the code in other letters, too: as
// the system has it, in small letters and in capitals.
std::vector<std::string> other_spellings(const IndexValue& token, const Meanings& meanings, std::size_t most) {
  std::string small = token.text, capital = token.text, swapped = token.text;
  for (std::size_t i = 0; i < token.text.size(); ++i) {
    const char c = token.text[i];
    const bool is_small = c >= 'a' && c <= 'z', is_capital = c >= 'A' && c <= 'Z';
    if (is_capital) small[i] = swapped[i] = static_cast<char>(c | 0x20);
    if (is_small) capital[i] = swapped[i] = static_cast<char>(c & ~0x20);
  }
  if (small == capital) return {};
  const auto known = meanings.above(token.system, swapped, most);
  if (!known || known->empty() || known->front().text == swapped) return {};
  return {known->front().text, std::move(small), std::move(capital)};
}

// An address below our own may stand in a resource as one relative to it.
std::vector<std::string> relative(std::string_view uri, std::string_view base) {
  if (base.empty() || uri.size() <= base.size() + 1 || !uri.starts_with(base) || uri[base.size()] != '/') return {};
  return {std::string(uri.substr(base.size() + 1))};
}

}  // namespace

Result<std::vector<Term>> read_terms(const SearchParameter& parameter, Modifier modifier, std::string_view text,
                                     const Reading& reading) {
  auto term = read_term(parameter, modifier, text, reading);
  if (!term) return std::move(term.outcome());
  std::vector<Term> terms{std::move(*term)};
  const auto& written = terms.front().value;
  const bool token = written.kind == IndexKind::token && parameter.type == ParameterType::token &&
                     modifier != Modifier::of_type && !written.text.empty();
  std::vector<std::string> spellings;
  if (token && ignores_case(parameter))
    spellings.push_back(fold_case(written.text));
  else if (token && reading.meanings && !written.system.empty())
    spellings = other_spellings(written, *reading.meanings, reading.limits.codes);
  else if (written.kind == IndexKind::uri)
    spellings = relative(written.text, reading.base);
  for (auto& spelling : spellings) {
    const auto same = [&](const Term& one) { return one.value.text == spelling; };
    if (std::any_of(terms.begin(), terms.end(), same)) continue;
    auto other = terms.front();
    other.value.text = std::move(spelling);
    terms.push_back(std::move(other));
  }
  return terms;
}

}  // namespace fhir::search
