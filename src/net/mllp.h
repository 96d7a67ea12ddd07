// The MLLP server: frames of HL7 v2 messages in, one answer for each, in order. HL7 v2 Transport Specification, MLLP
// release 1; IHE ITI TF-2 C.2.
//
//   0x0B  message  0x1C 0x0D      what stands between frames is skipped and counted
//
// One thread moves the bytes; what a message means is done elsewhere. A connection's next message starts when the one
// before is answered, so that what one sender says of one patient keeps its order.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/outcome.h"
#include "src/net/tls.h"

namespace alzette::net {

struct MllpLimits {
  std::size_t message = 4u << 20;  // bytes; a longer one is refused and the connection closed
  std::size_t ahead = 1u << 20;    // bytes read while a message is worked on
  std::size_t junk = 64u << 10;    // bytes between frames before the connection is closed
  std::uint32_t connections = 1'000;
  std::chrono::milliseconds frame_time{30'000};  // from a frame's first byte to its last (and the TLS handshake)
  std::chrono::milliseconds send_time{30'000};   // for an answer to be taken
  std::chrono::milliseconds idle{600'000};
  std::chrono::milliseconds drain{30'000};
  std::chrono::milliseconds sweep{1'000};
};

struct MllpListen {
  std::string mllp;   // "127.0.0.1:2575"; "" for none
  std::string mllps;  // needs `tls`
  std::optional<TlsFiles> tls;
};

struct MllpHandler {
  using Respond = std::function<void(std::string answer)>;
  // Called on the server's thread; must not block. `respond` is called once, from any thread; "" sends nothing.
  std::function<void(std::string message, std::string peer, Respond respond)> message;
  // The answer to a frame that is too long or broken; the connection is closed behind it.
  std::function<std::string(std::string_view start, std::string_view why)> refused;
};

class MllpServer {
 public:
  static fhir::Result<std::unique_ptr<MllpServer>> start(const MllpListen& listen, const MllpLimits& limits,
                                                         MllpHandler handler);
  ~MllpServer();

  // The addresses that were bound, with the port that was picked; "" for none.
  const std::string& mllp() const;
  const std::string& mllps() const;

  // Stops accepting, lets messages in flight be answered for at most MllpLimits::drain, then returns.
  void stop();

 private:
  struct State;
  explicit MllpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace alzette::net
