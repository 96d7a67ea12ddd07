// Runs IHE transactions, again after a transient conflict.
#include "src/exchange.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "ihe/atna/event.h"
#include "src/clock.h"
#include "src/log.h"
#include "src/obey.h"

namespace alzette {
namespace {

using fhir::Kind;
using fhir::Outcome;

constexpr unsigned most_plans = 64;  // for one message before a conflict is answered: many may speak of one patient

Outcome failure(std::string_view reason, std::string_view transaction) {
  log::write(log::Level::error, "internal error", {{"transaction", transaction}, {"reason", reason}});
  return {Kind::internal, "exception", "The server failed; its log tells more"};
}

}  // namespace

void Exchange::run(const ihe::Transaction& transaction, ihe::Message message, std::string base, Answered answered) {
  post(std::make_shared<Job>(Job{transaction, std::move(message), std::move(base), std::move(answered)}));
}

void Exchange::run_here(const ihe::Transaction& transaction, ihe::Message message, std::string base,
                        Answered answered) {
  work(std::make_shared<Job>(Job{transaction, std::move(message), std::move(base), std::move(answered)}));
}

void Exchange::refuse_here(const ihe::Transaction& transaction, ihe::Message message, std::string base,
                           fhir::Outcome why, Answered answered) {
  const auto job = std::make_shared<Job>(Job{transaction, std::move(message), std::move(base), std::move(answered)});
  guarded(*job, [&] { refuse(job, std::move(why)); });
}

void Exchange::post(const std::shared_ptr<Job>& job) {
  if (workers_.post([this, job] { work(job); })) return;
  give(*job, Outcome(Kind::busy, "transient", "The server has more work than it can do now: try again"));
}

void Exchange::work(const std::shared_ptr<Job>& job) {
  ++job->plans;
  guarded(*job, [&] {
    auto made = [&]() -> fhir::Result<ihe::Plan> {
      try {
        return plan(*job);
      } catch (const std::exception& error) {
        return failure(error.what(), job->transaction.id);
      }
    }();
    if (!made) return refuse(job, std::move(made.outcome()));
    job->made = std::move(*made);
    carry_out(job);
  });
}

void Exchange::give(Job& job, fhir::Result<ihe::Answer> answer) {
  if (const auto answered = std::exchange(job.answered, nullptr)) answered(std::move(answer));
}

// An exception is our fault or exhaustion: the sender learns that it failed, the log why.
template <class Work>
void Exchange::guarded(Job& job, const Work& work) {
  try {
    work();
  } catch (const std::exception& error) {
    give(job, failure(error.what(), job.transaction.id));
  }
}

fhir::Result<ihe::Plan> Exchange::plan(Job& job) {
  if (!access_.may(job.transaction.needs, job.transaction.needs_on))
    return Outcome(Kind::forbidden, "forbidden", "Not allowed: " + std::string(job.transaction.name));
  const auto snapshot = store_.snapshot();
  const ihe::Site site{*snapshot, access_, settings_, job.base, clock::wall_ms(), ids_, [this](const std::string& key) {
                         return recollection_.recall(key);
                       }};
  auto made = job.transaction.run(site, job.message);
  if (!made) return made;
  if (auto& told = made->remember) recollection_.remember(told->first, std::move(told->second));
  auto& batch = made->batch;
  if (!job.transaction.audit.event.empty()) {
    const auto refusal = ihe::atna::refusal_in(job.transaction, made->answer);
    const auto record = ihe::atna::record_of(site, job.transaction, job.message, made->audited);
    auto event = ihe::atna::event(site, record, refusal ? &*refusal : nullptr);
    if (!event) return std::move(event.outcome());
    job.asks = !batch && !made->committed;
    if (!batch) batch = fhir::Batch{access_, {}, {}};
    batch->writes.push_back(std::move(*event));
  }
  if (!batch) return made;
  if (auto done = obey({*snapshot, access_, job.base, site.now, ids_, settings_}, *batch); !done)
    return std::move(done.outcome());
  return made;
}

// A refusal is recorded as well; it is answered even where that cannot be done.
void Exchange::refuse(const std::shared_ptr<Job>& job, fhir::Outcome outcome) {
  if (job->transaction.audit.event.empty()) return give(*job, std::move(outcome));
  const auto snapshot = store_.snapshot();
  const ihe::Site site{*snapshot, access_, settings_, job->base, clock::wall_ms(), ids_};
  auto event = ihe::atna::event(site, ihe::atna::record_of(site, job->transaction, job->message, {}), &outcome);
  if (!event) {
    log::write(log::Level::error, "audit_lost", {{"transaction", job->transaction.id}});
    return give(*job, std::move(outcome));
  }
  fhir::Batch batch{access_, {}, {}};
  batch.writes.push_back(std::move(*event));
  const auto shared = std::make_shared<fhir::Outcome>(std::move(outcome));
  store_.commit(std::move(batch), [job, shared](const fhir::Result<fhir::Receipt>& receipt) {
    guarded(*job, [&] {
      if (!receipt) log::write(log::Level::error, "audit_lost", {{"transaction", job->transaction.id}});
      give(*job, std::move(*shared));
    });
  });
}

void Exchange::carry_out(const std::shared_ptr<Job>& job) {
  const auto& batch = job->made.batch;
  const bool files = batch && std::any_of(batch->writes.begin(), batch->writes.end(),
                                          [](const auto& one) { return !one.documents.empty(); });
  const auto hand_in = [this, job] { commit(job); };
  if (!files || !disk_.post(hand_in)) hand_in();
}

void Exchange::commit(const std::shared_ptr<Job>& job) {
  auto& batch = job->made.batch;
  if (!batch || (job->asks && trail_.take(*batch))) return give(*job, std::move(job->made.answer));
  store_.commit(std::move(*batch), [this, job](fhir::Result<fhir::Receipt> receipt) {
    guarded(*job, [&] {
      if (receipt && job->asks) trail_.kept();
      auto& plan = job->made;
      if (receipt) return give(*job, plan.committed ? plan.committed(*receipt) : std::move(plan.answer));
      const auto& outcome = receipt.outcome();
      const bool transient =
          outcome.kind == Kind::conflict && !outcome.issues.empty() && outcome.issues.front().code == "transient";
      if (transient && job->plans < most_plans) return post(job);
      refuse(job, outcome);
    });
  });
}

}  // namespace alzette
