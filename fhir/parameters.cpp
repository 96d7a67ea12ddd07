// FHIR R4: http://hl7.org/fhir/R4/parameters.html
#include "fhir/parameters.h"

#include "fhir/format/json.h"

namespace fhir {

void ParametersWriter::open(std::string_view name) {
  out_.append(next_).append("{\"name\":");
  json::write_string(name, out_);
  next_ = ",";
}

void ParametersWriter::value(std::string_view name, std::string_view type, std::string_view text) {
  open(name);
  out_.append(",\"value").append(type).append("\":");
  if (type == "Boolean" || type == "Integer" || type == "Decimal")
    out_ += text;
  else
    json::write_string(text, out_);
  out_ += '}';
}

void ParametersWriter::coding(std::string_view name, std::string_view system, std::string_view code,
                              std::string_view display, std::string_view version) {
  std::string json = "{";
  const auto put = [&](std::string_view element, std::string_view text) {
    if (text.empty()) return;
    json.append(json.size() > 1 ? ",\"" : "\"").append(element).append("\":");
    json::write_string(text, json);
  };
  put("system", system);
  put("version", version);
  put("code", code);
  put("display", display);
  json_value(name, "Coding", json + "}");
}

void ParametersWriter::json_value(std::string_view name, std::string_view type, std::string_view json) {
  open(name);
  out_.append(",\"value").append(type).append("\":").append(json).append("}");
}

void ParametersWriter::resource(std::string_view name, std::string_view json) {
  open(name);
  out_.append(",\"resource\":").append(json).append("}");
}

void ParametersWriter::begin(std::string_view name) {
  open(name);
  next_ = ",\"part\":[";
}

void ParametersWriter::end() {
  out_ += next_ == "," ? "]}" : "}";
  next_ = ",";
}

std::string ParametersWriter::finish() && {
  out_ += next_ == "," ? "]}" : "}";
  return std::move(out_);
}

}  // namespace fhir
