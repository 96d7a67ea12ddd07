// Search parameters as hostile text: "<type number>name=value&name=value". A query that is accepted keeps its shape,
// can be asked again by its own self link, and can be evaluated; all else is a refusal that says why.
#include <cstdlib>
#include <string>

#include "fhir/search/match.h"
#include "fhir/search/query.h"
#include "fhir/value.h"

using namespace fhir;
using namespace fhir::search;

namespace {

constexpr std::string_view base = "http://example.org/fhir";

void require(bool holds) {
  if (!holds) std::abort();
}

Parameters parameters_of(std::string_view text) {
  Parameters out;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto pair = text.substr(0, end);
    const auto equals = std::min(pair.find('='), pair.size());
    out.emplace_back(pair.substr(0, equals), equals < pair.size() ? pair.substr(equals + 1) : std::string_view{});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

void check_clause(const Clause& clause, std::uint32_t depth) {
  require(depth <= Limits{}.depth);
  if (clause.join != Clause::Join::none) {
    require(!clause.parts.empty() && clause.any_of.empty() && clause.chain.empty());
    for (const auto& part : clause.parts) check_clause(part, depth);
    return;
  }
  require(clause.parameter != nullptr);
  if (!clause.chain.empty()) {
    require(clause.any_of.empty());
    for (const auto& inner : clause.chain) {
      require(inner.type != nullptr && !inner.all_of.empty());
      for (const auto& condition : inner.all_of) check_clause(condition, depth + 1);
    }
    return;
  }
  require(clause.has_type == nullptr && clause.modifier != Modifier::type);
  require((clause.modifier == Modifier::missing) == clause.any_of.empty());
  IndexRow row;
  row.parameter = clause.parameter;
  for (const auto& term : clause.any_of) {
    require(term.value.low <= term.value.high);
    require(bad_utf8(term.value.text) == std::string_view::npos);
    row.value = term.value;
    (void)matches(clause, {&row, 1});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto& types = definitions().types;
  const Type* type = data[0] ? &types[data[0] * 7u % types.size()] : nullptr;
  if (type && (type->kind != TypeKind::resource || type->abstract)) type = definitions().resource("Observation");
  const auto parameters = parameters_of({reinterpret_cast<const char*>(data) + 1, size - 1});
  for (const bool lenient : {false, true}) {
    const auto query = parse(type, parameters, base, lenient, {}, 1'700'000'000'000);
    if (!query) {
      require(!query.outcome().issues.empty() && query.outcome().kind == Kind::malformed);
      require(bad_utf8(query.outcome().issues[0].diagnostics) == std::string_view::npos);
      continue;
    }
    for (const auto& clause : query->all_of) check_clause(clause, 0);
    require(static_cast<bool>(parse(type, query->applied, base, false)));
  }
  return 0;
}
