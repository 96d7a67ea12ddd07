// The versions that were read lately: see recent.h.
#include "src/store/sqlite/recent.h"

#include <utility>

namespace alzette::store::sqlite {

namespace {

std::size_t size_of(const fhir::Version& version) {
  constexpr std::size_t beside = 300;  // the version itself and its place
  return version.body.size() + version.record.size() + beside;
}

}  // namespace

// The low bits of a key are a constant of the store, the others a sequence.
Recent::Shard& Recent::shard_of(fhir::Key key) { return shards_[static_cast<std::size_t>(key >> 10) % shards]; }

Recent::Held Recent::find(fhir::Key key) {
  auto& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  if (const auto found = shard.young.find(key); found != shard.young.end()) return found->second;
  const auto found = shard.old.find(key);
  if (found == shard.old.end()) return nullptr;
  auto version = std::move(found->second);
  shard.old.erase(found);
  shard.add(version);
  return version;
}

bool Recent::is_large(const fhir::Version& version) { return size_of(version) > most_of_one; }

void Recent::keep(Held version) {
  if (is_large(*version)) return;
  auto& shard = shard_of(version->key);
  const std::lock_guard lock(shard.mutex);
  shard.add(std::move(version));
}

void Recent::Shard::add(Held version) {
  const auto bytes = size_of(*version);
  if (young_bytes + bytes > most_of_generation) {
    old = std::exchange(young, {});
    young_bytes = 0;
  }
  if (young.try_emplace(version->key, version).second) young_bytes += bytes;
}

}  // namespace alzette::store::sqlite
