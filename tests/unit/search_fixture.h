// A resource as text, bound, indexed and asked, for the tests of the search room.
#pragma once

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/bind.h"
#include "fhir/format/json.h"
#include "fhir/search/index.h"
#include "fhir/search/match.h"
#include "fhir/search/query.h"

namespace search_fixture {

inline constexpr std::string_view base = "http://example.org/fhir";

struct Indexed {
  explicit Indexed(std::string json) : text(std::move(json)) {
    auto raw = fhir::json::parse(text, arena);
    REQUIRE_MESSAGE(static_cast<bool>(raw), text);
    std::vector<fhir::Issue> issues;
    node = fhir::bind(*raw, arena, issues);
    REQUIRE_MESSAGE(node != nullptr, text);
    for (const auto& issue : issues) FAIL(text << ": " << issue.diagnostics);
    rows = fhir::search::extract(*node, base);
  }

  std::vector<fhir::search::IndexRow> of(std::string_view code,
                                         fhir::search::Facet facet = fhir::search::Facet::value) const {
    std::vector<fhir::search::IndexRow> found;
    for (const auto& row : rows)
      if (row.parameter->code.view() == code && row.facet == facet) found.push_back(row);
    return found;
  }

  // Meets all conditions of "name=value" (already decoded).
  bool answers(std::string_view condition) const {
    const auto equals = condition.find('=');
    const auto query = fhir::search::parse(
        node->type, {{std::string(condition.substr(0, equals)), std::string(condition.substr(equals + 1))}}, base,
        false);
    REQUIRE_MESSAGE(static_cast<bool>(query), condition);
    for (const auto& clause : query->all_of)
      if (!fhir::search::matches(clause, rows)) return false;
    return true;
  }

  std::string text;
  fhir::Arena arena;
  fhir::Node* node = nullptr;
  std::vector<fhir::search::IndexRow> rows;
};

struct Case {
  const char* condition;
  bool found;
};

inline void check(const Indexed& resource, std::initializer_list<Case> cases) {
  for (const auto& [condition, found] : cases) {
    CAPTURE(condition);
    CHECK(resource.answers(condition) == found);
  }
}

}  // namespace search_fixture
