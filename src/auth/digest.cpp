// SHA-256 and SHA-1 by OpenSSL's EVP. FIPS 180-4.
#include "src/auth/digest.h"

#include <openssl/evp.h>

#include <stdexcept>
#include <string>

namespace alzette::auth {
namespace {

// Looked up once: OpenSSL does it for each digest otherwise, which costs more than to digest a short text.
const EVP_MD* fetched(const char* name) {
  const auto* algorithm = EVP_MD_fetch(nullptr, name, nullptr);
  if (!algorithm) throw std::runtime_error(std::string(name) + " is not available");
  return algorithm;
}
const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const algorithm = fetched("SHA256");
  return algorithm;
}
const EVP_MD* sha1_algorithm() {
  static const EVP_MD* const algorithm = fetched("SHA1");
  return algorithm;
}

}  // namespace

Digest sha256(std::string_view data) {
  Digest out{};
  unsigned size = 0;
  if (EVP_Digest(data.data(), data.size(), out.data(), &size, sha256_algorithm(), nullptr) != 1)
    throw std::runtime_error("SHA-256 is not available");
  return out;
}

std::array<std::uint8_t, 20> sha1(std::string_view data) {
  std::array<std::uint8_t, 20> out{};
  unsigned size = 0;
  if (EVP_Digest(data.data(), data.size(), out.data(), &size, sha1_algorithm(), nullptr) != 1)
    throw std::runtime_error("SHA-1 is not available");
  return out;
}

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  if (!state_->context || EVP_DigestInit_ex(state_->context, sha256_algorithm(), nullptr) != 1)
    throw std::runtime_error("SHA-256 is not available");
}

Sha256::~Sha256() = default;

void Sha256::add(std::string_view piece) { EVP_DigestUpdate(state_->context, piece.data(), piece.size()); }

Digest Sha256::finish() {
  Digest out{};
  unsigned size = 0;
  EVP_DigestFinal_ex(state_->context, out.data(), &size);
  return out;
}

}  // namespace alzette::auth
