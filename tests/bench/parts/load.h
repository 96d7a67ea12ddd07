// A client of HTTP, and of MLLP where frames are sent, on one thread. Closed loop: each of `clients` connections has
// one request under way, the next is sent when its answer is complete. Open loop: requests are due at fixed times
// whether or not the server keeps up.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace bench {

struct Answer {
  int status = 0;         // of a frame: 200 for AA, otherwise 400
  std::string_view body;  // until the connection's next request is sent
};

// The next request of a connection, whole bytes; `last` is its previous answer, null at first. "" ends the connection.
using Next = std::function<std::string(unsigned connection, const Answer* last)>;

struct Figures {
  double rate = 0;          // answers per second
  double p50 = 0, p99 = 0;  // milliseconds
  double bytes = 0;         // mean size of a body
  std::uint64_t good = 0;   // 2xx
  std::uint64_t bad = 0;    // anything else; a connection that breaks counts as one and is not replaced
};

// Closed loop. Latency is from the first byte sent to the last one received. What is sent in the `warm` seconds before
// counts for nothing: connections find their speed then, and the server's caches are filled.
Figures drive(std::uint16_t port, unsigned clients, double seconds, const Next& next, double warm = 0);

// Open loop, `rate` requests a second on any idle one of the connections. Latency is from the time a request was due.
Figures paced(std::uint16_t port, unsigned clients, double rate, double seconds, const Next& next);

// One request, one answer.
struct Page {
  int status = 0;
  std::string body;
};
Page ask(std::uint16_t port, const std::string& request);

std::string get(const std::string& target);
std::string frame(const std::string& message);
std::string send(const char* method, const std::string& target, const std::string& body);

}  // namespace bench
