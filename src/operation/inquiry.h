// What the terminology operations have in common: the resources and versions that a request brings with it, the
// languages that it wants, and the value set or code system that it is about.
// FHIR R4: http://hl7.org/fhir/R4/terminology-service.html
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/terminology/compose.h"
#include "fhir/terminology/language.h"
#include "fhir/terminology/validate.h"
#include "src/operation/operation.h"

namespace alzette::operation {

class Inquiry {
 public:
  // Refuses resources that are no terminology and languages that cannot be read.
  static fhir::Result<std::unique_ptr<Inquiry>> begin(const rest::Call& call, const Input& input);

  fhir::terminology::Composer& composer() { return composer_; }
  fhir::terminology::Sources& sources() { return sources_; }

  // The value set of the address, of `valueSet`, `url` or `context`. Takes over what its own extensions say of
  // expansions.
  fhir::Result<const fhir::terminology::ValueSet*> value_set(const Input& input);
  // The resource of the address, bound; null without one.
  fhir::Result<const fhir::Node*> instance();

  // The first of: the parameter, the value set's extension, the header, the value set's language.
  const fhir::terminology::Languages& languages() const { return languages_; }
  std::optional<bool> active_only;

 private:
  Inquiry(const rest::Call& call, const Input& input);
  void heed(const fhir::terminology::ValueSet& set);
  void heed(std::string_view parameter, std::string_view value);
  fhir::Result<std::string> bound_at(std::string_view context) const;

  const rest::Call& call_;
  fhir::terminology::VersionRules rules_;
  fhir::terminology::Sources sources_;
  fhir::terminology::Composer composer_;
  fhir::terminology::Languages languages_;
  bool by_parameter_ = false, by_extension_ = false, by_header_ = false;
  std::vector<std::shared_ptr<const void>> keeps_;
};

// Codes as the parameters code/system/version/display, coding or codeableConcept give them.
struct GivenCodes {
  fhir::terminology::CodeRequest::Form form = fhir::terminology::CodeRequest::Form::code;
  std::vector<fhir::terminology::Candidate> codes;
  const fhir::Node* concept_ = nullptr;  // to be repeated
};
// Names of the parameters, "" where there is none such. Refuses none of the three, more than
// one, and more than a hundred codings.
struct CodeNames {
  std::string_view code, system, version, coding, concept_;
};
fhir::Result<GivenCodes> codes_of(const Input& input, const CodeNames& names);

// `name` followed by `|version` where the parameter `version_name` says one.
std::string canonical_of(const Input& input, std::string_view name, std::string_view version_name);

}  // namespace alzette::operation
