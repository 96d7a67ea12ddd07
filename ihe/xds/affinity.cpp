// The affinity domain as data: see affinity.h.
#include "ihe/xds/affinity.h"

#include <algorithm>

#include "fhir/format/json.h"
#include "ihe/xds/attribute.h"
#include "ihe/xds/metadata.h"

namespace ihe::xds {
namespace {

bool is_attribute(std::string_view name) {
  for (const Kind kind : {Kind::document_entry, Kind::submission_set, Kind::folder})
    for (const auto& coded : coded_attributes(kind))
      if (coded.name == name) return true;
  return false;
}

}  // namespace

fhir::Result<Affinity> Affinity::read(std::string_view json) {
  fhir::Arena arena;
  const auto root = fhir::json::parse(json, arena);
  if (!root) return root.outcome();
  Affinity affinity;
  for (const auto& member : **root) {
    if (member.name == "mimeTypes") affinity.media_.emplace(member.text);
    if (member.name != "codes") continue;
    for (const auto& code : member) {
      if (!is_attribute(code.name))
        return fhir::Outcome(fhir::Kind::malformed, "value",
                             "\"" + std::string(code.name) + "\" is no attribute with a code");
      const auto value = code.value_of("code"), scheme = code.value_of("codingScheme");
      if (value.empty() || scheme.empty())
        return fhir::Outcome(fhir::Kind::malformed, "required",
                             "A code of " + std::string(code.name) + " lacks code or codingScheme");
      affinity.codes_[std::string(code.name)].emplace(std::pair(value, scheme), code.value_of("display"));
    }
  }
  return affinity;
}

void Affinity::check(const RegistryObject& object, std::string_view error_code, bool enforce, Errors& errors) const {
  const auto say = [&](const std::string& text) {
    if (enforce)
      errors.add(error_code, text, object.id);
    else
      errors.warn(error_code, text, object.id);
  };
  for (const auto& [name, scheme] : coded_attributes(object.kind)) {
    const auto listed = codes_.find(name);
    if (listed == codes_.end()) continue;
    for (const auto& code : codes_of(object, scheme))
      if (!listed->second.contains({code.code, code.scheme}))
        say(std::string(name) + " (" + code.code + ", " + code.scheme + ") is not of this affinity domain");
  }
  if (object.kind == Kind::document_entry && !media_.empty() && !object.mime_type.empty() &&
      !media_.contains(object.mime_type))
    say("mimeType \"" + object.mime_type + "\" is not of this affinity domain");
}

std::string_view Affinity::display(std::string_view attribute, std::string_view code, std::string_view scheme) const {
  const auto listed = codes_.find(attribute);
  if (listed == codes_.end()) return {};
  const auto found = listed->second.find({std::string(code), std::string(scheme)});
  return found == listed->second.end() ? std::string_view() : found->second;
}

}  // namespace ihe::xds
