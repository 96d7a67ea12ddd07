#include "fhir/path/html.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace fhir::path {
namespace {

constexpr std::size_t max_open = 256;

// HTML 4.0 chapters 7 to 11 (less 4 of chapter 9) and 15, <a> and images.
constexpr std::array<std::string_view, 55> elements{
    "a",     "abbr",  "acronym",  "address", "b",   "bdo",   "big",   "blockquote", "br",     "caption", "cite",
    "code",  "col",   "colgroup", "dd",      "dfn", "div",   "dl",    "dt",         "em",     "font",    "h1",
    "h2",    "h3",    "h4",       "h5",      "h6",  "hr",    "i",     "img",        "kbd",    "li",      "map",
    "area",  "ol",    "p",        "pre",     "q",   "samp",  "small", "span",       "strong", "sub",     "sup",
    "table", "tbody", "td",       "tfoot",   "th",  "thead", "tr",    "tt",         "ul",     "var",     "u"};

constexpr std::array<std::string_view, 43> attributes{
    "abbr",        "accesskey",   "align",      "alt",   "axis",    "background", "bgcolor", "border",   "cellhalign",
    "cellpadding", "cellspacing", "cellvalign", "char",  "charoff", "charset",    "cite",    "class",    "colspan",
    "compact",     "coords",      "dir",        "frame", "headers", "height",     "href",    "hreflang", "hspace",
    "id",          "lang",        "longdesc",   "name",  "nowrap",  "rel",        "rev",     "rowspan",  "rules",
    "scope",       "shape",       "span",       "src",   "start",   "style",      "summary"};
constexpr std::array<std::string_view, 10> more_attributes{"tabindex", "title", "type",  "valign",   "value",
                                                           "vspace",   "width", "xmlns", "xml:lang", "usemap"};
constexpr std::array<std::string_view, 5> entities{"amp", "lt", "gt", "quot", "apos"};

template <std::size_t N>
bool among(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool in_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':' || c == '-' ||
         c == '_' || c == '.';
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool narrative() {
    blanks();
    if (!at("<div")) return false;
    while (at_ < text_.size())
      if (!(text_[at_] == '<' ? markup() : characters())) return false;
    return open_.empty() && readable_;
  }

 private:
  bool at(std::string_view expected) const { return text_.substr(at_).starts_with(expected); }
  void blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  std::string_view name() {
    const std::size_t start = at_;
    while (at_ < text_.size() && in_name(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }

  bool characters() {
    const char c = text_[at_];
    if (c == '&') return entity();
    if (!is_blank(c)) {
      if (open_.empty()) return false;  // text outside of the div
      readable_ = true;
    }
    ++at_;
    return true;
  }

  // XML's own entities, HTML's by name, characters by number.
  bool entity() {
    const auto end = text_.find(';', at_);
    if (end == std::string_view::npos || end - at_ > 12) return false;
    const std::string_view word = text_.substr(at_ + 1, end - at_ - 1);
    if (word.empty()) return false;
    at_ = end + 1;
    readable_ = true;
    if (word.front() == '#') return word.size() > 1;
    return among(entities, word) || std::all_of(word.begin(), word.end(), in_name);
  }

  bool markup() {
    if (at("<!--")) {
      const auto end = text_.find("-->", at_ + 4);
      if (end == std::string_view::npos) return false;
      at_ = end + 3;
      return true;
    }
    if (at("</")) {
      at_ += 2;
      const std::string_view closed = name();
      blanks();
      if (open_.empty() || open_.back() != closed || !at(">")) return false;
      open_.pop_back();
      ++at_;
      if (open_.empty()) blanks();
      return !open_.empty() || at_ == text_.size();
    }
    return start_tag();
  }

  bool start_tag() {
    ++at_;
    const std::string_view element = name();
    if (!among(elements, element) || open_.size() == max_open) return false;
    if (element == "img") readable_ = true;
    while (true) {
      const bool blank = at_ < text_.size() && is_blank(text_[at_]);
      blanks();
      if (at("/>")) {
        at_ += 2;
        return !open_.empty();
      }
      if (at(">")) {
        ++at_;
        open_.push_back(element);
        return true;
      }
      if (!blank || !attribute(element)) return false;
    }
  }

  bool attribute(std::string_view element) {
    const std::string_view key = name();
    blanks();
    if (key.empty() || !at("=")) return false;
    ++at_;
    blanks();
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '"' && quote != '\'') return false;
    const auto end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) return false;
    const std::string_view value = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    if (value.find('<') != std::string_view::npos) return false;
    if (key == "xmlns") return element == "div" && value == "http://www.w3.org/1999/xhtml";
    const bool link = key == "href" || key == "src";
    return (!link || harmless(value)) && (among(attributes, key) || among(more_attributes, key));
  }

  static bool harmless(std::string_view link) {
    std::string scheme;
    for (const char c : link.substr(0, link.find(':')))
      if (!is_blank(c)) scheme += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    return scheme != "javascript" && scheme != "vbscript";
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool readable_ = false;
  std::vector<std::string_view> open_;
};

}  // namespace

bool is_narrative(std::string_view xhtml) { return Scanner(xhtml).narrative(); }

}  // namespace fhir::path
