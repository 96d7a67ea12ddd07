// The HTTP/1.1 server: a thread per core, and any of them serves any connection, in its strand. So no connection waits
// for a thread that is busy with, or was put off its core amid, another one's request.
// Keep-alive, pipelining in order, chunked and gzip bodies, TLS, every limit and time-out in `Limits`.
// RFC 9110, RFC 9112; refusals are numbered B01–B20 in the tests.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "fhir/outcome.h"
#include "src/http.h"
#include "src/net/body.h"
#include "src/net/framing.h"
#include "src/net/tls.h"
#include "src/net/websocket.h"

namespace alzette::net {

struct Limits {
  HeadLimits head;
  BodyLimits body;
  std::uint32_t gzip_from = 1400;      // smaller answers are sent as they are
  std::uint32_t connections = 10'000;  // lowered to what the file descriptor limit allows
  std::uint32_t threads = 0;           // 0: one per core
  std::uint32_t slowest = 1024;        // bytes per second, received or taken, over `patience`
  std::chrono::milliseconds patience{30'000};
  std::chrono::milliseconds head_time{10'000};  // from the first byte of a head (and for the TLS handshake)
  std::chrono::milliseconds idle{60'000};
  std::chrono::milliseconds linger{2'000};  // after a refusal: read and drop, so that the client sees the answer
  std::chrono::milliseconds drain{30'000};
  std::chrono::milliseconds sweep{1'000};
};

struct Listen {
  std::string http;   // "127.0.0.1:8080", "[::1]:0", "localhost:8080"; "" for none
  std::string https;  // needs `tls`
  std::optional<TlsFiles> tls;
  bool log_requests = false;  // a line for every request, not only for slow and failed ones
};

class Server {
 public:
  // Binds the addresses and starts the threads; the outcome says which address, file or right is missing.
  static fhir::Result<std::unique_ptr<Server>> start(const Listen& listen, const Limits& limits, Handler handler,
                                                     WebSocketDoor websockets = {});
  ~Server();

  // The addresses that were bound, with the port that was picked: "127.0.0.1:8080"; "" for none.
  const std::string& http() const;
  const std::string& https() const;

  // Stops accepting, lets requests in flight finish for at most Limits::drain, then returns. A second call while
  // the first one waits cuts all connections.
  void stop();

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace alzette::net
