// How far a long job is: a bar that is redrawn on a terminal, a line every few seconds elsewhere. Thread safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace alzette::load {

class ProgressBar {
 public:
  // `what` is counted ("resources"); written to stderr.
  explicit ProgressBar(std::string what);
  ~ProgressBar();  // takes the bar off the terminal
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // `share` of the work is done (0 … 1), `count` things so far. Draws at most ten times a second.
  void update(double share, std::uint64_t count);
  // A line of its own, above the bar.
  void note(const std::string& line);
  double seconds() const;

 private:
  void draw(double share, std::uint64_t count, double elapsed);
  std::mutex mutex_;
  std::string what_;
  bool terminal_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point start_, last_;
};

// 1234567 -> "1,234,567".
std::string grouped(std::uint64_t number);
// "0:07", "2:03:10".
std::string duration(double seconds);

}  // namespace alzette::load
