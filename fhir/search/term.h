// Values of search parameters as given, read by the parameter's type. FHIR R4: http://hl7.org/fhir/R4/search.html
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fhir/outcome.h"
#include "fhir/search/query.h"

namespace fhir::search {

struct Reading {
  std::string_view base;  // this server's own base URL
  Limits limits;
  std::int64_t now = 0;  // milliseconds since 1970 UTC, 0 = not known
  const Meanings* meanings = nullptr;
  std::uint32_t tried = 0;  // conditions looked at on the way through chains to several target types
};

// "a,b\,c" at unescaped commas: "a", "b\,c".
std::vector<std::string_view> split(std::string_view text, char separator);
std::string unescape(std::string_view text);

// A time as it came in a query: where the '+' of its zone was not percent-encoded, it arrives as a blank.
std::string with_plus(std::string_view text);

// At most 80 bytes of what was sent, for messages.
std::string shown(std::string_view text);
std::string quoted(std::string_view text);  // the same between '

// Resource types that a reference parameter can point to; all where it names none.
std::vector<const Type*> targets_of(const SearchParameter& parameter);

// One alternative, still escaped. Where the case of a token does not count, there is one for each way to spell it; an
// address below our own is looked for as one relative to it, too.
Result<std::vector<Term>> read_terms(const SearchParameter& parameter, Modifier modifier, std::string_view text,
                                     const Reading& reading);

}  // namespace fhir::search
