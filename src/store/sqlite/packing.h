// Bodies and records as they lie in the file: as they are, or as zstd frames (RFC 8878) made with a dictionary of what
// the store's own resources have in common, with which a sixth of a DocumentReference is left. Dictionaries are rows of
// the file, never changed and never removed; a frame names the one that it was made with.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/store/sqlite/connection.h"

namespace alzette::store::sqlite {

class Packing {
 public:
  Packing();
  Packing(const Packing&) = delete;
  Packing& operator=(const Packing&) = delete;
  ~Packing();

  // Takes up the dictionaries of the file.
  void load(Connection& connection);
  // By the writer: what is packed from now on is packed with this one, which is in the file.
  void use(std::string_view dictionary);

  // By the writer. Where nothing is gained, the text itself.
  std::string pack(std::string_view text);
  // Any thread. Nothing: the frame is damaged.
  std::optional<std::string> unpack(std::string_view stored) const;

 private:
  struct Dictionary;
  struct Compressor;
  const Dictionary* named(unsigned id) const;

  std::atomic<const Dictionary*> newest_{nullptr};
  std::vector<std::unique_ptr<const Dictionary>> all_;  // by the writer alone
  std::unique_ptr<Compressor> compressor_;
};

// What `samples` have in common, at most 32 KiB; "" when that is too little.
std::string common_in(const std::vector<std::string>& samples);

}  // namespace alzette::store::sqlite
