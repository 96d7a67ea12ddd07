// Ranges in the order of their tables, behind a row (view.h).
#include <limits>

#include "src/store/sqlite/sqlite_view.h"

namespace alzette::store::sqlite {

using Shape = Scan::Shape;

namespace {

constexpr const char* strings =
    "SELECT key, rest FROM string WHERE parameter = ? AND value >= ? AND value < ? AND (value, key) > (?, ?) "
    "AND key <= ? ORDER BY value, key";
constexpr const char* dates =
    "SELECT key, rest FROM date WHERE parameter = ? AND bucket = ? AND at BETWEEN ? AND ? "
    "AND (at, other, key) > (?, ?, ?) AND key <= ? ORDER BY at, other, key";
constexpr const char* numbers =
    "SELECT key, rest FROM number WHERE parameter = ? AND value BETWEEN ? AND ? AND (value, key) > (?, ?) "
    "AND key <= ? ORDER BY value, key";
constexpr const char* quantities =
    "SELECT key, rest FROM quantity WHERE parameter = ? AND canonical = ? AND value BETWEEN ? AND ? "
    "AND (value, code, system, key) > (?, ?, ?, ?) AND key <= ? ORDER BY value, code, system, key";

class RangeRows : public Rows {
 public:
  RangeRows(Connection& connection, Scan scan, const Place* after, Key last) : scan_(std::move(scan)) {
    if (after) after_ = *after;
    from_ = std::max(scan_.from, after_.text);
    const double least = std::max(scan_.least, after_.number);
    const std::string_view text = after_.text;
    if (scan_.shape == Shape::dates) {
      rows_ = connection.take(dates);
      rows_.with(scan_.parameter, scan_.bucket, std::max(scan_.least_time, after_.at), scan_.most_time, after_.at,
                 after_.other, after_.key, last);
    } else if (scan_.shape == Shape::numbers) {
      rows_ = connection.take(numbers);
      rows_.with(scan_.parameter, least, scan_.most, after_.number, after_.key, last);
    } else if (scan_.shape == Shape::quantities) {
      rows_ = connection.take(quantities);
      rows_.with(scan_.parameter, std::int64_t{scan_.canonical}, least, scan_.most, after_.number, text, after_.system,
                 after_.key, last);
    } else if (scan_.to.empty()) {
      rows_ = connection.take(strings);
      rows_.with(scan_.parameter, std::string_view(from_), Bytes{}, text, after_.key,
                 last);  // Bytes: behind every text
    } else {
      rows_ = connection.take(strings);
      rows_.with(scan_.parameter, std::string_view(from_), std::string_view(scan_.to), text, after_.key, last);
    }
  }
  bool next(Key& key, bool& only) override {
    if (!rows_.step()) return false;
    key = rows_.integer(0);
    only = rows_.integer(1) == 0;
    return true;
  }

 private:
  Scan scan_;
  Place after_{.at = std::numeric_limits<std::int64_t>::min(),
               .other = std::numeric_limits<std::int64_t>::min(),
               .number = -std::numeric_limits<double>::infinity(),
               .key = -1};
  std::string from_;  // bound
  Statement rows_;
};

}  // namespace

std::unique_ptr<Rows> SqliteView::in_order(const Scan& scan, const Place* after) {
  return std::make_unique<RangeRows>(connection_, scan, after, last_);
}

}  // namespace alzette::store::sqlite
