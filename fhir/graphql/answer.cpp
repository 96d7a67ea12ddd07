// GraphQL answers as JSON. GraphQL specification (October 2021), section 7.
#include "fhir/graphql/answer.h"

#include <algorithm>

#include "fhir/format/json.h"

namespace fhir::graphql {

void Answer::add(std::string_view key, std::string json, bool list) {
  auto field = std::find_if(fields_.begin(), fields_.end(), [&](const Field& each) { return each.key == key; });
  if (field == fields_.end()) field = fields_.insert(fields_.end(), Field{std::string(key), list, {}});
  field->list = field->list || list || !field->values.empty();
  field->values.push_back(std::move(json));
}

void Answer::write(std::string& out) const {
  out += '{';
  for (const auto& field : fields_) {
    if (out.back() != '{') out += ',';
    json::write_string(field.key, out);
    out += field.list ? ":[" : ":";
    for (std::size_t i = 0; i < field.values.size(); ++i) {
      if (i) out += ',';
      out += field.values[i];
    }
    if (field.list) out += ']';
  }
  out += '}';
}

}  // namespace fhir::graphql
