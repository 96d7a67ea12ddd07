// The body of one request while it is received: decoded, limited, and above a size kept in an unlinked file, so
// that slow uploads do not hold memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "src/net/gzip.h"

namespace alzette::net {

struct BodyLimits {
  std::uint64_t bytes = 128u << 20;      // after decoding
  std::uint32_t spool_from = 64u << 10;  // larger bodies wait in a file
  std::uint32_t inflate_ratio = 100;     // more growth than this is a bomb
  std::string spool_folder = "/tmp";
};

class Body {
 public:
  enum class State : std::uint8_t { good, damaged, too_large, no_space };

  explicit Body(const BodyLimits& limits) : limits_(limits) {}
  ~Body();
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;

  void begin(bool gzip, std::uint64_t expected);  // `expected` encoded bytes, 0 when not known
  State add(std::string_view encoded);
  State finish(std::string& whole);  // hands the decoded body over and is ready for the next one

 private:
  State keep(std::string_view decoded);
  bool open_spool();
  bool write_spool(std::string_view bytes);
  bool read_spool(std::string& whole) const;
  void reset();

  const BodyLimits& limits_;
  std::unique_ptr<Inflater> inflater_;
  std::string memory_;
  std::uint64_t size_ = 0;
  int spool_ = -1;
};

}  // namespace alzette::net
