#include "fhir/path/decimal.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace fhir::path {
namespace {

constexpr int max_digits = 38;
constexpr int quotient_digits = 28;

constexpr __int128 power_of_ten(int exponent) {
  __int128 power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

// What arithmetic gives can be read again, and negated.
bool fits(__int128 units) {
  constexpr __int128 beyond = power_of_ten(max_digits);
  return units < beyond && units > -beyond;
}

int digits_of(__int128 units) {
  int digits = 0;
  for (; units != 0; units /= 10) ++digits;
  return digits;
}

// Both on the larger scale; false when one would not fit.
bool align(Decimal& a, Decimal& b) {
  const int scale = std::max(a.scale, b.scale);
  const auto wider_a = a.scaled(scale);
  const auto wider_b = b.scaled(scale);
  if (!wider_a || !wider_b) return false;
  a = *wider_a;
  b = *wider_b;
  return true;
}

}  // namespace

std::optional<Decimal> Decimal::parse(std::string_view text) {
  Decimal value;
  std::size_t at = 0;
  const bool minus = at < text.size() && text[at] == '-';
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  int digits = 0;
  bool any = false;
  bool fraction = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.') {
      if (fraction || at + 1 == text.size() || !any) return std::nullopt;
      fraction = true;
      continue;
    }
    if (c < '0' || c > '9') break;
    any = true;
    if (value.units != 0 || c != '0') ++digits;
    if (digits > max_digits) return std::nullopt;
    value.units = value.units * 10 + (c - '0');
    value.scale += fraction ? 1 : 0;
    if (value.scale > max_digits) return std::nullopt;
  }
  if (!any) return std::nullopt;
  if (at < text.size()) {
    if (text[at] != 'e' && text[at] != 'E') return std::nullopt;
    ++at;
    if (at < text.size() && text[at] == '+') ++at;
    int exponent = 0;
    const auto [end, fault] = std::from_chars(text.data() + at, text.data() + text.size(), exponent);
    if (fault != std::errc{} || end != text.data() + text.size() || std::abs(exponent) > max_digits)
      return std::nullopt;
    value.scale -= exponent;
  }
  if (minus) value.units = -value.units;
  if (value.scale > max_digits) return std::nullopt;
  if (value.scale < 0) return value.scaled(0);
  return value;
}

std::optional<Decimal> Decimal::of(double number) {
  if (!std::isfinite(number)) return std::nullopt;
  char text[64];
  const int size = std::snprintf(text, sizeof text, "%.15g", number);
  return parse({text, static_cast<std::size_t>(size)});
}

std::string Decimal::text() const {
  std::string digits;
  auto rest = units < 0 ? -static_cast<unsigned __int128>(units) : static_cast<unsigned __int128>(units);
  for (; rest != 0 || digits.size() <= static_cast<std::size_t>(scale); rest /= 10)
    digits += static_cast<char>('0' + static_cast<int>(rest % 10));
  if (scale > 0) digits.insert(static_cast<std::size_t>(scale), 1, '.');
  if (units < 0) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

double Decimal::approximate() const { return static_cast<double>(units) / std::pow(10.0, scale); }

std::optional<std::int64_t> Decimal::whole() const {
  const Decimal plain = trimmed();
  if (plain.scale != 0 || plain.units > INT64_MAX || plain.units < INT64_MIN) return std::nullopt;
  return static_cast<std::int64_t>(plain.units);
}

Decimal Decimal::trimmed() const {
  Decimal plain = *this;
  while (plain.scale > 0 && plain.units % 10 == 0) {
    plain.units /= 10;
    --plain.scale;
  }
  return plain;
}

Decimal Decimal::rounded(int digits, Rounding rounding) const {
  if (scale <= digits) return *this;
  const int drop = scale - digits;
  if (drop > max_digits) return {0, std::max(digits, 0)};
  const __int128 unit = power_of_ten(drop);
  __int128 kept = units / unit;
  const __int128 lost = units % unit;
  switch (rounding) {
    case Rounding::down:
      kept -= lost < 0 ? 1 : 0;
      break;
    case Rounding::up:
      kept += lost > 0 ? 1 : 0;
      break;
    case Rounding::half_away:
      if (lost >= unit - unit / 2) ++kept;
      if (-lost >= unit - unit / 2) --kept;
      break;
    case Rounding::toward_zero:
      break;
  }
  return {kept, digits};
}

std::optional<Decimal> Decimal::scaled(int digits) const {
  if (digits < scale) return rounded(digits);
  if (digits - scale > max_digits) return std::nullopt;
  Decimal wider{0, digits};
  if (__builtin_mul_overflow(units, power_of_ten(digits - scale), &wider.units) || !fits(wider.units))
    return std::nullopt;
  return wider;
}

std::optional<Decimal> add(Decimal a, Decimal b) {
  Decimal sum;
  if (!align(a, b) || __builtin_add_overflow(a.units, b.units, &sum.units) || !fits(sum.units)) return std::nullopt;
  sum.scale = a.scale;
  return sum;
}

std::optional<Decimal> subtract(Decimal a, Decimal b) { return add(a, {-b.units, b.scale}); }

std::optional<Decimal> multiply(Decimal a, Decimal b) {
  Decimal product;
  while (__builtin_mul_overflow(a.units, b.units, &product.units) || !fits(product.units)) {
    Decimal& longer = a.scale > b.scale ? a : b;
    if (longer.scale == 0) return std::nullopt;
    longer = longer.rounded(longer.scale - 1);
  }
  product.scale = a.scale + b.scale;
  return product.scale > max_digits ? product.rounded(quotient_digits) : product;
}

std::optional<Decimal> divide(Decimal a, Decimal b) {
  if (b.units == 0) return std::nullopt;
  b = b.trimmed();
  const bool minus = (a.units < 0) != (b.units < 0);
  __int128 dividend = a.units < 0 ? -a.units : a.units;
  const __int128 divisor = b.units < 0 ? -b.units : b.units;
  Decimal quotient{dividend / divisor, a.scale - b.scale};
  dividend %= divisor;
  // The loop adds one digit at a time; a scale below zero must be worked off before it may end.
  while ((dividend != 0 && digits_of(quotient.units) < quotient_digits + 1 && quotient.scale < max_digits) ||
         quotient.scale < 0) {
    if (__builtin_mul_overflow(dividend, static_cast<__int128>(10), &dividend)) return std::nullopt;
    if (__builtin_mul_overflow(quotient.units, static_cast<__int128>(10), &quotient.units)) return std::nullopt;
    quotient.units += dividend / divisor;
    dividend %= divisor;
    ++quotient.scale;
  }
  const int surplus = digits_of(quotient.units) - quotient_digits;
  if (surplus > 0 && quotient.scale >= surplus) quotient = quotient.rounded(quotient.scale - surplus);
  if (!fits(quotient.units)) return std::nullopt;
  if (minus) quotient.units = -quotient.units;
  return quotient.trimmed();
}

std::optional<Decimal> remainder(Decimal a, Decimal b) {
  if (b.units == 0 || !align(a, b)) return std::nullopt;
  return Decimal{a.units % b.units, a.scale};
}

int compare(Decimal a, Decimal b) {
  if (a.scale != b.scale && !align(a, b)) {
    const double x = a.approximate();
    const double y = b.approximate();
    return x < y ? -1 : x > y ? 1 : 0;
  }
  return a.units < b.units ? -1 : a.units > b.units ? 1 : 0;
}

}  // namespace fhir::path
