// Quantities with UCUM units and calendar durations. FHIRPath N1, sections 4.1.8, 6.1 and 6.6.
#pragma once

#include <optional>
#include <string>

#include "fhir/path/evaluator.h"

namespace fhir::path {

// In base units, so that values of one unit compare. `calendar` marks years and months, whose length is not definite.
struct Canonical {
  Decimal value;
  std::string unit;
  bool calendar = false;
};

// nullopt for an unknown unit.
std::optional<Canonical> canonical(const Value& quantity);
// The same with years and months as the UCUM mean units, for equivalence.
std::optional<Canonical> canonical_definite(const Value& quantity);

Value quantity_of(Evaluator& evaluator, const Value& number_or_quantity);  // 5 is 5 '1'
bool is_numeric(ValueKind kind);                                           // integer, decimal
// A FHIR quantity in 'a' is one in calendar years where the other operand is a calendar duration.
Value as_written_like(const Value& quantity, const Value& other);
// The value in another unit: among UCUM units, or among calendar units (a year has 12 months or 365 days).
std::optional<Decimal> in_unit(const Value& quantity, std::string_view unit);
// Sum, difference, product or quotient; nullopt when the units do not fit.
std::optional<Value> combine(Evaluator& evaluator, Op op, const Value& a, const Value& b);

}  // namespace fhir::path
