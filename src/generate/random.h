// Random numbers that depend on nothing but seed, stream and index, so that every person can be made alone, on any
// thread, with the same bytes. SplitMix64 (Steele, Lea, Flood 2014).
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>

namespace alzette::generate {

// What a number is drawn for: more draws in one stream never change another.
enum class Stream : std::uint64_t { person = 1, record, document, directory, order, pair };

class Random {
 public:
  Random(std::uint64_t seed, Stream stream, std::uint64_t index)
      : state_(mix(mix(seed + static_cast<std::uint64_t>(stream) * step) + index)) {}

  std::uint64_t next() { return mix(state_ += step); }
  // 0 .. bound-1
  std::uint32_t below(std::uint32_t bound) {
    return static_cast<std::uint32_t>(((next() >> 32) * static_cast<std::uint64_t>(bound)) >> 32);
  }
  int between(int low, int high) { return low + static_cast<int>(below(static_cast<std::uint32_t>(high - low + 1))); }
  bool permille(std::uint32_t share) { return below(1000) < share; }
  template <class List>
  const auto& one_of(const List& list) {
    return list[below(static_cast<std::uint32_t>(std::size(list)))];
  }
  // Low indices more often: the square of an even chance.
  template <class List>
  const auto& mostly_first(const List& list) {
    std::uint64_t chance = next() >> 32;
    return list[(((chance * chance) >> 32) * std::size(list)) >> 32];
  }

  static std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

 private:
  static constexpr std::uint64_t step = 0x9E3779B97F4A7C15u;
  std::uint64_t state_;
};

// A bijection of 0 .. size-1 (Feistel network with cycle walking): index -> place without memory of places given.
class Permutation {
 public:
  Permutation(std::uint64_t seed, std::uint64_t size) : seed_(seed), size_(size) {
    while ((std::uint64_t{1} << (2 * half_)) < size) ++half_;
  }
  std::uint64_t operator()(std::uint64_t index) const {
    const std::uint64_t mask = (std::uint64_t{1} << half_) - 1;
    do {
      std::uint64_t left = index >> half_, right = index & mask;
      for (std::uint64_t round = 0; round < 4; ++round) {
        std::uint64_t mixed = left ^ (Random::mix(seed_ + round * 0x632BE59BD9B4E019u + right) & mask);
        left = right;
        right = mixed;
      }
      index = left << half_ | right;
    } while (index >= size_);
    return index;
  }

 private:
  std::uint64_t seed_;
  std::uint64_t size_;
  unsigned half_ = 1;
};

}  // namespace alzette::generate
