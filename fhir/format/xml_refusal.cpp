// What stands between an XML document of unknown origin and the parser: one pass over the text that allows plain
// well-formed XML alone. XML 1.0: https://www.w3.org/TR/xml/ (5th edition)
#include <array>
#include <cctype>
#include <charconv>
#include <cstdint>

#include "fhir/definitions.h"
#include "fhir/format/place_in_text.h"
#include "fhir/format/xml.h"
#include "fhir/utf8.h"
#include "fhir/value.h"

namespace fhir::xml {

namespace {

constexpr std::size_t bytes_per_node = 24;  // as in JSON: the tree's memory stays in proportion to the text

bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Any letter beyond ASCII may stand in a name; those that matter to FHIR are compared later.
bool name_start(char c) {
  const auto u = static_cast<unsigned char>(c);
  return std::isalpha(u) || c == '_' || c == ':' || u >= 0x80;
}
bool name_char(char c) { return name_start(c) || std::isdigit(static_cast<unsigned char>(c)) || c == '-' || c == '.'; }

bool character(std::uint32_t c) {
  return c == 9 || c == 10 || c == 13 || (c >= 0x20 && c < 0xD800) || (c > 0xDFFF && c < 0xFFFE) ||
         (c > 0xFFFF && c < 0x110000);
}

// Position of the first character that XML does not have, or npos; the text is UTF-8.
std::size_t bad_character(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 && !blank(text[i])) return i;
    if (c == 0xEF && (text.substr(i, 3) == "\xEF\xBF\xBE" || text.substr(i, 3) == "\xEF\xBF\xBF")) return i;
  }
  return text.npos;
}

class Check {
 public:
  Check(std::string_view text, const Limits& limits)
      : text_(text), limits_(limits), most_nodes_(limits.nodes + text.size() / bytes_per_node) {}

  std::optional<Outcome> run() {
    if (encoding() && document()) return std::nullopt;
    return Outcome(Kind::malformed, code_,
                   "XML, " + line_and_column(text_, std::min(at_, text_.size())) + ": " + fault_, expression());
  }

 private:
  struct Open {
    std::string_view tag;
    std::uint32_t index = 0;     // among those of its name that follow each other
    std::string_view last = {};  // of its children, and its index
    std::uint32_t last_index = 0;
  };

  // The element that is open as FHIRPath, "Patient.name[1].given[0]", as far as FHIR has its name; "" outside of a
  // resource.
  std::string expression() const {
    std::string path;
    const Type* type = nullptr;  // of what is open so far, null where a resource must begin
    for (const auto& frame : open_) {
      if (!type) {
        type = definitions().resource(frame.tag);
        if (!type) break;
        if (path.empty()) path = frame.tag;
        continue;
      }
      const Member* member = type->member(frame.tag);
      if (!member || member->element->attribute) break;
      path.append(".").append(member->element->name);
      if (member->element->repeats()) path += "[" + std::to_string(frame.index) + "]";
      type = member->type->kind == TypeKind::resource ? nullptr : member->type.get();
    }
    return path;
  }

