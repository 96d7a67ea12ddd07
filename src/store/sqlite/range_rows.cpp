// Ranges in the order of their tables, behind a row (view.h).
#include <limits>

#include "src/store/sqlite/sqlite_view.h"

namespace alzette::store::sqlite {

using Shape = Scan::Shape;

namespace {

// Each row with what ended its version.
constexpr const char* strings =
    "SELECT t.key, rest, until FROM string t LEFT JOIN superseded s ON s.key = t.key WHERE parameter = ? "
    "AND value >= ? AND value < ? AND (value, t.key) > (?, ?) AND t.key <= ? ORDER BY value, t.key";
constexpr const char* dates =
    "SELECT t.key, rest, until, at, other FROM date t LEFT JOIN superseded s ON s.key = t.key WHERE parameter = ? "
    "AND bucket = ? AND at BETWEEN ? AND ? AND (at, other, t.key) > (?, ?, ?) AND t.key <= ? "
    "ORDER BY at, other, t.key";
constexpr const char* numbers =
    "SELECT t.key, rest, until, value FROM number t LEFT JOIN superseded s ON s.key = t.key WHERE parameter = ? "
    "AND value BETWEEN ? AND ? AND (value, t.key) > (?, ?) AND t.key <= ? ORDER BY value, t.key";
constexpr const char* quantities =
    "SELECT t.key, rest, until, value FROM quantity t LEFT JOIN superseded s ON s.key = t.key WHERE parameter = ? "
    "AND canonical = ? AND value BETWEEN ? AND ? AND (value, code, system, t.key) > (?, ?, ?, ?) AND t.key <= ? "
    "ORDER BY value, code, system, t.key";

class RangeRows : public Rows {
 public:
  RangeRows(SqliteView& view, Connection& connection, Scan scan, const Place* after)
      : view_(view), scan_(std::move(scan)) {
    const Key last = view.last();
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
  bool next(Row& row) override {
    if (!rows_.step()) return false;
    row.key = rows_.integer(0);
    row.only = rows_.integer(1) == 0;
    view_.met(row.key, rows_.is_null(2) || view_.covers(rows_.integer(2)), nullptr);
    read_value(rows_, scan_.shape, 3, row);
    return true;
  }

 private:
  SqliteView& view_;
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
  return std::make_unique<RangeRows>(*this, connection_, scan, after);
}

}  // namespace alzette::store::sqlite
