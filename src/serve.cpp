// `alzette serve`: open, answer, drain, close.
#include "src/serve.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <future>
#include <thread>

#include "src/auth/seal.h"
#include "src/canonicals.h"
#include "src/door.h"
#include "src/duplicates.h"
#include "src/exchange.h"
#include "src/hl7v2.h"
#include "src/job/parameter.h"
#include "src/job/runner.h"
#include "src/lane.h"
#include "src/log.h"
#include "src/metrics.h"
#include "src/net/cors.h"
#include "src/net/egress.h"
#include "src/net/http.h"
#include "src/net/mllp.h"
#include "src/outbox.h"
#include "src/pix_updates.h"
#include "src/setup.h"
#include "src/soap.h"
#include "src/store/store.h"
#include "src/subscription/subscriptions.h"

namespace alzette {
namespace {

int fail(const fhir::Outcome& outcome) {
  for (const auto& issue : outcome.issues) std::fprintf(stderr, "alzette: %s\n", issue.diagnostics.c_str());
  return 1;
}

// Blocked in every thread, so that only the wait below takes them.
sigset_t block_end_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

log::Level level_of(const std::string& name) {
  if (name == "debug") return log::Level::debug;
  if (name == "warning") return log::Level::warning;
  if (name == "error") return log::Level::error;
  return log::Level::info;
}

Duplicates::Links links_of(const std::string& name) {
  if (name == "off") return Duplicates::Links::off;
  return name == "link" ? Duplicates::Links::link : Duplicates::Links::propose;
}

// What /metrics tells of the queues and the store while they live.
class Gauges {
 public:
  Gauges(const WorkerLane& workers, const store::Archive& archive)
      : waiting_("alzette_worker_queue", "Requests that wait for a worker",
                 [&workers] { return static_cast<double>(workers.waiting()); }),
        queued_("alzette_writer_queue", "Batches that wait for the writer",
                [&archive] { return static_cast<double>(archive.stats().queued); }),
        commits_("alzette_store_commits", "Transactions made durable since the start",
                 [&archive] { return static_cast<double>(archive.stats().commits); }),
        syncs_("alzette_store_log_syncs", "Times the store's log was synced since the start",
               [&archive] { return static_cast<double>(archive.stats().log_syncs); }),
        pages_("alzette_store_log_pages", "Pages of the store's log after the last commit",
               [&archive] { return static_cast<double>(archive.stats().log_pages); }),
        readers_("alzette_store_readers", "Snapshots of the store in use",
                 [&archive] { return static_cast<double>(archive.stats().readers); }) {}

 private:
  metrics::Gauge waiting_, queued_, commits_, syncs_, pages_, readers_;
};

void announce(const net::Server& server, const net::MllpServer& mllp) {
  std::string line = "ready";
  if (!server.http().empty()) line += " http=http://" + server.http();
  if (!server.https().empty()) line += " https=https://" + server.https();
  if (!mllp.mllp().empty()) line += " mllp=" + mllp.mllp();
  if (!mllp.mllps().empty()) line += " mllps=" + mllp.mllps();
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

}  // namespace

int serve(const Config& config) {
  auto signals = block_end_signals();
  log::set_level(level_of(config.log));
  store::Options options;
  options.failed = [](const std::string& why) {
    log::write(log::Level::error, "store_failed", {{"reason", why}});
    ::kill(::getpid(), SIGTERM);
  };
  auto archive = store::open(config.data, options);
  if (!archive) return fail(archive.outcome());
  job::follow_parameters(**archive);
  const auto key = auth::load_or_make_key(config.data + "/page.key");
  if (!key)
    return fail({fhir::Kind::internal, "exception",
                 "cannot read or make " + config.data + "/page.key, which authenticates page links"});

  const auto settings = set_up(config);
  if (!settings) return fail(settings.outcome());
  auto consumers = pix_consumers(config, *settings);
  if (!consumers) return fail(consumers.outcome());
  auto policy = profile_policy(config);
  if (!policy) return fail(policy.outcome());

  const auto threads = config.workers ? config.workers : std::max(1U, std::thread::hardware_concurrency());
  const auth::Seal seal(*key);
  ServerCanonicals canonicals(archive->get(), config.data + "/packages");
  (*archive)->observe([&](const fhir::Batch& batch, const fhir::Receipt&) { canonicals.changed(batch); });
  const fhir::validate::Profiles profiles(canonicals);
  WorkerLane workers(threads, config.queue);
  const auto access = fhir::Access::local_developer();
  Door door(**archive, workers, seal, profiles, access, auth::random_salt(), *settings);
  door.take_profiles(std::move(*policy));
  fhir::Ids ids(auth::random_salt());
  Trail trail(**archive);
  door.take_trail(trail, config.audit_queries);
  Exchange exchange(**archive, workers, ids, access, *settings, trail);
  Recorder recorder(**archive, access, *settings, ids, trail);
  PixUpdates updates(**archive, access, *settings, ids, std::move(*consumers), config.data, recorder);
  (*archive)->observe([&updates](const fhir::Batch& batch, const fhir::Receipt&) { updates.committed(batch); });
  Duplicates duplicates(**archive, access, *settings, ids, links_of(config.match_links), config.data);
  (*archive)->observe([&duplicates](const fhir::Batch& batch, const fhir::Receipt&) { duplicates.committed(batch); });
  Hl7v2Door hl7v2(exchange, "http://localhost/fhir");
  const net::Egress egress(config.allow_endpoint);
  job::Runner jobs(**archive, ids, config.data + "/jobs", egress, door.meanings(), [&door](Request request) {
    const auto answer = std::make_shared<std::promise<Response>>();
    door.handle(std::move(request), [answer](Response response) { answer->set_value(std::move(response)); });
    return answer->get_future().get();
  });
  door.take_jobs(jobs.folder(), egress);
  subscription::Subscriptions subscriptions(**archive, access, egress, seal, recorder);
  Outbox outbox(egress, config.data + "/outbox");
  const Schemas schemas(config.schemas);
  SoapDoor soap(exchange, workers, egress, outbox, schemas);
  const Gauges gauges(workers, **archive);

  std::fputs(describe(config).c_str(), stderr);
  const auto warning = open_policy_warning(config);
  if (!warning.empty()) std::fprintf(stderr, "%s\n", warning.c_str());
  const auto handler = [&](Request request, Respond respond) {
    if (SoapDoor::takes(request.target)) return soap.handle(std::move(request), std::move(respond));
    door.handle(std::move(request), std::move(respond));
  };
  auto server = net::Server::start(config.listen(), config.limits(), net::with_cors(config.allow_origin, handler),
                                   subscriptions.door());
  if (!server) return fail(server.outcome());
  auto mllp = net::MllpServer::start(config.mllp_listen(), {}, hl7v2.handler());
  if (!mllp) return fail(mllp.outcome());
  jobs.start();
  subscriptions.start();
  announce(**server, **mllp);

  int signal = 0;
  sigwait(&signals, &signal);
  (*mllp)->stop();
  (*server)->stop();
  jobs.stop();
  workers.stop();
  exchange.stop();
  updates.stop();
  subscriptions.stop();
  trail.stop();
  duplicates.stop();
  outbox.stop();
  const bool failed = (*archive)->stats().refusing;
  archive->reset();  // what the writer still has in hand answers through the door
  log::flush();
  if (failed) std::fputs("alzette: the store could not write; start again to recover what is durable\n", stderr);
  return failed ? 1 : 0;
}

}  // namespace alzette
