// Two clocks: tokens and records judge by the wall, time-outs and measurements by the monotonic one (B115).
#pragma once

#include <chrono>
#include <cstdint>

namespace alzette::clock {

using Monotonic = std::chrono::steady_clock;

inline std::int64_t wall_ms() {  // milliseconds since 1970 UTC
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

inline std::uint64_t microseconds_since(Monotonic::time_point start) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(Monotonic::now() - start).count());
}

}  // namespace alzette::clock
