// What a resource type obeys whenever it is written, through whichever door. A rule sees the batch before it is
// committed: it may refuse it, replace the write's body and rows, add writes and expectations to the same commit.
// A file that has one ends in its row, in namespace fhir::rules:
//
//   extern constinit const Rule patient_identity{.name = "patient-identity", .types = "Patient", .run = run};
//
// CMake collects the rows of ihe/ and src/ into the generated registry.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "fhir/access.h"
#include "fhir/incoming.h"
#include "fhir/outcome.h"
#include "fhir/store.h"

namespace ihe {
struct Settings;  // ihe/settings.h
}

namespace fhir {

// Whether the server may send what a resource tells to this address; why not.
using MaySend = std::function<Result<bool>(std::string_view url)>;

// The writes of a batch by what they write. Those that a rule adds are found as well; of what a write is, no rule
// changes.
class WritesByName {
 public:
  explicit WritesByName(const Batch& batch) : batch_(batch) {}
  // The first of this name, null for none; valid until the batch gets more.
  const Write* find(const Type& type, std::string_view id);

 private:
  const Batch& batch_;
  std::size_t seen_ = 0;                                 // of its writes
  std::unordered_map<std::string, std::size_t> places_;  // of "Patient/1"
};

// What a rule may use. Writes that it adds obey the rules of their types as well.
struct RuleSite {
  Snapshot& snapshot;
  const Access& access;
  std::string_view base;  // "http://host:port/fhir"
  std::int64_t now = 0;   // milliseconds since 1970 UTC
  Ids& ids;
  const ihe::Settings& settings;   // how this deployment is set up; only rules of ihe/ look into it
  MaySend may_send = nullptr;      // unset: into no network of the server's own
  WritesByName* writes = nullptr;  // of the batch that obeys
};

struct Rule {
  std::string_view name;
  std::string_view types;  // resource types, separated by one space
  // `at`: the write, batch.writes[at]; of method remove it has no body. True when all is well.
  Result<bool> (*run)(const RuleSite& site, Batch& batch, std::size_t at);
};

namespace rules {
// All rows, from the generated registry.
std::span<const Rule* const> rules();
}  // namespace rules

}  // namespace fhir
