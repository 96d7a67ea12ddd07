// SHA-256, and SHA-1 where a protocol prescribes it, for the rest of the program, so that OpenSSL stays in this folder.
// FIPS 180-4.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

namespace alzette::auth {

using Digest = std::array<std::uint8_t, 32>;

Digest sha256(std::string_view data);
std::array<std::uint8_t, 20> sha1(std::string_view data);

// The same, piece by piece.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void add(std::string_view piece);
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace alzette::auth
