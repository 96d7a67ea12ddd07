#include "src/recorder.h"

#include "src/clock.h"
#include "src/log.h"

namespace alzette {

void Recorder::told(const ihe::atna::Record& record, bool taken) {
  const auto snapshot = store_.snapshot();
  const ihe::Site site{*snapshot, access_, settings_, "http://localhost/fhir", clock::wall_ms(), ids_};
  const fhir::Outcome refusal(fhir::Kind::unprocessable, "processing", "Refused by the one who was told");
  auto event = ihe::atna::event(site, record, taken ? nullptr : &refusal);
  if (!event) return log::write(log::Level::error, "audit_lost", {{"records", "1"}});
  fhir::Batch batch{access_, {}, {}};
  batch.writes.push_back(std::move(*event));
  if (trail_.take(batch)) return;
  store_.commit(std::move(batch), [](const fhir::Result<fhir::Receipt>& receipt) {
    if (!receipt) log::write(log::Level::error, "audit_lost", {{"records", "1"}});
  });
}

}  // namespace alzette
