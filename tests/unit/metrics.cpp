#include "src/metrics.h"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

namespace metrics = alzette::metrics;

namespace {

bool has(const std::string& line) { return ("\n" + metrics::text()).find("\n" + line + "\n") != std::string::npos; }

}  // namespace

TEST_CASE("metrics: threads count apart, the text adds them up, also after their end") {
  const metrics::Counter counter("test_total", "A test", R"(kind="a")");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([] {
      const metrics::Counter same("test_total", "A test", R"(kind="a")");
      for (int j = 0; j < 10'000; ++j) same.add();
    });
  for (auto& thread : threads) thread.join();
  counter.add(2);
  CHECK(has(R"(test_total{kind="a"} 40002)"));
  CHECK(has("# TYPE test_total counter"));
}

TEST_CASE("metrics: histograms in seconds, buckets cumulative") {
  const metrics::Histogram histogram("test_seconds", "A test");
  histogram.observe(50);          // on the bound: in the first bucket
  histogram.observe(51);          // in the second
  histogram.observe(60'000'000);  // beyond all
  CHECK(has(R"(test_seconds_bucket{le="5e-05"} 1)"));
  CHECK(has(R"(test_seconds_bucket{le="0.0001"} 2)"));
  CHECK(has(R"(test_seconds_bucket{le="10"} 2)"));
  CHECK(has(R"(test_seconds_bucket{le="+Inf"} 3)"));
  CHECK(has("test_seconds_count 3"));
  CHECK(has("test_seconds_sum 60.000101"));
}

TEST_CASE("metrics: gauges are asked when read, and only while they live") {
  double value = 1;
  {
    const metrics::Gauge gauge("test_gauge", "A test", [&] { return value; });
    value = 2.5;
    CHECK(has("test_gauge 2.5"));
  }
  CHECK_FALSE(has("test_gauge 2.5"));
  CHECK(metrics::text().find("process_resident_memory_bytes ") != std::string::npos);
}

TEST_CASE("metrics: a phase measures its own life") {
  { const metrics::Timed timed(metrics::Phase::serialise); }
  CHECK(has(R"(alzette_phase_seconds_count{phase="serialise"} 1)"));
}
