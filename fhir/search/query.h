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
  of_type,
  in,      // never in a Clause, as :above and :below on tokens: the codes that are meant stand in it
  not_in,  // likewise; it becomes :not
  // Comparisons of _filter that no modifier says.
  equal,    // string: all of it, folded
  unequal,  // some value that is none of the given
  starts,
  ends
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
//   words      text = folded words, joined by blanks: they stand so, one behind the other
//   near       kind composite with the parts latitude and longitude; number = kilometres, `near` is set
struct Term {
  Prefix prefix = Prefix::eq;
  IndexValue value;
  double low_number = 0;
  double high_number = 0;
  bool any_system = false;
  bool any_unit = false;
  bool near = false;
  std::vector<const Type*> types;  // reference: a bare id
  std::vector<Term> parts;         // composite
};

struct Query;

// One condition. At system level `parameter` is that of the first type in question; others have one of the same code.
// :text on a string parameter becomes :contains. Exactly one of the four shapes:
//   plain    parameter, modifier, any_of (or `missing`)
//   chain    parameter (a reference) and `chain`: the referenced resource satisfies one of these (per target type)
//   reverse  `has_type` has parameter `parameter` (a reference to us) and satisfies chain[0]
//   group    all or any of `parts`, or not (`negated`): what _filter, a compartment and full text are made of
struct Clause {
  enum class Join : std::uint8_t { none, all, any };
  const SearchParameter* parameter = nullptr;
  Modifier modifier = Modifier::none;
  bool missing = false;  // value of :missing
  std::vector<Term> any_of;
  const Type* has_type = nullptr;  // set: reverse chain (_has)
  std::vector<Query> chain;        // one per target type; only `type` and `all_of` are used
  Join join = Join::none;          // set: a group
  bool negated = false;            // of a group
  std::vector<Clause> parts;       // of a group
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

// _contained: contained resources are found instead of others, or as well.
enum class Contained : std::uint8_t { no, yes, both };

// What one type has to satisfy; the clause names a parameter of that type.
struct TypeClause {
  const Type* type = nullptr;
  Clause clause;
};

struct Query {
  const Type* type = nullptr;      // nullptr: system level
  std::vector<const Type*> types;  // system level with _type; empty = all
  std::vector<Clause> all_of;
  std::vector<TypeClause> besides;  // system level: in addition, what single types have to satisfy
  std::vector<Sort> sort;
  std::vector<Include> include;
  std::vector<Include> revinclude;
  std::optional<std::uint32_t> count;  // _count as asked
  Total total = Total::unspecified;
  Summary summary = Summary::false_;
  std::vector<std::string> elements;
  Contained contained = Contained::no;
  bool containers = true;  // _containedType: the answer is the container, not the contained resource itself
  bool explain = false;
  std::string page;                                          // page token as given (_page), "" for the first page
  std::vector<std::pair<std::string, std::string>> applied;  // what is honoured, as given, less _page: the self link
  std::vector<Issue> ignored;                                // lenient handling: what was left out, and why
};

// Whether conditions on this parameter can be answered. Those without an expression (_query) cannot: they count as
// unknown and are not to be advertised.
bool supported(const SearchParameter& parameter);

// _text and _content: answered from words, not from values.
bool is_full_text(const SearchParameter& parameter);
// Location.near
bool is_near(const SearchParameter& parameter);

using Parameters = std::vector<std::pair<std::string, std::string>>;  // decoded, in order

// What codes mean, for :in, :not-in, :above and :below on tokens. The answers are tokens, at most `most` of them;
// beyond that too_costly. A value set or code system that is not known is refused.
class Meanings {
 public:
  virtual ~Meanings() = default;
  virtual Result<std::vector<IndexValue>> in_value_set(std::string_view canonical, std::size_t most) const = 0;
  // The code itself comes first.
  virtual Result<std::vector<IndexValue>> below(std::string_view system, std::string_view code,
                                                std::size_t most) const = 0;
  virtual Result<std::vector<IndexValue>> above(std::string_view system, std::string_view code,
                                                std::size_t most) const = 0;
};

struct Limits {
  std::uint32_t or_values = 500;
  std::uint32_t depth = 3;  // chains and _has
  std::uint32_t value_bytes = 4096;
  std::uint32_t includes = 1000;  // _include and _revinclude together
  std::uint32_t parameters = 1000;
  std::uint32_t codes = 20'000;  // that one :in, :above or :below may stand for
};

// `lenient`: unknown parameters and modifiers are left out and reported in `ignored` instead of refused.
// `_format`, `_pretty` are accepted and not part of the query.
// `now` (milliseconds since 1970 UTC) serves `ap` on dates: a tenth of the time between now and the date.
// Without `meanings` the modifiers that need them are refused.
Result<Query> parse(const Type* type, const Parameters& parameters, std::string_view base, bool lenient,
                    const Limits& limits = {}, std::int64_t now = 0, const Meanings* meanings = nullptr);

}  // namespace fhir::search
