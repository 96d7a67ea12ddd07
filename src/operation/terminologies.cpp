// Runs the row of an operation as a GET would.
#include "src/operation/terminologies.h"

#include <algorithm>
#include <array>

#include "fhir/bind.h"
#include "fhir/format/json.h"
#include "src/net/uri.h"
#include "src/operation/operation.h"

namespace alzette::operation {

const fhir::Node* ask_terminology(const rest::Call& call, std::string_view address, fhir::Arena& arena) {
  constexpr std::array<std::string_view, 6> known{"ValueSet/$expand",          "ValueSet/$validate-code",
                                                  "CodeSystem/$lookup",        "CodeSystem/$subsumes",
                                                  "CodeSystem/$validate-code", "ConceptMap/$translate"};
  const auto path = address.substr(0, address.find('?'));
  if (path.size() == address.size() || std::find(known.begin(), known.end(), path) == known.end()) return nullptr;
  auto parameters = net::query_parameters(address.substr(path.size() + 1));
  if (!parameters) return nullptr;
  const auto slash = path.find('/');
  const auto* type = fhir::definitions().resource(path.substr(0, slash));
  const Operation* operation = find_operation(path.substr(slash + 2), rest::Level::type, type);
  if (!operation) return nullptr;
  Request request;
  request.method = "GET";
  request.headers.emplace_back("Accept-Language", call.header("Accept-Language"));
  static const std::shared_ptr<rest::Incoming> no_body;
  const rest::Call inner{.request = request,
                         .type = type,
                         .id = {},
                         .version = {},
                         .parameters = std::move(*parameters),
                         .snapshot = call.snapshot,
                         .access = call.access,
                         .base = call.base,
                         .now = call.now,
                         .effort = call.effort,
                         .ids = call.ids,
                         .settings = call.settings,
                         .seal = call.seal,
                         .canonicals = call.canonicals,
                         .profiles = call.profiles,
                         .terminology = call.terminology,
                         .each = call.each,
                         .meanings = call.meanings,
                         .operation = operation,
                         .body = no_body};
  const auto input = read_input(inner, *operation);
  if (!input) return nullptr;
  const auto plan = operation->run(inner, *input);
  if (!plan) return nullptr;
  std::vector<fhir::Issue> issues;
  const auto raw = fhir::json::parse(arena.copy(plan->response.body), arena);
  return raw ? fhir::bind(*raw, arena, issues) : nullptr;
}

}  // namespace alzette::operation
