// From bytes to what the store takes: parse, bind, validate, index, and lay out the stored form. Every door's writes
// are made here, whether they came as FHIR, HL7 v2, HL7 v3 or ebXML.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/format/format.h"
#include "fhir/node.h"
#include "fhir/outcome.h"
#include "fhir/store.h"

namespace fhir {

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
  std::unique_ptr<Arena> arena;
  Node* resource = nullptr;
  std::vector<Issue> issues;            // structural faults found while binding; empty unless asked to keep them
  std::shared_ptr<const Content> data;  // of a Binary that came as its content: not in the tree
  std::vector<Node*> entries;           // of a Bundle: all, those as well that binding drops for their faults
};

// Refuses what cannot be parsed and what does not bind; with `keep_faults` the latter are left to the caller
// (a batch, where each entry answers for itself).
Result<Incoming> receive(std::string_view bytes, Format format = Format::json, bool keep_faults = false);

// What is wrong with `resource` (bound, a root: name and type set), nothing when it may be stored. `place` is put
// before the expressions of faults ("Bundle.entry[3].resource"), "" for a resource on its own.
std::optional<Outcome> faults_of(const Node& resource, std::string_view place = {});

// The write that stores a resource without faults under `id`: body, index rows, compartment. Whatever id, versionId
// and lastUpdated it came with are replaced.
Result<Write> lay_out(const Node& resource, std::string_view id, Method method, std::string_view base);

// Both. Safe to call from several threads for different resources.
Result<Write> prepare(const Node& resource, std::string_view id, Method method, std::string_view base,
                      std::string_view place = {});

// malformed (400) when syntax is wrong somewhere (structure, format of a value), otherwise unprocessable (422).
Kind kind_of(const std::vector<Issue>& issues);

// Gives the write of a Binary that was laid out without data its data, which need not be in memory.
void set_data(Write& binary, std::shared_ptr<const Content> bytes);

// A logical id: [A-Za-z0-9\-\.]{1,64}, and neither "." nor "..".
bool is_id(std::string_view text);

}  // namespace fhir
