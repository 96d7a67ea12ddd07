// Hostile profiles and resources: whatever comes as a StructureDefinition is merged, compiled and judged by, within
// bounds. Input: a differential's elements, a zero byte, a Patient's members.
#include "fhir/validate/validate.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "fhir/archive.h"
#include "fhir/bind.h"
#include "fhir/canonical.h"
#include "fhir/definitions.h"
#include "fhir/format/json.h"
#include "fhir/validate/profiles.h"

namespace {

constexpr std::string_view url = "http://e.org/p";

// R4, and the one profile that is tried.
class Known final : public fhir::Canonicals {
 public:
  void put(std::string json) {
    own_ = fhir::make_canonical(std::move(json));
    ++state_;
  }
  std::shared_ptr<const fhir::Canonical> find(std::string_view type, std::string_view canonical) const override {
    const auto address = fhir::canonical_parts(canonical).url;
    if (own_ && own_->type == type && own_->url == address) return own_;
    const auto entries = fhir::core_archive().of(type, address);
    if (entries.empty()) return nullptr;
    auto& opened = opened_[&entries.front()];
    if (!opened) opened = fhir::make_canonical(fhir::core_archive().text(entries.front()));
    return opened;
  }
  std::vector<std::shared_ptr<const fhir::Canonical>> all(std::string_view) const override { return {}; }
  std::uint64_t state() const override { return state_; }

 private:
  std::shared_ptr<const fhir::Canonical> own_;
  mutable std::map<const fhir::Archive::Entry*, std::shared_ptr<const fhir::Canonical>> opened_;
  std::uint64_t state_ = 1;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Known known;
  static const fhir::validate::Profiles profiles(known);
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto zero = input.find('\0');
  const auto members = zero == input.npos ? std::string_view("\"active\":true") : input.substr(zero + 1);
  known.put(R"({"resourceType":"StructureDefinition","status":"active","abstract":false,"kind":"resource","name":"x",)"
            R"("type":"Patient","derivation":"constraint","url":")" +
            std::string(url) +
            R"(","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","differential":{"element":[)" +
            std::string(input.substr(0, zero)) + "]}}");
  const std::string text = R"({"resourceType":"Patient",)" + std::string(members) + "}";
  fhir::Arena arena;
  auto raw = fhir::json::parse(text, arena);
  if (!raw) return 0;
  std::vector<fhir::Issue> issues;
  const auto* resource = fhir::bind(*raw, arena, issues);
  if (!resource) return 0;
  fhir::validate::Options options;
  options.profiles = &profiles;
  if (auto profile = profiles.find(url)) options.conform_to.push_back(*profile);
  fhir::validate::resource(*resource, options);
  return 0;
}
