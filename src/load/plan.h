// From the text of a piece to batches for the store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "fhir/access.h"
#include "fhir/store.h"
#include "src/load/intake.h"

namespace alzette::load {

// One thing of a piece that stands or falls by itself: a line, or an entry of a batch in it.
struct Item {
  std::uint32_t line = 0;  // counted from the piece's first
  std::int32_t entry = -1;
  bool operator==(const Item&) const = default;
};

struct PlannedBatch {
  fhir::Batch batch;
  std::vector<Item> items;
  std::uint64_t found = 0;  // conditional creates that had their match already
};

struct Planned {
  std::vector<PlannedBatch> batches;
  std::vector<Item> refused;        // beside their refusals
  std::vector<Refusal> refusals;    // with the line counted in the file
  std::vector<bool> may_be_lifted;  // one per refusal: by what is not durable yet
  std::uint64_t found = 0;          // of things that need no commit
};

// `only`: items to plan; empty for all.
Planned plan(const Piece& piece, const std::vector<Item>& only, fhir::Snapshot& snapshot, const fhir::Access& access,
             std::string_view base);

}  // namespace alzette::load
