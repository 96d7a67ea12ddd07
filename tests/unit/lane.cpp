#include "src/lane.h"

#include <doctest/doctest.h>

#include <atomic>
#include <future>

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
