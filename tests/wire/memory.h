// What a process holds of memory, as Linux tells it: proc(5).
#pragma once

#include <sys/types.h>

#include <fstream>
#include <string>

namespace wire {

#ifdef ALZETTE_SANITIZED
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

// "VmRSS:" now, "VmHWM:" at the most so far. 0 under a sanitizer: they keep freed memory, so the size says nothing.
inline long memory_kib(pid_t process, const std::string& field) {
  if (sanitized) return 0;
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  std::string word;
  while (status >> word)
    if (word == field) {
      long kib = 0;
      status >> kib;
      return kib;
    }
  return 0;
}

}  // namespace wire
