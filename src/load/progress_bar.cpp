// Progress on stderr.
#include "src/load/progress_bar.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace alzette::load {
namespace {

constexpr int bar_width = 30;
constexpr std::chrono::milliseconds redraw{100};
constexpr std::chrono::seconds plain_line{5};

}  // namespace

std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

std::string duration(double seconds) {
  auto whole = std::lround(std::max(seconds, 0.0));
  char text[32];
  if (whole >= 3600)
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
  else
    std::snprintf(text, sizeof text, "%ld:%02ld", whole / 60, whole % 60);
  return text;
}

ProgressBar::ProgressBar(std::string what)
    : what_(std::move(what)), terminal_(::isatty(STDERR_FILENO) == 1), start_(std::chrono::steady_clock::now()) {
  last_ = start_;
}

ProgressBar::~ProgressBar() {
  if (drawn_) std::fputs("\r\033[K", stderr);
}

double ProgressBar::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void ProgressBar::update(double share, std::uint64_t count) {
  std::lock_guard lock(mutex_);
  auto now = std::chrono::steady_clock::now();
  if (now - last_ < (terminal_ ? redraw : std::chrono::milliseconds(plain_line))) return;
  last_ = now;
  draw(std::clamp(share, 0.0, 1.0), count, std::chrono::duration<double>(now - start_).count());
}

void ProgressBar::draw(double share, std::uint64_t count, double elapsed) {
  auto rate = grouped(static_cast<std::uint64_t>(static_cast<double>(count) / std::max(elapsed, 0.001)));
  std::string left = share > 0.001 ? duration(elapsed / share - elapsed) + " left" : "";
  int percent = static_cast<int>(share * 100);
  if (!terminal_) {
    std::fprintf(stderr, "%d %%, %s %s, %s/s, %s\n", percent, grouped(count).c_str(), what_.c_str(), rate.c_str(),
                 left.c_str());
    return;
  }
  std::string bar(static_cast<std::size_t>(share * bar_width), '#');
  bar.resize(bar_width, '.');
  std::fprintf(stderr, "\r\033[K[%s] %3d %%  %s %s  %s/s  %s", bar.c_str(), percent, grouped(count).c_str(),
               what_.c_str(), rate.c_str(), left.c_str());
  std::fflush(stderr);
  drawn_ = true;
}

void ProgressBar::note(const std::string& line) {
  std::lock_guard lock(mutex_);
  std::fprintf(stderr, "%s%s\n", drawn_ ? "\r\033[K" : "", line.c_str());
  drawn_ = false;
}

}  // namespace alzette::load
