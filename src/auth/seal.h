// Authenticates what a client carries for us (page tokens): HMAC-SHA256, cut to 128 bits, over the token and what
// it belongs to. Stateless and without expiry; the key lives beside the store. RFC 2104.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace alzette::auth {

class Seal {
 public:
  using Key = std::array<unsigned char, 32>;
  explicit Seal(const Key& key) : key_(key) {}

  // `token` with its tag, in characters that need no escaping in a URL. `context` says what it belongs to
  // (interaction, type, criteria, subject); it is not carried.
  std::string seal(std::string_view token, std::string_view context) const;

  // The token again, or nothing when it was altered or belongs to something else.
  std::optional<std::string> open(std::string_view sealed, std::string_view context) const;

 private:
  std::string tag(std::string_view token, std::string_view context) const;
  Key key_;
};

// The key kept in `path`, which is made (mode 0600) from the system's random source when it is not there.
// Nothing when the file cannot be read or written.
std::optional<Seal::Key> load_or_make_key(const std::string& path);

// 32 random bits, for the salt of logical ids.
std::uint32_t random_salt();

// 128 random bits as 32 hexadecimal digits, for names that nobody else may guess or draw again.
std::string random_token();

}  // namespace alzette::auth
