// Walks along ranges: see range.h.
#include "src/store/range.h"

#include <algorithm>
#include <tuple>

#include "fhir/search/match.h"

namespace alzette::store {

using fhir::search::IndexKind;
using fhir::search::Modifier;
using fhir::search::Prefix;
using Shape = Scan::Shape;

namespace {

// The rows that a value has in the table of a scan, as index.cpp writes them.
std::vector<Place> places(const Value& value, const Scan& scan, Key key) {
  if (scan.shape == Shape::strings && value.kind == IndexKind::string)
    return {{.text = bounded(value.text), .key = key}};
  if (scan.shape == Shape::dates && value.kind == IndexKind::date) {
    const bool is_long = value.high - value.low > day;
    if (is_long != (scan.bucket > 0)) return {};
    if (scan.bucket == 2) return {{.at = value.high, .other = value.low, .key = key}};
    return {{.at = value.low, .other = value.high, .key = key}};
  }
  if (scan.shape == Shape::numbers && value.kind == IndexKind::number)
    return {{.number = value.number, .key = key}, {.number = value.upper, .key = key}};
  if (scan.shape != Shape::quantities || value.kind != IndexKind::quantity || value.canonical != scan.canonical)
    return {};
  Place place{.number = value.number, .text = bounded(value.text), .system = value.system, .key = key};
  Place upper = place;
  upper.number = value.upper;
  return {std::move(place), std::move(upper)};
}

bool within(const Place& place, const Scan& scan) {
  if (scan.shape == Shape::strings) return place.text >= scan.from && (scan.to.empty() || place.text < scan.to);
  if (scan.shape == Shape::dates) return scan.least_time <= place.at && place.at <= scan.most_time;
  return scan.least <= place.number && place.number <= scan.most;
}

// One value that is asked for as it is.
bool is_plain(const Condition& condition) {
  return condition.shape == Condition::Shape::values && !condition.negated &&
         condition.clause->modifier == Modifier::none && condition.any_of.size() == 1;
}

auto order(const Place& place) {
  return std::tie(place.at, place.other, place.number, place.text, place.system, place.key);
}

}  // namespace

bool proves(const Row& row, const Scan& scan, const Condition& condition) {
  if (!is_plain(condition)) return false;
  const auto& term = *condition.any_of.front().term;
  if (scan.shape == Shape::dates)
    return scan.bucket == 2 ? fhir::search::in_date_range(term, row.other, row.at)
                            : fhir::search::in_date_range(term, row.at, row.other);
  const bool number =
      scan.shape == Shape::numbers || (scan.shape == Shape::quantities && !scan.canonical && term.any_unit);
  if (!number) return false;
  switch (term.prefix) {  // either end of the value will do
    case Prefix::gt:
      return row.number > term.value.number;
    case Prefix::ge:
      return row.number >= term.value.number;
    case Prefix::lt:
      return row.number < term.value.number;
    case Prefix::le:
      return row.number <= term.value.number;
    case Prefix::eq:
    case Prefix::ne:
    case Prefix::sa:
    case Prefix::eb:
    case Prefix::ap:
      return false;
  }
  return false;
}

bool RangeWalk::possible(const Condition& condition) {
  const auto ordered = [](const Scan& scan) {
    return scan.shape == Shape::strings || scan.shape == Shape::dates || scan.shape == Shape::numbers ||
           scan.shape == Shape::quantities;
  };
  // What `:contains` reads depends on how many texts there are, which may change from one page to the next.
  return is_plain(condition) && condition.drives && !condition.scans.empty() &&
         std::all_of(condition.scans.begin(), condition.scans.end(), ordered);
}

RangeWalk::RangeWalk(View& view, const Condition& condition, Key after) : view_(view), condition_(condition) {
  if (after) after_ = start_of(after);
  if (after_) scan_ = after_->scan;
}

bool RangeWalk::next(Key& key, bool& proven) {
  for (; scan_ < condition_.scans.size(); ++scan_) {
    if (!rows_)
      rows_ = view_.in_order(condition_.scans[scan_], after_ && after_->scan == scan_ ? &after_->place : nullptr);
    for (Row row; rows_->next(row);) {
      if (!row.only && met_before(row)) continue;
      key = row.key;
      proven = proves(row, condition_.scans[scan_], condition_);
      return true;
    }
    rows_ = nullptr;
  }
  return false;
}

// The first of the rows that a resource has in the ranges.
std::optional<RangeWalk::Start> RangeWalk::start_of(Key key) {
  Entry entry;
  std::optional<Start> first;
  if (!view_.entry(key, entry)) return first;
  Posting posting;
  for (Postings all(entry.postings); all.next_of(condition_.parameter, posting);)
    for (std::size_t i = 0; posting.part_count == 0 && i < condition_.scans.size(); ++i)
      for (auto& place : places(posting.value, condition_.scans[i], key)) {
        if (!within(place, condition_.scans[i])) continue;
        Start start{i, std::move(place)};
        if (!first || before(start, *first)) first = std::move(start);
      }
  return first;
}

bool RangeWalk::before(const Start& a, const Start& b) const {
  return a.scan != b.scan ? a.scan < b.scan : order(a.place) < order(b.place);
}

bool RangeWalk::met_before(const Row& row) {
  if (!met_.insert(row.key).second) return true;
  const auto shape = condition_.scans[scan_].shape;
  const bool has_ends = shape == Shape::numbers || shape == Shape::quantities;
  if (!after_ && !has_ends) return false;
  const auto start = start_of(row.key);
  if (!start) return false;
  // The row of a lower end does not tell that there is one of the upper end, too.
  if (has_ends && start->scan == scan_ && start->place.number < row.number) return true;
  return after_ && !before(*after_, *start);
}

}  // namespace alzette::store
