// What a search condition means: one plain clause against the index rows of one resource. The store evaluates its
// own stored form of the rows; this is the definition that it is tested against.
// FHIR R4: http://hl7.org/fhir/R4/search.html (prefixes, modifiers)
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "fhir/search/index.h"
#include "fhir/search/query.h"

namespace fhir::search {

// Which rows of its parameter a clause looks at.
Facet facet_of(Modifier modifier);

// One given value against one indexed value of the same kind. `modifier` counts for strings, URIs and references.
bool meets(const Term& term, Modifier modifier, const IndexValue& value);

// The parts of that, for a store that keeps values in a form of its own: the given value against low..high.
bool in_date_range(const Term& term, std::int64_t low, std::int64_t high);
bool in_number_range(const Term& term, double low, double high);
// Whether the modifier asks for a part of a token's or URI's text, and whether it is there, without regard to case.
bool is_part(Modifier modifier);
bool part_of(std::string_view stored, std::string_view wanted, Modifier modifier);
// As paths: whether `lower` lies below `upper`, or is it; behind a bar, as versions.
bool is_above(std::string_view upper, std::string_view lower);
// Whether a media type is `wanted`, with or without parameters: "text/xml; charset=UTF-8" is text/xml.
bool is_media_type(std::string_view stored, std::string_view wanted);
// Whether a business version begins with the parts that are given: "1.0.2" with "1", "1." and "1.0", "10" with none.
bool is_version_of(std::string_view version, std::string_view beginning);
// Whether a word begins so.
bool holds_word(std::string_view text, std::string_view wanted);

// Between two places in degrees, along the surface of a sphere.
inline constexpr double earth_radius = 6371.0088;  // kilometres, mean
double kilometres(double latitude, double longitude, double other_latitude, double other_longitude);

// `clause` is plain or a group of plain ones (no chain, no _has). Rows belong to the clause's parameter when their
// codes are equal. :missing looks at the rows of all facets; :not holds when no row meets any of the values.
bool matches(const Clause& clause, std::span<const IndexRow> rows);

}  // namespace fhir::search
