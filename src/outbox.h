// Answers that go to another address than the one they were asked from (WS-Addressing ReplyTo): sent by one thread,
// tried again with growing pauses, bounded. They live in memory: what waits when the server ends is lost.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "src/net/egress.h"

namespace alzette {

struct Letter {
  std::string url;
  std::string content_type;
  std::string body;
};

class Outbox {
 public:
  struct Limits {
    std::size_t letters = 256;
    std::size_t bytes = 64u << 20;  // of all letters
    unsigned tries = 6;             // after 0, 1, 4, 16, 64 and 256 `pause`
    std::chrono::milliseconds pause{1'000};
    std::chrono::milliseconds patience{10'000};  // with a peer that does not answer
  };

  explicit Outbox(const net::Egress& egress) : Outbox(egress, Limits{}) {}
  Outbox(const net::Egress& egress, Limits limits);
  ~Outbox();  // stop()
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  bool has_room() const;     // for one more letter
  bool post(Letter letter);  // false: full, or stopped
  std::size_t waiting() const;
  void stop();  // drops what waits

 private:
  struct Waiting {
    Letter letter;
    unsigned tries = 0;
    std::chrono::steady_clock::time_point due;
  };
  void run();
  bool send(const Letter& letter) const;

  const net::Egress& egress_;
  const Limits limits_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Waiting> letters_;
  std::size_t bytes_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace alzette
