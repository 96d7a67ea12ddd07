// SHA-1 and SHA-256, by OpenSSL. FIPS 180-4.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace fhir {

// Takes bytes piece by piece. The digests are raw bytes.
class Digest {
 public:
  enum class Kind : std::uint8_t { sha1, sha256 };
  explicit Digest(Kind kind);
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;
  ~Digest();
  void add(std::string_view bytes);
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha1(std::string_view bytes);
std::string sha256(std::string_view bytes);

}  // namespace fhir
