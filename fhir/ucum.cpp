// UCUM expressions in terms of the base units m, s, g, rad, K, C, cd; arbitrary units such as [iU] are bases of their
// own. Reads the case-sensitive form. https://ucum.org/ucum (The Unified Code for Units of Measure, version 2.1)
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>

#include "fhir/value.h"

namespace fhir {

namespace {

// Exponents of C, K, cd, g, m, rad, s: the base units in the order in which they are written.
using Dimension = std::array<std::int8_t, 7>;
constexpr std::string_view base_names[] = {"C", "K", "cd", "g", "m", "rad", "s"};

struct Atom {
  std::string_view code;
  double factor;
  Dimension dimension;
  bool metric;  // takes prefixes
};

struct Prefix {
  std::string_view code;
  double factor;
};

constexpr Dimension one{};
constexpr Dimension length{0, 0, 0, 0, 1, 0, 0}, area{0, 0, 0, 0, 2, 0, 0}, volume{0, 0, 0, 0, 3, 0, 0};
constexpr Dimension mass{0, 0, 0, 1, 0, 0, 0}, duration{0, 0, 0, 0, 0, 0, 1}, frequency{0, 0, 0, 0, 0, 0, -1};
constexpr Dimension angle{0, 0, 0, 0, 0, 1, 0}, speed{0, 0, 0, 0, 1, 0, -1}, temperature{0, 1, 0, 0, 0, 0, 0};
constexpr Dimension force{0, 0, 0, 1, 1, 0, -2}, pressure{0, 0, 0, 1, -1, 0, -2}, energy{0, 0, 0, 1, 2, 0, -2};
constexpr Dimension power{0, 0, 0, 1, 2, 0, -3}, dose{0, 0, 0, 0, 2, 0, -2}, charge{1, 0, 0, 0, 0, 0, 0};
constexpr double avogadro = 6.0221367e23;
constexpr double pi = 3.14159265358979323846;

constexpr Prefix prefixes[] = {
    {"da", 1e1},  {"Ki", 1024.0}, {"Mi", 1048576.0}, {"Gi", 1073741824.0}, {"Ti", 1099511627776.0},
    {"Y", 1e24},  {"Z", 1e21},    {"E", 1e18},       {"P", 1e15},          {"T", 1e12},
    {"G", 1e9},   {"M", 1e6},     {"k", 1e3},        {"h", 1e2},           {"d", 1e-1},
    {"c", 1e-2},  {"m", 1e-3},    {"u", 1e-6},       {"n", 1e-9},          {"p", 1e-12},
    {"f", 1e-15}, {"a", 1e-18},   {"z", 1e-21},      {"y", 1e-24},
};

constexpr Atom atoms[] = {
    // base units, numbers
    {"m", 1, length, true},
    {"s", 1, duration, true},
    {"g", 1, mass, true},
    {"rad", 1, angle, true},
    {"K", 1, temperature, true},
    {"C", 1, charge, true},
    {"cd", 1, {0, 0, 1, 0, 0, 0, 0}, true},
    {"10*", 10, one, false},
    {"10^", 10, one, false},
    {"[pi]", pi, one, false},
    {"%", 1e-2, one, false},
    {"[ppth]", 1e-3, one, false},
    {"[ppm]", 1e-6, one, false},
    {"[ppb]", 1e-9, one, false},
    {"[pptr]", 1e-12, one, false},
    {"mol", avogadro, one, true},
    {"eq", avogadro, one, true},
    {"osm", avogadro, one, true},
    {"bit", 1, one, true},
    {"By", 8, one, true},
    // SI
    {"sr", 1, {0, 0, 0, 0, 0, 2, 0}, true},
    {"Hz", 1, frequency, true},
    {"N", 1e3, force, true},
    {"Pa", 1e3, pressure, true},
    {"J", 1e3, energy, true},
    {"W", 1e3, power, true},
    {"A", 1, {1, 0, 0, 0, 0, 0, -1}, true},
    {"V", 1e3, {-1, 0, 0, 1, 2, 0, -2}, true},
    {"F", 1e-3, {2, 0, 0, -1, -2, 0, 2}, true},
    {"Ohm", 1e3, {-2, 0, 0, 1, 2, 0, -1}, true},
    {"S", 1e-3, {2, 0, 0, -1, -2, 0, 1}, true},
    {"Wb", 1e3, {-1, 0, 0, 1, 2, 0, -1}, true},
    {"T", 1e3, {-1, 0, 0, 1, 0, 0, -1}, true},
    {"H", 1e3, {-2, 0, 0, 1, 2, 0, 0}, true},
    {"lm", 1, {0, 0, 1, 0, 0, 2, 0}, true},
    {"lx", 1, {0, 0, 1, 0, -2, 2, 0}, true},
    {"Bq", 1, frequency, true},
    {"Gy", 1, dose, true},
    {"Sv", 1, dose, true},
    {"kat", avogadro, frequency, true},
    {"U", avogadro * 1e-6 / 60, frequency, true},
    // used with the SI
    {"l", 1e-3, volume, true},
    {"L", 1e-3, volume, true},
    {"st", 1, volume, true},
    {"ar", 100, area, true},
    {"t", 1e6, mass, true},
    {"u", 1.6605402e-24, mass, true},
    {"eV", 1.60217733e-16, energy, true},
    {"bar", 1e8, pressure, true},
    {"atm", 101325e3, pressure, false},
    {"att", 98066.5e3, pressure, false},
    {"deg", pi / 180, angle, false},
    {"'", pi / 10800, angle, false},
    {"''", pi / 648000, angle, false},
    {"gon", pi / 200, angle, false},
    {"circ", 2 * pi, angle, false},
    {"min", 60, duration, false},
    {"h", 3600, duration, false},
    {"d", 86400, duration, false},
    {"wk", 604800, duration, false},
    {"a", 31557600, duration, false},
    {"a_j", 31557600, duration, false},
    {"a_t", 365.24219 * 86400, duration, false},
    {"a_g", 365.2425 * 86400, duration, false},
    {"mo", 2629800, duration, false},
    {"mo_j", 2629800, duration, false},
    {"mo_g", 365.2425 * 7200, duration, false},
    {"mo_s", 29.53059 * 86400, duration, false},
    // CGS and older
    {"dyn", 1e-2, force, true},
    {"erg", 1e-4, energy, true},
    {"P", 100, {0, 0, 0, 1, -1, 0, -1}, true},
    {"St", 1e-4, {0, 0, 0, 0, 2, 0, -1}, true},
    {"Ci", 3.7e10, frequency, true},
    {"R", 2.58e-7, {1, 0, 0, -1, 0, 0, 0}, true},
    {"RAD", 1e-2, dose, true},
    {"REM", 1e-2, dose, true},
    {"Ao", 1e-10, length, false},
    {"b", 1e-28, area, false},
    {"cal", 4184, energy, true},
    {"cal_th", 4184, energy, true},
    {"cal_IT", 4186.8, energy, true},
    {"[Cal]", 4184e3, energy, false},
    {"G", 0.1, {-1, 0, 0, 1, 0, 0, -1}, true},
    {"[g]", 9.80665, {0, 0, 0, 0, 1, 0, -2}, true},
    {"[c]", 299792458, speed, true},
    {"[degR]", 5.0 / 9, temperature, false},
    // clinical
    {"m[Hg]", 133322e3, pressure, true},
    {"m[H2O]", 9.80665e6, pressure, true},
    {"[in_i'Hg]", 133322e3 * 0.0254, pressure, false},
    {"[in_i'H2O]", 9.80665e6 * 0.0254, pressure, false},
    {"[psi]", 6894757.293168361, pressure, false},
    {"g%", 1e4, {0, 0, 0, 1, -3, 0, 0}, true},
    {"[diop]", 1, {0, 0, 0, 0, -1, 0, 0}, false},
    {"[Ch]", 1e-3 / 3, length, false},
    {"[drp]", 5e-8, volume, false},
    {"[MET]", 3.5e-9 / 60, {0, 0, 0, -1, 3, 0, -1}, false},
    {"[HPF]", 1, one, false},
    {"[LPF]", 100, one, false},
    {"[S]", 1e-13, duration, false},
    {"[hnsf'U]", 1, one, false},
    // lengths, areas, volumes and masses of trade
    {"[in_i]", 0.0254, length, false},
    {"[ft_i]", 0.3048, length, false},
    {"[yd_i]", 0.9144, length, false},
    {"[mi_i]", 1609.344, length, false},
    {"[nmi_i]", 1852, length, false},
    {"[kn_i]", 1852.0 / 3600, speed, false},
    {"[sin_i]", 6.4516e-4, area, false},
    {"[sft_i]", 0.09290304, area, false},
    {"[cin_i]", 1.6387064e-5, volume, false},
    {"[cft_i]", 0.028316846592, volume, false},
    {"[gr]", 0.06479891, mass, false},
    {"[dr_av]", 1.7718451953125, mass, false},
    {"[oz_av]", 28.349523125, mass, false},
    {"[lb_av]", 453.59237, mass, false},
    {"[stone_av]", 6350.29318, mass, false},
    {"[ston_av]", 907184.74, mass, false},
    {"[lton_av]", 1016046.9088, mass, false},
    {"[oz_tr]", 31.1034768, mass, false},
    {"[lb_tr]", 373.2417216, mass, false},
    {"[gal_us]", 3.785411784e-3, volume, false},
    {"[qt_us]", 9.46352946e-4, volume, false},
    {"[pt_us]", 4.73176473e-4, volume, false},
    {"[cup_us]", 2.365882365e-4, volume, false},
    {"[foz_us]", 2.95735295625e-5, volume, false},
    {"[fdr_us]", 3.6966911953125e-6, volume, false},
    {"[tbs_us]", 1.478676478125e-5, volume, false},
    {"[tsp_us]", 4.92892159375e-6, volume, false},
    {"[foz_m]", 3e-5, volume, false},
    {"[cup_m]", 2.4e-4, volume, false},
    {"[tbs_m]", 1.5e-5, volume, false},
    {"[tsp_m]", 5e-6, volume, false},
    {"[gal_br]", 4.54609e-3, volume, false},
    {"[pt_br]", 5.6826125e-4, volume, false},
    {"[foz_br]", 2.84130625e-5, volume, false},
};

// Defined by a procedure, so nothing converts to them but themselves.
constexpr std::string_view arbitrary[] = {
    "[iU]",      "[IU]",     "[arb'U]",  "[USP'U]",  "[GPL'U]", "[MPL'U]", "[APL'U]",  "[beth'U]", "[anti'Xa'U]",
    "[todd'U]",  "[dye'U]",  "[smgy'U]", "[bdsk'U]", "[ka'U]",  "[knk'U]", "[mclg'U]", "[tb'U]",   "[CCID_50]",
    "[TCID_50]", "[EID_50]", "[PFU]",    "[FFU]",    "[CFU]",   "[IR]",    "[BAU]",    "[AU]",     "[Amb'a'1'U]",
    "[PNU]",     "[Lf]",     "[D'ag'U]", "[FEU]",    "[ELU]",   "[EU]",
};

// A product of powers under construction.
struct Product {
  double factor = 1;
  std::array<int, 7> exponents{};
  std::array<int, std::size(arbitrary)> own{};

  void multiply(const Product& other, int power_of) {
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

// An atom with or without prefix.
bool simple_unit(std::string_view code, Product& product) {
  const auto set = [&](const Atom& found, double prefix) {
    product.factor = found.factor * prefix;
    std::copy(found.dimension.begin(), found.dimension.end(), product.exponents.begin());
    return true;
  };
  if (const Atom* found = atom(code)) return set(*found, 1);
  if (arbitrary_unit(code, product)) return true;
  for (const auto& prefix : prefixes) {
    if (!code.starts_with(prefix.code)) continue;
    const auto rest = code.substr(prefix.code.size());
    if (const Atom* found = atom(rest); found && found->metric) return set(*found, prefix.factor);
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
  if (!Reader(ucum, true).read(product) || !std::isnormal(product.factor)) return std::nullopt;
  return CanonicalUnit{product.unit(), product.factor, 0};
}

bool ucum_syntax(std::string_view text) {
  Product product;
  return Reader(text, false).read(product);
}

}  // namespace fhir
