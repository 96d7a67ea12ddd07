// Requests at the FHIR door that are transactions of IHE (ihe/restful.h): what these demand, and their audit records.
// That of a change joins its commit; that of a question, or of a refusal, goes through the trail.
#pragma once

#include <string>

#include "fhir/access.h"
#include "fhir/outcome.h"
#include "fhir/store.h"
#include "ihe/restful.h"
#include "src/http.h"
#include "src/rest/interaction.h"
#include "src/route.h"
#include "src/trail.h"

namespace alzette {

class Audit {
 public:
  Audit() = default;  // nothing is recorded
  Audit(fhir::Store& store, Trail& trail, bool asking) : store_(&store), trail_(&trail), asking_(asking) {}

  // What was asked for, as the door has read it.
  struct Asked {
    const Request& request;
    const Route& route;
    const fhir::search::Parameters& parameters;
  };

  // Refuses what IHE demands otherwise than FHIR, of the request or of a conditional entry of a transaction.
  static fhir::Result<bool> admit(const ihe::Site& site, const Asked& asked, rest::Plan& plan);

  // Adds the record to what the plan commits, or hands it to the trail; beside that of a transaction Bundle those of
  // its conditional entries, which are what they would be as requests of their own.
  fhir::Result<bool> carried_out(const ihe::Site& site, const Asked& asked, rest::Plan& plan) const;
  // The same of what was refused, which takes a worker's time: a transaction is read again.
  void refused(const ihe::Site& site, const Asked& asked, const fhir::Outcome& outcome) const;

 private:
  using Recorded = fhir::Result<std::optional<fhir::Write>>;
  Recorded record(const ihe::Site& site, const Asked& asked, const ihe::Requested& requested,
                  const fhir::Outcome* refusal) const;

  fhir::Store* store_ = nullptr;
  Trail* trail_ = nullptr;
  bool asking_ = false;
};

}  // namespace alzette
