#include "fhir/path/temporal.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "fhir/calendar.h"

namespace fhir::path {
namespace {

using Precision = Temporal::Precision;
using Shape = Temporal::Shape;

constexpr std::int64_t day_milliseconds = 86'400'000;

std::int64_t day_part(const Temporal& t) { return ((t.hour * 60LL + t.minute) * 60 + t.second) * 1000 + t.millisecond; }

void set_day_part(Temporal& t, std::int64_t milliseconds) {
  t.millisecond = static_cast<int>(milliseconds % 1000);
  t.second = static_cast<int>(milliseconds / 1000 % 60);
  t.minute = static_cast<int>(milliseconds / 60'000 % 60);
  t.hour = static_cast<int>(milliseconds / 3'600'000);
}

// Moves date and time of day together; false beyond the years 1 to 9999.
bool shift(Temporal& t, std::int64_t milliseconds) {
  std::int64_t total = day_part(t) + milliseconds % day_milliseconds;
  std::int64_t days = milliseconds / day_milliseconds;
  if (total < 0) {
    total += day_milliseconds;
    --days;
  } else if (total >= day_milliseconds) {
    total -= day_milliseconds;
    ++days;
  }
  set_day_part(t, total);
  if (t.shape == Shape::time) return true;
  const auto moved = date_of(days_of({t.year, t.month, t.day}) + days);
  t.year = moved.year;
  t.month = moved.month;
  t.day = moved.day;
  return t.year >= 1 && t.year <= 9999;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  bool done() const { return at_ == text_.size(); }
  bool take(char c) {
    if (done() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool number(std::size_t size, int& value) {
    if (text_.size() - at_ < size) return false;
    value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const char c = text_[at_ + i];
      if (c < '0' || c > '9') return false;
      value = value * 10 + (c - '0');
    }
    at_ += size;
    return true;
  }
  bool fraction(int& milliseconds) {
    int digits = 0;
    milliseconds = 0;
    for (; !done() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_, ++digits)
      if (digits < 3) milliseconds = milliseconds * 10 + (text_[at_] - '0');
    for (int i = digits; i < 3; ++i) milliseconds *= 10;
    return digits > 0 && digits <= 12;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

bool read_date(Reader& in, Temporal& t) {
  if (!in.number(4, t.year) || t.year == 0) return false;
  if (!in.take('-')) return true;
  if (!in.number(2, t.month) || t.month < 1 || t.month > 12) return false;
  t.precision = Precision::month;
  if (!in.take('-')) return true;
  if (!in.number(2, t.day) || t.day < 1 || t.day > days_in_month(t.year, t.month)) return false;
  t.precision = Precision::day;
  return true;
}

bool read_time(Reader& in, Temporal& t) {
  if (!in.number(2, t.hour) || t.hour > 23) return false;
  t.precision = Precision::hour;
  if (!in.take(':')) return true;
  if (!in.number(2, t.minute) || t.minute > 59) return false;
  t.precision = Precision::minute;
  if (!in.take(':')) return true;
  if (!in.number(2, t.second) || t.second > 60) return false;
  t.second = std::min(t.second, 59);  // a leap second counts as the one before it
  t.precision = Precision::second;
  if (!in.take('.')) return true;
  t.precision = Precision::millisecond;
  return in.fraction(t.millisecond);
}

bool read_zone(Reader& in, Temporal& t) {
  if (in.take('Z')) {
    t.zone = 0;
    return true;
  }
  const bool west = in.take('-');
  if (!west && !in.take('+')) return true;
  int hours = 0;
  int minutes = 0;
  if (!in.number(2, hours) || !in.take(':') || !in.number(2, minutes) || hours > 14 || minutes > 59) return false;
  t.zone = (west ? -1 : 1) * (hours * 60 + minutes);
  return true;
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 16> words{{{"year", "year"},
                                                                               {"years", "year"},
                                                                               {"month", "month"},
                                                                               {"months", "month"},
                                                                               {"week", "week"},
                                                                               {"weeks", "week"},
                                                                               {"day", "day"},
                                                                               {"days", "day"},
                                                                               {"hour", "hour"},
                                                                               {"hours", "hour"},
                                                                               {"minute", "minute"},
                                                                               {"minutes", "minute"},
                                                                               {"second", "second"},
                                                                               {"seconds", "second"},
                                                                               {"millisecond", "millisecond"},
                                                                               {"milliseconds", "millisecond"}}};

// Milliseconds of a unit of fixed length, 0 for years, months and everything else.
std::int64_t fixed_length(std::string_view unit) {
  if (unit == "week" || unit == "wk") return 7 * day_milliseconds;
  if (unit == "day" || unit == "d") return day_milliseconds;
  if (unit == "hour" || unit == "h") return 3'600'000;
  if (unit == "minute" || unit == "min") return 60'000;
  if (unit == "second" || unit == "s") return 1000;
  if (unit == "millisecond" || unit == "ms") return 1;
  return 0;
}

// Drops what the value's own precision does not hold.
void cut(Temporal& t) {
  if (t.precision < Precision::month) t.month = 1;
  if (t.precision < Precision::day) t.day = 1;
  if (t.precision < Precision::hour) t.hour = 0;
  if (t.precision < Precision::minute) t.minute = 0;
  if (t.precision < Precision::second) t.second = 0;
  if (t.precision < Precision::millisecond) t.millisecond = 0;
}

}  // namespace

std::string_view calendar_word(std::string_view unit) {
  for (const auto& [word, singular] : words)
    if (word == unit) return singular;
  return {};
}

std::optional<Temporal> Temporal::parse(std::string_view text, Shape shape) {
  Temporal t;
  t.shape = shape;
  Reader in(text);
  if (shape == Shape::time) {
    in.take('T');
    if (!read_time(in, t) || !in.done()) return std::nullopt;
    return t;
  }
  if (!read_date(in, t)) return std::nullopt;
  if (in.done()) return t;
  if (shape == Shape::date || !in.take('T')) return std::nullopt;
  if (in.done()) return t;
  if (t.precision != Precision::day || !read_time(in, t) || !read_zone(in, t) || !in.done()) return std::nullopt;
  return t;
}

Temporal Temporal::at(std::int64_t milliseconds, Shape shape) {
  Temporal t;
  t.shape = Shape::date_time;
  t.year = 1970;
  shift(t, milliseconds);
  t.shape = shape;
  t.precision = shape == Shape::date ? Precision::day : Precision::millisecond;
  if (shape == Shape::date_time) t.zone = 0;
  cut(t);
  return t;
}

std::string Temporal::text() const {
  char part[32];
  std::string out;
  const auto append = [&](const char* format, int value) {
    const int size = std::snprintf(part, sizeof part, format, value);
    out.append(part, static_cast<std::size_t>(size));
  };
  if (shape != Shape::time) {
    append("%04d", year);
    if (precision >= Precision::month) append("-%02d", month);
    if (precision >= Precision::day) append("-%02d", day);
    if (shape == Shape::date_time) out += 'T';
  }
  if (precision >= Precision::hour) append("%02d", hour);
  if (precision >= Precision::minute) append(":%02d", minute);
  if (precision >= Precision::second) append(":%02d", second);
  if (precision >= Precision::millisecond) append(".%03d", millisecond);
  if (!zone) return out;
  if (*zone == 0) return out + 'Z';
  out += *zone < 0 ? '-' : '+';
  append("%02d", std::abs(*zone) / 60);
  append(":%02d", std::abs(*zone) % 60);
  return out;
}

Temporal Temporal::in_utc() const {
  Temporal moved = *this;
  if (zone && precision >= Precision::hour) shift(moved, -*zone * 60'000LL);
  moved.zone = 0;
  return moved;
}

int Temporal::digits() const {
  constexpr std::array<int, 7> of_date{4, 6, 8, 10, 12, 14, 17};
  constexpr std::array<int, 7> of_time{0, 0, 0, 2, 4, 6, 9};
  const auto at = static_cast<std::size_t>(precision);
  return shape == Shape::time ? of_time[at] : of_date[at];
}

// A time of day without a zone may be meant anywhere on earth: two such values more than 14 hours apart have an order.
static Order compare_unzoned(const Temporal& a, const Temporal& b) {
  constexpr std::int64_t widest = 14 * 3'600'000;
  const auto place = [](const Temporal& t) {
    const Temporal moved = t.in_utc();
    return days_of({moved.year, moved.month, moved.day}) * day_milliseconds + day_part(moved);
  };
  const std::int64_t apart = place(a) - place(b);
  return apart > widest ? Order::greater : apart < -widest ? Order::less : Order::uncertain;
}

Order compare(const Temporal& left, const Temporal& right) {
  const bool timed =
      left.shape != Temporal::Shape::time && left.precision >= Precision::hour && right.precision >= Precision::hour;
  if (timed && left.zone.has_value() != right.zone.has_value()) return compare_unzoned(left, right);
  const bool zoned = left.zone && right.zone && *left.zone != *right.zone;
  const Temporal a = zoned ? left.in_utc() : left;
  const Temporal b = zoned ? right.in_utc() : right;
  const std::array<std::pair<int, int>, 6> fields{{{a.year, b.year},
                                                   {a.month, b.month},
                                                   {a.day, b.day},
                                                   {a.hour, b.hour},
                                                   {a.minute, b.minute},
                                                   {a.second * 1000 + a.millisecond, b.second * 1000 + b.millisecond}}};
  // Seconds and milliseconds are one precision (N1, 6.1.1).
  const auto last = [](const Temporal& t) { return std::min(static_cast<int>(t.precision), 5); };
  for (int i = left.shape == Shape::time ? 3 : 0; i <= 5; ++i) {
    const bool in_a = i <= last(a);
    const bool in_b = i <= last(b);
    if (!in_a && !in_b) return Order::equal;
    if (in_a != in_b) return Order::uncertain;
    const auto [x, y] = fields[static_cast<std::size_t>(i)];
    if (x != y) return x < y ? Order::less : Order::greater;
  }
  return Order::equal;
}

std::optional<Temporal> add(const Temporal& start, Decimal amount, std::string_view unit) {
  if (const auto word = calendar_word(unit); !word.empty()) unit = word;
  const bool seconds = unit == "second" || unit == "s";
  if (!seconds) amount = amount.rounded(0, Decimal::Rounding::toward_zero);
  Temporal moved = start;
  if (unit == "year" || unit == "month") {
    const auto count = amount.whole();
    if (!count || start.shape == Shape::time || *count > 120'000 || *count < -120'000) return std::nullopt;
    const std::int64_t months = start.year * 12LL + start.month - 1 + *count * (unit == "year" ? 12 : 1);
    if (months < 12 || months >= 10'000 * 12) return std::nullopt;
    moved.year = static_cast<int>(months / 12);
    moved.month = static_cast<int>(months % 12) + 1;
    moved.day = std::min(start.day, days_in_month(moved.year, moved.month));
    cut(moved);
    return moved;
  }
  const std::int64_t length = fixed_length(unit);
  if (length == 0) return std::nullopt;
  const auto product = multiply(amount, Decimal::of(length));
  const auto whole = product ? product->rounded(0, Decimal::Rounding::toward_zero).whole() : std::nullopt;
  if (!whole || *whole > 400'000'000'000'000 || *whole < -400'000'000'000'000) return std::nullopt;
  // A coarser value moves by whole units of its own precision (N1, 6.8.1: a month has 30 days, a year 365).
  std::int64_t moves = *whole;
  if (start.shape != Shape::time && start.precision <= Precision::month) {
    const std::int64_t days = moves / day_milliseconds;
    return start.precision == Precision::year ? add(start, Decimal::of(days / 365), "year")
                                              : add(start, Decimal::of(days / 30), "month");
  }
  if (start.shape == Shape::time && length >= day_milliseconds) return std::nullopt;
  constexpr std::array<std::int64_t, 7> grain{1, 1, day_milliseconds, 3'600'000, 60'000, 1, 1};
  moves -= moves % grain[static_cast<std::size_t>(start.precision)];
  if (!shift(moved, moves)) return std::nullopt;
  if (moved.precision == Precision::second && moved.millisecond != 0) moved.precision = Precision::millisecond;
  return moved;
}

std::optional<Temporal> boundary(const Temporal& value, bool high, int digits) {
  Temporal t = value;
  const auto known = t.precision;
  if (high) {
    if (known < Precision::month) t.month = 12;
    if (known < Precision::day) t.day = days_in_month(t.year, t.month);
    if (known < Precision::hour) t.hour = 23;
    if (known < Precision::minute) t.minute = 59;
    if (known < Precision::second) t.second = 59;
    if (known < Precision::millisecond) t.millisecond = 999;
  }
  bool found = false;
  for (int i = value.shape == Shape::time ? 3 : 0; i <= 6; ++i) {
    t.precision = static_cast<Precision>(i);
    if (t.digits() == digits) {
      found = true;
      break;
    }
  }
  if (!found || (value.shape == Shape::date && t.precision > Precision::day)) return std::nullopt;
  cut(t);
  // Without a zone the value may lie anywhere between the first and the last place on earth.
  if (t.shape == Shape::date_time && t.precision >= Precision::hour && !t.zone) t.zone = high ? -12 * 60 : 14 * 60;
  if (t.precision < Precision::hour) t.zone.reset();
  return t;
}

}  // namespace fhir::path
