#include "src/net/uri.h"

#include "fhir/hex.h"
#include "fhir/value.h"
#include "src/net/ascii.h"

namespace alzette::net {

namespace {

bool is_plain(std::string_view text) {
  for (const char c : text)
    if (c == '%' || static_cast<unsigned char>(c) >= 0x80) return false;
  return true;
}

std::string_view segment_fault(std::string_view segment) {
  if (segment == "." || segment == "..") return "the path holds a . or .. segment";
  if (is_plain(segment)) return {};
  const auto decoded = percent_decode(segment);
  if (!decoded) return "the path is not percent-encoded UTF-8";
  if (*decoded == "." || *decoded == "..") return "the path holds a . or .. segment";
  for (std::size_t i = 0; i < decoded->size(); ++i) {
    const char c = (*decoded)[i];
    if (c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      return "the path holds an encoded separator or control character";
    if (c == '%' && i + 2 < decoded->size() && fhir::hex_digit((*decoded)[i + 1]) >= 0 &&
        fhir::hex_digit((*decoded)[i + 2]) >= 0)
      return "the path is percent-encoded twice";
  }
  return {};
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  bool ascii = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && plus_is_space) {
      c = ' ';
    } else if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = fhir::hex_digit(text[i + 1]);
      const int low = fhir::hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (c == '\0') return std::nullopt;
    ascii = ascii && static_cast<unsigned char>(c) < 0x80;
    decoded.push_back(c);
  }
  if (!ascii && fhir::bad_utf8(decoded) != std::string::npos) return std::nullopt;
  return decoded;
}

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (is_digit(c) || is_alpha(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      encoded.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded.push_back('%');
      encoded.push_back(digits[byte >> 4]);
      encoded.push_back(digits[byte & 15]);
    }
  }
  return encoded;
}

std::pair<std::string_view, std::string_view> split_target(std::string_view target) {
  const auto mark = target.find('?');
  if (mark == std::string_view::npos) return {target, {}};
  return {target.substr(0, mark), target.substr(mark + 1)};
}

std::optional<std::vector<std::string>> path_segments(std::string_view path) {
  std::vector<std::string> segments;
  if (!path.empty() && path.front() == '/') path.remove_prefix(1);
  while (!path.empty()) {
    const auto slash = path.find('/');
    auto segment = percent_decode(path.substr(0, slash));
    if (!segment) return std::nullopt;
    segments.push_back(std::move(*segment));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return segments;
}

std::optional<std::vector<std::pair<std::string, std::string>>> query_parameters(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto piece = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (piece.empty()) continue;
    const auto equals = piece.find('=');
    auto name = percent_decode(piece.substr(0, equals), true);
    auto value = percent_decode(equals == std::string_view::npos ? std::string_view{} : piece.substr(equals + 1), true);
    if (!name || !value) return std::nullopt;
    parameters.emplace_back(std::move(*name), std::move(*value));
  }
  return parameters;
}

std::string_view target_fault(std::string_view target) {
  if (target.starts_with("//")) return "the path begins with //";
  auto [path, query] = split_target(target);
  while (!path.empty()) {
    path.remove_prefix(1);  // its slash
    const auto segment = path.substr(0, path.find('/'));
    if (const auto fault = segment_fault(segment); !fault.empty()) return fault;
    path.remove_prefix(segment.size());
  }
  if (!is_plain(query) && !percent_decode(query)) return "the query is not percent-encoded UTF-8";
  return {};
}

}  // namespace alzette::net
