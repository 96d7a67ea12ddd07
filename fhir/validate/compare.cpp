// Comparison of trees, and of what has an order.
#include "fhir/validate/compare.h"

#include "fhir/definitions.h"
#include "fhir/utf8.h"
#include "fhir/value.h"

namespace fhir::validate {

namespace {

constexpr std::size_t most_shown = 120;

bool is_decimal(const Node& node) { return node.type && node.type->primitive == Primitive::decimal; }

bool same_text(const Node& a, const Node& b) {
  if (a.has_value() != b.has_value()) return false;
  if (!a.has_value()) return true;
  if (is_decimal(a) && is_decimal(b) && valid_decimal(a.text) && valid_decimal(b.text))
    return compare_decimals(a.text, b.text) == 0;
  return a.text == b.text;
}

void show(const Node& node, std::string& out) {
  if (out.size() > most_shown) return;
  if (node.has_value()) {
    out += quoted(node.text, most_shown);
    return;
  }
  out += '{';
  for (const Node& child : node) {
    if (&child != node.first) out += ", ";
    out.append(child.name).append(": ");
    show(child, out);
  }
  out += '}';
}

int sign(double difference) { return difference < 0 ? -1 : difference > 0 ? 1 : 0; }

std::optional<int> compare_quantities(const Node& a, const Node& b) {
  const auto x = decimal_range(a.value_of("value")), y = decimal_range(b.value_of("value"));
  if (!x || !y) return std::nullopt;
  const auto unit = [](const Node& node) { return node.child("code") ? node.value_of("code") : node.value_of("unit"); };
  if (unit(a) == unit(b) || unit(b).empty()) return compare_decimals(a.value_of("value"), b.value_of("value"));
  const auto left = canonical_unit(unit(a)), right = canonical_unit(unit(b));
  if (!left || !right || left->unit != right->unit) return std::nullopt;
  return sign(x->value * left->factor + left->offset - (y->value * right->factor + right->offset));
}

}  // namespace

bool equals(const Node& value, const Node& fixed) {
  if (!same_text(value, fixed)) return false;
  const Node* a = value.first;
  const Node* b = fixed.first;
  for (; a && b; a = a->next) {
    // Members stand in any order, those of one name in theirs.
    const Node* twin = fixed.child(a->name);
    std::size_t before = 0;
    for (const Node* other = value.first; other != a; other = other->next) before += other->name == a->name;
    for (; twin && before > 0; --before) twin = twin->next && twin->next->name == a->name ? twin->next : nullptr;
    if (!twin || !equals(*a, *twin)) return false;
    b = b->next;
  }
  return !a && !b;
}

bool fits(const Node& value, const Node& pattern) {
  if (pattern.has_value() && !same_text(value, pattern)) return false;
  for (const Node& wanted : pattern) {
    bool found = false;
    for (const Node& member : value) found = found || (member.name == wanted.name && fits(member, wanted));
    if (!found) return false;
  }
  return true;
}

std::string shown(const Node& value) {
  std::string text;
  show(value, text);
  return text;
}

std::optional<int> compare_values(const Node& a, const Node& b) {
  if (!a.type || !b.type) return std::nullopt;
  if (b.type->is("Quantity")) return compare_quantities(a, b);
  if (!a.has_value() || !b.has_value()) return std::nullopt;
  switch (b.type->primitive) {
    case Primitive::integer:
    case Primitive::positiveInt:
    case Primitive::unsignedInt:
    case Primitive::decimal:
      if (!valid_decimal(a.text) || !valid_decimal(b.text)) return std::nullopt;
      return compare_decimals(a.text, b.text);
    case Primitive::date:
    case Primitive::dateTime:
    case Primitive::instant: {
      const auto x = parse_date_time(a.text), y = parse_date_time(b.text);
      if (!x || !y) return std::nullopt;
      if (x->high < y->low) return -1;
      return x->low > y->high ? 1 : 0;
    }
    case Primitive::time: {
      const auto x = parse_time(a.text), y = parse_time(b.text);
      if (!x || !y) return std::nullopt;
      return sign(static_cast<double>(*x - *y));
    }
    case Primitive::none:
    case Primitive::boolean:
    case Primitive::string:
    case Primitive::code:
    case Primitive::id:
    case Primitive::markdown:
    case Primitive::uri:
    case Primitive::url:
    case Primitive::canonical:
    case Primitive::oid:
    case Primitive::uuid:
    case Primitive::base64Binary:
    case Primitive::xhtml:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace fhir::validate
