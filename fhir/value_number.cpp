// Dates on the time line and decimals as written: exact in text, doubles only for ranges.
// FHIR R4: http://hl7.org/fhir/R4/datatypes.html#dateTime, http://hl7.org/fhir/R4/search.html#number
#include <algorithm>
#include <charconv>
#include <cmath>

#include "fhir/calendar.h"
#include "fhir/value.h"

namespace fhir {

namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

constexpr std::int64_t second_ms = 1000, minute_ms = 60 * second_ms, hour_ms = 60 * minute_ms, day_ms = 24 * hour_ms;

// Reads fixed-width digits and marks one after the other.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}
  bool done() const { return at_ == text_.size(); }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool number(int width, int least, int most, int& value) {
    value = 0;
    for (int i = 0; i < width; ++i, ++at_) {
      if (at_ >= text_.size() || !digit(text_[at_])) return false;
      value = value * 10 + (text_[at_] - '0');
    }
    return value >= least && value <= most;
  }
  // Digits of a fraction of a second: the milliseconds, and how wide the last digit that counts is.
  bool fraction(int& millisecond, std::int64_t& width) {
    millisecond = 0;
    width = second_ms;
    int digits = 0;
    for (; at_ < text_.size() && digit(text_[at_]); ++at_, ++digits) {
      if (width == 1) continue;
      width /= 10;
      millisecond += (text_[at_] - '0') * static_cast<int>(width);
    }
    return digits > 0 && digits <= 9;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

bool read_day(Scanner& in, DateTime& value) {
  if (!in.number(4, 1, 9999, value.year)) return false;
  if (in.done()) return true;
  if (!in.take('-') || !in.number(2, 1, 12, value.month)) return false;
  value.precision = Precision::month;
  if (in.done()) return true;
  if (!in.take('-') || !in.number(2, 1, days_in_month(value.year, value.month), value.day)) return false;
  value.precision = Precision::day;
  return true;
}

bool read_zone(Scanner& in, DateTime& value) {
  if (in.done()) return true;
  value.has_zone = true;
  if (in.take('Z')) return in.done();
  const bool west = in.take('-');
  int hours = 0, minutes = 0;
  if (!west && !in.take('+')) return false;
  if (!in.number(2, 0, 14, hours) || !in.take(':') || !in.number(2, 0, hours == 14 ? 0 : 59, minutes)) return false;
  value.offset_minutes = (west ? -1 : 1) * (hours * 60 + minutes);
  return in.done();
}

// hh:mm[:ss[.fraction]]; `width` is what the precision leaves open.
bool read_clock(Scanner& in, DateTime& value, std::int64_t& width) {
  if (!in.number(2, 0, 23, value.hour) || !in.take(':') || !in.number(2, 0, 59, value.minute)) return false;
  value.precision = Precision::minute;
  width = minute_ms;
  if (!in.take(':')) return true;
  if (!in.number(2, 0, 60, value.second)) return false;
  value.precision = Precision::second;
  width = second_ms;
  if (!in.take('.')) return true;
  value.precision = Precision::fraction;
  return in.fraction(value.millisecond, width);
}

std::int64_t clock_ms(const DateTime& value) {
  return value.hour * hour_ms + value.minute * minute_ms + value.second * second_ms + value.millisecond;
}

std::int64_t calendar_width(const DateTime& value) {
  if (value.precision == Precision::day) return day_ms;
  if (value.precision == Precision::month) return days_in_month(value.year, value.month) * day_ms;
  return (days_of({value.year + 1, 1, 1}) - days_of({value.year, 1, 1})) * day_ms;
}

// A decimal's parts: value = 0.DIGITS * 10^exponent, digits without leading zeros.
struct Parts {
  bool negative = false;
  bool exponent_written_positive = false;
  std::string digits;
  int exponent = 0;
  int place = 0;  // power of ten of the last digit written
};

std::optional<Parts> take_apart(std::string_view text) {
  constexpr std::size_t longest = 512;
  constexpr int largest_exponent = 308;
  if (text.empty() || text.size() > longest) return std::nullopt;
  Parts parts;
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t start = at;
    while (at < text.size() && digit(text[at])) parts.digits += text[at++];
    return at - start;
  };
  if (text[0] == '-') {
    parts.negative = true;
    ++at;
  }
  const std::size_t start = at;
  const std::size_t whole = digits();
  if (!whole || (whole > 1 && text[start] == '0')) return std::nullopt;
  if (at < text.size() && text[at] == '.') {
    ++at;
    const std::size_t fraction = digits();
    if (!fraction) return std::nullopt;
    parts.place = -static_cast<int>(fraction);
  }
  if (at < text.size() && (text[at] | 0x20) == 'e') {
    ++at;
    const bool minus = at < text.size() && text[at] == '-';
    if (minus || (at < text.size() && text[at] == '+')) ++at;
    if (at == text.size() || !digit(text[at])) return std::nullopt;
    int exponent = 0;
    while (at < text.size() && digit(text[at])) {
      exponent = exponent * 10 + (text[at++] - '0');
      if (exponent > largest_exponent) return std::nullopt;
    }
    parts.place += minus ? -exponent : exponent;
    parts.exponent_written_positive = !minus && exponent > 0;
  }
  if (at != text.size()) return std::nullopt;
  parts.digits.erase(0, parts.digits.find_first_not_of('0'));
  parts.exponent = static_cast<int>(parts.digits.size()) + parts.place;
  if (parts.digits.empty()) return parts;
  if (parts.exponent > largest_exponent || parts.exponent < -largest_exponent) return std::nullopt;
  return parts;
}

std::optional<double> to_double(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// digits * 10^place, correctly rounded.
double scaled(bool negative, const std::string& digits, int place) {
  return to_double((negative ? "-" : "") + (digits.empty() ? "0" : digits) + "e" + std::to_string(place)).value_or(0);
}

// digits * 10 + 5, and digits * 10 - 5 for digits above zero.
std::string add_five(const std::string& digits) { return digits + "5"; }

std::string subtract_five(std::string digits) {
  digits += "0";
  std::size_t at = digits.size() - 1;
  digits[at] = '5';
  while (at > 0 && digits[at - 1] == '0') digits[--at] = '9';
  if (at > 0) --digits[at - 1];
  return digits;
}

}  // namespace

std::optional<DateTime> parse_date_time(std::string_view text) {
  Scanner in(text);
  DateTime value;
  if (!read_day(in, value)) return std::nullopt;
  std::int64_t width = 0;
  if (!in.done()) {
    if (value.precision != Precision::day || !in.take('T') || !read_clock(in, value, width) || !read_zone(in, value))
      return std::nullopt;
  } else {
    width = calendar_width(value);
  }
  value.low =
      days_of({value.year, value.month, value.day}) * day_ms + clock_ms(value) - value.offset_minutes * minute_ms;
  value.high = value.low + width - 1;
  return value;
}

std::optional<std::int64_t> parse_time(std::string_view text) {
  Scanner in(text);
  DateTime value;
  std::int64_t width = 0;
  if (!read_clock(in, value, width) || !in.done() || value.precision < Precision::second) return std::nullopt;
  return clock_ms(value);
}

std::string instant_text(std::int64_t milliseconds) {
  std::int64_t days = milliseconds / day_ms;
  std::int64_t rest = milliseconds % day_ms;
  if (rest < 0) {
    rest += day_ms;
    --days;
  }
  const auto [year, month, day] = date_of(days);
  std::string text = "0000-00-00T00:00:00.000Z";
  const auto put = [&](std::size_t at, std::size_t width, std::int64_t value) {
    for (std::size_t i = width; i-- > 0; value /= 10) text[at + i] = static_cast<char>('0' + value % 10);
  };
  put(0, 4, year);
  put(5, 2, month);
  put(8, 2, day);
  put(11, 2, rest / hour_ms);
  put(14, 2, rest / minute_ms % 60);
  put(17, 2, rest / second_ms % 60);
  put(20, 3, rest % second_ms);
  return text;
}

bool valid_decimal(std::string_view text) {
  // Nearly all numbers are a few plain digits: no need to take them apart.
  if (!text.empty() && text.size() <= 16 && text[0] >= '1' && std::all_of(text.begin(), text.end(), digit)) return true;
  return take_apart(text).has_value();
}

int compare_decimals(std::string_view a, std::string_view b) {
  const auto left = take_apart(a), right = take_apart(b);
  if (!left || !right) return 0;
  const auto sign = [](const Parts& parts) { return parts.digits.empty() ? 0 : parts.negative ? -1 : 1; };
  const int side = sign(*left);
  if (side != sign(*right)) return side < sign(*right) ? -1 : 1;
  if (side == 0) return 0;
  if (left->exponent != right->exponent) return left->exponent < right->exponent ? -side : side;
  const auto digits = [](std::string_view text) { return text.substr(0, text.find_last_not_of('0') + 1); };
  const int order = digits(left->digits).compare(digits(right->digits));
  return order == 0 ? 0 : order < 0 ? -side : side;
}

std::optional<DecimalRange> decimal_range(std::string_view text) {
  const auto parts = take_apart(text);
  if (!parts) return std::nullopt;
  DecimalRange range;
  range.value = scaled(parts->negative, parts->digits, parts->place);
  // Half of the last digit written. With a positive exponent the standard's own example counts one digit more:
  // 1e2 is [95, 105).
  std::string digits = parts->digits;
  int place = parts->place;
  if (parts->exponent_written_positive) {
    digits += "0";
    --place;
  }
  const double outer = scaled(parts->negative, add_five(digits), place - 1);
  const bool zero = parts->digits.empty();
  const double inner = zero ? -outer : scaled(parts->negative, subtract_five(digits), place - 1);
  range.low = std::min(outer, inner);
  range.high = std::max(outer, inner);
  return range;
}

}  // namespace fhir
