// Names of the people of the example nation: own lists per language, most frequent first, drawn with frequencies
// that fall as in a real register (Zipf with a flattened head: weight 1 / (rank + offset)).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace alzette::generate {

enum class Language : std::uint8_t { french, german, luxembourgish, portuguese, english };
inline constexpr int languages = 5;

// Names separated by '|'.
struct NameText {
  std::string_view family;
  std::string_view male;
  std::string_view female;
};
extern const NameText french, german, luxembourgish, portuguese, english;

class NameList {
 public:
  NameList(std::string_view text, double offset);
  // `chance` is any 64-bit random number.
  std::string_view draw(std::uint64_t chance) const;
  const std::vector<std::string_view>& all() const { return names_; }

 private:
  std::vector<std::string_view> names_;
  std::vector<std::uint16_t> table_;  // 2^16 slots, each the name that owns that share
};

struct Names {
  NameList family;
  NameList male;
  NameList female;
};

const Names& names(Language language);

}  // namespace alzette::generate
