#include "src/trail.h"

#include <exception>
#include <iterator>
#include <string>
#include <utility>

#include "src/log.h"

namespace alzette {
namespace {

constexpr std::chrono::milliseconds after_refusal{250};

}  // namespace

Trail::Trail(fhir::Store& store) : store_(store), thread_([this] { run(); }) {}

Trail::~Trail() { stop(); }

bool Trail::take(fhir::Batch& batch) {
  {
    const std::lock_guard lock(mutex_);
    if (failed_ || stopping_) return false;
    if (waiting_ && waiting_->writes.size() + batch.writes.size() > most) return false;
    if (!waiting_) {
      waiting_ = std::make_unique<fhir::Batch>(std::move(batch));
    } else {
      std::move(batch.writes.begin(), batch.writes.end(), std::back_inserter(waiting_->writes));
      if (waiting_->writes.size() < enough) return true;
    }
  }
  arrived_.notify_one();
  return true;
}

void Trail::kept() {
  const std::lock_guard lock(mutex_);
  failed_ = false;
}

void Trail::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Trail::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    arrived_.wait(lock, [this] { return stopping_ || waiting_; });
    if (!waiting_) return;
    arrived_.wait_for(lock, failed_ ? after_refusal : gathering,
                      [this] { return stopping_ || (!failed_ && waiting_->writes.size() >= enough); });
    std::shared_ptr<fhir::Batch> batch = std::move(waiting_);
    const auto records = batch->writes.size();
    lock.unlock();
    try {
      commit(batch);
      lock.lock();
    } catch (const std::exception& error) {  // no memory: the next records are waited for
      log::write(log::Level::error, "audit_lost", {{"records", std::to_string(records)}, {"reason", error.what()}});
      lock.lock();
      failed_ = true;
    }
  }
}

// They stay in hand until they are kept: a store that is busy, or has no room, is asked again.
void Trail::commit(const std::shared_ptr<fhir::Batch>& batch) {
  fhir::Batch copy = *batch;
  store_.commit(std::move(copy), [this, batch](const fhir::Result<fhir::Receipt>& receipt) {
    const std::lock_guard lock(mutex_);
    failed_ = !receipt;
    if (receipt) return;
    if (receipt.outcome().kind != fhir::Kind::busy || stopping_)
      return log::write(log::Level::error, "audit_lost", {{"records", std::to_string(batch->writes.size())}});
    if (waiting_) std::move(waiting_->writes.begin(), waiting_->writes.end(), std::back_inserter(batch->writes));
    waiting_ = std::make_unique<fhir::Batch>(std::move(*batch));
    arrived_.notify_one();
  });
}

}  // namespace alzette
