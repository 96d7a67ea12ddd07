// The ranges of the index tables that hold the matches of one alternative. A range may hold more than the matches:
// then each candidate is judged again.
#include <cmath>
#include <limits>

#include "fhir/search/match.h"
#include "src/store/plan.h"

namespace alzette::store {

using fhir::search::IndexKind;
using fhir::search::Modifier;
using fhir::search::Prefix;
using fhir::search::Term;
using Shape = Scan::Shape;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

struct Interval {
  double least = -infinity;
  double most = infinity;
};

// Where either end of what matches lies; inclusive, and perhaps too wide.
Interval number_interval(const Term& term) {
  const double n = term.value.number;
  switch (term.prefix) {
    case Prefix::eq:
      return {std::min(n, term.low_number), std::max(n, term.high_number)};
    case Prefix::ap:  // a stored range may reach over the whole given one: its lower end is found
      return {-infinity, std::max(n, term.high_number)};
    case Prefix::gt:
    case Prefix::ge:
    case Prefix::sa:
      return {n, infinity};
    case Prefix::lt:
    case Prefix::le:
    case Prefix::eb:
      return {-infinity, n};
    case Prefix::ne:
      return {};
  }
  return {};
}

// The smallest text behind all that begin with `prefix`; "" when there is none.
std::string behind(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

void add_token(View& view, Name parameter, const Alternative& alternative, std::vector<Scan>& scans) {
  const auto& term = *alternative.term;
  Scan scan{.shape = Shape::token, .parameter = parameter, .from = bounded(term.value.text)};
  if (!term.any_system) {
    if (alternative.system == unknown) return;
    scan.system = alternative.system;
    if (term.value.text.empty()) scan.shape = Shape::system;
    scans.push_back(std::move(scan));
    return;
  }
  constexpr std::size_t most_systems = 1000;
  for (const Name system : view.systems(parameter, scan.from, most_systems)) {
    scan.system = system;
    scans.push_back(scan);
  }
}

// Where the texts of a parameter are few (names of tests, towns), those that match are picked out and their rows come
// in key order; otherwise all of them are looked at.
bool add_texts(View& view, Name parameter, const Alternative& alternative, Modifier modifier, std::vector<Scan>& scans,
               bool& exact) {
  constexpr std::size_t most_scans = 200;
  const auto texts = view.texts(parameter);
  if (!texts) return false;
  std::vector<Scan> found;
  bool all_whole = true;
  Value value;
  value.kind = IndexKind::string;
  for (const auto& text : *texts) {
    value.text = text;
    const bool whole = text.size() <= most_text;  // a shortened one is judged by what was stored
    if (whole && !matches(value, alternative, modifier)) continue;
    all_whole = all_whole && whole;
    found.push_back({.shape = Shape::text, .parameter = parameter, .from = text});
    if (found.size() > most_scans) return false;
  }
  exact = exact && all_whole;
  scans.insert(scans.end(), found.begin(), found.end());
  return true;
}

void add_string(View& view, Name parameter, const Alternative& alternative, Modifier modifier, std::vector<Scan>& scans,
                bool& exact) {
  const auto& term = *alternative.term;
  Scan scan{.shape = Shape::strings, .parameter = parameter};
  if (modifier == Modifier::exact || modifier == Modifier::equal) {
    scan.shape = Shape::text;
    scan.from = bounded(term.value.text);
    exact = false;
  } else if (modifier == Modifier::contains || modifier == Modifier::text || modifier == Modifier::ends) {
    if (add_texts(view, parameter, alternative, modifier, scans, exact)) return;
    exact = false;
  } else {
    constexpr std::size_t sure = most_text - 3;  // bytes that a shortened text surely keeps
    scan.from = term.value.text.substr(0, sure);
    scan.to = behind(scan.from);
    exact = exact && term.value.text.size() <= sure;
  }
  scans.push_back(std::move(scan));
}

void add_uri(Name parameter, const Term& term, Modifier modifier, std::vector<Scan>& scans, bool& exact) {
  const auto& text = term.value.text;
  Scan scan{.shape = Shape::uri, .parameter = parameter};
  if (modifier == Modifier::below) {
    scan.shape = Shape::uris;
    scan.from = text.substr(0, most_uri - 3);
    scan.to = behind(scan.from);
    exact = false;
    scans.push_back(std::move(scan));
    return;
  }
  scan.from = bounded(text, most_uri);
  scans.push_back(scan);
  if (modifier != Modifier::above) return;
  // Every beginning of the given URI that ends a part of it.
  for (std::size_t at = 1; at < text.size(); ++at) {
    const std::string upper = text.substr(0, at);
    if (!fhir::search::is_above(upper, text)) continue;
    scan.from = bounded(upper, most_uri);
    scans.push_back(scan);
  }
}

// Whatever is no longer than a day is found by where it begins; what is longer, by the end that matters.
void add_date(Name parameter, const Term& term, std::vector<Scan>& scans, bool& exact) {
  const std::int64_t low = term.value.low;
  const std::int64_t high = term.value.high;
  const auto add = [&](std::int64_t bucket, std::int64_t least, std::int64_t most) {
    scans.push_back(
        {.shape = Shape::dates, .parameter = parameter, .bucket = bucket, .least_time = least, .most_time = most});
  };
  const auto ends_from = [&](std::int64_t least) {
    add(0, least - day, INT64_MAX);
    add(2, least, INT64_MAX);
    exact = false;
  };
  const auto begins_until = [&](std::int64_t most) {
    add(0, INT64_MIN, most);
    add(1, INT64_MIN, most);
  };
  switch (term.prefix) {
    case Prefix::eq:
      add(0, low, high);
      if (high - low > day) add(1, low, high);
      exact = false;
      break;
    case Prefix::ne:
      add(0, INT64_MIN, INT64_MAX);
      add(1, INT64_MIN, INT64_MAX);
      exact = false;
      break;
    case Prefix::gt:
      ends_from(high + 1);
      break;
    case Prefix::ge:
      ends_from(low);
      break;
    case Prefix::lt:
      begins_until(low - 1);
      break;
    case Prefix::le:
      begins_until(high);
      break;
    case Prefix::sa:
      add(0, high + 1, INT64_MAX);
      add(1, high + 1, INT64_MAX);
      break;
    case Prefix::eb:
      begins_until(low - 1);
      exact = false;
      break;
    case Prefix::ap:
      add(0, low - day, high);
      add(1, INT64_MIN, high);
      exact = false;
      break;
  }
}

void add_composite(Name parameter, const Alternative& alternative, std::vector<Scan>& scans, bool& drives) {
  Scan scan{.shape = Shape::composites, .parameter = parameter, .least = -infinity, .most = infinity};
  bool code = false;
  bool number = false;
  for (const auto& part : alternative.parts) {
    const auto& value = part.term->value;
    if (value.kind == IndexKind::token && !code) {
      if (value.text.empty()) drives = false;  // any code of a system
      scan.from = bounded(value.text);
      code = true;
    } else if ((value.kind == IndexKind::quantity || value.kind == IndexKind::number) && !number) {
      const auto interval = number_interval(*part.term);
      scan.least = interval.least;
      scan.most = interval.most;
      number = true;
    }
  }
  scans.push_back(std::move(scan));
}

// A circle lies between two parallels.
void add_near(Name parameter, const Term& term, std::vector<Scan>& scans) {
  constexpr double degree = 3.14159265358979323846 / 180 * fhir::search::earth_radius;
  const double latitude = term.parts[0].value.number;
  const double around = term.value.number / degree * (1 + 1e-9) + 1e-9;
  scans.push_back(
      {.shape = Shape::composites, .parameter = parameter, .least = latitude - around, .most = latitude + around});
}

}  // namespace

bool add_scans(View& view, Name parameter, const Alternative& alternative, Modifier modifier, std::vector<Scan>& scans,
               bool& exact) {
  const auto& term = *alternative.term;
  bool drives = true;
  if (modifier == Modifier::unequal) return false;
  const bool any_part = term.value.kind == IndexKind::string || term.value.kind == IndexKind::words;
  if (fhir::search::is_part(modifier) && !any_part) return false;
  if (modifier == Modifier::below && term.value.kind == IndexKind::token) return false;
  if (term.near) {
    exact = false;
    add_near(parameter, term, scans);
    return true;
  }
  if (!alternative.parts.empty()) {
    exact = false;
    add_composite(parameter, alternative, scans, drives);
    return drives;
  }
  switch (term.value.kind) {
    case IndexKind::token:
      add_token(view, parameter, alternative, scans);
      break;
    case IndexKind::string:
      add_string(view, parameter, alternative, modifier, scans, exact);
      break;
    case IndexKind::uri:
      add_uri(parameter, term, modifier, scans, exact);
      break;
    case IndexKind::date:
      add_date(parameter, term, scans, exact);
      break;
    case IndexKind::number: {
      const auto interval = number_interval(term);
      scans.push_back(
          {.shape = Shape::numbers, .parameter = parameter, .least = interval.least, .most = interval.most});
      exact = false;
      break;
    }
    case IndexKind::quantity: {
      const auto interval = number_interval(term);
      scans.push_back({.shape = Shape::quantities,
                       .parameter = parameter,
                       .canonical = term.value.canonical,
                       .least = interval.least,
                       .most = interval.most});
      exact = false;
      break;
    }
    case IndexKind::reference:
      for (const Rid target : alternative.targets)
        scans.push_back({.shape = Shape::reference, .parameter = parameter, .target = target});
      exact = exact && term.value.system.empty();
      break;
    case IndexKind::words:
      scans.push_back({.shape = Shape::words, .parameter = parameter, .from = term.value.text});
      scans.back().open_end = modifier == Modifier::starts;
      break;
    case IndexKind::composite:
      return false;
  }
  return drives;
}

}  // namespace alzette::store
