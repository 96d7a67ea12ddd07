// ValueSet/$expand: the members of a value set, filtered, paged, in their hierarchy, named in the languages asked for.
// FHIR R4: http://hl7.org/fhir/R4/valueset-operation-expand.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/outcome.h"
#include "fhir/terminology/compose.h"
#include "fhir/terminology/display.h"
#include "fhir/terminology/language.h"

namespace fhir::terminology {

inline constexpr std::size_t most_unpaged = 100'000;  // codes of an answer without count

struct ExpandRequest {
  std::string filter;  // words, each somewhere in a name or in the code
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> count;
  bool include_designations = false;
  bool include_definition = false;
  bool exclude_nested = false;
  bool exclude_not_for_ui = false;
  std::optional<bool> active_only;
  std::vector<std::string> designations;      // "urn:ietf:bcp:47|de", "system|code" of a use
  std::vector<std::string> properties;        // by code; "*" = all
  std::vector<std::string> excluded_systems;  // canonicals of code systems that are left out
  Languages languages;
};

// A parameter as the expansion repeats it: {"name":"count","valueInteger":10}.
struct Echo {
  std::string name, type, value;  // type: "Boolean", "Integer", "String", "Code", "Uri"
};

struct Expansion {
  const ValueSet* set = nullptr;
  std::vector<Member> rows;         // of the page
  std::vector<std::size_t> parent;  // of each row, or npos; empty when nothing nests
  std::uint64_t total = 0;
  static constexpr std::size_t npos = ~std::size_t{0};
};

Result<Expansion> expand(Composer& composer, const ValueSet& set, const ExpandRequest& request);

// The value set with its expansion as JSON. `echo`: the request's own parameters; what was used is added.
// `uuid`: identifies the expansion; `timestamp`: an instant.
std::string to_json(const Expansion& expansion, const ExpandRequest& request, const Usage& usage,
                    std::vector<Echo> echo, std::string_view uuid, std::string_view timestamp);

}  // namespace fhir::terminology
