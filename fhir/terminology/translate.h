// ConceptMap/$translate: the concepts that a concept map, or all of them, put in the place of others.
// FHIR R4: http://hl7.org/fhir/R4/conceptmap-operation-translate.html
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fhir/terminology/sources.h"
#include "fhir/terminology/validate.h"

namespace fhir::terminology {

struct TranslateRequest {
  std::vector<ValueSetSource> maps;    // those to look in
  std::vector<ValueSetSource> others;  // those that they may send on to
  std::vector<Candidate> codes;
  std::string_view source_set, target_set;        // canonicals that a map must be from or to, "" = any
  std::string_view source_system, target_system;  // systems that a group must be from or to, "" = any
  std::vector<Candidate> dependencies;            // system: the property, code: its value
  bool reverse = false;    // R4: the codes are looked for among the targets, the sources are the answer
  bool by_target = false;  // R5: looked for among the targets, which with their sources are the answer
};

// The operation's Parameters.
std::string translate(const TranslateRequest& request);

}  // namespace fhir::terminology
