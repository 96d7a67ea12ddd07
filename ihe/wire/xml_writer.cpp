// XML written, with all that must not stand in text and attributes as references.
#include <array>
#include <cstdint>
#include <cstring>

#include "ihe/wire/xml.h"

namespace ihe::xml {
namespace {

enum class Place : std::uint8_t { text = 1, attribute = 2 };

// What must be written in another way, by where it stands. A reader of attributes turns tabs and line ends into spaces
// unless they are written as references.
constexpr auto special = [] {
  std::array<std::uint8_t, 256> made{};
  constexpr std::uint8_t both = 3;
  for (std::size_t c = 0; c < 0x20; ++c) made[c] = both;
  for (const char c : {'&', '<', '>', '"'}) made[static_cast<unsigned char>(c)] = both;
  for (const char c : {'\n', '\t'}) made[static_cast<unsigned char>(c)] = static_cast<std::uint8_t>(Place::attribute);
  return made;
}();

bool is_special(char c, Place place) {
  return (special[static_cast<unsigned char>(c)] & static_cast<std::uint8_t>(place)) != 0;
}

std::string_view escape_of(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\r':
      return "&#13;";
    case '\n':
      return "&#10;";
    case '\t':
      return "&#9;";
    default:
      return "\xEF\xBF\xBD";
  }
}

constexpr std::uint64_t each(std::uint8_t byte) { return 0x0101010101010101u * byte; }

// Whether any of eight bytes may be special: is below a blank, is one of < >, or one of " &. No special one is missed.
bool any_special(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  const auto below = [](std::uint64_t w, std::uint8_t limit) { return (w - each(limit)) & ~w & each(0x80); };
  return (below(word, 0x20) | below((word | each(2)) ^ each('>'), 1) | below((word | each(4)) ^ each('&'), 1)) != 0;
}

// How many bytes there are before the first special one.
std::size_t plain_run(std::string_view value, Place place) {
  std::size_t at = 0;
  while (value.size() - at >= sizeof(std::uint64_t) && !any_special(value.data() + at)) at += sizeof(std::uint64_t);
  while (at < value.size() && !is_special(value[at], place)) ++at;
  return at;
}

// Text up to what must be written in another way is copied in one piece.
void copy_runs(std::string_view value, Place place, std::string& out) {
  for (;;) {
    const auto plain = plain_run(value, place);
    out.append(value.substr(0, plain));
    if (plain == value.size()) return;
    out += escape_of(value[plain]);
    value.remove_prefix(plain + 1);
  }
}

}  // namespace

void escape(std::string_view value, std::string& out) { copy_runs(value, Place::text, out); }

void Writer::end_tag() {
  if (in_tag_) out_ += '>';
  in_tag_ = false;
}

Writer& Writer::open(std::string_view name) {
  end_tag();
  out_ += '<';
  open_.push_back({out_.size(), name.size()});
  out_.append(name);
  in_tag_ = true;
  return *this;
}

Writer& Writer::attribute(std::string_view name, std::string_view value) {
  out_ += ' ';
  out_.append(name).append("=\"");
  copy_runs(value, Place::attribute, out_);
  out_ += '"';
  return *this;
}

Writer& Writer::attribute_if(std::string_view name, std::string_view value) {
  return value.empty() ? *this : attribute(name, value);
}

Writer& Writer::text(std::string_view value) {
  if (value.empty()) return *this;
  end_tag();
  escape(value, out_);
  return *this;
}

Writer& Writer::raw(std::string_view xml) {
  if (xml.empty()) return *this;
  end_tag();
  out_ += xml;
  return *this;
}

Writer& Writer::close() {
  if (in_tag_)
    out_ += "/>";
  else
    out_.append("</").append(out_, open_.back().at, open_.back().size).append(">");
  in_tag_ = false;
  open_.pop_back();
  return *this;
}

}  // namespace ihe::xml