  bool fail(std::string text, std::string_view code = "structure") {
    fault_ = std::move(text);
    code_ = code;
    return false;
  }
  bool fail_at(std::size_t at, std::string text) {
    at_ = at;
    return fail(std::move(text));
  }
  std::string_view rest() const { return text_.substr(at_); }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_blanks() {
    while (at_ < text_.size() && blank(text_[at_])) ++at_;
  }
  std::string_view name() {
    const auto start = at_;
    if (at_ < text_.size() && name_start(text_[at_]))
      while (at_ < text_.size() && name_char(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }

  bool encoding() {
    if (text_.starts_with("\xFE\xFF") || text_.starts_with("\xFF\xFE") ||
        text_.starts_with(std::string_view("\0<", 2)) || text_.starts_with(std::string_view("<\0", 2)))
      return fail("the document is UTF-16; FHIR is exchanged in UTF-8");
    if (const auto bad = bad_utf8(text_); bad != text_.npos) return fail_at(bad, "the text is not valid UTF-8");
    if (const auto bad = bad_character(text_); bad != text_.npos)
      return fail_at(bad, "the text contains a character that XML does not have");
    return true;
  }

  bool document() {
    if (rest().starts_with("\xEF\xBB\xBF")) at_ += 3;
    if (rest().starts_with("<?xml") && at_ + 5 < text_.size() && blank(text_[at_ + 5]) && !declaration()) return false;
    bool root = false;
    while (true) {
      skip_blanks();
      if (at_ >= text_.size()) return root || fail("the document has no element");
      if (peek() != '<') return fail("text stands outside the document's element");
      const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
      if (next == '!' || next == '?') {
        if (!aside(false)) return false;
        continue;
      }
      if (root) return fail("a document has one element; a second one begins here");
      root = true;
      if (!element()) return false;
    }
  }

  // <?xml version="1.0" encoding="UTF-8"?>
  bool declaration() {
    const auto end = text_.find("?>", at_);
    if (end == text_.npos) return fail("the XML declaration is not closed");
    const auto inside = text_.substr(at_, end - at_);
    const auto value = [&](std::string_view name) {
      auto found = inside.find(name);
      if (found == inside.npos) return std::string();
      found = inside.find_first_of("\"'", found);
      if (found == inside.npos) return std::string("?");
      std::string text(inside.substr(found + 1, inside.find(inside[found], found + 1) - found - 1));
      for (auto& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      return text;
    };
    if (value("version") != "1.0") return fail("the document must be XML 1.0");
    const auto encoding = value("encoding");
    if (!encoding.empty() && encoding != "utf-8" && encoding != "us-ascii")
      return fail("the document says that it is not UTF-8; FHIR is exchanged in UTF-8");
    at_ = end + 2;
    return true;
  }

  // At "<!" or "<?": a comment, CDATA inside an element, a processing instruction.
  bool aside(bool inside) {
    if (rest().starts_with("<!--")) {
      const auto end = text_.find("--", at_ + 4);
      if (end == text_.npos || text_.substr(end, 3) != "-->") return fail("a comment is not closed, or has -- inside");
      at_ = end + 3;
      return true;
    }
    if (inside && rest().starts_with("<![CDATA[")) return skip_past("]]>", "a CDATA section");
    if (rest().starts_with("<?")) {
      at_ += 2;
      auto target = std::string(name().substr(0, 4));
      for (auto& c : target) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      if (target.empty() || target == "xml")
        return fail("an XML declaration may stand only at the very start of the document");
      return skip_past("?>", "a processing instruction");
    }
    return fail("document type declarations and entities are not taken: leave <!DOCTYPE …> out");
  }

  bool skip_past(std::string_view mark, std::string_view what) {
    const auto end = text_.find(mark, at_);
    if (end == text_.npos) return fail(std::string(what) + " is not closed");
    at_ = end + mark.size();
    return true;
  }

  // From the first "<" of the document's element to its end.
  bool element() {
    do {
      if (peek() == '<') {
        const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
        if (!(next == '/' ? end_tag() : next == '!' || next == '?' ? aside(true) : start_tag())) return false;
      } else if (peek() == '&') {
        if (!reference()) return false;
      } else {
        at_ = std::min(text_.find_first_of("<&", at_), text_.size());
        if (at_ == text_.size()) return fail("the document ends before </" + std::string(open_.back().tag) + ">");
      }
    } while (!open_.empty());
    return true;
  }

  void open(std::string_view tag) {
    std::uint32_t index = 0;
    if (!open_.empty()) {
      auto& around = open_.back();
      index = around.last == tag ? around.last_index + 1 : 0;
      around.last = tag;
      around.last_index = index;
    }
    open_.push_back({tag, index});
  }

  bool end_tag() {
    if (open_.empty()) return fail("an end tag stands where no element is open");
    at_ += 2;
    const auto tag = name();
    skip_blanks();
    if (tag != open_.back().tag || peek() != '>')
      return fail("</" + shortened(tag) + "> does not end the element that is open, <" + shortened(open_.back().tag) +
                  ">");
    ++at_;
    open_.pop_back();
    return true;
  }

  bool start_tag() {
    ++at_;
    const auto tag = name();
    if (tag.empty()) return fail_at(at_ - 1, "'<' must begin a tag; as text it is written &lt;");
    if (open_.size() >= limits_.elements_deep)
      return fail("elements are nested deeper than " + std::to_string(limits_.elements_deep) + " levels");
    if (!count()) return false;
    open(tag);
    names_.clear();
    while (true) {
      const auto before = at_;
      skip_blanks();
      if (peek() == '>') return ++at_, true;
      if (rest().starts_with("/>")) {
        at_ += 2;
        open_.pop_back();
        return true;
      }
      if (before == at_ || at_ >= text_.size()) return fail("the start tag <" + shortened(tag) + " is not well-formed");
      if (!attribute()) return false;
    }
  }

  bool attribute() {
    const auto key = name();
    if (key.empty()) return fail("an attribute has no name");
    for (const auto other : names_)
      if (other == key) return fail("the attribute '" + shortened(key) + "' is given twice");
    if (names_.size() >= limits_.attributes)
      return fail("an element has more than " + std::to_string(limits_.attributes) + " attributes", "too-long");
    names_.push_back(key);
    if (!count()) return false;
    skip_blanks();
    if (peek() != '=') return fail("the attribute '" + shortened(key) + "' has no value");
    ++at_;
    skip_blanks();
    const char quote = peek();
    if (quote != '"' && quote != '\'') return fail("the value of '" + shortened(key) + "' must stand in quotes");
    const auto start = ++at_;
    const std::array<char, 3> ends{quote, '<', '&'};
    while (true) {
      at_ = std::min(text_.find_first_of({ends.data(), ends.size()}, at_), text_.size());
      if (at_ - start > limits_.attribute_bytes)
        return fail("an attribute is longer than " + std::to_string(limits_.attribute_bytes) + " bytes", "too-long");
      if (peek() == quote) return ++at_, true;
      if (peek() != '&') return fail("an attribute is not closed, or has '<' inside, which is written &lt;");
      if (!reference()) return false;
    }
  }

  // &lt; and the other four of XML, &#…; and &#x…;.
  bool reference() {
    const auto end = rest().substr(0, 12).find(';');
    if (end == text_.npos) return fail("'&' must begin an entity; as text it is written &amp;");
    auto entity = rest().substr(1, end - 1);
    for (const auto known : {"lt", "gt", "amp", "quot", "apos"})
      if (entity == known) return at_ += end + 1, true;
    bool good = entity.starts_with('#');
    if (good) {
      const bool hexadecimal = entity.starts_with("#x");
      entity.remove_prefix(hexadecimal ? 2 : 1);
      std::uint32_t value = 0;
      const auto [last, error] =
          std::from_chars(entity.data(), entity.data() + entity.size(), value, hexadecimal ? 16 : 10);
      good = error == std::errc{} && last == entity.data() + entity.size() && character(value);
    }
    if (!good)
      return fail("the entity &" + std::string(rest().substr(1, end - 1)) +
                  "; is not one of XML's own: write the character itself");
    at_ += end + 1;
    return true;
  }

  bool count() {
    return ++nodes_ <= most_nodes_ || fail("the document has too many elements and attributes", "too-long");
  }

  std::string_view text_;
  const Limits& limits_;
  const std::size_t most_nodes_;
  std::size_t at_ = 0;
  std::size_t nodes_ = 0;
  std::vector<Open> open_;
  std::vector<std::string_view> names_;  // attributes of the tag being read
  std::string fault_;
  std::string_view code_;
};

}  // namespace

std::optional<Outcome> refusal(std::string_view text, const Limits& limits) {
  if (text.size() > limits.bytes)
    return Outcome(Kind::too_large, "too-long",
                   "XML: the document is larger than " + std::to_string(limits.bytes) + " bytes");
  return Check(text, limits).run();
}

}  // namespace fhir::xml
