// UCUM expressions in terms of the base units m, s, g, rad, K, C, cd; arbitrary units such as [iU] are bases of their
// own. Reads the case-sensitive form. https://ucum.org/ucum (The Unified Code for Units of Measure, version 2.1)
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>

#include "fhir/ucum_units.h"
#include "fhir/value.h"

namespace fhir {

namespace {

using namespace ucum;

// A product of powers under construction.
struct Product {
  double factor = 1;
  bool scale = false;  // holds a unit that no factor converts
  std::array<int, 7> exponents{};
  std::array<int, std::size(arbitrary)> own{};

  void multiply(const Product& other, int power_of) {
    scale = scale || other.scale;
    factor *= std::pow(other.factor, power_of);
    for (std::size_t i = 0; i < exponents.size(); ++i) exponents[i] += other.exponents[i] * power_of;
    for (std::size_t i = 0; i < own.size(); ++i) own[i] += other.own[i] * power_of;
  }
  std::string unit() const {
    std::string text;
    const auto add = [&](std::string_view name, int exponent) {
      if (!exponent) return;
      if (!text.empty()) text += '.';
      text += name;
      if (exponent != 1) text += std::to_string(exponent);
    };
    for (std::size_t i = 0; i < exponents.size(); ++i) add(base_names[i], exponents[i]);
    for (std::size_t i = 0; i < own.size(); ++i) add(arbitrary[i], own[i]);
    return text.empty() ? "1" : text;
  }
};

const Atom* atom(std::string_view code) {
  const auto* found = std::find_if(std::begin(atoms), std::end(atoms), [&](const Atom& a) { return a.code == code; });
  return found == std::end(atoms) ? nullptr : found;
}

bool arbitrary_unit(std::string_view code, Product& product) {
  // [IU] is another spelling of [iU].
  const auto* found = std::find(std::begin(arbitrary), std::end(arbitrary), code == "[IU]" ? "[iU]" : code);
  if (found == std::end(arbitrary)) return false;
  product.own[static_cast<std::size_t>(found - std::begin(arbitrary))] = 1;
  return true;
}

bool is_scale(std::string_view code, bool prefixed) {
  return std::any_of(std::begin(scales), std::end(scales),
                     [&](const Scale& scale) { return scale.code == code && (scale.metric || !prefixed); });
}

// An atom with or without prefix.
bool simple_unit(std::string_view code, Product& product) {
  const auto set = [&](const Atom& found, double prefix) {
    product.factor = found.factor * prefix;
    std::copy(found.dimension.begin(), found.dimension.end(), product.exponents.begin());
    return true;
  };
  if (const Atom* found = atom(code)) return set(*found, 1);
  if (arbitrary_unit(code, product)) return true;
  if (is_scale(code, false)) return product.scale = true;
  for (const auto& prefix : prefixes) {
    if (!code.starts_with(prefix.code)) continue;
    const auto rest = code.substr(prefix.code.size());
    if (const Atom* found = atom(rest); found && found->metric) return set(*found, prefix.factor);
    if (is_scale(rest, true)) return product.scale = true;
    if ((rest == "[iU]" || rest == "[IU]") && arbitrary_unit(rest, product)) {
      product.factor = prefix.factor;
      return true;
    }
  }
  return false;
}

// Recursive descent over UCUM's grammar. Without `names` only the form is judged.
class Reader {
 public:
  Reader(std::string_view text, bool names) : text_(text), names_(names) {}

  bool read(Product& product) {
    return !text_.empty() && text_.size() <= 256 && term(product, 0) && at_ == text_.size();
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool term(Product& product, int depth) {
    if (depth > 8) return false;
    int power_of = 1;
    if (peek() == '/') {
      power_of = -1;
      ++at_;
    }
    while (true) {
      Product part;
      if (!component(part, depth)) return false;
      product.multiply(part, power_of);
      if (peek() != '.' && peek() != '/') return true;
      power_of = text_[at_++] == '/' ? -1 : 1;
    }
  }

  bool component(Product& part, int depth) {
    if (peek() == '(') {
      ++at_;
      if (!term(part, depth + 1) || peek() != ')') return false;
      ++at_;
      return true;
    }
    const auto start = at_;
    while (at_ < text_.size() && std::string_view("./(){}").find(text_[at_]) == std::string_view::npos) {
      if (text_[at_] == '[') {
        at_ = text_.find(']', at_);
        if (at_ == text_.npos) return false;
      }
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c <= 0x20 || c >= 0x7F) return false;
      ++at_;
    }
    const auto token = text_.substr(start, at_ - start);
    if (peek() == '{') return annotation() && (token.empty() || unit(token, part));
    return !token.empty() && unit(token, part);
  }

  bool annotation() {
    while (peek() == '{') {
      const auto end = text_.find('}', at_);
      if (end == text_.npos) return false;
      for (char c : text_.substr(at_ + 1, end - at_ - 1))
        if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F || c == '{') return false;
      at_ = end + 1;
    }
    return true;
  }

  // An atom with an exponent, or a whole number.
  bool unit(std::string_view token, Product& part) const {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    std::size_t end = token.size();
    while (end > 0 && is_digit(token[end - 1])) --end;
    if (end == 0) {
      const auto [last, error] = std::from_chars(token.data(), token.data() + token.size(), part.factor);
      return error == std::errc() && part.factor > 0;
    }
    int exponent = 1;
    auto code = token;
    if (end < token.size()) {
      const auto [last, error] = std::from_chars(token.data() + end, token.data() + token.size(), exponent);
      if (error != std::errc() || exponent > 99) return false;
      if (end > 1 && (token[end - 1] == '-' || token[end - 1] == '+')) {
        if (token[--end] == '-') exponent = -exponent;
      }
      code = token.substr(0, end);
    }
    if (!names_) return true;
    Product base;
    if (!simple_unit(code, base)) return false;
    part.multiply(base, exponent);
    return true;
  }

  std::string_view text_;
  bool names_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<CanonicalUnit> canonical_unit(std::string_view ucum) {
  // Scales with another zero cannot be part of a product.
  if (ucum == "Cel") return CanonicalUnit{"K", 1, 273.15};
  if (ucum == "[degF]") return CanonicalUnit{"K", 5.0 / 9, 459.67 * 5 / 9};
  Product product;
  if (!Reader(ucum, true).read(product) || product.scale || !std::isnormal(product.factor)) return std::nullopt;
  return CanonicalUnit{product.unit(), product.factor, 0};
}

bool valid_unit(std::string_view ucum) {
  Product product;
  return Reader(ucum, true).read(product);
}

bool ucum_syntax(std::string_view text) {
  Product product;
  return Reader(text, false).read(product);
}

}  // namespace fhir
