// Page tokens that a client cannot make or change. RFC 2104 (HMAC), RFC 4648 §5 (base64url without padding).
#include "src/auth/seal.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>

#include "fhir/hex.h"
#include "fhir/owned.h"

namespace alzette::auth {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t tag_bytes = 16;
constexpr std::size_t tag_size = (tag_bytes * 8 + 5) / 6;  // characters

std::string base64url(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() * 8 + 5) / 6);
  unsigned buffer = 0;
  int bits = 0;
  for (const char c : bytes) {
    buffer = buffer << 8 | static_cast<unsigned char>(c);
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      out += alphabet[buffer >> bits & 63];
    }
  }
  if (bits) out += alphabet[buffer << (6 - bits) & 63];
  return out;
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string out;
  unsigned buffer = 0;
  int bits = 0;
  for (const char c : text) {
    const auto at = alphabet.find(c);
    if (at == std::string_view::npos) return std::nullopt;
    buffer = buffer << 6 | static_cast<unsigned>(at);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>(buffer >> bits & 255);
    }
  }
  return out;
}

using Digest = std::array<unsigned char, 32>;

// HMAC-SHA256 that keeps its key: to begin anew costs more than a short message.
class Mac {
 public:
  Mac() {
    if (!state_) throw std::runtime_error("HMAC is not available");
  }

  Digest of(const Seal::Key& key, std::string_view message) {
    if (key_ != key) take(key);
    Digest digest;
    std::size_t size = 0;
    check(EVP_MAC_init(state_.get(), nullptr, 0, nullptr));
    check(EVP_MAC_update(state_.get(), reinterpret_cast<const unsigned char*>(message.data()), message.size()));
    check(EVP_MAC_final(state_.get(), digest.data(), &size, digest.size()));
    return digest;
  }

 private:
  static void check(int done) {
    if (done != 1) throw std::runtime_error("HMAC failed");
  }
  static EVP_MAC_CTX* fresh() {
    const fhir::Owned<EVP_MAC, EVP_MAC_free> mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    return mac ? EVP_MAC_CTX_new(mac.get()) : nullptr;
  }
  void take(const Seal::Key& key) {
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", digest, 0), OSSL_PARAM_construct_end()};
    check(EVP_MAC_init(state_.get(), key.data(), key.size(), parameters));
    key_ = key;
  }

  std::optional<Seal::Key> key_;
  const fhir::Owned<EVP_MAC_CTX, EVP_MAC_CTX_free> state_{fresh()};
};

bool write_all(int file, const Seal::Key& key) {
  std::size_t done = 0;
  while (done < key.size()) {
    const auto n = ::write(file, key.data() + done, key.size() - done);
    if (n <= 0) return false;
    done += static_cast<std::size_t>(n);
  }
  return ::fsync(file) == 0;
}

std::optional<Seal::Key> read_key(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  Seal::Key key;
  const auto n = ::read(file, key.data(), key.size());
  ::close(file);
  if (n != static_cast<ssize_t>(key.size())) return std::nullopt;
  return key;
}

}  // namespace

std::string Seal::tag(std::string_view token, std::string_view context) const {
  // The length of the token goes first, so that no other pair of token and context gives the same bytes.
  const auto message = std::to_string(token.size()) + ":" + std::string(token) + std::string(context);
  thread_local Mac mac;
  const auto digest = mac.of(key_, message);
  return base64url({reinterpret_cast<const char*>(digest.data()), tag_bytes});
}

std::string Seal::seal(std::string_view token, std::string_view context) const {
  return tag(token, context) + base64url(token);
}

std::optional<std::string> Seal::open(std::string_view sealed, std::string_view context) const {
  if (sealed.size() < tag_size) return std::nullopt;
  auto token = from_base64url(sealed.substr(tag_size));
  if (!token || base64url(*token) != sealed.substr(tag_size)) return std::nullopt;
  const auto expected = tag(*token, context);
  if (CRYPTO_memcmp(expected.data(), sealed.data(), tag_size) != 0) return std::nullopt;
  return token;
}

std::optional<Seal::Key> load_or_make_key(const std::string& path) {
  if (::access(path.c_str(), F_OK) == 0) return read_key(path);
  Seal::Key key;
  if (RAND_bytes(key.data(), static_cast<int>(key.size())) != 1) return std::nullopt;
  const auto fresh = path + ".new";
  const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return std::nullopt;
  const bool written = write_all(file, key);
  ::close(file);
  if (!written || std::rename(fresh.c_str(), path.c_str()) != 0) return std::nullopt;
  return key;
}

std::uint32_t random_salt() {
  std::uint32_t salt = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&salt), sizeof salt) != 1) std::abort();
  return salt;
}

std::string random_token() {
  std::array<unsigned char, 16> bytes;
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) std::abort();
  return fhir::to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace alzette::auth
