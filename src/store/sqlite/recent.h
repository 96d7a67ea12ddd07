// The versions that were read lately, shared by all readers. A version never changes and its key is never given again,
// so that nothing here can be out of date; who may see it is asked of each reader. None is a removal; by which other
// method it came is not said.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "fhir/store.h"

namespace alzette::store::sqlite {

class Recent {
 public:
  using Held = std::shared_ptr<const fhir::Version>;

  Held find(fhir::Key key);  // null: read it
  void keep(Held version);   // large ones are not kept
  static bool is_large(const fhir::Version& version);

 private:
  using Generation = std::unordered_map<fhir::Key, Held>;
  // What is found moves to the young; when these are many, the old ones that nobody has asked for since are dropped.
  struct Shard {
    std::mutex mutex;
    Generation young, old;
    std::size_t young_bytes = 0;
    void add(Held version);
  };
  static constexpr std::size_t shards = 16;
  static constexpr std::size_t most_of_generation = (32u << 20) / shards;  // bytes
  static constexpr std::size_t most_of_one = 64 << 10;                     // bytes

  Shard& shard_of(fhir::Key key);

  std::array<Shard, shards> shards_;
};

}  // namespace alzette::store::sqlite
