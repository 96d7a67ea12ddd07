// Answers that go to another address than the one they were asked from (WS-Addressing ReplyTo): sent by a few threads,
// tried again with growing pauses, bounded. Each lies in a file, on the disk before it is taken, until it is sent or
// given up, so that what waits when the server ends, is killed, or loses its power, is sent by the next one.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "src/net/egress.h"
#include "src/net/tls.h"

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
    std::size_t body = 16u << 20;   // of one
    unsigned tries = 6;             // after 0, 1, 4, 16, 64 and 256 `pause`
    std::chrono::milliseconds pause{1'000};
    std::chrono::milliseconds patience{10'000};  // with a peer that does not answer
    unsigned threads = 4;                        // a peer that does not answer keeps one
  };

  // `folder`: of the files; made when it is not there.
  Outbox(const net::Egress& egress, std::string folder) : Outbox(egress, std::move(folder), Limits{}) {}
  Outbox(const net::Egress& egress, std::string folder, Limits limits);
  ~Outbox();  // stop()
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  bool has_room() const;                  // for one more letter
  bool takes(std::uint64_t bytes) const;  // whether a letter may be as large as that
  bool post(Letter letter);               // waits for the disk; false: full
  std::size_t waiting() const;
  void stop();  // what waits, and what is posted from now on, stays in its file

 private:
  struct Waiting {
    Letter letter;
    std::string file;
    unsigned tries = 0;
    std::chrono::steady_clock::time_point due;
  };
  void take_up();  // what an earlier server left
  void run();
  bool send(const Letter& letter) const;

  const net::Egress& egress_;
  const std::string folder_;
  const Limits limits_;
  const std::shared_ptr<const net::TlsContext> tls_ = net::TlsContext::client();
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Waiting> letters_;
  std::size_t under_way_ = 0;  // letters that a thread has in hand
  std::size_t bytes_ = 0;
  std::uint64_t count_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace alzette
