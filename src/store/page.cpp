// Page positions as text: see page.h.
#include "src/store/page.h"

#include <array>
#include <charconv>

namespace alzette::store {

std::string to_text(const Position& position) {
  std::string out;
  for (const auto n : {position.view, position.last, position.total, position.range}) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), n, 36).ptr;
    if (!out.empty()) out += '.';
    out.append(digits.data(), end);
  }
  return out;
}

// The fourth number is missing in what was written before ranges were walked.
std::optional<Position> from_text(std::string_view text) {
  std::array<std::int64_t, 4> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto result = std::from_chars(text.data(), text.data() + text.size(), numbers[i], 36);
    if (result.ec != std::errc() || numbers[i] < -1) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(result.ptr - text.data()));
    if (i + 1 == numbers.size() || (i == 2 && text.empty())) break;
    if (!text.starts_with('.')) return std::nullopt;
    text.remove_prefix(1);
  }
  if (!text.empty() || numbers[0] < 0 || numbers[1] < 0 || numbers[3] < 0) return std::nullopt;
  return Position{numbers[0], numbers[1], numbers[2], numbers[3]};
}

}  // namespace alzette::store
