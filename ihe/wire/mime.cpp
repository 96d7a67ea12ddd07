#include "ihe/wire/mime.h"

#include <algorithm>
#include <optional>

#include "fhir/hex.h"
#include "fhir/value.h"

namespace ihe::mime {
namespace {

using fhir::Content;
using fhir::Kind;
using fhir::Outcome;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

Outcome malformed(std::string what) { return {Kind::malformed, "structure", "MIME: " + std::move(what)}; }
Outcome too_large(std::string what) { return {Kind::too_large, "too-long", "MIME: " + std::move(what)}; }

// A parameter's value at the front of `text`, which it takes away: a token, or a quoted string.
std::string take_value(std::string_view& text) {
  std::string value;
  if (!text.starts_with('"')) {
    const auto end = std::min(text.find(';'), text.size());
    value = trim(text.substr(0, end));
    text.remove_prefix(end);
    return value;
  }
  text.remove_prefix(1);
  while (!text.empty() && text.front() != '"') {
    if (text.front() == '\\' && text.size() > 1) text.remove_prefix(1);
    value += text.front();
    text.remove_prefix(1);
  }
  text.remove_prefix(std::min(text.find(';'), text.size()));
  return value;
}

std::string unquote_printable(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '=') {
      out += text[i];
    } else if (const auto rest = text.substr(i + 1); rest.starts_with("\r\n") || rest.starts_with("\n")) {
      i += rest.front() == '\r' ? 2 : 1;  // a soft line break
    } else if (rest.size() >= 2 && fhir::hex_digit(rest[0]) >= 0 && fhir::hex_digit(rest[1]) >= 0) {
      out += static_cast<char>(fhir::hex_digit(rest[0]) * 16 + fhir::hex_digit(rest[1]));
      i += 2;
    } else {
      out += '=';
    }
  }
  return out;
}

// Where a line of the boundary stands: what came before ends at `at`, what follows begins at `next`.
struct Delimiter {
  std::uint64_t at = 0;
  std::uint64_t next = 0;
  bool last = false;
};

class Delimiters {
 public:
  Delimiters(const Content& body, std::string_view boundary, std::size_t most)
      : body_(body), needle_("--" + std::string(boundary)), most_(most) {}

  fhir::Result<std::vector<Delimiter>> find() {
    constexpr std::size_t window = 1u << 20;
    std::string read;
    for (std::uint64_t from = 0; from < body_.size();) {
      auto text = body_.in_memory();
      if (text.size() == body_.size())
        text.remove_prefix(static_cast<std::size_t>(from));
      else
        text = read = body_.text(from, window);
      if (text.size() < needle_.size()) break;
      for (auto at = text.find(needle_); at != std::string_view::npos; at = text.find(needle_, at + needle_.size())) {
        if (auto refused = judge(from + at)) return std::move(*refused);
        if (!found_.empty() && found_.back().last) return std::move(found_);
      }
      from += text.size() - needle_.size() + 1;  // it may lie across the border
    }
    return malformed(found_.empty() ? "the boundary does not occur in the body" : "the closing boundary is missing");
  }

 private:
  // The needle stands at `at`; a delimiter only when it begins a line and nothing but white space follows.
  std::optional<Outcome> judge(std::uint64_t at) {
    constexpr std::size_t padding = 64;
    const std::size_t before = static_cast<std::size_t>(std::min<std::uint64_t>(at, 2));
    const auto around = body_.text(at - before, before + needle_.size() + 2 + padding + 2);
    std::string_view ahead(around);
    auto behind = ahead.substr(before + needle_.size());
    ahead = ahead.substr(0, before);
    Delimiter found{at, 0, behind.starts_with("--")};
    if (found.last) behind.remove_prefix(2);
    const auto line = behind.find_first_not_of(" \t\r");
    const bool ends = line == std::string_view::npos ? found.last : behind[line] == '\n' || found.last;
    const bool begins = ahead.empty() || ahead.ends_with('\n');
    if (!begins || !ends) {
      constexpr std::size_t many = 1000;
      return ++false_ones_ > many ? std::optional(malformed("the boundary occurs again and again in the content"))
                                  : std::nullopt;
    }
    if (ahead.ends_with('\n')) found.at -= ahead.ends_with("\r\n") ? 2 : 1;
    if (line != std::string_view::npos)
      found.next = at - before + static_cast<std::uint64_t>(behind.data() + line + 1 - around.data());
    found_.push_back(found);
    if (found_.size() > most_ + 1) return too_large("more than " + std::to_string(most_) + " parts");
    return std::nullopt;
  }

  const Content& body_;
  std::string needle_;
  std::size_t most_;
  std::size_t false_ones_ = 0;
  std::vector<Delimiter> found_;
};

struct PartHead {
  Part part;
  std::string encoding;
  std::uint64_t size = 0;  // with the empty line behind it
};

std::optional<Outcome> take_field(std::string_view field, const Limits& limits, PartHead& head) {
  if (field.size() > limits.header_bytes)
    return too_large("a header field of a part is longer than " + std::to_string(limits.header_bytes) + " bytes");
  const auto colon = field.find(':');
  if (colon == std::string_view::npos || colon == 0) return malformed("a part's header holds a line without a name");
  const auto name = trim(field.substr(0, colon));
  const auto value = trim(field.substr(colon + 1));
  if (same_word(name, "Content-Type")) head.part.type = value;
  if (same_word(name, "Content-Transfer-Encoding")) head.encoding = lowered(value);
  if (same_word(name, "Content-ID")) {
    const bool bracketed = value.size() > 1 && value.front() == '<' && value.back() == '>';
    head.part.id = bracketed ? value.substr(1, value.size() - 2) : value;
  }
  return std::nullopt;
}

