// The body of one request while it is received: decoded, limited, and above a size kept in an unlinked file, so
// that slow uploads do not hold memory. Where documents are sent, it is handed over in that file. As long as few are
// under way, those of medium size are spared the file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/content.h"
#include "src/net/gzip.h"

namespace alzette::net {

struct BodyLimits {
  std::uint64_t bytes = 128u << 20;        // after decoding
  std::uint32_t spool_from = 64u << 10;    // larger bodies wait in a file,
  std::uint32_t spool_medium = 1u << 20;   // or up to this size in memory, while
  std::uint64_t medium_bytes = 32u << 20;  // all of them together, of the whole process, are no more than this
  std::uint32_t inflate_ratio = 100;       // more growth than this is a bomb
  std::string spool_folder = "/tmp";
  // There, a body that was spooled stays where it is, and may be as large as `document_bytes`.
  std::vector<std::string> documents_below = {"/soap", "/fhir/Binary"};
  std::uint64_t document_bytes = 2u << 30;
  bool takes_documents(std::string_view target) const;
};

class Body {
 public:
  enum class State : std::uint8_t { good, damaged, too_large, no_space };

  explicit Body(const BodyLimits& limits) : limits_(limits) {}
  ~Body();
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;

  void begin(bool gzip, std::uint64_t expected, bool document);  // `expected` encoded bytes, 0 when not known
  State add(std::string_view encoded);
  // Hands the decoded body over, whole or (a document above `spool_from`) as it was kept, and is ready for the next
  // one.
  State finish(std::string& whole, std::shared_ptr<const fhir::Content>& spooled);

 private:
  State keep(std::string_view decoded);
  bool lend();
  bool open_spool();
  bool write_spool(std::string_view bytes);
  bool read_spool(std::string& whole) const;
  void reset();

  const BodyLimits& limits_;
  std::unique_ptr<Inflater> inflater_;
  std::string memory_;
  std::uint64_t expected_ = 0;  // decoded bytes, as far as can be said
  std::shared_ptr<void> lent_;  // of the memory for bodies of medium size, given back with its last owner
  std::uint64_t size_ = 0;
  std::uint64_t most_ = 0;
  bool document_ = false;
  int spool_ = -1;
};

}  // namespace alzette::net
