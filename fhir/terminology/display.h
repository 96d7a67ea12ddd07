// What a concept is called: displays and designations of the code system, of its supplements and of the value set, and
// which of them fits the languages that are asked for. FHIR R4: http://hl7.org/fhir/R4/codesystem.html#languages
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/terminology/compose.h"
#include "fhir/terminology/language.h"

namespace fhir::terminology {

inline constexpr std::string_view term_maintenance = "http://terminology.hl7.org/CodeSystem/hl7TermMaintInfra";

struct Name {
  Designation designation;  // of a display its language and value
  bool display = false;     // is a display, or a designation that may serve as one
  bool main = false;        // the code system's own display, or the value set's
  bool retired() const { return designation.status == "withdrawn" || designation.status == "deprecated"; }
};

class Names {
 public:
  // `language`: of the value set, "" when it has none.
  Names(const System* system, At at, const Listed* listed, std::string_view language);

  const std::vector<Name>& all() const { return all_; }
  // The display to show: null when none fits and the languages allow no other.
  const Name* best(const Languages& languages) const;
  // Those that are a right display in these languages; without a language they are right in all.
  std::vector<const Name*> right(const Languages& languages) const;

 private:
  std::vector<Name> all_;
};

// What the system of a Coding calls its code, when its display is none of the names that the code has there, in
// whatever language; nothing when it is one of them, or when system, version or code are not known, or only as a
// fragment.
std::optional<std::string> right_display(Sources& sources, const Node& coding);

}  // namespace fhir::terminology