fhir::Result<PartHead> read_head(std::string_view text, const Limits& limits) {
  PartHead head;
  std::string field;
  std::size_t count = 0;
  for (auto rest = text;;) {
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) {
      const bool more = text.size() >= limits.headers * limits.header_bytes;
      return more ? too_large("the header of a part is too long")
                  : malformed("a part has no empty line behind its header");
    }
    auto line = rest.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    rest.remove_prefix(end + 1);
    if (!line.empty() && (line.front() == ' ' || line.front() == '\t')) {  // the field goes on
      field.append(" ").append(trim(line));
      continue;
    }
    if (!field.empty()) {
      if (++count > limits.headers) return too_large("more than " + std::to_string(limits.headers) + " header fields");
      if (auto refused = take_field(field, limits, head)) return std::move(*refused);
    }
    field = line;
    if (line.empty()) {
      head.size = static_cast<std::uint64_t>(rest.data() - text.data());
      return head;
    }
  }
}

std::optional<Outcome> decode(PartHead& head, const Limits& limits) {
  auto& content = head.part.content;
  const auto& encoding = head.encoding;
  if (encoding.empty() || encoding == "binary" || encoding == "8bit" || encoding == "7bit") return std::nullopt;
  if (encoding != "base64" && encoding != "quoted-printable")
    return malformed("the Content-Transfer-Encoding of a part is not known");
  if (content->size() / 4 * 3 > limits.decoded_bytes) return too_large("an encoded part; send it as binary");
  const auto text = content->text();
  auto bytes = encoding == "base64" ? fhir::decode_base64(text) : std::optional(unquote_printable(text));
  if (!bytes) return malformed("a part is not the base64 that its header says");
  content = std::make_shared<fhir::TextContent>(std::move(*bytes));
  return std::nullopt;
}

}  // namespace

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string decode_percent(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped = text[i] == '%' && i + 2 < text.size() && fhir::hex_digit(text[i + 1]) >= 0;
    if (escaped && fhir::hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(fhir::hex_digit(text[i + 1]) * 16 + fhir::hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

Media read_media(std::string_view value) {
  Media media;
  const auto end = std::min(value.find(';'), value.size());
  media.type = lowered(trim(value.substr(0, end)));
  value.remove_prefix(end);
  while (!value.empty()) {
    value.remove_prefix(1);  // the semicolon
    const auto stop = std::min(value.find_first_of("=;"), value.size());
    auto name = lowered(trim(value.substr(0, stop)));
    value.remove_prefix(stop);
    if (!value.starts_with('=')) continue;
    value.remove_prefix(1);
    while (!value.empty() && blank(value.front())) value.remove_prefix(1);
    media.parameters.emplace_back(std::move(name), take_value(value));
  }
  return media;
}

bool is_media(std::string_view value) {
  constexpr std::size_t longest = 255;  // RFC 6838 4.2: 127 on each side
  constexpr std::string_view special = "()<>@,;:\\\"/[]?=";
  const auto is_token = [&](std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
      return c > ' ' && c < '\x7F' && special.find(c) == std::string_view::npos;
    });
  };
  const auto type = trim(value.substr(0, value.find(';')));
  const auto slash = std::min(type.find('/'), type.size());
  return value.size() <= longest &&
         std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c < '\x7F'; }) &&
         is_token(type.substr(0, slash)) && slash < type.size() && is_token(type.substr(slash + 1));
}

std::string_view Media::parameter(std::string_view name) const {
  for (const auto& [known, value] : parameters)
    if (known == name) return value;
  return {};
}

fhir::Result<std::vector<Part>> read_multipart(const std::shared_ptr<const Content>& body, std::string_view boundary,
                                               const Limits& limits) {
  if (boundary.empty() || boundary.size() > 70 || boundary.ends_with(' '))
    return malformed("the boundary must have 1 to 70 characters");
  auto delimiters = Delimiters(*body, boundary, limits.parts).find();
  if (!delimiters) return std::move(delimiters.outcome());
  std::vector<Part> parts;
  for (std::size_t i = 0; i + 1 < delimiters->size(); ++i) {
    const auto begin = (*delimiters)[i].next;
    const auto end = std::max(begin, (*delimiters)[i + 1].at);
    // The line break before a boundary belongs to it, but may end the header of a part without content.
    const auto text = body->text(begin, std::min<std::uint64_t>((*delimiters)[i + 1].at + 2 - begin,
                                                                (limits.headers + 1) * (limits.header_bytes + 2)));
    auto head = read_head(text, limits);
    if (!head) return std::move(head.outcome());
    const auto from = std::min(begin + head->size, end);
    head->part.content = std::make_shared<fhir::PartOfContent>(body, from, end - from);
    if (read_media(head->part.type).type.starts_with("multipart/"))
      return malformed("a multipart within a multipart is refused");
    if (auto refused = decode(*head, limits)) return std::move(*refused);
    parts.push_back(std::move(head->part));
  }
  if (parts.empty()) return malformed("a multipart without parts");
  return parts;
}

}  // namespace ihe::mime
