// The narrow door of the terminology service, for those who ask about one code or need a list of them: bindings,
// searches, FHIRPath. The operations with all their parameters are in expand.h, validate.h, lookup.h and translate.h.
// FHIR R4: http://hl7.org/fhir/R4/terminology-service.html
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/canonical.h"
#include "fhir/outcome.h"
#include "fhir/terminology/code_system.h"

namespace fhir::terminology {

// unknown: the value set or a code system that it takes codes from is not here, or is only a fragment.
enum class Membership : std::uint8_t { in, out, unknown };
struct Answer {
  Membership membership = Membership::unknown;
  std::string reason;   // why not "in", for a person; names value set and system
  std::string display;  // of a code that is in, "" when it has none
};

struct SystemCode {
  std::string system, code;
};

// Answers are kept until a conformance resource changes. Thread safe.
class Terminology {
 public:
  explicit Terminology(const Canonicals& canonicals);
  ~Terminology();
  Terminology(const Terminology&) = delete;
  Terminology& operator=(const Terminology&) = delete;

  // Is the code in the value set ("url" or "url|version")? Without a system (elements of type code): in whatever system
  // of the value set has it. Inactive codes are in, unless the value set says otherwise.
  Answer member(std::string_view value_set, std::string_view system, std::string_view code) const;
  // The same of a bound element: code (or another primitive), Coding, Quantity, or CodeableConcept, one coding of which
  // is enough. Nothing when it cannot be said. What has no system means nothing, so that it is in no value set.
  std::optional<bool> bound(const Node& value, std::string_view value_set) const;
  // Does the system ("url" or "url|version") have the code?
  Answer code(std::string_view system, std::string_view code) const;

  // Every code of the value set, for `:in` and `:not-in`. absent: no such value set. Refuses more than `most`.
  Result<std::vector<SystemCode>> codes(std::string_view value_set, std::size_t most) const;
  // The code and all that it subsumes, or that subsume it, for `:below` and `:above`. absent: no such system or code.
  Result<std::vector<std::string>> below(std::string_view system, std::string_view code, std::size_t most) const;
  Result<std::vector<std::string>> above(std::string_view system, std::string_view code, std::size_t most) const;
  // absent: no such system, or one of the codes is not in it.
  Result<Subsumption> subsumes(std::string_view system, std::string_view a, std::string_view b) const;

  const Canonicals& canonicals() const { return canonicals_; }

 private:
  struct Memo;
  const Canonicals& canonicals_;
  std::unique_ptr<Memo> memo_;
};

}  // namespace fhir::terminology
