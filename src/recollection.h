// What transactions ask to be remembered between two messages of one client: queries that may be continued. In memory,
// bounded in number and time; what is oldest goes first.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

namespace alzette {

class Recollection {
 public:
  static constexpr std::size_t most = 10'000;
  static constexpr std::size_t most_bytes = 64u << 10;  // of one text; a longer one is not kept
  static constexpr std::chrono::minutes life{10};

  void remember(const std::string& key, std::string text);  // an empty text forgets
  std::string recall(const std::string& key);

 private:
  struct Kept {
    std::string key;
    std::string text;
    std::chrono::steady_clock::time_point until;
  };
  void forget(const std::string& key);

  std::mutex mutex_;
  std::list<Kept> kept_;  // the oldest first
  std::unordered_map<std::string, std::list<Kept>::iterator> places_;
};

}  // namespace alzette
