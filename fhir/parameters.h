// Writes a Parameters resource, the answer of most operations, as JSON in the order of the calls.
// FHIR R4: http://hl7.org/fhir/R4/parameters.html
#pragma once

#include <string>
#include <string_view>

namespace fhir {

class ParametersWriter {
 public:
  ParametersWriter() : out_(R"({"resourceType":"Parameters")") {}

  // `type` is that of value[x], "Code"; booleans and numbers as they are written.
  void value(std::string_view name, std::string_view type, std::string_view text);
  void boolean(std::string_view name, bool value) { this->value(name, "Boolean", value ? "true" : "false"); }
  void coding(std::string_view name, std::string_view system, std::string_view code, std::string_view display = {},
              std::string_view version = {});
  // `json` is a data type or a resource, whole.
  void json_value(std::string_view name, std::string_view type, std::string_view json);
  void resource(std::string_view name, std::string_view json);
  // What follows until end() is a part of it.
  void begin(std::string_view name);
  void end();

  std::string finish() &&;

 private:
  void open(std::string_view name);
  std::string out_;
  std::string_view next_ = ",\"parameter\":[";  // stands before the next parameter
};

}  // namespace fhir
