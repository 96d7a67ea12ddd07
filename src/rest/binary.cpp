// Binary as raw content. FHIR R4: http://hl7.org/fhir/R4/binary.html#rest
#include "src/rest/binary.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "fhir/base64.h"
#include "fhir/format/json.h"
#include "fhir/value.h"
#include "src/net/ascii.h"
#include "src/rest/reply.h"

namespace alzette::rest {
namespace {

std::optional<std::uint64_t> number(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

// One range of bytes: "bytes=0-99", "bytes=100-", "bytes=-100". Anything else is answered whole. RFC 9110 14.2.
void cut(Response& response, std::string_view range) {
  constexpr std::string_view unit = "bytes=";
  const auto dash = range.find('-');
  if (!range.starts_with(unit) || dash == std::string_view::npos || range.find(',') != std::string_view::npos) return;
  const auto first = number(net::trim(range.substr(unit.size(), dash - unit.size())));
  const auto last = number(net::trim(range.substr(dash + 1)));
  const std::uint64_t size = response.body.size();
  if (!first && !last) return;
  const auto from = first ? *first : size - std::min(*last, size);
  const auto to = first && last ? std::min(*last, size - 1) : size - 1;
  if (first && last && *last < *first) return;
  if (from >= size) {
    response.status = 416;
    response.headers.emplace_back("Content-Range", "bytes */" + std::to_string(size));
    response.body.clear();
    return;
  }
  response.status = 206;
  response.headers.emplace_back(
      "Content-Range", "bytes " + std::to_string(from) + "-" + std::to_string(to) + "/" + std::to_string(size));
  response.body = response.body.substr(from, to - from + 1);
}

}  // namespace

bool is_raw(std::string_view content_type) {
  const auto media = net::trim(content_type.substr(0, content_type.find(';')));
  return !media.empty() && !net::same_word(media, "application/fhir+json") &&
         !net::same_word(media, "application/fhir+xml") && !net::same_word(media, "application/json") &&
         !net::same_word(media, "text/json");
}

fhir::Result<Incoming> receive_binary(std::string_view content, std::string_view content_type, std::string_view id,
                                      std::string_view security_context) {
  std::string text = R"({"resourceType":"Binary",)";
  if (!id.empty()) text.append(R"("id":")").append(id).append("\",");
  text += R"("contentType":)";
  fhir::json::write_string(net::trim(content_type), text);
  if (!security_context.empty()) {
    text += R"(,"securityContext":{"reference":)";
    fhir::json::write_string(net::trim(security_context), text);
    text += '}';
  }
  if (!content.empty()) text.append(R"(,"data":")").append(fhir::encode_base64(content)).append("\"");
  text += '}';
  const auto kept = std::make_shared<std::string>(std::move(text));
  auto incoming = receive(*kept);
  if (incoming) incoming->keeps = kept;
  return incoming;
}

Response raw_content(Response resource, const Headers& request) {
  if (resource.status != 200) return resource;
  fhir::Arena arena;
  const auto binary = fhir::json::parse(resource.body, arena);
  if (!binary) return resource;
  auto content = fhir::decode_base64((*binary)->value_of("data"));
  const std::string media((*binary)->value_of("contentType"));
  for (auto& [name, value] : resource.headers)
    if (name == "Content-Type") value = media.empty() ? "application/octet-stream" : media;
  resource.headers.emplace_back("X-Content-Type-Options", "nosniff");
  resource.headers.emplace_back("Content-Security-Policy", "sandbox; default-src 'none'");
  resource.headers.emplace_back("Accept-Ranges", "bytes");
  resource.body = content ? std::move(*content) : std::string();
  const auto if_range = find(request, "If-Range");
  if (if_range.empty() || if_range == find(resource.headers, "ETag")) cut(resource, find(request, "Range"));
  return resource;
}

}  // namespace alzette::rest
