// XML written, with all that must not stand in text and attributes as references.
#include <algorithm>

#include "ihe/wire/xml.h"

namespace ihe::xml {
namespace {

// Text up to what must be written in another way is copied in one piece.
template <class Special, class Write>
void copy_runs(std::string_view value, std::string& out, const Special& special, const Write& write) {
  for (;;) {
    const auto plain = static_cast<std::size_t>(std::find_if(value.begin(), value.end(), special) - value.begin());
    out.append(value.substr(0, plain));
    if (plain == value.size()) return;
    out += write(value[plain]);
    value.remove_prefix(plain + 1);
  }
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

bool is_markup(char c) { return c == '&' || c == '<' || c == '>' || c == '"'; }

}  // namespace

void escape(std::string_view value, std::string& out) {
  const auto special = [](char c) {
    return is_markup(c) || (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t');
  };
  copy_runs(value, out, special, escape_of);
}

void Writer::end_tag() {
  if (in_tag_) out_ += '>';
  in_tag_ = false;
}

Writer& Writer::open(std::string_view name) {
  end_tag();
  out_.append("<").append(name);
  names_.emplace_back(name);
  in_tag_ = true;
  return *this;
}

Writer& Writer::attribute(std::string_view name, std::string_view value) {
  out_.append(" ").append(name).append("=\"");
  // A reader turns tabs and line ends into spaces unless they are written as references.
  const auto special = [](char c) { return is_markup(c) || static_cast<unsigned char>(c) < 0x20; };
  copy_runs(value, out_, special, escape_of);
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
    out_.append("</").append(names_.back()).append(">");
  in_tag_ = false;
  names_.pop_back();
  return *this;
}

}  // namespace ihe::xml
