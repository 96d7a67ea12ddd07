// The HL7 v2 door: a message finds its row, runs on the worker lane, and leaves as its acknowledgement or answer.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "src/exchange.h"
#include "src/net/mllp.h"

namespace alzette {

class Hl7v2Door {
 public:
  // `base`: of FHIR, for what this door writes. What is handed in must outlive the door and the work it started.
  Hl7v2Door(Exchange& exchange, std::string base) : exchange_(exchange), base_(std::move(base)) {}

  // A message, or a batch of them, which is answered by the batch of their answers.
  void handle(const std::string& bytes, std::string peer, net::MllpHandler::Respond respond);

  // Both for the server.
  net::MllpHandler handler();

 private:
  struct Batch;
  void answer(std::string_view bytes, std::string peer, const net::MllpHandler::Respond& respond);
  void go_on(const std::shared_ptr<Batch>& batch);

  Exchange& exchange_;
  std::string base_;
};

}  // namespace alzette
