// Tells PIX consumers what changes (ITI-10, ITI-46). Its queue is the store's own history: each consumer has a mark in
// the data folder up to which it was told, so that nothing is lost when the server ends or a consumer is away for days.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fhir/access.h"
#include "fhir/store.h"
#include "ihe/pix/iti10.h"
#include "src/net/tls.h"
#include "src/recorder.h"

namespace alzette {

struct PixConsumer {
  ihe::pix::Consumer consumer;
  std::shared_ptr<const net::TlsContext> tls;  // null where it is told in plain
};

class PixUpdates {
 public:
  // Starts a thread for each consumer. What is handed in must outlive this; `folder` holds the marks.
  PixUpdates(fhir::Store& store, const fhir::Access& access, const ihe::Settings& settings, fhir::Ids& ids,
             std::vector<PixConsumer> consumers, const std::string& folder, Recorder& recorder);
  ~PixUpdates();

  // Ends the threads; what is not told yet is told after the next start.
  void stop();

  // Of the store: something was committed.
  void committed(const fhir::Batch& batch);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace alzette
