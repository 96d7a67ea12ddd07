// Lists of names and their frequencies.
#include "src/generate/names.h"

#include <array>
#include <cmath>

namespace alzette::generate {
namespace {

constexpr std::size_t slots = 1 << 16;

// Of the families in a register the commonest holds about one percent; of the given names about two.
constexpr double family_offset = 14;
constexpr double given_offset = 7;

Names lists(const NameText& text) {
  return {NameList(text.family, family_offset), NameList(text.male, given_offset), NameList(text.female, given_offset)};
}

}  // namespace

NameList::NameList(std::string_view text, double offset) {
  while (!text.empty()) {
    auto end = text.find('|');
    names_.push_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  double sum = 0;
  for (std::size_t rank = 0; rank < names_.size(); ++rank) sum += 1 / (static_cast<double>(rank) + offset);
  table_.reserve(slots);
  double passed = 0;
  for (std::size_t rank = 0; rank < names_.size(); ++rank) {
    passed += 1 / (static_cast<double>(rank) + offset) / sum;
    auto until = rank + 1 == names_.size() ? slots : static_cast<std::size_t>(std::lround(passed * slots));
    table_.resize(until, static_cast<std::uint16_t>(rank));
  }
}

std::string_view NameList::draw(std::uint64_t chance) const { return names_[table_[chance % slots]]; }

const Names& names(Language language) {
  static const std::array<Names, languages> all{lists(french), lists(german), lists(luxembourgish), lists(portuguese),
                                                lists(english)};
  return all[static_cast<std::size_t>(language)];
}

}  // namespace alzette::generate
