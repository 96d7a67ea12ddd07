// Conformance resources at hand for tests of terminology.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/canonical.h"

namespace terminology_fixture {

class Shelf final : public fhir::Canonicals {
 public:
  Shelf(std::initializer_list<std::string> resources) {
    for (const auto& json : resources) put(json);
  }
  void put(const std::string& json) { put(fhir::make_canonical(json)); }
  void put(std::shared_ptr<const fhir::Canonical> made) {
    all_.push_back(std::move(made));
    ++state_;
  }

  std::shared_ptr<const fhir::Canonical> find(std::string_view type, std::string_view canonical) const override {
    const auto [url, version] = fhir::canonical_parts(canonical);
    std::shared_ptr<const fhir::Canonical> best;
    for (const auto& one : all_) {
      if (one->type != type || one->url != url || (!version.empty() && one->version != version)) continue;
      if (!best || fhir::version_before(best->version, one->version)) best = one;
    }
    return best;
  }
  std::vector<std::shared_ptr<const fhir::Canonical>> all(std::string_view type) const override {
    std::vector<std::shared_ptr<const fhir::Canonical>> found;
    for (const auto& one : all_)
      if (one->type == type) found.push_back(one);
    return found;
  }
  std::uint64_t state() const override { return state_; }

 private:
  std::vector<std::shared_ptr<const fhir::Canonical>> all_;
  std::uint64_t state_ = 0;
};

// {"resourceType":"CodeSystem", …} with these members after the usual ones.
inline std::string code_system(std::string_view url, std::string_view rest) {
  return R"({"resourceType":"CodeSystem","status":"active","url":")" + std::string(url) + "\"," + std::string(rest) +
         "}";
}
inline std::string value_set(std::string_view url, std::string_view compose, std::string_view rest = {}) {
  return R"({"resourceType":"ValueSet","status":"active","url":")" + std::string(url) + "\"" + std::string(rest) +
         R"(,"compose":)" + std::string(compose) + "}";
}

// Animals: a hierarchy with properties, an inactive and an abstract concept.
inline std::string animals() {
  return code_system("http://e.org/animals", R"("version":"1.0.0","content":"complete","caseSensitive":true,
    "name":"Animals","language":"en","hierarchyMeaning":"is-a",
    "property":[{"code":"legs","type":"integer"},{"code":"status","type":"code"},
                {"code":"kin","type":"code","uri":"http://hl7.org/fhir/concept-properties#parent"}],
    "concept":[
      {"code":"animal","display":"Animal","property":[{"code":"notSelectable","valueBoolean":true}],"concept":[
        {"code":"mammal","display":"Mammal","concept":[
          {"code":"dog","display":"Dog","definition":"Barks","property":[{"code":"legs","valueInteger":4}],
           "designation":[{"language":"de","value":"Hund"},{"language":"fr","value":"Chien"}]},
          {"code":"bat","display":"Bat","property":[{"code":"legs","valueInteger":2},{"code":"kin","valueCode":"flyer"}]},
          {"code":"mammoth","display":"Mammoth","property":[{"code":"legs","valueInteger":4},
           {"code":"status","valueCode":"retired"}]}]},
        {"code":"bird","display":"Bird","concept":[
          {"code":"owl","display":"Night owl","property":[{"code":"legs","valueInteger":2}]}]},
        {"code":"flyer","display":"Flyer"}]}])");
}

}  // namespace terminology_fixture
