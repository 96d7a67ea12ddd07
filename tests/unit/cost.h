// What a piece of work costs, measured beside another one at the same moment: what a slow machine, a loaded one or a
// sanitizer does to the one it does to the other. So hangs and costs that grow too fast are told from slowness.
#pragma once

#include <time.h>

#include <algorithm>
#include <cstddef>

namespace cost {

// Seconds of this thread's processor: the least of some runs.
template <class Work>
double of(const Work& work) {
  const auto used = [] {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  };
  double least = 1e9;
  for (int run = 0; run < 3; ++run) {
    const double before = used();
    work();
    least = std::min(least, used() - before);
  }
  return least;
}

// Whether `work(size)` costs in proportion to the size: ten times as much of it ten times as much, with much to spare;
// what goes through everything for each of its parts costs a hundred times as much.
template <class Work>
bool in_proportion(const Work& work, std::size_t size) {
  return of([&] { work(size); }) < 40 * of([&] { work(size / 10); });
}

}  // namespace cost
