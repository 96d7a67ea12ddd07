// Profiles in a few lines, over R4's own definitions: what a test stores is found before these.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/bind.h"
#include "fhir/canonical.h"
#include "fhir/format/json.h"
#include "fhir/snapshot/snapshot.h"
#include "fhir/validate/profiles.h"
#include "fhir/validate/validate.h"
#include "src/canonicals.h"

namespace profile_fixture {

class Known final : public fhir::Canonicals {
 public:
  void put(std::string json) {
    auto canonical = fhir::make_canonical(std::move(json));
    REQUIRE(canonical);
    own_[canonical->type + " " + canonical->url] = canonical;
    ++state_;
  }
  std::shared_ptr<const fhir::Canonical> find(std::string_view type, std::string_view canonical) const override {
    std::string key(type);
    const auto found = own_.find(key.append(" ").append(fhir::canonical_parts(canonical).url));
    return found != own_.end() ? found->second : r4().find(type, canonical);
  }
  std::vector<std::shared_ptr<const fhir::Canonical>> all(std::string_view type) const override {
    std::vector<std::shared_ptr<const fhir::Canonical>> found;
    for (const auto& [key, canonical] : own_)
      if (canonical->type == type) found.push_back(canonical);
    return found;
  }
  std::uint64_t state() const override { return state_; }

 private:
  static const alzette::ServerCanonicals& r4() {
    static const alzette::ServerCanonicals canonicals(nullptr, "");
    return canonicals;
  }
  std::map<std::string, std::shared_ptr<const fhir::Canonical>> own_;
  std::uint64_t state_ = 1;
};

inline std::string url_of(std::string_view name) { return "http://e.org/StructureDefinition/" + std::string(name); }

// A profile by the elements of its differential, which are JSON objects separated by commas.
inline std::string profile(std::string_view name, std::string_view type, std::string_view elements,
                           std::string_view more = {}, std::string base = {}) {
  if (base.empty()) base = "http://hl7.org/fhir/StructureDefinition/" + std::string(type);
  return R"({"resourceType":"StructureDefinition","status":"active","abstract":false,"derivation":"constraint","kind":)" +
         std::string(type == "Extension" ? "\"complex-type\"" : "\"resource\"") + R"(,"name":"x","url":")" +
         url_of(name) + R"(","type":")" + std::string(type) + R"(","baseDefinition":")" + base + "\"," +
         std::string(more) + R"("differential":{"element":[)" + std::string(elements) + "]}}";
}

struct Judge {
  Known known;
  fhir::validate::Profiles profiles{known};
  fhir::validate::Options options;

  explicit Judge(std::initializer_list<std::string> structures = {}) {
    options.profiles = &profiles;
    for (const auto& structure : structures) known.put(structure);
  }

  // "code expression" of each error, in order; `name` "" is no profile beyond those claimed.
  std::string operator()(std::string_view name, std::string_view text) {
    fhir::Arena arena;
    auto raw = fhir::json::parse(text, arena);
    REQUIRE(raw);
    std::vector<fhir::Issue> issues;
    const auto* resource = fhir::bind(*raw, arena, issues);
    for (const auto& issue : issues) MESSAGE(issue.expression, ": ", issue.diagnostics);
    REQUIRE(issues.empty());
    options.conform_to.clear();
    if (!name.empty()) {
      auto found = profiles.find(url_of(name));
      if (!found) FAIL(found.outcome().issues.front().diagnostics);
      options.conform_to.push_back(*found);
    }
    std::string told;
    for (const auto& issue : fhir::validate::resource(*resource, options))
      if (issue.refuses()) told += (told.empty() ? "" : "; ") + issue.code + " " + issue.expression;
    return told;
  }
};

inline std::string patient(std::string_view members) {
  return R"({"resourceType":"Patient",)" + std::string(members) + "}";
}

inline std::string observation(std::string_view members) {
  return R"({"resourceType":"Observation","status":"final","code":{"text":"x"},)" + std::string(members) + "}";
}

}  // namespace profile_fixture
