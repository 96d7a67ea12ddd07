#include "fhir/content.h"

#include <algorithm>

namespace fhir {
namespace {
constexpr std::size_t piece = 256u << 10;
}

bool Content::each(const std::function<bool(std::string_view)>& take) const {
  if (const auto whole = in_memory(); whole.size() == size()) return whole.empty() || take(whole);
  std::vector<char> buffer(static_cast<std::size_t>(std::min<std::uint64_t>(piece, size())));
  for (std::uint64_t at = 0; at < size();) {
    const auto got = read(at, buffer);
    if (got == 0 || !take({buffer.data(), got})) return false;
    at += got;
  }
  return true;
}

std::string Content::text(std::uint64_t at, std::uint64_t count) const {
  std::string all;
  if (at >= size()) return all;
  all.resize(static_cast<std::size_t>(std::min(count, size() - at)));
  std::size_t filled = 0;
  while (filled < all.size()) {
    const auto got = read(at + filled, std::span(all).subspan(filled));
    if (got == 0) break;
    filled += got;
  }
  all.resize(filled);
  return all;
}

std::size_t TextContent::read(std::uint64_t at, std::span<char> into) const {
  if (at >= text_.size()) return 0;
  return text_.copy(into.data(), into.size(), static_cast<std::size_t>(at));
}

std::size_t PartOfContent::read(std::uint64_t at, std::span<char> into) const {
  if (at >= size_) return 0;
  return whole_->read(at_ + at, into.first(static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), size_ - at))));
}

std::string_view PartOfContent::in_memory() const {
  const auto whole = whole_->in_memory();
  if (at_ + size_ > whole.size()) return {};
  return whole.substr(static_cast<std::size_t>(at_), static_cast<std::size_t>(size_));
}

JoinedContent::JoinedContent(std::vector<std::shared_ptr<const Content>> pieces) : pieces_(std::move(pieces)) {
  for (const auto& one : pieces_) size_ += one->size();
}

std::size_t JoinedContent::read(std::uint64_t at, std::span<char> into) const {
  std::size_t filled = 0;
  for (const auto& one : pieces_) {
    if (filled == into.size()) break;
    if (at >= one->size()) {
      at -= one->size();
      continue;
    }
    const auto got = one->read(at, into.subspan(filled));
    filled += got;
    if (at + got < one->size()) break;  // `into` is full, or it cannot be read
    at = 0;
  }
  return filled;
}

}  // namespace fhir
