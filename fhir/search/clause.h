// One name=value pair as a condition: parameter, modifier, chain, _has, and what is made of several. FHIR R4:
// http://hl7.org/fhir/R4/search.html
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "fhir/search/query.h"
#include "fhir/search/term.h"

namespace fhir::search {

// The types that a query is about: one, or at system level several.
using Scope = std::span<const Type* const>;

// The parameter that all types of the scope have under this code, that of the first; nullptr when one lacks it.
const SearchParameter* parameter_of(Scope scope, std::string_view code);

// "address, birthdate, family, …" for messages: those that are `wanted`, or all.
std::string valid_names(Scope scope, bool (*wanted)(const SearchParameter&) = nullptr);

// Refusals carry the issue code "not-supported" for unknown parameters and modifiers (lenient handling leaves these
// out), "invalid" for values and "too-costly" for limits.
Result<Clause> read_clause(Scope scope, std::string_view name, std::string_view value, Reading& reading);

// Whether a name, with a modifier or without, says how the answer looks and not what is found: _count, _sort, _include
// … Where no answer is made of what is found, it has no meaning. FHIR R4: http://hl7.org/fhir/R4/search.html#return
bool shapes_answer(std::string_view name);

// What a chain demands of the resources of one target type that its parameter refers to.
using Inner = std::function<Result<std::vector<Clause>>(const Type& target)>;

// subject:Patient.name: the chain over all target types, or the one that `type_name` says, for which `inner` has an
// answer. `rest` is what follows the dot, for messages; `hops` counts the links before this one.
Result<Clause> read_chain(Scope scope, const SearchParameter& parameter, std::string_view type_name,
                          std::string_view rest, std::uint32_t hops, const Inner& inner, Reading& reading);

// _has:Observation:patient: resources that one of `type_name` refers to by the reference parameter `code`; what that
// one has to satisfy is to be added.
Result<Clause> read_reverse(Scope scope, std::string_view type_name, std::string_view code, const Limits& limits,
                            std::uint32_t hops);

// _filter (filter.cpp). FHIR R4: http://hl7.org/fhir/R4/search_filter.html
Result<Clause> read_filter(Scope scope, std::string_view value, Reading& reading);

// _list=42, _list=$current-problems (list.cpp). FHIR R4: http://hl7.org/fhir/R4/search.html#list
Result<Clause> read_list(Scope scope, std::string_view value, const Limits& limits);

// _text and _content (words.cpp). FHIR R4: http://hl7.org/fhir/R4/search.html#content
Result<Clause> read_words(const SearchParameter& parameter, std::string_view value, const Limits& limits);

// :in, :not-in, :above and :below on a token: the codes that are meant take the place of what was given. Media types,
// which no code system lists, keep their :below.
Result<Clause> read_meant(const SearchParameter& parameter, Modifier modifier, std::string_view given,
                          Reading& reading);

// The refusal that names the valid ones.
Outcome unknown_parameter(Scope scope, std::string_view code);

// Adds what the resources of `type` have to satisfy to a chain or reverse chain.
void add_inner(Clause& clause, const Type& type, std::vector<Clause> conditions);

// A group of two or more; those of the same join are made one.
Clause joined(Clause::Join join, Clause left, Clause right);

}  // namespace fhir::search
