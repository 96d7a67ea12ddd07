// The arena's slow path: blocks double up to one MiB, and what is larger gets a block of its own size.
#include "fhir/node.h"

#include <algorithm>
#include <cstring>

namespace fhir {

namespace {
constexpr std::size_t largest_block = 1 << 20;
}

std::string_view Arena::copy(std::string_view text) {
  if (text.empty()) return {};
  auto* bytes = static_cast<char*>(allocate(text.size(), 1));
  std::memcpy(bytes, text.data(), text.size());
  return {bytes, text.size()};
}

void Arena::grow(std::size_t least) {
  capacity_ = std::max(block_size_, least);
  block_size_ = std::min(block_size_ * 2, std::max(block_size_, largest_block));
  blocks_.push_back(std::unique_ptr<char[]>(new char[capacity_]));  // not value-initialised: the caller fills it
  used_ = 0;
  total_ += capacity_;
}

}  // namespace fhir
