// Audit records of what we tell peers on our own account: the notifications of ITI-10, ITI-46 and ITI-93.
#pragma once

#include "fhir/access.h"
#include "fhir/store.h"
#include "ihe/atna/event.h"
#include "src/trail.h"

namespace alzette {

class Recorder {
 public:
  // What is handed in must outlive it.
  Recorder(fhir::Store& store, const fhir::Access& access, const ihe::Settings& settings, fhir::Ids& ids, Trail& trail)
      : store_(store), access_(access), settings_(settings), ids_(ids), trail_(trail) {}

  // Any thread. `taken`: whoever was told has not refused it.
  void told(const ihe::atna::Record& record, bool taken);

 private:
  fhir::Store& store_;
  const fhir::Access& access_;
  const ihe::Settings& settings_;
  fhir::Ids& ids_;
  Trail& trail_;
};

}  // namespace alzette
