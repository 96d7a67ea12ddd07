// Binary as raw content. FHIR R4: http://hl7.org/fhir/R4/binary.html#rest
#include "src/rest/binary.h"

#include "fhir/format/json.h"
#include "fhir/value.h"
#include "src/net/ascii.h"
#include "src/rest/reply.h"

namespace alzette::rest {
namespace {

std::string encode_base64(std::string_view bytes) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) out += i + k > bytes.size() ? '=' : alphabet[group >> (18 - 6 * k) & 63];
  }
  return out;
}

}  // namespace

bool is_raw(std::string_view content_type) {
  const auto media = net::trim(content_type.substr(0, content_type.find(';')));
  return !media.empty() && !net::same_word(media, "application/fhir+json") &&
         !net::same_word(media, "application/json") && !net::same_word(media, "text/json");
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
  if (!content.empty()) text.append(R"(,"data":")").append(encode_base64(content)).append("\"");
  text += '}';
  const auto kept = std::make_shared<std::string>(std::move(text));
  auto incoming = receive(*kept);
  if (incoming) incoming->keeps = kept;
  return incoming;
}

Response raw_content(Response resource) {
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
  resource.body = content ? std::move(*content) : std::string();
  return resource;
}

}  // namespace alzette::rest
