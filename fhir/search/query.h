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
  type,  // never in a Clause: subject:Patient=1 becomes Patient/1
  above,
  below,
  of_type
};

// One alternative of an OR list (or one component of a composite). `value` is normalised as in the index;
// match.h says which rows it meets:
//   date       low..high = the whole range of the given value; ap: already widened
//   number, quantity   number = the value, low_number..high_number = its implied range [0.45, 0.55), or that of ap
//   string     text = folded text, exact = text as given
//   token      any_system = no bar was given; value.text empty = any code of the system ("system|")
//   quantity   any_unit = no unit given; any_system as in token; canonical row wanted when value.canonical
//   reference  value.type + text = id; or type "" and text = absolute URL or canonical (version in `system`, "" =
//              any); a bare id has type "" and `types`, the target types to try
//   token with :text has kind string; token with :of-type has text = value, system = "type-system|type-code"
struct Term {
  Prefix prefix = Prefix::eq;
  IndexValue value;
  double low_number = 0;
  double high_number = 0;
  bool any_system = false;
  bool any_unit = false;
  std::vector<const Type*> types;  // reference: a bare id
  std::vector<Term> parts;         // composite
};

struct Query;

// One condition. At system level `parameter` is that of the first type in question; others have one of the same code.
// :text on a string parameter becomes :contains. Exactly one of the three shapes:
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
  std::vector<std::pair<std::string, std::string>> applied;  // what is honoured, as given, less _page: the self link
  std::vector<Issue> ignored;                                // lenient handling: what was left out, and why
};

// Whether conditions on this parameter can be answered. Those without an expression (_text, _content, _query) and the
// special ones (near) cannot: they count as unknown and are not to be advertised.
bool supported(const SearchParameter& parameter);

using Parameters = std::vector<std::pair<std::string, std::string>>;  // decoded, in order

struct Limits {
  std::uint32_t or_values = 500;
  std::uint32_t depth = 3;  // chains and _has
  std::uint32_t value_bytes = 4096;
  std::uint32_t includes = 1000;  // _include and _revinclude together
  std::uint32_t parameters = 1000;
};

// `lenient`: unknown parameters and modifiers are left out and reported in `ignored` instead of refused.
// `_format`, `_pretty` are accepted and not part of the query.
// `now` (milliseconds since 1970 UTC) serves `ap` on dates: a tenth of the time between now and the date.
Result<Query> parse(const Type* type, const Parameters& parameters, std::string_view base, bool lenient,
                    const Limits& limits = {}, std::int64_t now = 0);

}  // namespace fhir::search
