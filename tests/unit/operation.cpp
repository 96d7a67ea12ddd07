// What operations are called with: from query, Parameters or the one resource alone, checked by the definition.
#include "src/operation/operation.h"

#include <doctest/doctest.h>

#include "src/canonicals.h"
#include "tests/unit/store_fixture.h"

using namespace alzette;

namespace {

// ValueSet/$expand is of R4; a row for it is enough to read input by.
const operation::Operation expand{.code = "expand",
                                  .definition = "http://hl7.org/fhir/OperationDefinition/ValueSet-expand",
                                  .levels = operation::on_type,
                                  .types = "ValueSet",
                                  .lane = rest::Lane::worker,
                                  .run = nullptr};

struct Asked {
  Asked(const char* method, fhir::search::Parameters given) : parameters(std::move(given)) { request.method = method; }

  Request request;
  fhir::search::Parameters parameters;

  fhir::Result<operation::Input> read() {
    static store_fixture::Folder folder;
    static auto store = std::move(*store::open(folder.path));
    static fhir::Ids ids(1);
    static const auth::Seal seal(auth::Seal::Key{});
    static const rest::Each each = rest::one_by_one;
    static const auto access = fhir::Access::local_developer();
    static const ihe::Settings settings;
    static const ServerCanonicals canonicals(nullptr, "");
    static const fhir::validate::Profiles profiles(canonicals);
    static const fhir::terminology::Terminology terminology(canonicals);
    const auto snapshot = store->snapshot();
    const std::shared_ptr<rest::Incoming> none;
    const rest::Call call{.request = request,
                          .type = nullptr,
                          .id = {},
                          .version = {},
                          .parameters = parameters,
                          .snapshot = *snapshot,
                          .access = access,
                          .base = "http://h/fhir",
                          .ids = ids,
                          .settings = settings,
                          .seal = seal,
                          .canonicals = canonicals,
                          .profiles = profiles,
                          .terminology = terminology,
                          .each = each,
                          .operation = &expand,
                          .body = none};
    return operation::read_input(call, expand);
  }
};

}  // namespace

TEST_CASE("operation: parameters of the query take the types of the definition") {
  Asked asked{"GET", {{"url", "http://x/vs"}, {"count", "5"}, {"activeOnly", "true"}, {"_format", "json"}}};
  const auto input = asked.read();
  REQUIRE(input);
  CHECK(input->text("url") == "http://x/vs");
  CHECK(input->value("count")->type->name.view() == "integer");
  CHECK(input->flag("activeOnly"));
  CHECK_FALSE(input->flag("includeDesignations"));
  for (const auto& [name, value] : fhir::search::Parameters{{"nonsense", "1"}, {"count", "five"}, {"valueSet", "x"}}) {
    Asked wrong{"GET", {{name, value}}};
    const auto refused = wrong.read();
    REQUIRE_FALSE(refused);
    CHECK(refused.outcome().issues.front().diagnostics.find(name == "count" ? "five" : name) != std::string::npos);
  }
}

TEST_CASE("operation: a body of Parameters, or the one resource alone") {
  Asked asked{"POST", {}};
  asked.request.body =
      R"({"resourceType":"Parameters","parameter":[{"name":"valueSet","resource":{"resourceType":"ValueSet",)"
      R"("url":"http://x/vs","status":"active"}},{"name":"filter","valueString":"a"}]})";
  auto input = asked.read();
  REQUIRE(input);
  CHECK(input->resource("valueSet")->name == "ValueSet");
  CHECK(input->resource("valueSet")->value_of("url") == "http://x/vs");
  CHECK(input->text("filter") == "a");

  asked.request.body = R"({"resourceType":"ValueSet","url":"http://x/alone","status":"active"})";
  input = asked.read();
  REQUIRE(input);
  CHECK(input->resource("valueSet")->value_of("url") == "http://x/alone");
  for (const char* wrong : {R"({"resourceType":"Patient","active":true})",
                            R"({"resourceType":"Parameters","parameter":[{"name":"count","valueString":"5"}]})",
                            R"({"resourceType":"Parameters","parameter":[{"name":"count","valueInteger":5},)"
                            R"({"name":"count","valueInteger":6}]})"}) {
    asked.request.body = wrong;
    CHECK_FALSE(asked.read());
  }
}

TEST_CASE("operation: every row has its definition, with the levels that the row claims") {
  for (const auto* row : operation::operations()) {
    INFO(row->code);
    const auto& definition = operation::definition_of(*row);
    CHECK(definition.code.view() == row->code);
    CHECK((!(row->levels & operation::on_system) || definition.system));
    CHECK((!(row->levels & operation::on_type) || definition.type));
    CHECK((!(row->levels & operation::on_instance) || definition.instance));
  }
}
