// Rules of single resource types that need more than their own tree: the bundle
// around, the questionnaire that is answered, what a definition is built on.
// Used where profiles are judged ($validate), not on every write.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/node.h"
#include "fhir/outcome.h"
#include "fhir/place.h"
#include "fhir/validate/profiles.h"
#include "fhir/validate/scope.h"

namespace fhir::validate {

using Say = std::function<void(const Place& place, std::string_view code, std::string text, Severity severity)>;

// Whether a coded value is in a value set; nothing when that is not known.
using Member = std::function<std::optional<bool>(const Node& value, std::string_view value_set)>;

// fullUrl, links, search results. http://hl7.org/fhir/R4/bundle.html
void judge_bundle(const Node& bundle, const Place& place, const Entries& entries, const Say& say);
// bdl-3 and bdl-4: what the type of a bundle says about each entry. On every write, too.
void judge_entries(const Node& bundle, const Place& place, const Say& say);
// The parts of a complex extension are those that its definition names.
void judge_parts(const Node& extension, const Profile& definition, const Place& place, const Say& say);
// A reference within a bundle: to the type that it says, and in a document or
// message to something there. `first`: it stands in the resource that a
// document or message begins with.
void judge_bundled_reference(std::string_view reference, const Place& place, const Scope& scope, bool first,
                             const Say& say);
// Answers against the Questionnaire.
// http://hl7.org/fhir/R4/questionnaireresponse.html
void judge_answers(const Node& response, const Place& place, const Scope& scope, const Canonicals& canonicals,
                   const Member& member, const Say& say);
// Whether a code system ("url" or "url|version") has a code; nothing when that is not known.
using HasCode = std::function<std::optional<bool>(std::string_view system, std::string_view code)>;

// StructureDefinition, ValueSet, CodeSystem, ConceptMap, Questionnaire, SearchParameter, Measure, MeasureReport: what
// lies behind them. `has_code` may be null.
void judge_definition(const Node& resource, const Place& place, const Profiles& profiles, const HasCode& has_code,
                      const Say& say);
// Criteria by name against the CQL of the measure's libraries; a report's groups against its measure.
void judge_measure(const Node& measure, const Place& place, const Canonicals& canonicals, const Say& say);
void judge_measure_report(const Node& report, const Place& place, const Canonicals& canonicals, const Say& say);
// Coding.system: an address, and not that of a value set or of a supplement.
void judge_system(const Node& coding, const Place& place, const Canonicals& canonicals, const Say& say);

}  // namespace fhir::validate
