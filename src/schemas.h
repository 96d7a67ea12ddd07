// The XML Schemas of a folder that the operator names (--schemas): which file describes an element. A file of an
// element's own name goes first (HL7 v3 has one for each interaction), then one of its namespace.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace alzette {

class Schemas {
 public:
  explicit Schemas(const std::string& folder);  // "" knows none

  // "" when none describes it.
  std::string file_of(std::string_view ns, std::string_view element) const;

 private:
  std::map<std::string, std::string, std::less<>> by_name_, by_namespace_;
};

}  // namespace alzette
