// gzip both ways: RFC 1952. Decoding is bounded, because 1 MiB may grow to 10 GiB (B16).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace alzette::net {

// Decodes a gzip stream that arrives in pieces.
class Inflater {
 public:
  enum class State : std::uint8_t { more, complete, damaged, too_large };

  // Refused as too large: more than `limit` bytes, or more than `ratio` times the input (looked at from 1 MiB on).
  Inflater(std::uint64_t limit, std::uint32_t ratio);
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // `sink` gets decoded bytes as they come; it returns false to stop (State::too_large).
  State feed(std::string_view input, const std::function<bool(std::string_view)>& sink);
  State finish() const;  // at the end of the input: complete, or damaged when cut short

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
  std::uint64_t limit_;
  std::uint64_t ratio_;
  std::uint64_t in_ = 0;
  std::uint64_t out_ = 0;
  bool done_ = false;
};

// The gzip form of `plain` at the fastest level; each thread keeps its compressor.
std::string gzip(std::string_view plain);

// Whether an Accept-Encoding value allows gzip: RFC 9110 §12.5.3.
bool accepts_gzip(std::string_view accept_encoding);

}  // namespace alzette::net
