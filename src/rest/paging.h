// Links, page tokens and counts of answers that come in pages. The token is stateless: it is authenticated together
// with what it belongs to, and the next link repeats the parameters.
// FHIR R4: http://hl7.org/fhir/R4/http.html#paging
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "fhir/outcome.h"
#include "fhir/search/query.h"
#include "src/rest/interaction.h"

namespace alzette::rest {

inline constexpr std::uint32_t default_count = 50;
inline constexpr std::uint32_t most_count = 1000;

// "base/Patient?name=x&_count=5": `below_base` is "Patient", "Patient/1/_history" or "".
std::string link(std::string_view base, std::string_view below_base, const fhir::search::Parameters& parameters,
                 std::string_view page = {});

// The same below the base of a call, in the form that its parameters ask for: who follows cannot say it otherwise.
std::string link(const Call& call, std::string_view below_base, fhir::search::Parameters parameters,
                 std::string_view page = {});

// What a token belongs to: who asks, where, and every parameter that decides which resources are found.
std::string page_context(const Call& call, std::string_view below_base, const fhir::search::Parameters& parameters);

// The store's token out of `_page`; refuses one that was altered or comes from another query.
fhir::Result<std::string> open_page(const Call& call, std::string_view sealed, std::string_view context);

}  // namespace alzette::rest
