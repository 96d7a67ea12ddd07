// Interned texts, shared by the writer and all readers. Most stores have a few thousand; the first 100,000 are kept
// in memory, others are looked up in the table.
#pragma once

#include <cstdint>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fhir/definitions.h"
#include "src/store/posting.h"
#include "src/store/sqlite/connection.h"

namespace alzette::store::sqlite {

class Names {
 public:
  void load(Connection& connection);

  Name find(std::string_view text, Connection& connection) const;  // `unknown` when it was never stored
  const fhir::Type* type(Name name) const;                         // nullptr: not a resource type
  std::vector<const fhir::Type*> types() const;
  std::string text(Name name, Connection& connection) const;

  // Writer only, inside its transaction. The text can be found at once; `forget_new` undoes that after a rollback,
  // `keep_new` after the commit makes it last. Ids of forgotten texts are not given again.
  Name intern(std::string_view text, Connection& connection);
  void keep_new() { fresh_.clear(); }
  void forget_new();

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  void remember(Name id, std::string_view text);

  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, Name, Hash, std::equal_to<>> ids_;
  std::unordered_map<Name, const fhir::Type*> types_;
  std::vector<std::string> fresh_;
  bool complete_ = true;  // every text is in memory
  Name next_ = 1;
};

}  // namespace alzette::store::sqlite
