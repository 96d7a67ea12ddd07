// Language ranges and tags. RFC 9110 section 12.5.4, RFC 4647, RFC 5646 section 2.1.
#include "fhir/terminology/language.h"

#include <algorithm>
#include <charconv>

#include "fhir/terminology/code_system.h"

namespace fhir::terminology {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_range(std::string_view text) {
  if (text == "*") return true;
  for (std::size_t part = 0;; ++part) {
    const auto dash = text.find('-');
    const auto piece = text.substr(0, dash);
    if (piece.empty() || piece.size() > 8 || !std::all_of(piece.begin(), piece.end(), alphanumeric)) return false;
    if (part == 0 && std::any_of(piece.begin(), piece.end(), [](char c) { return c >= '0' && c <= '9'; })) return false;
    if (dash == text.npos) return true;
    text.remove_prefix(dash + 1);
  }
}

std::optional<double> weight_of(std::string_view parameter) {
  if (parameter.empty()) return 1;
  if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) return std::nullopt;
  parameter.remove_prefix(2);
  double weight = 0;
  const auto [end, error] = std::from_chars(parameter.data(), parameter.data() + parameter.size(), weight);
  if (error != std::errc() || end != parameter.data() + parameter.size() || !(weight >= 0 && weight <= 1))
    return std::nullopt;
  return weight;
}

}  // namespace

std::optional<Languages> Languages::parse(std::string_view text) {
  constexpr std::size_t most = 50;
  Languages languages;
  for (bool more = true; more;) {
    const auto comma = text.find(',');
    const auto item = trimmed(text.substr(0, comma));
    more = comma != text.npos;
    if (more) text.remove_prefix(comma + 1);
    if (item.empty()) continue;
    const auto semicolon = item.find(';');
    const auto tag = trimmed(item.substr(0, semicolon));
    const auto parameter = semicolon == item.npos ? std::string_view{} : trimmed(item.substr(semicolon + 1));
    const auto weight = weight_of(parameter);
    if (!is_range(tag) || !weight || languages.ranges_.size() == most) return std::nullopt;
    std::string as_written(tag);
    if (!parameter.empty()) as_written.append("; ").append(parameter);
    languages.ranges_.push_back({std::string(tag), *weight, std::move(as_written)});
  }
  return languages;
}

std::string Languages::text() const {
  std::string all;
  for (const auto& range : ranges_) all.append(all.empty() ? "" : ", ").append(range.as_written);
  return all;
}

std::string Languages::names() const { return ranges_.empty() ? "--" : text(); }

Languages::Fit Languages::fit(std::string_view tag) const {
  if (ranges_.empty()) return {};
  Fit best{0, 0};
  std::size_t longest = 0;  // the most specific range decides
  for (const auto& range : ranges_) {
    if (range.tag == "*" && longest == 0) best = {range.weight, 0};
    if (range.tag == "*" || range.tag.size() <= longest || !language_matches(range.tag, tag)) continue;
    longest = range.tag.size();
    best = {range.weight, tag.size() - range.tag.size()};
  }
  return best;
}

bool Languages::falls_back() const {
  return std::none_of(ranges_.begin(), ranges_.end(),
                      [](const Range& range) { return range.tag == "*" && range.weight == 0; });
}

bool language_matches(std::string_view range, std::string_view tag) {
  return tag.size() >= range.size() && same_code(range, tag.substr(0, range.size()), false) &&
         (tag.size() == range.size() || tag[range.size()] == '-');
}

}  // namespace fhir::terminology
