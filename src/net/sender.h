// Requests that the server makes of others, many at once, none of which waits for a slow one: one thread, sockets that
// do not block, and the egress rules at each request, so that a name that resolves elsewhere by now is refused. What is
// sent is made when its turn comes, so that what waits takes no room. Only the status of the answer is of interest; of
// the rest no more is taken than a limit. Redirects are not followed.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "fhir/outcome.h"
#include "src/http.h"
#include "src/net/egress.h"

namespace alzette::net {

// What is sent, and how long one waits for it.
struct Outgoing {
  std::string url;  // with its path and query
  std::string method = "POST";
  Headers headers = {};  // Host, Content-Length and Connection are added
  std::string body = {};
  std::chrono::milliseconds patience{30'000};  // from the first byte to the answer
};

class Sender {
 public:
  struct Limits {
    std::size_t connections = 128;
    std::size_t per_host = 16;      // at once; one alone while the host does not answer
    std::size_t answer = 64 << 10;  // bytes that are taken of an answer
    std::size_t makers = 8;         // threads that make requests and look names up
  };
  // What is sent; nothing: there is no need any more. Called on a thread of its own.
  using Make = std::function<std::optional<Outgoing>()>;
  // The status of the answer, or why there is none. Called on the sender's thread; must not block.
  using Done = std::function<void(fhir::Result<int>)>;

  explicit Sender(const Egress& egress) : Sender(egress, Limits{}) {}
  Sender(const Egress& egress, Limits limits);
  ~Sender();  // stop()
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  // `url` says whose turn it is: that of its host. Any thread.
  void send(std::string url, Make make, Done done);
  void stop();  // drops what is under way, without telling

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace alzette::net
