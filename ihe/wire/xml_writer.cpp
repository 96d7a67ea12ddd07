// XML written, with all that must not stand in text and attributes as references.
#include "fhir/format/xml_escape.h"
#include "ihe/wire/xml.h"

namespace ihe::xml {

using fhir::xml::Place;

void escape(std::string_view value, std::string& out) { fhir::xml::escape(value, Place::text, out); }

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
  fhir::xml::escape(value, Place::attribute, out_);
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
