// $graphql on the system and on an instance: by GET, as Parameters, as JSON, or as the query alone.
// FHIR R4: http://hl7.org/fhir/R4/graphql.html
#include <algorithm>

#include "fhir/format/json.h"
#include "fhir/graphql/execute.h"
#include "src/net/ascii.h"
#include "src/operation/operation.h"
#include "src/operation/refusal.h"
#include "src/operation/resources.h"
#include "src/rest/paging.h"
#include "src/rest/reply.h"

namespace alzette::operation {
namespace {

using fhir::Kind;
using fhir::Node;
using fhir::Outcome;
using fhir::Result;

// The store, as a query sees it.
class Stored final : public fhir::graphql::Source {
 public:
  explicit Stored(const rest::Call& call) : call_(call), resources_(call) {}

  Result<const Node*> read(std::string_view reference) override { return resources_.read(reference); }

  Result<fhir::graphql::Page> search(const fhir::Type& type, const fhir::search::Parameters& parameters,
                                     std::string_view cursor, bool count) override {
    if (!call_.access.may(fhir::Verb::search, type.name))
      return Outcome(Kind::forbidden, "forbidden", "Not allowed on " + std::string(type.name.view()));
    auto query = fhir::search::parse(&type, parameters, call_.base, false, {}, call_.now);
    if (!query) return Outcome(Kind::malformed, query.outcome().issues[0].code, query.outcome().issues[0].diagnostics);
    const auto context = rest::page_context(call_, type.name, query->applied);
    if (!cursor.empty()) {
      auto page = rest::open_page(call_, cursor, context);
      if (!page) return std::move(page.outcome());
      query->page = std::move(*page);
    }
    if (count) query->total = fhir::search::Total::accurate;
    const auto size = std::min(query->count.value_or(rest::default_count), rest::most_count);
    auto found = call_.snapshot.search(call_.access, *query, size, call_.effort);
    if (!found) return std::move(found.outcome());
    fhir::graphql::Page page{{}, found->total, size, {}};
    if (!found->next.empty()) page.next = call_.seal.seal(found->next, context);
    const bool whole = cursor.empty() && found->next.empty();
    if (!page.total && whole) page.total = found->entries.size();
    for (auto& entry : found->entries)
      if (const Node* resource = entry.match ? resources_.take(entry.version) : nullptr)
        page.resources.push_back(resource);
    return page;
  }

  Result<const Node*> instance() {
    auto version = call_.snapshot.read(call_.access, *call_.type, call_.id);
    if (!version) return std::move(version.outcome());
    return resources_.take(std::make_shared<fhir::Version>(std::move(*version)));
  }

 private:
  const rest::Call& call_;
  Resources resources_;
};

// What is asked, in any of its forms. Texts live in `arena`.
struct Asked {
  std::string query;
  std::string operation;
  const Node* variables = nullptr;
};

Result<bool> read_variables(std::string_view text, fhir::Arena& arena, Asked& asked) {
  fhir::json::Limits plain;
  plain.plain = true;
  const auto read = fhir::json::parse(text, arena, plain);
  if (!read) return read.outcome();
  asked.variables = *read;
  return true;
}

Result<Asked> read_query(const rest::Call& call, fhir::Arena& arena) {
  Asked asked;
  for (const auto& [name, value] : call.parameters) {
    if (name == "query") asked.query = value;
    if (name == "operationName") asked.operation = value;
    if (name != "variables" || value.empty()) continue;
    if (auto done = read_variables(value, arena, asked); !done) return std::move(done.outcome());
  }
  return asked;
}

// {"query": …, "operationName": …, "variables": …}, or Parameters with query.
Result<Asked> read_json(std::string_view body, fhir::Arena& arena) {
  fhir::json::Limits plain;
  plain.plain = true;
  const auto read = fhir::json::parse(body, arena, plain);
  if (!read) return read.outcome();
  Asked asked;
  const Node* from = *read;
  asked.query = from->value_of("query");
  asked.operation = from->value_of("operationName");
  asked.variables = from->child("variables");
  for (const Node& parameter : *from)
    if (parameter.name == "parameter" && parameter.value_of("name") == "query")
      asked.query = parameter.value_of("valueString");
  return asked;
}

Result<Asked> read_asked(const rest::Call& call, fhir::Arena& arena) {
  if (call.request.method != "POST" || call.request.body.empty()) return read_query(call, arena);
  auto type = call.header("Content-Type");
  type = net::trim(type.substr(0, type.find(';')));
  if (net::same_word(type, "application/graphql")) {
    auto asked = read_query(call, arena);
    if (asked) asked->query = call.request.body;
    return asked;
  }
  if (net::same_word(type, "application/json") || net::same_word(type, "application/fhir+json"))
    return read_json(call.request.body, arena);
  return Outcome(Kind::malformed, "not-supported",
                 "$graphql reads application/graphql, application/json and Parameters in application/fhir+json");
}

Result<rest::Plan> run(const rest::Call& call, const Input&) {
  fhir::Arena arena;
  const auto asked = read_asked(call, arena);
  if (!asked) return asked.outcome();
  if (asked->query.empty())
    return Outcome(Kind::malformed, "required", "$graphql needs the parameter query", place_of("query"));
  const auto document = fhir::graphql::parse(asked->query);
  if (!document) return document.outcome();
  Stored stored(call);
  fhir::graphql::Query query{*document, asked->operation, asked->variables, nullptr};
  if (call.type) {
    const auto instance = stored.instance();
    if (!instance) return instance.outcome();
    query.resource = *instance;
  }
  const auto data = fhir::graphql::execute(query, stored);
  if (!data) return data.outcome();
  Response response;
  response.headers.emplace_back("Content-Type", "application/json; charset=utf-8");
  response.body = "{\"data\":" + *data + "}";
  return rest::Plan(std::move(response));
}

}  // namespace

extern constinit const Operation graphql{.code = "graphql",
                                         .definition = "http://hl7.org/fhir/OperationDefinition/Resource-graphql",
                                         .levels = on_system | on_instance,
                                         .types = "",
                                         .lane = rest::Lane::worker,
                                         .raw = true,
                                         .run = run};

}  // namespace alzette::operation
