#include "ihe/wire/mtom.h"

#include <algorithm>
#include <array>

#include "fhir/value.h"

namespace ihe::mtom {
namespace {

using fhir::Content;
using fhir::Kind;
using fhir::Outcome;

constexpr std::string_view root_id = "envelope@alzette";

Outcome malformed(std::string what) { return {Kind::malformed, "structure", "MTOM: " + std::move(what)}; }

// Whether an envelope may be of that type: SOAP 1.2, SOAP 1.1, or either wrapped by XOP.
bool is_envelope(const mime::Media& media) {
  return media.type == "application/soap+xml" || media.type == "text/xml" || media.type == "application/xop+xml" ||
         media.type == "application/xml";
}

std::optional<Outcome> judge_root(std::string_view content_type, std::uint64_t size, const Limits& limits) {
  const auto media = mime::read_media(content_type);
  if (!is_envelope(media))
    return Outcome(Kind::unsupported, "not-supported", "MTOM: the envelope must be application/soap+xml or text/xml");
  const auto charset = media.parameter("charset");
  constexpr std::array<std::string_view, 3> read_here{"utf-8", "utf8", "us-ascii"};  // the second is a common slip
  const auto same = [&](std::string_view known) { return mime::same_word(charset, known); };
  if (!charset.empty() && std::none_of(read_here.begin(), read_here.end(), same))
    return Outcome(Kind::unsupported, "not-supported", "MTOM: the envelope must be UTF-8");
  if (size > limits.root_bytes)
    return Outcome(Kind::too_large, "too-long",
                   "MTOM: the envelope is larger than " + std::to_string(limits.root_bytes) + " bytes");
  return std::nullopt;
}

std::string_view bare(std::string_view id) {
  return id.size() > 1 && id.front() == '<' && id.back() == '>' ? id.substr(1, id.size() - 2) : id;
}

// The part that `id` means. Of a URL it is the Content-ID percent-encoded (RFC 2392), which a Content-ID that holds
// escapes itself has twice; senders also leave it raw, or encode both. What fits more closely comes first.
std::vector<mime::Part>::const_iterator find_part(const std::vector<mime::Part>& parts, std::string_view id) {
  if (id.empty()) return parts.end();
  const auto decoded = mime::decode_percent(id);
  const auto with = [&](const auto& fits) { return std::find_if(parts.begin(), parts.end(), fits); };
  auto found = with([&](const mime::Part& part) { return part.id == decoded; });
  if (found == parts.end()) found = with([&](const mime::Part& part) { return part.id == id; });
  if (found == parts.end())
    found = with([&](const mime::Part& part) { return mime::decode_percent(part.id) == decoded; });
  return found;
}

fhir::Result<Message> read_package(const std::shared_ptr<const Content>& body, const mime::Media& media,
                                   const Limits& limits) {
  auto parts = mime::read_multipart(body, media.parameter("boundary"), limits.parts);
  if (!parts) return std::move(parts.outcome());
  auto root = parts->cbegin();
  if (const auto start = bare(media.parameter("start")); !start.empty()) {
    root = find_part(*parts, start);
    if (root == parts->cend()) return malformed("no part has the Content-ID that `start` names");
  }
  if (auto refused = judge_root(root->type, root->content->size(), limits)) return std::move(*refused);
  Message message{root->content->text(), root->type, {}, true};
  parts->erase(root);
  for (auto p = parts->begin(); p != parts->end(); ++p)
    for (auto q = p + 1; q != parts->end(); ++q)
      if (!p->id.empty() && p->id == q->id) return malformed("two parts have the same Content-ID");
  message.parts = std::move(*parts);
  return message;
}

}  // namespace

fhir::Result<Message> read(const std::shared_ptr<const Content>& body, std::string_view content_type,
                           const Limits& limits) {
  const auto media = mime::read_media(content_type);
  if (media.type == "multipart/related") return read_package(body, media, limits);
  if (auto refused = judge_root(content_type, body->size(), limits)) return std::move(*refused);
  return Message{body->text(), std::string(content_type), {}, false};
}

fhir::Result<std::shared_ptr<const Content>> Attachments::bytes_of(const xml::Element& element) {
  if (!element.first) {
    auto bytes = fhir::decode_base64(element.text);
    if (!bytes) return malformed("<" + std::string(element.name) + "> holds no base64");
    return std::shared_ptr<const Content>(std::make_shared<fhir::TextContent>(std::move(*bytes)));
  }
  const auto& include = *element.first;
  if (!include.is(xop_ns, "Include") || include.next || !element.word().empty())
    return malformed("<" + std::string(element.name) + "> may hold base64 or one xop:Include, nothing else");
  const auto href = include.value_of("href");
  if (!mime::same_word(href.substr(0, 4), "cid:"))
    return malformed("an xop:Include that does not name a part of this message (cid:) is not followed");
  const auto part = find_part(parts_, bare(href.substr(4)));
  if (part == parts_.end())
    return Outcome(Kind::absent, "not-found", "MTOM: an xop:Include names a part that is not in the message");
  auto taken = taken_.begin() + (part - parts_.begin());
  if (*taken) return malformed("a part is named by more than one xop:Include");
  *taken = true;
  return part->content;
}

std::vector<std::string> Attachments::left() const {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < parts_.size(); ++i)
    if (!taken_[i]) ids.push_back(parts_[i].id);
  return ids;
}

Written write(std::string_view envelope, soap::Version version, std::string_view action,
              const std::vector<mime::Part>& parts, std::string_view boundary) {
  Written written;
  std::vector<std::shared_ptr<const Content>> pieces;
  const std::string media = version == soap::Version::v12 ? "application/soap+xml" : "text/xml";
  auto& type = written.content_type;
  type.append("multipart/related; type=\"application/xop+xml\"; boundary=\"").append(boundary);
  type.append("\"; start=\"<").append(root_id).append(">\"; start-info=\"").append(media).append("\"; action=\"");
  type.append(action).append("\"");
  const auto head = [&](std::string_view id, std::string_view of) {
    std::string text("--");
    text.append(boundary).append("\r\nContent-Type: ").append(mime::is_media(of) ? of : "application/octet-stream");
    text.append("\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <").append(id).append(">\r\n\r\n");
    return text;
  };
  std::string between = head(root_id, "application/xop+xml; charset=UTF-8; type=\"" + media + "\"");
  between.append(envelope).append("\r\n");
  for (const auto& part : parts) {
    between += head(part.id, part.type);
    pieces.push_back(std::make_shared<fhir::TextContent>(std::move(between)));
    pieces.push_back(part.content);
    between = "\r\n";
  }
  between.append("--").append(boundary).append("--\r\n");
  pieces.push_back(std::make_shared<fhir::TextContent>(std::move(between)));
  written.content = std::make_shared<fhir::JoinedContent>(std::move(pieces));
  return written;
}

void include(xml::Writer& writer, std::string_view id) {
  writer.open("xop:Include").attribute("xmlns:xop", xop_ns).attribute("href", "cid:" + std::string(id)).close();
}

}  // namespace ihe::mtom
