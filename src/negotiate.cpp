// Content negotiation. FHIR R4: http://hl7.org/fhir/R4/http.html#mime-type; RFC 9110 §12.5.1
#include "src/negotiate.h"

#include <charconv>
#include <optional>

#include "src/net/ascii.h"

namespace alzette {
namespace {

constexpr std::string_view fhir_json = "application/fhir+json; charset=utf-8";
constexpr std::string_view plain_json = "application/json; charset=utf-8";
constexpr std::string_view text_json = "text/json; charset=utf-8";

struct MediaType {
  std::string_view name;
  double quality = 1;
  bool version_4 = true;  // fhirVersion, where it is given, is R4's
  bool utf8 = true;
};

// Cuts the piece before `separator` off `rest`.
std::string_view next_piece(std::string_view& rest, char separator) {
  const auto at = rest.find(separator);
  const auto piece = net::trim(rest.substr(0, at));
  rest = at == std::string_view::npos ? std::string_view{} : rest.substr(at + 1);
  return piece;
}

MediaType parse_media_type(std::string_view text) {
  MediaType media;
  media.name = next_piece(text, ';');
  while (!text.empty()) {
    auto value = next_piece(text, ';');
    const auto name = next_piece(value, '=');
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    if (net::same_word(name, "q")) {
      double quality = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), quality);
      media.quality = error == std::errc{} ? quality : 0;
    } else if (net::same_word(name, "fhirVersion")) {
      media.version_4 = value == "4.0" || value == "4.0.1" || value == "4";
    } else if (net::same_word(name, "charset")) {
      media.utf8 = net::same_word(value, "utf-8") || net::same_word(value, "utf8") || net::same_word(value, "us-ascii");
    }
  }
  return media;
}

// The form that a media range of Accept stands for; "" for one that we do not have.
std::string_view form_of(std::string_view media) {
  for (const auto name : {"*/*", "application/*", "application/fhir+json", "application/json+fhir"})
    if (net::same_word(media, name)) return fhir_json;
  if (net::same_word(media, "application/json")) return plain_json;
  if (net::same_word(media, "text/json") || net::same_word(media, "text/*")) return text_json;
  return {};
}

std::optional<AnswerForm> form_by_name(std::string_view format) {
  if (net::same_word(format, "json")) return AnswerForm{fhir_json, false, true};
  const auto media = parse_media_type(format);
  const auto form = form_of(media.name);
  if (form.empty() || !media.version_4 || media.name.find('*') != std::string_view::npos) return std::nullopt;
  return AnswerForm{form, false, true};
}

std::optional<AnswerForm> form_by_accept(std::string_view accept) {
  std::optional<AnswerForm> best;
  double best_quality = 0;
  while (!accept.empty()) {
    const auto media = parse_media_type(next_piece(accept, ','));
    const auto form = form_of(media.name);
    if (form.empty() || !media.version_4 || media.quality <= best_quality) continue;
    best = AnswerForm{form, false, media.name.find('*') == std::string_view::npos};
    best_quality = media.quality;
  }
  return best;
}

}  // namespace

fhir::Result<AnswerForm> negotiate(const Request& request, const fhir::search::Parameters& parameters) {
  std::string_view format;
  bool pretty = false;
  for (const auto& [name, value] : parameters) {
    if (name == "_format") format = value;
    if (name == "_pretty") pretty = value == "true";
  }
  std::optional<AnswerForm> form;
  if (!format.empty()) {
    // A "+" that was not escaped arrives as a blank.
    std::string mended(format);
    for (auto& c : mended)
      if (c == ' ' && format.starts_with("application/fhir")) c = '+';
    form = form_by_name(mended);
  } else if (const auto accept = find(request.headers, "Accept"); !accept.empty()) {
    form = form_by_accept(accept);
  } else {
    form = AnswerForm{fhir_json, false, false};
  }
  if (!form)
    return fhir::Outcome(fhir::Kind::unsupported, "not-supported",
                         "This server answers in JSON: ask for application/fhir+json (FHIR 4.0)");
  form->pretty = pretty;
  return *form;
}

BodyForm body_form(std::string_view content_type) {
  if (net::trim(content_type).empty()) return BodyForm::json;
  const auto media = parse_media_type(content_type);
  if (!media.utf8 || !media.version_4) return BodyForm::other;
  for (const auto name : {"application/fhir+json", "application/json", "text/json", "application/json+fhir"})
    if (net::same_word(media.name, name)) return BodyForm::json;
  if (net::same_word(media.name, "application/x-www-form-urlencoded")) return BodyForm::form;
  return BodyForm::other;
}

}  // namespace alzette
