// Narrative XHTML: a strict reader of the small XML subset that a div may be.
// FHIR R4: http://hl7.org/fhir/R4/narrative.html (txt-1, txt-2)
#include <algorithm>
#include <cctype>
#include <cstdint>
#include <iterator>
#include <vector>

#include "fhir/utf8.h"
#include "fhir/validate/rules.h"

namespace fhir::validate {

namespace {

// HTML 4.0 chapters 7 to 11 and 15 without what is deprecated, interactive or
// active. Sorted.
constexpr std::string_view elements[] = {
    "a",     "abbr", "acronym", "address",  "area",  "b",     "bdo",  "big",    "blockquote", "br",  "caption",
    "cite",  "code", "col",     "colgroup", "dd",    "dfn",   "div",  "dl",     "dt",         "em",  "h1",
    "h2",    "h3",   "h4",      "h5",       "h6",    "hr",    "i",    "img",    "kbd",        "li",  "map",
    "ol",    "p",    "pre",     "q",        "samp",  "small", "span", "strong", "sub",        "sup", "table",
    "tbody", "td",   "tfoot",   "th",       "thead", "tr",    "tt",   "ul",     "var"};

// On any element. Sorted.
constexpr std::string_view attributes[] = {
    "abbr", "accesskey", "align", "axis", "char",  "charoff",  "class", "colspan", "dir",   "headers",  "id",
    "lang", "rowspan",   "scope", "span", "style", "tabindex", "title", "valign",  "width", "xml:lang", "xmlns"};

static_assert(std::is_sorted(std::begin(elements), std::end(elements)));
static_assert(std::is_sorted(std::begin(attributes), std::end(attributes)));

struct Own {
  std::string_view element, attribute;
};
constexpr Own own_attributes[] = {{"a", "href"},
                                  {"a", "name"},
                                  {"a", "charset"},
                                  {"a", "type"},
                                  {"a", "hreflang"},
                                  {"a", "rel"},
                                  {"a", "rev"},
                                  {"a", "shape"},
                                  {"a", "coords"},
                                  {"img", "src"},
                                  {"img", "alt"},
                                  {"img", "border"},
                                  {"img", "longdesc"},
                                  {"img", "height"},
                                  {"img", "usemap"},
                                  {"img", "ismap"},
                                  {"blockquote", "cite"},
                                  {"q", "cite"},
                                  {"map", "name"},
                                  {"area", "shape"},
                                  {"area", "coords"},
                                  {"area", "href"},
                                  {"area", "nohref"},
                                  {"area", "alt"},
                                  {"table", "summary"},
                                  {"table", "border"},
                                  {"table", "frame"},
                                  {"table", "rules"},
                                  {"table", "cellspacing"},
                                  {"table", "cellpadding"},
                                  {"pre", "xml:space"},
                                  {"td", "nowrap"},
                                  {"th", "nowrap"}};

constexpr std::string_view namespace_xhtml = "http://www.w3.org/1999/xhtml";
constexpr std::size_t deepest = 128;  // so that a document with it is no deeper than 256 (xml::Limits)

bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool name_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == ':' || c == '-' || c == '_' || c == '.';
}

template <std::size_t N>
bool listed(const std::string_view (&sorted)[N], std::string_view wanted) {
  return std::binary_search(std::begin(sorted), std::end(sorted), wanted);
}

// An address as a browser would see it: without blanks and control characters,
// in small letters.
std::string plain(std::string_view text) {
  std::string address;
  for (char c : text)
    if (static_cast<unsigned char>(c) > 0x20) address += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return address;
}

bool has_scheme(std::string_view address) {
  const auto mark = address.find_first_of(":/?#");
  return mark != address.npos && address[mark] == ':';
}

// A link may lead elsewhere, but must not run anything.
bool link_allowed(std::string_view text) {
  const std::string address = plain(text);
  if (!has_scheme(address)) return true;
  constexpr std::string_view schemes[] = {"http:", "https:", "mailto:", "tel:", "ftp:", "urn:"};
  return std::any_of(std::begin(schemes), std::end(schemes), [&](auto scheme) { return address.starts_with(scheme); });
}

// An image is part of the record: inline, contained, or a relative address on
// this server.
bool image_allowed(std::string_view text) {
  const std::string address = plain(text);
  if (address.starts_with("data:image/")) return !address.starts_with("data:image/svg");
  return !address.starts_with("//") && !address.starts_with("\\") && !has_scheme(address);
}

// A style must not run anything, nor fetch but what an image may be. Escapes
// and comments could hide that.
bool style_allowed(std::string_view text) {
  const std::string style = plain(text);
  constexpr std::string_view forbidden[] = {
      "expression(", "@import", "javascript:", "behavior:", "-moz-binding", "image-set(", "\\", "/*"};
  if (std::any_of(std::begin(forbidden), std::end(forbidden),
                  [&](auto word) { return style.find(word) != style.npos; }))
    return false;
  constexpr std::string_view fetch = "url(";
  for (auto at = style.find(fetch); at != style.npos; at = style.find(fetch, at)) {
    at += fetch.size();
    auto address = std::string_view(style).substr(at, style.find(')', at) - at);
    if (address.starts_with('"') || address.starts_with('\'')) address.remove_prefix(1);
    if (!image_allowed(address)) return false;
  }
  return true;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<std::string> check() {
    skip_blanks();
    if (peek() != '<' || text_.substr(at_ + 1, 3) != "div") return "a narrative must be one <div> element";
    do {
      if (!markup() || !characters()) return fault_;
    } while (!open_.empty());
    skip_blanks();
    if (at_ < text_.size()) return "something follows the narrative's </div>";
    if (!content_) return "a narrative must have some text or an image (txt-2)";
    return std::nullopt;
  }

 private:
  bool fail(std::string text) {
    fault_ = std::move(text);
    return false;
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_blanks() {
    while (at_ < text_.size() && blank(text_[at_])) ++at_;
  }
  std::string_view name() {
    const auto start = at_;
    while (at_ < text_.size() && name_char(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }

  // Text up to the next tag, inside the div.
  bool characters() {
    std::string decoded;
    while (!open_.empty()) {
      if (at_ >= text_.size()) return fail("the narrative ends before </" + std::string(open_.back()) + ">");
      const char c = text_[at_];
      if (c == '<') return true;
      if (c == '&') {
        if (!reference(decoded)) return false;
        content_ = true;
        continue;
      }
      content_ = content_ || !blank(c);
      ++at_;
    }
    return true;
  }

  // &lt; and the other four of XML, &#…; and &#x…;.
  bool reference(std::string& decoded) {
    const auto end = text_.substr(0, std::min(text_.size(), at_ + 12)).find(';', at_);
    if (end == text_.npos) return fail("'&' in a narrative must be written &amp;");
    const auto entity = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    struct Named {
      std::string_view name;
      char value;
    };
    constexpr Named named[] = {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
    for (const auto& known : named)
      if (entity == known.name) {
        decoded += known.value;
        return true;
      }
    std::uint32_t value = 0;
    const bool hexadecimal = entity.starts_with("#x");
    const auto digits = entity.substr(std::min<std::size_t>(entity.size(), hexadecimal ? 2 : 1));
    const bool number = entity.starts_with('#') && !digits.empty() && digits.size() <= 8 &&
                        std::all_of(digits.begin(), digits.end(), [&](char c) {
                          const auto u = static_cast<unsigned char>(c);
                          if (!(hexadecimal ? std::isxdigit(u) : std::isdigit(u))) return false;
                          const auto digit = std::isdigit(u) ? u - '0' : std::tolower(u) - 'a' + 10;
                          value = value * (hexadecimal ? 16 : 10) + static_cast<std::uint32_t>(digit);
                          return true;
                        });
    const bool character = (value >= 0x20 && value < 0xD800) || (value > 0xDFFF && value < 0x110000) || value == 9 ||
                           value == 10 || value == 13;
    if (!number || !character)
      return fail("the entity &" + std::string(entity) + "; is not allowed in a narrative: write the character itself");
    append_utf8(value, decoded);
    return true;
  }

  // At '<': a tag or a comment.
  bool markup() {
    if (text_.substr(at_).starts_with("<!--")) {
      const auto end = text_.find("--", at_ + 4);
      if (end == text_.npos || text_.substr(end, 3) != "-->") return fail("a comment in the narrative is not closed");
      at_ = end + 3;
      return true;
    }
    ++at_;
    if (peek() == '!' || peek() == '?')
      return fail(
          "declarations, CDATA and processing instructions are not "
          "allowed in a narrative");
    return peek() == '/' ? end_tag() : start_tag();
  }

  bool end_tag() {
    ++at_;
    const auto tag = name();
    skip_blanks();
    if (open_.empty() || tag != open_.back() || peek() != '>')
      return fail("the end tag </" + shortened(tag, 32) + " does not match the element that is open");
    ++at_;
    open_.pop_back();
    return true;
  }

  bool start_tag() {
    const auto tag = name();
    if (!listed(elements, tag))
      return fail("the element <" + shortened(tag, 32) + "> is not allowed in a narrative (txt-1)");
    if (open_.size() >= deepest) return fail("the narrative is nested too deeply");
    open_.push_back(tag);
    content_ = content_ || tag == "img";
    seen_.clear();
    while (true) {
      const auto before = at_;
      skip_blanks();
      if (peek() == '>') {
        ++at_;
        return true;
      }
      if (text_.substr(at_, 2) == "/>") {
        at_ += 2;
        open_.pop_back();
        return true;
      }
      if (before == at_) return fail("the start tag <" + std::string(tag) + " is not well-formed");
      if (!attribute(tag)) return false;
    }
  }

  bool attribute(std::string_view tag) {
    const auto key = name();
    skip_blanks();
    if (key.empty() || peek() != '=') return fail("an attribute of <" + std::string(tag) + "> has no value");
    ++at_;
    skip_blanks();
    const char quote = peek();
    if (quote != '"' && quote != '\'') return fail("the attribute '" + std::string(key) + "' must be quoted");
    ++at_;
    std::string value;
    while (peek() != quote) {
      if (at_ >= text_.size() || peek() == '<')
        return fail("the attribute '" + std::string(key) + "' is not well-formed");
      if (peek() == '&') {
        if (!reference(value)) return false;
      } else {
        value += text_[at_++];
      }
    }
    ++at_;
    return attribute_allowed(tag, key, value);
  }

  bool attribute_allowed(std::string_view tag, std::string_view key, std::string_view value) {
    const auto refuse = [&](std::string_view why) {
      return fail("the attribute '" + shortened(key, 32) + "' of <" + std::string(tag) + "> " + std::string(why) +
                  " (txt-1)");
    };
    if (std::find(seen_.begin(), seen_.end(), key) != seen_.end()) return refuse("is given twice");
    if (seen_.size() >= 64) return refuse("is one too many");
    seen_.push_back(key);
    const bool own = std::any_of(std::begin(own_attributes), std::end(own_attributes),
                                 [&](const Own& known) { return known.element == tag && known.attribute == key; });
    if (!own && !listed(attributes, key)) return refuse("is not allowed in a narrative");
    if (key == "xmlns" && value != namespace_xhtml) return refuse("must be " + std::string(namespace_xhtml));
    if ((key == "href" || key == "cite" || key == "longdesc") && !link_allowed(value))
      return refuse("must be a web, mail or relative address");
    if ((key == "src" || key == "usemap") && !image_allowed(value))
      return refuse(
          "must not fetch from another place: put the image inline "
          "(data:image/…) or into the record");
    if (key == "style" && !style_allowed(value)) return refuse("must not fetch or run anything");
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<std::string_view> open_;
  std::vector<std::string_view> seen_;  // attributes of the tag being read
  bool content_ = false;
  std::string fault_;
};

}  // namespace

std::optional<std::string> narrative_fault(std::string_view div) { return Reader(div).check(); }

}  // namespace fhir::validate
