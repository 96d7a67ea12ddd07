// Large values (base64 text of 64 KiB and more, decoded) are files named by their SHA-256 below DIR/blobs, so that
// equal documents are kept once and the database stays small. A file is written and synced before any row names it.
//
//   blobs/ab/abcd…   the decoded bytes; or blobs/ab/cd/abcd…, where earlier programs put them
//   list = { varint offset in the body, varint size, 32 bytes SHA-256 }*     ascending offsets
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/content.h"
#include "fhir/outcome.h"
#include "fhir/store.h"

namespace alzette::store {

class Blobs {
 public:
  static constexpr std::size_t least = 64 * 1024;

  explicit Blobs(std::string folder) : folder_(std::move(folder)) {}

  // Takes the large values out of `body` (canonical base64 only: others stay) and answers the list that names them,
  // "" when there are none. `body.meta_at` and the offsets fit the body that is left.
  // A failed sync is Kind::internal: nobody knows then what the disk holds.
  fhir::Result<std::string> take_out(fhir::Body& body) const;
  // Keeps `documents`, which are not in the body any more, and answers their list.
  fhir::Result<std::string> keep(const std::vector<fhir::Document>& documents) const;

  // Puts the values back where `take_out` found them. Kind::too_costly when they are more than `most` together.
  static constexpr std::uint64_t most = 192u << 20;
  fhir::Result<std::string> put_back(std::string_view body, std::string_view list) const;
  // The values as contents, which read the files; nothing when one is not there as it should be.
  std::optional<std::vector<fhir::Document>> documents(std::string_view list) const;

  struct File {
    std::size_t offset = 0;
    std::size_t size = 0;
    std::string hash;  // hexadecimal
  };
  // false: the list is damaged.
  static bool each(std::string_view list, const std::function<void(const File&)>& take);
  // The list after `bytes` were inserted into its body at `at`.
  static std::string moved(std::string_view list, std::size_t at, std::size_t bytes);

  bool intact(const File& file) const;            // there, and its bytes have that hash
  std::string path(std::string_view hash) const;  // where it is, or is to be
  // Hashes of all files.
  void each_stored(const std::function<void(const std::string&)>& take) const;
  bool remove(const std::string& hash) const;

 private:
  std::optional<fhir::Outcome> keep(const std::string& target, std::string_view bytes) const;
  // Its raw hash. Large ones are hashed while they are written.
  fhir::Result<std::string> keep(const fhir::Content& content) const;
  std::optional<fhir::Outcome> make_folders(const std::string& target) const;  // that `target` lies in

  std::string folder_;
  // A folder that is there was synced: nobody finds it before its maker has. By the folder's name, so that who makes
  // another one does not wait for the disk.
  std::unique_ptr<std::array<std::mutex, 64>> making_folders_ = std::make_unique<std::array<std::mutex, 64>>();
};

// Makes the names in `folder` durable; false: errno tells why not.
bool keep_names(const std::string& folder);

// false unless `text` is exactly what fhir::encode_base64 would write.
bool from_base64(std::string_view text, std::string& bytes);

}  // namespace alzette::store
