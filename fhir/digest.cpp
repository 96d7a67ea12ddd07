// SHA-1 and SHA-256. FIPS 180-4.
#include "fhir/digest.h"

#include <openssl/evp.h>

#include <array>
#include <new>

#include "fhir/owned.h"

namespace fhir {
namespace {

// Looked up once: OpenSSL does it for each digest otherwise, which costs more than to digest a short text.
const EVP_MD* algorithm(Digest::Kind kind) {
  static const EVP_MD* const sha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return kind == Digest::Kind::sha1 ? sha1 : sha256;
}

}  // namespace

struct Digest::State {
  const Owned<EVP_MD_CTX, EVP_MD_CTX_free> context{EVP_MD_CTX_new()};
};

Digest::Digest(Kind kind) : state_(std::make_unique<State>()) {
  const auto* with = algorithm(kind);
  if (!state_->context || !with || EVP_DigestInit_ex(state_->context.get(), with, nullptr) != 1) throw std::bad_alloc();
}

Digest::~Digest() = default;

void Digest::add(std::string_view bytes) { EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()); }

std::string Digest::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  EVP_DigestFinal_ex(state_->context.get(), out.data(), &size);
  return {reinterpret_cast<const char*>(out.data()), size};
}

std::string sha1(std::string_view bytes) {
  Digest digest(Digest::Kind::sha1);
  digest.add(bytes);
  return digest.finish();
}

std::string sha256(std::string_view bytes) {
  Digest digest(Digest::Kind::sha256);
  digest.add(bytes);
  return digest.finish();
}

}  // namespace fhir
