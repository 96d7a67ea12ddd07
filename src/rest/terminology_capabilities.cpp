// The TerminologyCapabilities: code systems of R4, of ISO, those that follow from a rule, and the store's own.
// FHIR R4: http://hl7.org/fhir/R4/terminologycapabilities.html
#include "src/rest/terminology_capabilities.h"

#include <map>
#include <set>

#include "fhir/format/json.h"
#include "fhir/terminology/grammar.h"
#include "src/operation/operation.h"
#include "src/rest/reply.h"

namespace alzette::rest {
namespace {

using Systems = std::map<std::string, std::set<std::string>>;  // url to versions

// Those that the store has; of more than a thousand the rest is left out.
fhir::Result<bool> add_stored(const Call& call, Systems& systems) {
  constexpr std::uint32_t most = 1'000;
  fhir::search::Query query;
  query.type = fhir::definitions().resource("CodeSystem");
  auto page = call.snapshot.search(call.access, query, most, call.effort);
  if (!page) return std::move(page.outcome());
  for (const auto& entry : page->entries) {
    fhir::Arena arena;
    const auto raw = fhir::json::parse(entry.version->body, arena);
    if (!raw) continue;
    const auto url = (*raw)->value_of("url"), content = (*raw)->value_of("content");
    if (url.empty() || content == "not-present" || content == "example" || content == "supplement") continue;
    systems[std::string(url)].emplace((*raw)->value_of("version"));
  }
  return true;
}

void append_systems(const Systems& systems, std::string& out) {
  out += R"("codeSystem":[)";
  for (const auto& [url, versions] : systems) {
    out += out.back() == '[' ? R"({"uri":)" : R"(,{"uri":)";
    fhir::json::write_string(url, out);
    std::string list;
    for (const auto& version : versions) {
      if (version.empty()) continue;
      list += list.empty() ? R"({"code":)" : R"(,{"code":)";
      fhir::json::write_string(version, list);
      list += '}';
    }
    if (!list.empty()) out.append(R"(,"version":[)").append(list).append("]");
    out += '}';
  }
  out += "],";
}

void append_expansion(std::string& out) {
  out += R"("expansion":{"hierarchical":true,"paging":true,"incomplete":false,"parameter":[)";
  const auto* expand = operation::find_operation("expand", Level::type, fhir::definitions().resource("ValueSet"));
  for (const auto& parameter : operation::definition_of(*expand).parameters) {
    if (parameter.out) continue;
    out += out.back() == '[' ? R"({"name":")" : R"(,{"name":")";
    out.append(parameter.name.view()).append("\"}");
  }
  out +=
      R"(],"textFilter":"Each word must be somewhere in the code or in one of its names, without regard to case."},)";
}

}  // namespace

fhir::Result<Plan> terminology_capabilities(const Call& call) {
  Systems systems;
  for (const auto& table : fhir::definitions().code_systems)
    if (table.complete) systems[std::string(table.url)].emplace(table.version);
  for (const auto& grammar : fhir::terminology::grammars()) systems[std::string(grammar.url)];
  if (auto done = add_stored(call, systems); !done) return std::move(done.outcome());
  std::string out = R"({"resourceType":"TerminologyCapabilities",)";
  out += R"("url":"https://alzette.lu/fhir/TerminologyCapabilities/server","version":")" ALZETTE_VERSION R"(",)";
  out += R"("name":"AlzetteTerminology","title":"Alzette terminology service","status":"active","date":"2026-11-21",)";
  out += R"("publisher":"Alzette","kind":"instance","software":{"name":"Alzette","version":")" ALZETTE_VERSION R"("},)";
  out += R"("implementation":{"description":"Alzette health-record exchange","url":)";
  fhir::json::write_string(call.base, out);
  out += R"(},"lockedDate":false,)";
  append_systems(systems, out);
  append_expansion(out);
  out += R"("codeSearch":"all","validateCode":{"translations":true},"translation":{"needsMap":false},)";
  out += R"("closure":{"translation":false}})";
  return Plan(json_reply(200, std::move(out)));
}

}  // namespace alzette::rest
