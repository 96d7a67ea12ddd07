// Content negotiation. FHIR R4: http://hl7.org/fhir/R4/http.html#mime-type; RFC 9110 §12.5.1
#include "src/negotiate.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "fhir/search/refusal.h"
#include "src/net/ascii.h"

namespace alzette {
namespace {

// A form that we have, and the media types that stand for it in Accept, Content-Type and _format.
struct Offer {
  AnswerForm form;
  std::string_view name;
};

using fhir::Format;

// The first that a media range covers is taken. Generic names may mean the raw content of a Binary as well.
constexpr Offer offers[] = {
    {{"application/fhir+json; charset=utf-8", Format::json}, "application/fhir+json"},
    {{"application/fhir+xml; charset=utf-8", Format::xml}, "application/fhir+xml"},
    {{"application/json; charset=utf-8", Format::json}, "application/json"},
    {{"application/xml; charset=utf-8", Format::xml, false, false}, "application/xml"},
    {{"text/json; charset=utf-8", Format::json}, "text/json"},
    {{"text/xml; charset=utf-8", Format::xml, false, false}, "text/xml"},
    {{"application/fhir+json; charset=utf-8", Format::json}, "application/json+fhir"},
    {{"application/fhir+xml; charset=utf-8", Format::xml}, "application/xml+fhir"},
};

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
      media.quality = error == std::errc{} && quality >= 0 && quality <= 1 ? quality : 0;  // "nan" is read as well
    } else if (net::same_word(name, "fhirVersion")) {
      media.version_4 = value == "4.0" || value == "4.0.1" || value == "4";
    } else if (net::same_word(name, "charset")) {
      media.utf8 = net::same_word(value, "utf-8") || net::same_word(value, "utf8") || net::same_word(value, "us-ascii");
    }
  }
  return media;
}

const Offer* offer_named(std::string_view media) {
  for (const auto& offer : offers)
    if (net::same_word(media, offer.name)) return &offer;
  return nullptr;
}

// What a media range of Accept stands for.
std::optional<AnswerForm> form_of(std::string_view range) {
  std::optional<AnswerForm> form;
  if (net::same_word(range, "*/*") || net::same_word(range, "application/*"))
    form = offers[0].form;
  else if (net::same_word(range, "text/*"))
    form = offer_named("text/json")->form;
  if (form) {
    form->fhir = false;
    return form;
  }
  if (const auto* offer = offer_named(range)) return offer->form;
  return std::nullopt;
}

std::optional<AnswerForm> form_by_name(std::string_view format) {
  if (net::same_word(format, "json")) return offers[0].form;
  if (net::same_word(format, "xml")) return offers[1].form;
  const auto media = parse_media_type(format);
  const auto* offer = offer_named(media.name);
  if (!offer || !media.version_4) return std::nullopt;
  auto form = offer->form;
  form.fhir = true;
  return form;
}

std::optional<AnswerForm> form_by_accept(std::string_view accept) {
  std::optional<AnswerForm> best;
  double best_quality = 0;
  while (!accept.empty()) {
    const auto media = parse_media_type(next_piece(accept, ','));
    const auto form = form_of(media.name);
    if (!form || !media.version_4 || media.quality <= best_quality) continue;
    best = form;
    best_quality = media.quality;
  }
  return best;
}

// `_format`, "" where there is none. A "+" that was not escaped arrives as a blank.
std::string format_of(const fhir::search::Parameters& parameters) {
  std::string format;
  for (const auto& [name, value] : parameters)
    if (name == "_format") format = value;
  if (format.starts_with("application/fhir")) std::replace(format.begin(), format.end(), ' ', '+');
  return format;
}

bool is_xml(std::string_view media) {
  return net::same_word(media, "text/xml") || net::same_word(media, "application/xml");
}

// How closely a media range means a media type: 3 is the type itself, 0 not at all.
int closeness(std::string_view range, std::string_view media) {
  if (net::same_word(range, media) || (is_xml(range) && is_xml(media))) return 3;
  if (net::same_word(range, "application/octet-stream")) return 3;
  if (range.ends_with("/*") && net::same_word(range.substr(0, range.size() - 1), media.substr(0, media.find('/') + 1)))
    return 2;
  return range == "*/*" || range == "*" ? 1 : 0;
}

}  // namespace

fhir::Result<AnswerForm> negotiate(const Request& request, const fhir::search::Parameters& parameters) {
  bool pretty = false;
  for (const auto& [name, value] : parameters)
    if (name == "_pretty") pretty = value == "true";
  std::optional<AnswerForm> form;
  const auto format = format_of(parameters);
  if (!format.empty()) {
    form = form_by_name(format);
  } else if (const auto accept = find(request.headers, "Accept"); !accept.empty()) {
    form = form_by_accept(accept);
  } else {
    form = form_of("*/*");
  }
  if (!form)
    return fhir::Outcome(fhir::Kind::unsupported, "not-supported",
                         "This server answers in application/fhir+json and application/fhir+xml (FHIR 4.0)",
                         format.empty() ? std::string() : fhir::search::place_of("_format"));
  form->pretty = pretty;
  return *form;
}

bool takes(const Request& request, const fhir::search::Parameters& parameters, std::string_view media_type) {
  const auto format = format_of(parameters);
  std::string_view ranges = format.empty() ? find(request.headers, "Accept") : std::string_view(format);
  if (net::trim(ranges).empty()) return true;
  const auto media = net::trim(media_type.substr(0, media_type.find(';')));
  int closest = 0;
  double quality = 0;
  while (!ranges.empty()) {
    const auto range = parse_media_type(next_piece(ranges, ','));
    const int close = closeness(range.name, media);
    if (close == 0 || close < closest) continue;
    quality = close == closest ? std::max(quality, range.quality) : range.quality;
    closest = close;
  }
  return quality > 0;
}

BodyForm body_form(std::string_view content_type) {
  if (net::trim(content_type).empty()) return BodyForm::json;
  const auto media = parse_media_type(content_type);
  if (!media.utf8 || !media.version_4) return BodyForm::other;
  if (const auto* offer = offer_named(media.name))
    return offer->form.format == Format::xml ? BodyForm::xml : BodyForm::json;
  if (net::same_word(media.name, "application/x-www-form-urlencoded")) return BodyForm::form;
  return BodyForm::other;
}

}  // namespace alzette
