// How each data type is indexed for each type of search parameter.
// FHIR R4: http://hl7.org/fhir/R4/search.html §3.1.1.5.1 number to §3.1.1.5.9 uri
#include "fhir/search/values.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "fhir/search/query.h"
#include "fhir/search/walk.h"
#include "fhir/value.h"

namespace fhir::search {
namespace {

enum class Shape : std::uint8_t {
  other,
  primitive,
  coding,
  concept_,
  identifier,
  contact_point,
  human_name,
  address,
  period,
  timing,
  quantity,
  money,
  range,
  sampled_data,
  reference,
  resource,
};

Shape shape_of(const Type& type) {
  if (type.kind == TypeKind::primitive) return Shape::primitive;
  if (type.kind == TypeKind::resource) return Shape::resource;
  static constexpr std::pair<std::string_view, Shape> named[] = {
      {"CodeableConcept", Shape::concept_},
      {"Reference", Shape::reference},
      {"Coding", Shape::coding},
      {"Quantity", Shape::quantity},
      {"Identifier", Shape::identifier},
      {"Period", Shape::period},
      {"HumanName", Shape::human_name},
      {"Address", Shape::address},
      {"ContactPoint", Shape::contact_point},
      {"Timing", Shape::timing},
      {"Money", Shape::money},
      {"Range", Shape::range},
      {"SampledData", Shape::sampled_data},
  };
  for (const auto& [name, shape] : named)
    if (type.name.view() == name) return shape;
  return type.is("Quantity") ? Shape::quantity : Shape::other;  // Age, Duration, Count, Distance, SimpleQuantity
}

IndexValue of_kind(IndexKind kind, std::string_view text = {}) {
  IndexValue value;
  value.kind = kind;
  value.text = text;
  return value;
}

// ── token ───────────────────────────────────────────────────────────────────────────────────────────────────────

void add_token(std::string_view code, std::string_view system, RowSink& sink, Facet facet = Facet::value) {
  if (code.empty() && system.empty()) return;
  auto& value = sink.add(IndexKind::token, facet);
  value.text = code;
  value.system = system;
  value.lean = sink.lean || facet == Facet::of_type;  // nobody can ask for the type of an identifier alone
}

void add_text(std::string_view text, RowSink& sink) {
  if (text.empty()) return;
  auto& value = sink.add(IndexKind::string, Facet::text);
  value.text = fold(text);
  value.exact = text;
  value.lean = sink.lean;
}

// The system of a `code` is that of its value set, where this has only one.
std::string_view implied_system(const Node& node) {
  if (!node.element || !node.element->value_set) return {};
  const auto& set = *node.element->value_set;
  if (set.concepts.empty() || !set.open_systems.empty()) return {};
  const auto first = set.concepts[0].system.view();
  return first == set.concepts[set.concepts.size() - 1].system.view() ? first : std::string_view{};
}

void add_coding(const Node& coding, RowSink& sink) {
  add_token(coding.value_of("code"), coding.value_of("system"), sink);
  add_text(coding.value_of("display"), sink);
}

void add_concept(const Node& item, RowSink& sink) {
  for (const auto& part : item)
    if (part.name == "coding") add_coding(part, sink);
  add_text(item.value_of("text"), sink);
}

void add_identifier(const Node& identifier, RowSink& sink) {
  const auto number = identifier.value_of("value");
  add_token(number, identifier.value_of("system"), sink);
  const Node* type = identifier.child("type");
  if (!type) return;
  add_text(type->value_of("text"), sink);
  for (const auto& coding : *type) {
    if (coding.name != "coding" || number.empty()) continue;
    const auto kind = std::string(coding.value_of("system")) + "|" + std::string(coding.value_of("code"));
    add_token(number, kind, sink, Facet::of_type);
  }
}

void add_tokens(const Node& node, Shape shape, const Type& type, RowSink& sink) {
  switch (shape) {
    case Shape::primitive:
      if (type.primitive == Primitive::code)
        add_token(node.text, node.text.empty() ? "" : implied_system(node), sink);
      else if (type.primitive == Primitive::string && ignores_case(*sink.parameter))
        add_token(fold_case(node.text), {}, sink);
      else
        add_token(node.text, {}, sink);
      return;
    case Shape::coding:
      add_coding(node, sink);
      return;
    case Shape::concept_:
      add_concept(node, sink);
      return;
    case Shape::identifier:
      add_identifier(node, sink);
      return;
    case Shape::contact_point:
      // The number alone has no system in the standard; phone|123 and email|a@b are asked for as well.
      add_token(node.value_of("value"), {}, sink);
      if (!node.value_of("system").empty()) add_token(node.value_of("value"), node.value_of("system"), sink);
      return;
    case Shape::other:
    case Shape::human_name:
    case Shape::address:
    case Shape::period:
    case Shape::timing:
    case Shape::quantity:
    case Shape::money:
    case Shape::range:
    case Shape::sampled_data:
    case Shape::reference:
    case Shape::resource:
      return;
  }
}

// ── string ──────────────────────────────────────────────────────────────────────────────────────────────────────

void add_string(std::string_view text, RowSink& sink) {
  if (text.empty()) return;
  auto& value = sink.add(IndexKind::string);
  value.text = fold(text);
  value.exact = text;
}

void add_string_parts(const Node& node, std::initializer_list<std::string_view> names, RowSink& sink) {
  for (const auto& part : node)
    if (std::find(names.begin(), names.end(), part.name) != names.end()) add_string(part.text, sink);
}

void add_strings(const Node& node, Shape shape, RowSink& sink) {
  switch (shape) {
    case Shape::primitive:
      add_string(node.text, sink);
      return;
    case Shape::human_name:
      add_string_parts(node, {"text", "family", "given", "prefix", "suffix"}, sink);
      return;
    case Shape::address:
      add_string_parts(node, {"text", "line", "city", "district", "state", "postalCode", "country"}, sink);
      return;
    case Shape::concept_:
      add_string(node.value_of("text"), sink);
      for (const auto& part : node)
        if (part.name == "coding") add_string(part.value_of("display"), sink);
      return;
    case Shape::other:
    case Shape::coding:
    case Shape::identifier:
    case Shape::contact_point:
    case Shape::period:
    case Shape::timing:
    case Shape::quantity:
    case Shape::money:
    case Shape::range:
    case Shape::sampled_data:
    case Shape::reference:
    case Shape::resource:
      return;
  }
}

// ── date ────────────────────────────────────────────────────────────────────────────────────────────────────────

void add_range(std::int64_t low, std::int64_t high, RowSink& sink) {
  auto& value = sink.add(IndexKind::date);
  value.low = low;
  value.high = high;
}

void add_period(const Node& period, RowSink& sink) {
  const auto start = parse_date_time(period.value_of("start"));
  const auto end = parse_date_time(period.value_of("end"));
  if (start || end) add_range(start ? start->low : open_low, end ? end->high : open_high, sink);
}

// Only the outer limits of a schedule count.
void add_timing(const Node& timing, RowSink& sink) {
  std::optional<std::int64_t> low, high;
  const auto widen = [&](std::int64_t from, std::int64_t to) {
    low = low ? std::min(*low, from) : from;
    high = high ? std::max(*high, to) : to;
  };
  for (const auto& event : timing)
    if (event.name == "event")
      if (const auto date = parse_date_time(event.text)) widen(date->low, date->high);
  const Node* repeat = timing.child("repeat");
  if (const Node* bounds = repeat ? repeat->child("boundsPeriod") : nullptr) {
    const auto start = parse_date_time(bounds->value_of("start"));
    const auto end = parse_date_time(bounds->value_of("end"));
    if (start || end) widen(start ? start->low : open_low, end ? end->high : open_high);
  }
  if (low && high) add_range(*low, *high, sink);
}

void add_dates(const Node& node, Shape shape, RowSink& sink) {
  if (shape == Shape::period) return add_period(node, sink);
  if (shape == Shape::timing) return add_timing(node, sink);
  if (shape != Shape::primitive) return;
  if (const auto date = parse_date_time(node.text)) add_range(date->low, date->high, sink);
}

// ── number and quantity ─────────────────────────────────────────────────────────────────────────────────────────

constexpr double infinity = std::numeric_limits<double>::infinity();

// What a limit or number is, in numbers; nothing where it is no decimal.
std::optional<double> number_of(std::string_view text) {
  const auto range = decimal_range(text);
  return range ? std::optional(range->value) : std::nullopt;
}

struct Span {
  double low = -infinity;
  double high = infinity;
};

void add_numbers(Span span, RowSink& sink) {
  auto& value = sink.add(IndexKind::number);
  value.number = span.low;
  value.upper = span.high;
}

void add_number(std::string_view text, RowSink& sink) {
  if (const auto number = number_of(text)) add_numbers({*number, *number}, sink);
}

void add_quantities(Span span, std::string_view system, std::string_view code, std::string_view unit, RowSink& sink) {
  auto& value = sink.add(IndexKind::quantity);
  value.text = code;
  value.number = span.low;
  value.upper = span.high;
  value.system = system;
  value.unit = unit;
  if (system != ucum_system) return;
  const bool from_below = std::isinf(span.low);
  auto canonical = canonical_quantity(from_below ? span.high : span.low, code);
  if (!canonical) return;
  if (from_below) {
    canonical->number = -infinity;
  } else if (span.high != span.low) {
    const auto upper = std::isinf(span.high) ? std::nullopt : canonical_quantity(span.high, code);
    canonical->upper = upper ? upper->number : infinity;
  }
  sink.add(IndexKind::quantity) = std::move(*canonical);
}

// "<5 mg" is anything below, as far as anybody knows.
void add_quantity(const Node& node, RowSink& sink) {
  const auto number = number_of(node.value_of("value"));
  if (!number) return;
  const auto comparator = node.value_of("comparator");
  Span span{*number, *number};
  if (comparator.starts_with('<')) span.low = -infinity;
  if (comparator.starts_with('>')) span.high = infinity;
  add_quantities(span, node.value_of("system"), node.value_of("code"), node.value_of("unit"), sink);
}

// The limits of a Range, open where one is missing; the unit is that of either.
void add_range(const Node& range, bool with_unit, RowSink& sink) {
  const Node* low = range.child("low");
  const Node* high = range.child("high");
  const auto least = low ? number_of(low->value_of("value")) : std::nullopt;
  const auto most = high ? number_of(high->value_of("value")) : std::nullopt;
  if (!least && !most) return;
  const Span span{least.value_or(-infinity), most.value_or(infinity)};
  if (!with_unit) return add_numbers(span, sink);
  const Node& unit = least ? *low : *high;
  add_quantities(span, unit.value_of("system"), unit.value_of("code"), unit.value_of("unit"), sink);
}

// From the smallest to the largest sample: origin + factor * number. L and U say "beyond what can be measured".
void add_sampled(const Node& sampled, RowSink& sink) {
  const Node* origin = sampled.child("origin");
  const auto zero = origin ? number_of(origin->value_of("value")) : std::nullopt;
  if (!zero) return;
  const double factor = number_of(sampled.value_of("factor")).value_or(1);
  Span span{infinity, -infinity};
  const auto take = [&](double low, double high) {
    span.low = std::min(span.low, low);
    span.high = std::max(span.high, high);
  };
  const auto data = sampled.value_of("data");
  for (std::size_t at = 0; at < data.size();) {
    const auto end = std::min(data.find(' ', at), data.size());
    const auto word = data.substr(at, end - at);
    at = end + 1;
    if (word == "L") take(-infinity, number_of(sampled.value_of("lowerLimit")).value_or(*zero));
    if (word == "U") take(number_of(sampled.value_of("upperLimit")).value_or(*zero), infinity);
    if (const auto sample = number_of(word)) take(*zero + factor * *sample, *zero + factor * *sample);
  }
  if (span.low > span.high) return;
  add_quantities(span, origin->value_of("system"), origin->value_of("code"), origin->value_of("unit"), sink);
}

void add_numbers(const Node& node, Shape shape, RowSink& sink) {
  if (shape == Shape::primitive) return add_number(node.text, sink);
  if (shape == Shape::range) add_range(node, false, sink);
}

void add_quantities(const Node& node, Shape shape, RowSink& sink) {
  if (shape == Shape::quantity) return add_quantity(node, sink);
  if (shape == Shape::range) return add_range(node, true, sink);
  if (shape == Shape::sampled_data) return add_sampled(node, sink);
  if (shape != Shape::money) return;
  const auto currency = node.value_of("currency");
  if (const auto number = number_of(node.value_of("value")))
    add_quantities({*number, *number}, "urn:iso:std:iso:4217", currency, currency, sink);
}

// Location.position: latitude and longitude as a composite, so that its table is searched by latitude.
void add_place(const Node& position, RowSink& sink) {
  const auto latitude = number_of(position.value_of("latitude"));
  const auto longitude = number_of(position.value_of("longitude"));
  if (!latitude || !longitude) return;
  auto& row = sink.rows.emplace_back();
  row.parameter = sink.parameter;
  row.value.kind = IndexKind::composite;
  for (const double degrees : {*latitude, *longitude}) {
    auto& part = row.parts.emplace_back();
    part.kind = IndexKind::number;
    part.number = part.upper = degrees;
  }
}

// ── reference and uri ───────────────────────────────────────────────────────────────────────────────────────────

void add_reference(const Node& node, RowSink& sink) {
  auto value = reference_value(node.value_of("reference"), sink.base);
  const bool pointed = value.has_value();
  if (pointed) sink.add(IndexKind::reference) = std::move(*value);
  const Node* identifier = node.child("identifier");
  if (identifier) add_token(identifier->value_of("value"), identifier->value_of("system"), sink, Facet::identifier);
  if (!pointed && !identifier) add_text(node.value_of("display"), sink);
}

void add_references(const Node& node, Shape shape, RowSink& sink) {
  if (shape == Shape::reference) return add_reference(node, sink);
  if (shape == Shape::resource) {  // Bundle.entry[0].resource: the resource itself is what is referred to
    const auto id = node.value_of("id");
    const auto name = type_of(node)->name.view();
    const auto& targets = sink.parameter->targets;
    const bool meant =
        std::any_of(targets.begin(), targets.end(), [&](const Text& target) { return target.view() == name; });
    if (id.empty() || !meant) return;
    auto& value = sink.add(IndexKind::reference);
    value.text = id;
    value.type = name;
    return;
  }
  if (shape != Shape::primitive) return;
  if (node.text.empty()) return;
  auto& value = sink.add(IndexKind::reference);
  value.text = node.text;  // a uri that is no reference is found by :missing alone
  if (auto read = reference_value(node.text, sink.base)) value = std::move(*read);
}

void add_uris(std::string_view text, RowSink& sink) {
  if (text.empty()) return;
  sink.add(IndexKind::uri).text = text;
  if (const auto bar = text.rfind('|'); bar != std::string_view::npos && bar > 0)
    sink.add(IndexKind::uri).text = text.substr(0, bar);
}

}  // namespace

namespace {

bool ends_in_strings(const Branch& branch) {
  const Type* base = definitions().type(branch.of_type);
  std::vector<End> ends;
  return base && ends_of(branch, *base, ends) &&
         std::all_of(ends.begin(), ends.end(), [](const End& end) { return end.type->primitive == Primitive::string; });
}

}  // namespace

bool ignores_case(const SearchParameter& parameter) {
  // Each parameter lives as long as the process.
  thread_local std::unordered_map<const SearchParameter*, bool> known;
  const auto [place, fresh] = known.try_emplace(&parameter, false);
  if (!fresh || parameter.type != ParameterType::token || parameter.code.view() == "_id") return place->second;
  const auto walk = Walk::parse(parameter.expression);
  return place->second = walk && std::all_of(walk->branches.begin(), walk->branches.end(), ends_in_strings);
}

std::optional<IndexValue> reference_value(std::string_view text, std::string_view base) {
  if (text.empty()) return std::nullopt;
  auto value = of_kind(IndexKind::reference, text);
  const auto bar = text.rfind('|');
  if (bar != std::string_view::npos && bar > 0) {
    value.text = text.substr(0, bar);
    value.system = text.substr(bar + 1);
    return value;
  }
  const auto literal = parse_reference(text);
  if (!literal) return std::nullopt;
  using Form = ReferenceLiteral::Form;
  const bool local = literal->form == Form::relative || (literal->form == Form::absolute && literal->base == base);
  if (local && !literal->type.empty()) {
    value.type = literal->type;
    value.text = literal->id;
  }
  return value;
}

std::optional<IndexValue> canonical_quantity(double number, std::string_view ucum_code) {
  if (ucum_code.empty()) return std::nullopt;
  const auto unit = canonical_unit(ucum_code);
  if (!unit) return std::nullopt;
  auto value = of_kind(IndexKind::quantity, unit->unit);
  value.canonical = true;
  value.number = value.upper = number * unit->factor + unit->offset;
  return value;
}

void add_values(const Node& node, ParameterType type, RowSink& sink) {
  const Type* data = type_of(node);
  if (!data) return;
  const auto shape = shape_of(*data);
  switch (type) {
    case ParameterType::token:
      return add_tokens(node, shape, *data, sink);
    case ParameterType::string:
      return add_strings(node, shape, sink);
    case ParameterType::date:
      return add_dates(node, shape, sink);
    case ParameterType::number:
      return add_numbers(node, shape, sink);
    case ParameterType::quantity:
      return add_quantities(node, shape, sink);
    case ParameterType::reference:
      return add_references(node, shape, sink);
    case ParameterType::uri:
      if (shape == Shape::primitive) add_uris(node.text, sink);
      return;
    case ParameterType::special:
      if (is_near(*sink.parameter)) add_place(node, sink);
      return;
    case ParameterType::composite:
      return;
  }
}

void add_literal(std::string_view text, ParameterType type, RowSink& sink) {
  Node node;
  node.text = text;
  node.form = Node::Form::string;
  switch (type) {
    case ParameterType::token:
      return add_token(text, {}, sink);
    case ParameterType::string:
      return add_string(text, sink);
    case ParameterType::date:
      return add_dates(node, Shape::primitive, sink);
    case ParameterType::number:
      return add_number(text, sink);
    case ParameterType::uri:
      return add_uris(text, sink);
    case ParameterType::reference:
      return add_references(node, Shape::primitive, sink);
    case ParameterType::quantity:
    case ParameterType::composite:
    case ParameterType::special:
      return;
  }
}

bool can_index(ParameterType parameter, const Type& data) {
  const auto shape = shape_of(data);
  const auto one_of = [&](std::initializer_list<Shape> shapes) {
    return std::find(shapes.begin(), shapes.end(), shape) != shapes.end();
  };
  switch (parameter) {
    case ParameterType::token:
      return one_of({Shape::primitive, Shape::coding, Shape::concept_, Shape::identifier, Shape::contact_point});
    case ParameterType::string:
      return one_of({Shape::primitive, Shape::human_name, Shape::address, Shape::concept_});
    case ParameterType::date:
      return one_of({Shape::primitive, Shape::period, Shape::timing});
    case ParameterType::number:
      return one_of({Shape::primitive, Shape::range});
    case ParameterType::quantity:
      return one_of({Shape::quantity, Shape::money, Shape::range, Shape::sampled_data});
    case ParameterType::reference:
      return one_of({Shape::primitive, Shape::reference, Shape::resource});
    case ParameterType::uri:
      return one_of({Shape::primitive});
    case ParameterType::composite:
    case ParameterType::special:
      return false;
  }
  return false;
}

}  // namespace fhir::search
