// The HL7 v2 door: a message finds its row, runs on the worker lane, and leaves as its acknowledgement or answer.
#pragma once

#include <functional>
#include <string>

#include "src/exchange.h"
#include "src/net/mllp.h"

namespace alzette {

class Hl7v2Door {
 public:
  // `base`: of FHIR, for what this door writes. What is handed in must outlive the door and the work it started.
  Hl7v2Door(Exchange& exchange, std::string base) : exchange_(exchange), base_(std::move(base)) {}

  void handle(const std::string& bytes, std::string peer, net::MllpHandler::Respond respond);

  // Both for the server.
  net::MllpHandler handler();

 private:
  Exchange& exchange_;
  std::string base_;
};

}  // namespace alzette
