// Every Patient is stored with the keys that matching finds it by. Doors that have the tree at hand add them as they
// lay it out, the rule sees to the rest.
#include "fhir/bundle.h"
#include "fhir/rule.h"
#include "ihe/match/candidates.h"

namespace ihe::match {
namespace {

fhir::Result<bool> run(const fhir::RuleSite&, fhir::Batch& batch, std::size_t at) {
  auto& write = batch.writes[at];
  if (write.method == fhir::Method::remove || has_keys(write)) return true;
  const auto bytes = fhir::stored_bytes(write.body, 1, 0);
  const auto incoming = fhir::receive(bytes);
  if (!incoming) return incoming.outcome();
  add_keys(*incoming->resource, write);
  return true;
}

}  // namespace
}  // namespace ihe::match

namespace fhir::rules {

extern constinit const Rule match_keys{.name = "match-keys", .types = "Patient", .run = ihe::match::run};

}  // namespace fhir::rules
