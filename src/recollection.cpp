#include "src/recollection.h"

#include <utility>

namespace alzette {

void Recollection::forget(const std::string& key) {
  const auto place = places_.find(key);
  if (place == places_.end()) return;
  kept_.erase(place->second);
  places_.erase(place);
}

void Recollection::remember(const std::string& key, std::string text) {
  const std::lock_guard lock(mutex_);
  forget(key);
  if (text.empty() || text.size() > most_bytes) return;
  if (kept_.size() == most) forget(std::string(kept_.front().key));
  kept_.push_back({key, std::move(text), std::chrono::steady_clock::now() + life});
  places_[key] = std::prev(kept_.end());
}

std::string Recollection::recall(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto place = places_.find(key);
  if (place == places_.end()) return {};
  if (place->second->until >= std::chrono::steady_clock::now()) return place->second->text;
  forget(key);
  return {};
}

}  // namespace alzette
