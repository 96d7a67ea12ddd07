// Invariants and search expressions of FHIR 4.0.1 that do not say what their own text says. Each entry holds the
// published expression, so that nothing else is ever touched, and why it is wrong. An invariant holds only when it
// evaluates to true: several published ones come out empty where the element in question is absent.

#include <algorithm>
#include <array>
#include <stdexcept>

#include "profiles/compile/parts.h"

namespace profiles {
namespace {

struct Correction {
  std::string_view key;
  std::string_view published;
  std::string_view right;
  bool used = false;
};

std::array constraints{
    // A collection of several items has no `as`; ofType is what is meant.
    Correction{"dom-3",
               "contained.where((('#'+id in (%resource.descendants().reference | "
               "%resource.descendants().as(canonical) | %resource.descendants().as(uri) | "
               "%resource.descendants().as(url))) or descendants().where(reference = '#').exists() or "
               "descendants().where(as(canonical) = '#').exists() or descendants().where(as(canonical) = "
               "'#').exists()).not()).trace('unmatched', id).empty()",
               "contained.where((('#'+id in (%resource.descendants().reference | "
               "%resource.descendants().ofType(canonical) | %resource.descendants().ofType(uri) | "
               "%resource.descendants().ofType(url))) or descendants().where(reference = '#').exists() or "
               "descendants().where(ofType(canonical) = '#').exists() or descendants().where(ofType(uri) = "
               "'#').exists()).not()).trace('unmatched', id).empty()"},
    // A Reference without `reference` (identifier or display alone) is right, and "#" is the container itself.
    Correction{"ref-1",
               "reference.startsWith('#').not() or (reference.substring(1).trace('url') in "
               "%rootResource.contained.id.trace('ids'))",
               "reference.empty() or reference.startsWith('#').not() or (reference.substring(1).trace('url') in "
               "%rootResource.contained.id.trace('ids')) or reference = '#'"},
    // The System type Boolean is none that an answer can have.
    Correction{"que-7", "operator = 'exists' implies (answer is Boolean)",
               "operator = 'exists' implies (answer is boolean)"},
    // "If there are more than one enableWhen, enableBehavior must be specified."
    Correction{"que-12", "enableWhen.count() > 2 implies enableBehavior.exists()",
               "enableWhen.count() > 1 implies enableBehavior.exists()"},
    // `when` repeats, and `in` takes one item on its left.
    Correction{"tim-9", "offset.empty() or (when.exists() and ((when in ('C' | 'CM' | 'CD' | 'CV')).not()))",
               "offset.empty() or (when.exists() and when.all(($this in ('C' | 'CM' | 'CD' | 'CV')).not()))"},
    // A CodeableConcept never equals a string.
    Correction{"con-3",
               "clinicalStatus.exists() or verificationStatus.coding.where(system="
               "'http://terminology.hl7.org/CodeSystem/condition-ver-status' and code = 'entered-in-error').exists() "
               "or category.select($this='problem-list-item').empty()",
               "clinicalStatus.exists() or verificationStatus.coding.where(system="
               "'http://terminology.hl7.org/CodeSystem/condition-ver-status' and code = 'entered-in-error').exists() "
               "or category.coding.where(code = 'problem-list-item').empty()"},
    // Empty without a fullUrl.
    Correction{"bdl-8", "fullUrl.contains('/_history/').not()",
               "fullUrl.empty() or fullUrl.contains('/_history/').not()"},
    // Empty without a probability.
    Correction{"ras-2", "probability is decimal implies (probability as decimal) <= 100",
               "probability.empty() or (probability is decimal implies (probability as decimal) <= 100)"},
    // Empty where precisions or units differ: only what is known to be the wrong way round breaks the rule.
    Correction{"per-1", "start.hasValue().not() or end.hasValue().not() or (start <= end)",
               "start.hasValue().not() or end.hasValue().not() or where(start > end).empty()"},
    Correction{"rng-2", "low.empty() or high.empty() or (low <= high)",
               "low.empty() or high.empty() or where(low > high).empty()"},
    Correction{"inv-1", "lastModified.exists().not() or authoredOn.exists().not() or lastModified >= authoredOn",
               "lastModified.exists().not() or authoredOn.exists().not() or "
               "where(lastModified < authoredOn).empty()"},
    Correction{"mdd-1", "whenHandedOver.empty() or whenPrepared.empty() or whenHandedOver >= whenPrepared",
               "whenHandedOver.empty() or whenPrepared.empty() or where(whenHandedOver < whenPrepared).empty()"},
};

// Names of conformance resources (adf-0, sdf-0 ...): empty where the name, often optional, is absent.
constexpr std::string_view name_published = "name.matches('[A-Z]([A-Za-z0-9_]){0,254}')";
constexpr std::string_view name_right = "name.empty() or name.matches('[A-Z]([A-Za-z0-9_]){0,254}')";

std::array expressions{
    // Without a root the branches belong to no type.
    Correction{"InsurancePlan", "name | alias", "InsurancePlan.name | InsurancePlan.alias"},
    // The type is called dateTime.
    Correction{"http://hl7.org/fhir/SearchParameter/Observation-value-date", "value.as(DateTime) | value.as(Period)",
               "value.ofType(dateTime) | value.ofType(Period)"},
    // Each of the two components of DocumentReference's `relationship` has the other one's element.
    Correction{"http://hl7.org/fhir/SearchParameter/DocumentReference-relatesto", "code", "target"},
    Correction{"http://hl7.org/fhir/SearchParameter/DocumentReference-relation", "target", "code"},
};

template <std::size_t N>
std::string_view correct(std::array<Correction, N>& corrections, std::string_view key, std::string_view published) {
  for (Correction& correction : corrections)
    if (correction.key == key && correction.published == published) {
      correction.used = true;
      return correction.right;
    }
  return published;
}

std::string replaced(std::string value, std::string_view from, std::string_view to) {
  for (std::size_t at = value.find(from); at != std::string::npos; at = value.find(from, at + to.size()))
    value.replace(at, from.size(), to);
  return value;
}

}  // namespace

std::string_view corrected_constraint(std::string_view key, std::string_view expression) {
  return expression == name_published ? name_right : correct(constraints, key, expression);
}

// `as` takes one item, yet the paths of search parameters give many (Group.characteristic.value): ofType is meant, as
// later editions write. "(Observation.value as Quantity)" becomes "(Observation.value.ofType(Quantity))".
std::string corrected_search_expression(std::string_view key, std::string_view expression) {
  std::string result = replaced(std::string(correct(expressions, key, expression)), ".as(", ".ofType(");
  constexpr std::string_view as = " as ";
  for (std::size_t at = result.find(as); at != std::string::npos; at = result.find(as)) {
    std::size_t end = std::min(result.find_first_of(" )", at + as.size()), result.size());
    std::string type = result.substr(at + as.size(), end - at - as.size());
    result.replace(at, end - at, ".ofType(" + type + ")");
  }
  return result;
}

void check_corrections_used() {
  for (const Correction& correction : constraints)
    if (!correction.used) throw std::runtime_error("correction never used: " + std::string(correction.key));
  for (const Correction& correction : expressions)
    if (!correction.used) throw std::runtime_error("correction never used: " + std::string(correction.published));
}

}  // namespace profiles
