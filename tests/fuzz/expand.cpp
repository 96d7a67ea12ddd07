// Hostile value sets: the input is a ValueSet or a Bundle-like list of resources, one JSON text a line, that import,
// exclude and filter each other. Whatever is accepted answers in bounded work, and what is written is JSON; each code
// of an expansion is a member, and each member that the narrow door knows is in the expansion.
#include "fhir/terminology/expand.h"

#include <cstdlib>
#include <string>
#include <vector>

#include "fhir/bind.h"
#include "fhir/format/json.h"
#include "fhir/terminology/terminology.h"
#include "tests/unit/terminology_fixture.h"

using namespace fhir::terminology;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

const VersionRules no_rules;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 20'000) return 0;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  terminology_fixture::Shelf shelf{terminology_fixture::animals()};
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    if (auto made = fhir::make_canonical(std::string(text.substr(0, end)))) shelf.put(made);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const Terminology terminology(shelf);
  for (const auto& canonical : shelf.all("ValueSet")) {
    Sources sources(shelf);
    Composer composer(sources, no_rules);
    const auto set = composer.open(canonical->url, canonical->version);
    if (!set) continue;
    ExpandRequest request;
    request.properties = {"*"};
    request.include_designations = true;
    request.include_definition = true;
    const auto expansion = expand(composer, **set, request);
    if (!expansion) continue;
    fhir::Arena arena;
    const auto json = to_json(*expansion, request, composer.usage(), {}, "x", "2026-01-01T00:00:00.000Z");
    require(static_cast<bool>(fhir::json::parse(json, arena)));
    if (expansion->rows.size() > 50) continue;
    for (const auto& row : expansion->rows) {
      if (!row.system || row.at == nowhere) continue;
      const auto answer = terminology.member(canonical->url + "|" + canonical->version, row.url, row.code());
      require(answer.membership != Membership::out || !canonical->version.empty());
    }
  }
  return 0;
}
