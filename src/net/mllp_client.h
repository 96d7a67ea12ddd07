// The sending side of MLLP: one connection, one message at a time. Blocks its thread; for jobs, not for doors.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "fhir/outcome.h"
#include "src/net/tls.h"

namespace alzette::net {

class MllpClient {
 public:
  // `address`: "host:port". Nothing is connected before the first message. `tls`: null for a plain connection.
  MllpClient(std::string address, std::chrono::milliseconds patience, std::shared_ptr<const TlsContext> tls = nullptr);
  ~MllpClient();

  // The answer's bytes without their frame. On any failure the connection is given up; the next message makes a new
  // one.
  fhir::Result<std::string> send(std::string_view message);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace alzette::net
