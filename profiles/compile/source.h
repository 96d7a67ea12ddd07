// The published definitions as read from the npm package, sorted by what they are, and small accessors to their JSON.
// A build tool may use RapidJSON's DOM: no decimal of it reaches a resource.
#pragma once

#include <rapidjson/document.h>

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace profiles {

using Json = rapidjson::Value;

inline const Json& get(const Json& json, const char* name) {
  static const Json nothing;
  if (!json.IsObject()) return nothing;
  auto found = json.FindMember(name);
  return found == json.MemberEnd() ? nothing : found->value;
}

inline std::string_view text(const Json& json) {
  return json.IsString() ? std::string_view(json.GetString(), json.GetStringLength()) : std::string_view();
}
inline std::string_view text(const Json& json, const char* name) { return text(get(json, name)); }

inline bool flag(const Json& json, const char* name) { return get(json, name).IsTrue(); }

struct Items {
  const Json* first = nullptr;
  const Json* last = nullptr;
  const Json* begin() const { return first; }
  const Json* end() const { return last; }
  std::size_t size() const { return static_cast<std::size_t>(last - first); }
  const Json& operator[](std::size_t i) const { return first[i]; }
};
inline Items items(const Json& json, const char* name) {
  const Json& list = get(json, name);
  return list.IsArray() ? Items{list.Begin(), list.End()} : Items{};
}

inline std::vector<std::string> texts(const Json& json, const char* name) {
  std::vector<std::string> values;
  for (const Json& item : items(json, name)) values.emplace_back(text(item));
  return values;
}

// "http://hl7.org/fhir/StructureDefinition/Patient" -> "Patient"
inline std::string last_segment(std::string_view url) { return std::string(url.substr(url.rfind('/') + 1)); }

inline std::string_view without_version(std::string_view canonical) { return canonical.substr(0, canonical.find('|')); }

struct Source {
  std::vector<std::unique_ptr<rapidjson::Document>> documents;
  std::vector<std::unique_ptr<std::string>> buffers;
  std::vector<const Json*> structures;  // types and resources, no profiles but SimpleQuantity and MoneyQuantity
  std::vector<const Json*> parameters, value_sets, code_systems, compartments, operations;
};

// The .json files of a folder by name.
std::vector<std::string> sorted_files(const std::string& folder);

// Reads the files of `folder` and, one resource a file, what we define ourselves in `ours`. Throws when one is missing
// or the counts of `folder` are not those of FHIR 4.0.1.
Source read_source(const std::string& folder, const std::string& ours);

// The lists of ISO as further code systems.
void read_iso(Source& source, const std::string& folder);

}  // namespace profiles
