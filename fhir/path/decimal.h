// Decimal arithmetic on 38 digits: 0.1 + 0.2 is 0.3. FHIRPath N1, section 4.1.3 (at least 28 digits, 8 decimals).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fhir::path {

// value = units / 10^scale; nullopt from an operation means that the result cannot be represented.
struct Decimal {
  __int128 units = 0;
  int scale = 0;

  static std::optional<Decimal> parse(std::string_view text);  // sign, digits, fraction, exponent
  static Decimal of(std::int64_t number) { return {number, 0}; }
  static std::optional<Decimal> of(double number);

  std::string text() const;
  double approximate() const;
  std::optional<std::int64_t> whole() const;  // the value when it has no fraction and fits
  bool negative() const { return units < 0; }
  Decimal trimmed() const;  // without trailing zeros of the fraction

  enum class Rounding { down, up, half_away, toward_zero };
  // With at most `digits` decimals.
  Decimal rounded(int digits, Rounding rounding = Rounding::half_away) const;
  // With exactly `digits` decimals; nullopt when that needs too many digits.
  std::optional<Decimal> scaled(int digits) const;
};

std::optional<Decimal> add(Decimal a, Decimal b);
std::optional<Decimal> subtract(Decimal a, Decimal b);
std::optional<Decimal> multiply(Decimal a, Decimal b);
std::optional<Decimal> divide(Decimal a, Decimal b);     // nullopt for a zero divisor
std::optional<Decimal> remainder(Decimal a, Decimal b);  // sign of the dividend
int compare(Decimal a, Decimal b);                       // -1, 0, 1

}  // namespace fhir::path
