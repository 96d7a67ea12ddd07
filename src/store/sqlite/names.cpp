// Interned texts: see names.h.
#include "src/store/sqlite/names.h"

#include <mutex>

namespace alzette::store::sqlite {

namespace {
constexpr std::size_t most_in_memory = 100'000;
}

void Names::remember(Name id, std::string_view text) {
  if (ids_.size() >= most_in_memory) {
    complete_ = false;
    return;
  }
  ids_.emplace(text, id);
  if (const auto* type = fhir::definitions().resource(text)) types_.emplace(id, type);
}

void Names::load(Connection& connection) {
  const std::unique_lock lock(mutex_);
  auto rows = connection.take("SELECT id, text FROM name ORDER BY id LIMIT 100001");
  while (rows.step()) remember(rows.integer(0), rows.text(1));
  auto last = connection.take("SELECT max(id) FROM name");
  last.step();
  next_ = last.integer(0) + 1;
}

Name Names::find(std::string_view text, Connection& connection) const {
  {
    const std::shared_lock lock(mutex_);
    const auto found = ids_.find(text);
    if (found != ids_.end()) return found->second;
    if (complete_) return unknown;
  }
  auto row = connection.take("SELECT id FROM name WHERE text = ?");
  return row.with(text).step() ? row.integer(0) : unknown;
}

const fhir::Type* Names::type(Name name) const {
  const std::shared_lock lock(mutex_);
  const auto found = types_.find(name);
  return found == types_.end() ? nullptr : found->second;
}

std::vector<const fhir::Type*> Names::types() const {
  const std::shared_lock lock(mutex_);
  std::vector<const fhir::Type*> all;
  for (const auto& [name, type] : types_) all.push_back(type);
  return all;
}

std::string Names::text(Name name, Connection& connection) const {
  auto row = connection.take("SELECT text FROM name WHERE id = ?");
  return row.with(name).step() ? std::string(row.text(0)) : std::string();
}

Name Names::intern(std::string_view text, Connection& connection) {
  const Name known = find(text, connection);
  if (known != unknown) return known;
  const Name id = next_++;
  connection.take("INSERT INTO name(id, text) VALUES(?, ?)").run(id, text);
  const std::unique_lock lock(mutex_);
  remember(id, text);
  fresh_.emplace_back(text);
  return id;
}

void Names::forget_new() {
  const std::unique_lock lock(mutex_);
  for (const auto& text : fresh_) {
    const auto found = ids_.find(text);
    if (found == ids_.end()) continue;
    types_.erase(found->second);
    ids_.erase(found);
  }
  fresh_.clear();
}

}  // namespace alzette::store::sqlite
