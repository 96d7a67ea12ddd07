// The SOAP door: POST /soap (or /soap/ITI-45, an address for one transaction) finds its row by action and body, runs
// it, and answers on the connection or, with a ReplyTo, at another address. GET /soap?wsdl describes it.
// IHE ITI TF-2 Appendix V; the wire is ihe/door.h.
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "src/exchange.h"
#include "src/http.h"
#include "src/lane.h"
#include "src/net/egress.h"
#include "src/outbox.h"
#include "src/schemas.h"

namespace ihe {
struct Destination;
struct SoapReply;
}  // namespace ihe

namespace alzette {

class SoapDoor {
 public:
  static constexpr std::string_view path = "/soap";

  // What is handed in must outlive the door.
  SoapDoor(Exchange& exchange, WorkerLane& workers, const net::Egress& egress, Outbox& outbox, const Schemas& schemas)
      : exchange_(exchange), workers_(workers), egress_(egress), outbox_(outbox), schemas_(schemas) {}

  // Whether a request's target is this door's.
  static bool takes(std::string_view target);
  void handle(Request request, Respond respond);

 private:
  struct Job;
  void receive(const std::shared_ptr<Job>& job);
  std::optional<fhir::Outcome> refuse_elsewhere(std::initializer_list<const ihe::Destination*> places) const;
  void deliver(const std::shared_ptr<Job>& job, ihe::SoapReply reply);

  Exchange& exchange_;
  WorkerLane& workers_;
  const net::Egress& egress_;
  Outbox& outbox_;
  const Schemas& schemas_;
};

}  // namespace alzette
