// Search parameters as a tree: `parse` turns name=value pairs into a Query that a store can plan, or into an
// Outcome that names what is wrong and what would be right.
// FHIR R4: http://hl7.org/fhir/R4/search.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/definitions.h"
#include "fhir/outcome.h"
#include "fhir/search/index.h"

namespace fhir::search {

enum class Prefix : std::uint8_t { eq, ne, gt, lt, ge, le, sa, eb, ap };
enum class Modifier : std::uint8_t {
  none,
  exact,
  contains,
  missing,
  not_,
  text,
  identifier,
  type,
  above,
  below,
  of_type
};

// One alternative of an OR list (or one component of a composite). `value` is normalised as in the index:
//   date       low..high = the whole range of the given value
//   number, quantity   number = the value, low_number..high_number = its implied range [0.45, 0.55)
//   token      any_system = no bar was given; value.text empty = any code of the system ("system|")
//   quantity   any_unit = no unit given; any_system as in token; canonical row wanted when value.canonical
//   reference  value.type may be "" with a bare id: then `types` are the targets to try
struct Term {
  Prefix prefix = Prefix::eq;
  IndexValue value;
  double low_number = 0;
  double high_number = 0;
  bool any_system = false;
  bool any_unit = false;
  std::vector<Term> parts;  // composite
};

struct Query;

// One condition. Exactly one of the three shapes:
//   plain    parameter, modifier, any_of (or `missing`)
//   chain    parameter (a reference) and `chain`: the referenced resource satisfies one of these (per target type)
//   reverse  `has_type` has parameter `parameter` (a reference to us) and satisfies chain[0]
struct Clause {
  const SearchParameter* parameter = nullptr;
  Modifier modifier = Modifier::none;
  bool missing = false;  // value of :missing
  std::vector<Term> any_of;
  const Type* has_type = nullptr;  // set: reverse chain (_has)
  std::vector<Query> chain;        // one per target type; only `type` and `all_of` are used
  std::string written;             // "name:exact=Weber" as given, for _explain and messages
};

struct Sort {
  const SearchParameter* parameter = nullptr;
  bool descending = false;
};

struct Include {
  const Type* source = nullptr;                // nullptr = any ("*")
  const SearchParameter* parameter = nullptr;  // nullptr = all reference parameters of source
  std::string target;                          // type name or ""
  bool iterate = false;
};

enum class Total : std::uint8_t { unspecified, none, estimate, accurate };
enum class Summary : std::uint8_t { false_, true_, text, data, count };

struct Query {
  const Type* type = nullptr;      // nullptr: system level
  std::vector<const Type*> types;  // system level with _type; empty = all
  std::vector<Clause> all_of;
  std::vector<Sort> sort;
  std::vector<Include> include;
  std::vector<Include> revinclude;
  std::optional<std::uint32_t> count;  // _count as asked
  Total total = Total::unspecified;
  Summary summary = Summary::false_;
  std::vector<std::string> elements;
  bool explain = false;
  std::string page;                                          // page token as given (_page), "" for the first page
  std::vector<std::pair<std::string, std::string>> applied;  // what is honoured, as given: the self link
  std::vector<Issue> ignored;                                // lenient handling: what was left out, and why
};

using Parameters = std::vector<std::pair<std::string, std::string>>;  // decoded, in order

struct Limits {
  std::uint32_t or_values = 500;
  std::uint32_t depth = 3;  // chains and _has
  std::uint32_t value_bytes = 4096;
  std::uint32_t includes = 1000;
};

// `lenient`: unknown parameters and modifiers are left out and reported in `ignored` instead of refused.
// `_format`, `_pretty` are accepted and not part of the query.
Result<Query> parse(const Type* type, const Parameters& parameters, std::string_view base, bool lenient,
                    const Limits& limits = {});

}  // namespace fhir::search
