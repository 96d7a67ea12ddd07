// A snapshot for those who follow a store: what was stored, in its order, and notes from a name on. Snapshots of a real
// store are feeds as well; feed_of() asks for that side of one.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "fhir/store.h"

namespace fhir {

// What was stored after some moment, oldest first.
struct Changes {
  std::vector<Version> versions;
  Key until = 0;      // the last key that was looked at: the next look begins behind it
  bool more = false;  // there is more behind it
};

class Feed {
 public:
  virtual ~Feed() = default;
  // Versions with a key above `after`, of these types alone; `at_most` versions of any type are looked at, or of the
  // only one.
  virtual Result<Changes> changes(const Access&, Key after, const std::vector<const Type*>& types,
                                  std::uint32_t at_most) = 0;
  virtual Key newest() const = 0;  // no version in this view has a greater key
  // Notes of a room from a name on, which comes first.
  virtual std::vector<Note> notes_from(std::string_view room, std::string_view name, std::uint32_t at_most) = 0;
};

// Throws std::bad_cast for a snapshot that is none (a test's own).
inline Feed& feed_of(Snapshot& snapshot) { return dynamic_cast<Feed&>(snapshot); }

}  // namespace fhir
