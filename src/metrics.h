// Metrics in the text format of Prometheus (0.0.4). Every thread counts in its own shard: no contention, no lock;
// text() adds the shards up.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "src/clock.h"

namespace alzette::metrics {

// A counter that only grows. The same name and labels give the same counter. `labels`: `route="read",status="200"`.
class Counter {
 public:
  Counter(std::string_view name, std::string_view help, std::string_view labels = {});
  void add(std::uint64_t n = 1) const;

 private:
  std::uint32_t slot_;
};

// Durations; given in microseconds, shown in seconds with fixed buckets from 50 µs to 10 s.
class Histogram {
 public:
  static constexpr std::array<std::uint32_t, 16> bounds{50,      100,       250,       500,       1'000,   2'500,
                                                        5'000,   10'000,    25'000,    50'000,    100'000, 250'000,
                                                        500'000, 1'000'000, 2'500'000, 10'000'000};

  Histogram(std::string_view name, std::string_view help, std::string_view labels = {});
  void observe(std::uint64_t microseconds) const;

 private:
  std::uint32_t slot_;  // bounds.size() + 1 buckets, then the sum
};

// A value that is asked for when the metrics are read. Keep it alive as long as what it reads.
class Gauge {
 public:
  Gauge(std::string_view name, std::string_view help, std::function<double()> read);
  ~Gauge();
  Gauge(const Gauge&) = delete;
  Gauge& operator=(const Gauge&) = delete;

 private:
  std::uint64_t id_;
};

// The phases of a request: alzette_phase_seconds{phase="parse"}.
enum class Phase : std::uint8_t { parse, validate, extract, queue, commit, search, serialise, count_ };
const Histogram& phase(Phase phase);

// Measures its own life: `const metrics::Timed timed(metrics::Phase::parse);`
class Timed {
 public:
  explicit Timed(Phase which) : histogram_(phase(which)) {}
  explicit Timed(const Histogram& histogram) : histogram_(histogram) {}
  ~Timed() { histogram_.observe(clock::microseconds_since(start_)); }
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;

 private:
  const Histogram& histogram_;
  clock::Monotonic::time_point start_ = clock::Monotonic::now();
};

std::string text();  // for GET /metrics, with process_resident_memory_bytes

}  // namespace alzette::metrics
