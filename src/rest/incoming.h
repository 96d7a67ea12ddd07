// From bytes to what the store takes: parse, bind, validate, index, and lay out the stored form. Shared by create,
// update, batch, transaction and `alzette load`; knows neither HTTP nor the store's inside.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "fhir/node.h"
#include "fhir/outcome.h"
#include "fhir/store.h"

namespace alzette::rest {

// Logical ids that this server assigns: 20 characters of base 32, time first, so that neighbours in time are
// neighbours in the store. Unique by a counter and by the salt that the process drew. Thread safe.
class Ids {
 public:
  explicit Ids(std::uint32_t salt) : salt_(salt) {}
  std::string next(std::int64_t now);

 private:
  std::uint32_t salt_;
  std::atomic<std::uint32_t> counter_{0};
};

// A resource as it came, parsed and bound. The bytes that it was parsed from must outlive it.
struct Incoming {
  std::shared_ptr<const void> keeps;  // whatever else the tree lives in: bytes made for it, the bundle around it
  std::unique_ptr<fhir::Arena> arena;
  fhir::Node* resource = nullptr;
  std::vector<fhir::Issue> issues;   // structural faults found while binding; empty unless asked to keep them
  std::vector<fhir::Node*> entries;  // of a Bundle: all, those as well that binding drops for their faults
};

// Refuses what cannot be parsed and what does not bind; with `keep_faults` the latter are left to the caller
// (a batch, where each entry answers for itself).
fhir::Result<Incoming> receive(std::string_view bytes, bool keep_faults = false);

// Validates `resource` (bound, a root: name and type set) and makes the write that stores it under `id`:
// body, index rows, compartment. Whatever id, versionId and lastUpdated it came with are replaced.
// `place` is put before the expressions of faults ("Bundle.entry[3].resource"), "" for a resource on its own.
// Safe to call from several threads for different resources.
fhir::Result<fhir::Write> prepare(const fhir::Node& resource, std::string_view id, fhir::Method method,
                                  std::string_view base, std::string_view place = {});

// malformed (400) when syntax is wrong somewhere (structure, format of a value), otherwise unprocessable (422).
fhir::Kind kind_of(const std::vector<fhir::Issue>& issues);

// A logical id: [A-Za-z0-9\-\.]{1,64}, and neither "." nor "..".
bool is_id(std::string_view text);

}  // namespace alzette::rest
