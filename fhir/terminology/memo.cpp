// One table from the resource that is held to what was compiled from it; entries of resources that are gone are swept
// when the table grows.
#include "fhir/terminology/memo.h"

#include <mutex>
#include <unordered_map>

namespace fhir::terminology {
namespace {

struct Entry {
  std::weak_ptr<const Canonical> of;
  std::shared_ptr<const CodeSystem> made;
};

struct Memo {
  std::mutex lock;
  std::unordered_map<const void*, Entry> entries;
  std::size_t sweep_at = 256;
};

Memo& memo() {
  static Memo only;
  return only;
}

void sweep(Memo& all) {
  std::erase_if(all.entries, [](const auto& entry) { return entry.second.of.expired(); });
  all.sweep_at = all.entries.size() * 2 + 256;
}

}  // namespace

std::shared_ptr<const CodeSystem> compiled(const std::shared_ptr<const Canonical>& resource) {
  Memo& all = memo();
  {
    const std::lock_guard hold(all.lock);
    if (const auto found = all.entries.find(resource.get());
        found != all.entries.end() && found->second.of.lock() == resource)
      return found->second.made;
  }
  auto made = std::make_shared<const CodeSystem>(*resource->resource);  // outside the lock: it may take long
  const std::lock_guard hold(all.lock);
  if (all.entries.size() >= all.sweep_at) sweep(all);
  all.entries.insert_or_assign(resource.get(), Entry{resource, made});
  return made;
}

std::shared_ptr<const CodeSystem> compiled(const fhir::CodeSystem& table) {
  static std::mutex lock;
  static std::unordered_map<const fhir::CodeSystem*, std::shared_ptr<const CodeSystem>> made;
  const std::lock_guard hold(lock);
  auto& entry = made[&table];
  if (!entry) entry = std::make_shared<const CodeSystem>(table);
  return entry;
}

}  // namespace fhir::terminology
