// What belongs to a store's folder: its lock, its files, its schema, its copies.
#pragma once

#include <optional>
#include <string>

#include "fhir/outcome.h"
#include "src/store/blob.h"
#include "src/store/sqlite/connection.h"
#include "src/store/store.h"

namespace alzette::store::sqlite {

// Held while a store is open, so that there is one writer.
class Lock {
 public:
  Lock() = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  ~Lock();
  std::optional<fhir::Outcome> take(const std::string& folder);

 private:
  int fd_ = -1;
};

std::string database_file(const std::string& folder);
std::string blob_folder(const std::string& folder);

// Brings the schema up to this program's; refuses a newer one.
std::optional<fhir::Outcome> migrate(Connection& connection);

// The store as it is now into `file`, its documents into `file`.blobs.
std::optional<fhir::Outcome> copy(const std::string& database, const Blobs& blobs, const std::string& file,
                                  const Progress& progress);

}  // namespace alzette::store::sqlite
