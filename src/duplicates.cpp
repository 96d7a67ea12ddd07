// Follows the history of Patient.
#include "src/duplicates.h"

#include <future>
#include <optional>

#include "ihe/identity/duplicate.h"
#include "src/clock.h"
#include "src/following.h"
#include "src/log.h"
#include "src/metrics.h"
#include "src/obey.h"

namespace alzette {
namespace {

using std::chrono::milliseconds;

constexpr int kindness = 10;        // of 19: what it has to do can wait
constexpr milliseconds pause{200};  // before what was refused for a moment is tried again
constexpr unsigned most_tries = 50;

struct Measures {
  metrics::Counter looked_at{"alzette_duplicates_looked_at_total", "Patients that duplicates were looked for"};
  metrics::Counter tasks{"alzette_duplicates_tasks_total", "Tasks made or settled on the work-list of duplicates"};
};
const Measures& measures() {
  static const Measures all;
  return all;
}

}  // namespace

struct Duplicates::State {
  fhir::Store& store;
  const fhir::Access& access;
  const ihe::Settings& settings;
  fhir::Ids& ids;
  bool link_certain;
  Following following;

  // False when the end has come.
  bool look_at(const fhir::Version& change) {
    measures().looked_at.add();
    for (unsigned tries = 0; tries < most_tries; ++tries) {
      auto planned = plan(change);
      if (!planned) return complain(planned.outcome());
      auto& next = *planned;
      if (!next) return true;
      const auto receipt = commit(std::move(*next));
      if (receipt) {
        measures().tasks.add();
        continue;
      }
      const auto kind = receipt.outcome().kind;
      if (kind != fhir::Kind::conflict && kind != fhir::Kind::busy) return complain(receipt.outcome());
      if (!following.rest(pause)) return false;
    }
    return true;
  }

  // What is to be written next for a change, one Task at a time: the one after it is planned from what it did. Its
  // snapshot is gone when it is committed, for the log cannot begin anew while one is held.
  fhir::Result<std::optional<fhir::Batch>> plan(const fhir::Version& change) {
    using Next = std::optional<fhir::Batch>;
    const auto snapshot = store.snapshot();
    const auto current = snapshot->read(access, *change.type, change.id);
    if (!current || current->version != change.version) return Next();  // the later change is looked at when it comes
    const ihe::Site site{*snapshot, access, settings, "http://localhost/fhir", clock::wall_ms(), ids};
    auto writes = ihe::identity::duplicates_of(site, *current, link_certain);
    if (!writes) return std::move(writes.outcome());
    if (writes->empty()) return Next();
    fhir::Batch batch{access, {}, {}};
    batch.writes.push_back(std::move(writes->front()));
    if (auto done = obey({*snapshot, access, site.base, site.now, ids, settings}, batch); !done)
      return std::move(done.outcome());
    return Next(std::move(batch));
  }

  fhir::Result<fhir::Receipt> commit(fhir::Batch batch) {
    const auto promise = std::make_shared<std::promise<fhir::Result<fhir::Receipt>>>();
    store.commit(std::move(batch),
                 [promise](fhir::Result<fhir::Receipt> receipt) { promise->set_value(std::move(receipt)); });
    return promise->get_future().get();
  }

  // A patient that cannot be looked at holds up no other one.
  static bool complain(const fhir::Outcome& outcome) {
    log::write(log::Level::warning, "duplicates_not_looked_for",
               {{"reason", outcome.issues.empty() ? std::string() : outcome.issues.front().code}});
    return true;
  }
};

// Without a mark everybody is looked at: also those that were loaded before.
Duplicates::Duplicates(fhir::Store& store, const fhir::Access& access, const ihe::Settings& settings, fhir::Ids& ids,
                       Links links, const std::string& folder)
    : state_(new State{store, access, settings, ids, links == Links::link, Following(store, access, "Patient")}) {
  if (links == Links::off) return;
  Following::Work work{folder + "/duplicates.mark", true, "duplicates_failed", kindness, {}};
  work.take = [state = state_.get()](const fhir::Version& change) { return state->look_at(change); };
  state_->following.start(std::move(work));
}

Duplicates::~Duplicates() = default;

void Duplicates::stop() { state_->following.stop(); }

void Duplicates::committed(const fhir::Batch& batch) { state_->following.committed(batch); }

}  // namespace alzette
