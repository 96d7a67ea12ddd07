#include "src/lane.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>

TEST_CASE("lane: refuses when its queue is full, runs what it took, then stops") {
  std::promise<void> gate;
  auto open = gate.get_future().share();
  std::promise<void> started;
  std::atomic<int> ran{0};
  alzette::WorkerLane lane(1, 2);
  REQUIRE(lane.post([&] {
    started.set_value();
    open.wait();
    ++ran;
  }));
  started.get_future().wait();
  CHECK(lane.post([&] { ++ran; }));
  CHECK(lane.post([&] { ++ran; }));
  CHECK(lane.waiting() == 2);
  CHECK_FALSE(lane.post([&] { ++ran; }));
  gate.set_value();
  lane.stop();
  CHECK(ran == 3);
  CHECK_FALSE(lane.post([&] { ++ran; }));
}

TEST_CASE("lane: work that throws costs no other work, and drops what it held") {
  std::promise<void> dropped;
  auto gone = dropped.get_future();
  std::atomic<int> ran{0};
  alzette::WorkerLane lane(1, 4);
  const auto drop = [&](int*) { dropped.set_value(); };
  REQUIRE(lane.post([held = std::shared_ptr<int>(nullptr, drop)] { throw std::runtime_error("no memory"); }));
  CHECK(gone.wait_for(std::chrono::seconds(10)) == std::future_status::ready);
  REQUIRE(lane.post([&] { ++ran; }));
  lane.stop();
  CHECK(ran == 1);
}
