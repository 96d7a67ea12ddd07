// Binary as raw content. FHIR R4: http://hl7.org/fhir/R4/binary.html#rest
#include "src/rest/binary.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <vector>

#include "fhir/base64.h"
#include "fhir/format/json.h"
#include "fhir/format/xml.h"
#include "fhir/value.h"
#include "src/negotiate.h"
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
std::shared_ptr<const fhir::Content> cut(Response& response, std::shared_ptr<const fhir::Content> content,
                                         std::string_view range) {
  constexpr std::string_view unit = "bytes=";
  const auto dash = range.find('-');
  if (!range.starts_with(unit) || dash == std::string_view::npos || range.find(',') != std::string_view::npos)
    return content;
  const auto first = number(net::trim(range.substr(unit.size(), dash - unit.size())));
  const auto last = number(net::trim(range.substr(dash + 1)));
  const std::uint64_t size = content->size();
  if (!first && !last) return content;
  const auto from = first ? *first : size - std::min(*last, size);
  const auto to = first && last ? std::min(*last, size - 1) : size - 1;
  if (first && last && *last < *first) return content;
  if (from >= size) {
    response.status = 416;
    response.headers.emplace_back("Content-Range", "bytes */" + std::to_string(size));
    return std::make_shared<fhir::TextContent>(std::string());
  }
  response.status = 206;
  response.headers.emplace_back(
      "Content-Range", "bytes " + std::to_string(from) + "-" + std::to_string(to) + "/" + std::to_string(size));
  return std::make_shared<fhir::PartOfContent>(std::move(content), from, to - from + 1);
}

}  // namespace

bool is_raw(std::string_view content_type) {
  const auto media = net::trim(content_type.substr(0, content_type.find(';')));
  return !media.empty() && !net::same_word(media, "application/fhir+json") &&
         !net::same_word(media, "application/fhir+xml") && !net::same_word(media, "application/json") &&
         !net::same_word(media, "text/json");
}

bool is_content(const Call& call) {
  fhir::Arena arena;
  if (call.format == fhir::Format::xml) {
    std::vector<fhir::Issue> issues;
    const auto read = fhir::xml::read(call.request.body, arena, issues);
    return read && (!*read || (*read)->type->name.view() != "Binary");
  }
  const auto raw = fhir::json::parse(call.request.body, arena, {.plain = true});
  return raw && (*raw)->value_of("resourceType") != "Binary";
}

fhir::Result<Incoming> receive_binary(const Request& request, std::string_view id) {
  const auto security_context = find(request.headers, "X-Security-Context");
  std::string text = R"({"resourceType":"Binary",)";
  if (!id.empty()) text.append(R"("id":")").append(id).append("\",");
  text += R"("contentType":)";
  fhir::json::write_string(net::trim(find(request.headers, "Content-Type")), text);
  if (!security_context.empty()) {
    text += R"(,"securityContext":{"reference":)";
    fhir::json::write_string(net::trim(security_context), text);
    text += '}';
  }
  text += '}';
  const auto kept = std::make_shared<std::string>(std::move(text));
  auto incoming = receive(*kept);
  if (!incoming) return incoming;
  incoming->keeps = kept;
  incoming->data = request.spooled ? request.spooled : std::make_shared<fhir::TextContent>(request.body);
  return incoming;
}

namespace {

Response raw_content(const Call& call, Response response, const fhir::Version& version) {
  fhir::Arena arena;
  const auto binary = fhir::json::parse(version.body, arena);
  if (!binary) return response;
  std::string media((*binary)->value_of("contentType"));
  if (media.empty()) media = "application/octet-stream";
  if (call.raw && !takes(call.request, call.parameters, media)) {
    auto refusal = refuse({fhir::Kind::unsupported, "not-supported",
                           "Binary/" + std::string(call.id) + " is " + media + ", or application/fhir+json and " +
                               "application/fhir+xml as a resource: Accept takes none of them"});
    refusal.status = 406;
    return refusal;
  }
  std::shared_ptr<const fhir::Content> content;
  if (!version.documents.empty()) {
    content = version.documents.front().bytes;
  } else {
    auto bytes = fhir::decode_base64((*binary)->value_of("data"));
    content = std::make_shared<fhir::TextContent>(bytes ? std::move(*bytes) : std::string());
  }
  response.headers.front().second = std::move(media);
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.headers.emplace_back("Content-Security-Policy", "sandbox; default-src 'none'");
  response.headers.emplace_back("Accept-Ranges", "bytes");
  const auto if_range = call.header("If-Range");
  if (if_range.empty() || if_range == find(response.headers, "ETag"))
    content = cut(response, std::move(content), call.header("Range"));
  if (const auto held = content->in_memory(); held.size() == content->size())
    response.body = held;
  else
    response.content = std::move(content);
  return response;
}

}  // namespace

Response binary_reply(const Call& call, fhir::Version version) {
  fhir::Version about;
  about.version = version.version;
  about.last_updated = version.last_updated;
  auto response = read_reply(call, std::move(about));
  if (response.status != 200) return response;
  // A FHIR document in a Binary is what a client that asks for FHIR wants.
  const bool fhir_document = version.body.find(R"("contentType":"application/fhir+)") != std::string::npos;
  if (call.raw || fhir_document) return raw_content(call, std::move(response), version);
  if (version.documents.empty()) {
    response.body = std::move(version.body);
    return response;
  }
  std::vector<std::shared_ptr<const fhir::Content>> pieces;
  std::size_t copied = 0;
  for (auto& document : version.documents) {
    pieces.push_back(std::make_shared<fhir::TextContent>(version.body.substr(copied, document.at - copied)));
    pieces.push_back(std::make_shared<fhir::Base64Content>(std::move(document.bytes)));
    copied = document.at;
  }
  pieces.push_back(std::make_shared<fhir::TextContent>(version.body.substr(copied)));
  response.content = std::make_shared<fhir::JoinedContent>(std::move(pieces));
  return response;
}

}  // namespace alzette::rest
