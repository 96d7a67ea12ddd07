// SHA-256 and SHA-1 by OpenSSL's EVP. FIPS 180-4.
#include "src/auth/digest.h"

#include <openssl/evp.h>

#include <stdexcept>

namespace alzette::auth {

Digest sha256(std::string_view data) {
  Digest out{};
  unsigned size = 0;
  if (EVP_Digest(data.data(), data.size(), out.data(), &size, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("SHA-256 is not available");
  return out;
}

std::array<std::uint8_t, 20> sha1(std::string_view data) {
  std::array<std::uint8_t, 20> out{};
  unsigned size = 0;
  if (EVP_Digest(data.data(), data.size(), out.data(), &size, EVP_sha1(), nullptr) != 1)
    throw std::runtime_error("SHA-1 is not available");
  return out;
}

}  // namespace alzette::auth
