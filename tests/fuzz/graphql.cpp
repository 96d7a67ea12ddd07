// Any bytes as a GraphQL query, on a resource and on the system. What is answered is JSON, however the query is shaped.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/bind.h"
#include "fhir/format/json.h"
#include "fhir/graphql/execute.h"

namespace {

constexpr std::string_view patient =
    R"({"resourceType":"Patient","id":"p","active":true,"birthDate":"1970-01-01","_birthDate":{"extension":[{"url":)"
    R"("http://e","valueDateTime":"1970-01-01T00:00:00Z"}]},"name":[{"use":"official","family":"W","given":["A","B"]},)"
    R"({"given":["C"]}],"contained":[{"resourceType":"Organization","id":"o","name":"O"}],)"
    R"("managingOrganization":{"reference":"#o"},"link":[{"other":{"reference":"Patient/p"},"type":"seealso"}]})";

// One patient, wherever it is looked for.
class One final : public fhir::graphql::Source {
 public:
  explicit One(const fhir::Node* resource) : resource_(resource) {}
  fhir::Result<const fhir::Node*> read(std::string_view reference) override {
    return reference == "Patient/p" ? resource_ : nullptr;
  }
  fhir::Result<fhir::graphql::Page> search(const fhir::Type&, const fhir::search::Parameters&, std::string_view,
                                           bool) override {
    return fhir::graphql::Page{{resource_, resource_}, 2, 2, "next"};
  }

 private:
  const fhir::Node* resource_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fhir::Arena arena;
  static const fhir::Node* const root = [] {
    std::vector<fhir::Issue> issues;
    const auto raw = fhir::json::parse(patient, arena);
    return raw ? fhir::bind(*raw, arena, issues) : nullptr;
  }();
  if (!root) std::abort();
  const auto document = fhir::graphql::parse({reinterpret_cast<const char*>(data), size});
  if (!document) return 0;
  One source(root);
  for (const fhir::Node* resource : {static_cast<const fhir::Node*>(nullptr), root}) {
    const auto answered = fhir::graphql::execute({*document, {}, nullptr, resource}, source);
    fhir::Arena read;
    fhir::json::Limits plain;
    plain.plain = true;
    if (answered && !fhir::json::parse(*answered, read, plain)) std::abort();
  }
  return 0;
}
