// An object of the answer while it grows: fields in order of their first mention, each one value or a list.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fhir::graphql {

class Answer {
 public:
  // `json`: the value as text. A field that is a list once stays one.
  void add(std::string_view key, std::string json, bool list);
  void write(std::string& out) const;

 private:
  struct Field {
    std::string key;
    bool list;
    std::vector<std::string> values;
  };
  std::vector<Field> fields_;
};

}  // namespace fhir::graphql
