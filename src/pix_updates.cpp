// Tells PIX consumers what changes.
#include "src/pix_updates.h"

#include <algorithm>
#include <optional>

#include "ihe/pix/iti46.h"
#include "src/auth/seal.h"
#include "src/clock.h"
#include "src/following.h"
#include "src/log.h"
#include "src/metrics.h"
#include "src/net/client.h"
#include "src/net/egress.h"
#include "src/net/mllp_client.h"

namespace alzette {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds patience{10'000};  // for an acknowledgement
constexpr std::uint64_t most_answer = 1u << 20;
constexpr milliseconds least_pause{500};  // before a message is sent again; doubled each time
constexpr milliseconds most_pause{60'000};

struct Measures {
  metrics::Counter sent{"alzette_pix_updates_total", "ITI-10 and ITI-46 notifications acknowledged"};
  metrics::Counter failed{"alzette_pix_update_failures_total", "ITI-10 and ITI-46 notifications to be sent again"};
};
const Measures& measures() {
  static const Measures all;
  return all;
}

// Letters and digits of an address, for the name of its mark.
std::string file_name(const std::string& address) {
  std::string name = "pix-update-";
  for (const char c : address)
    name += (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ? c : '-';
  return name + ".mark";
}

// What one consumer is told.
class Telling {
 public:
  Telling(fhir::Store& store, const fhir::Access& access, const ihe::Settings& settings, fhir::Ids& ids,
          Following& following, Recorder& recorder, PixConsumer consumer)
      : store_(store),
        access_(access),
        settings_(settings),
        ids_(ids),
        following_(following),
        recorder_(recorder),
        consumer_(std::move(consumer.consumer)),
        client_(consumer_.address, patience, std::move(consumer.tls)) {}

  // False when the end has come.
  bool take(const fhir::Version& version) {
    for (const auto& notification : notifications_for(version)) {
      const auto taken = tell(notification.message);
      if (!taken) return false;
      recorder_.told(notification.record, *taken);
    }
    return true;
  }

 private:
  // No snapshot is held while a consumer is waited for.
  std::vector<ihe::pix::Notification> notifications_for(const fhir::Version& version) {
    const auto snapshot = store_.snapshot();
    const ihe::Site site{*snapshot, access_, settings_, "http://localhost/fhir", clock::wall_ms(), ids_};
    auto messages = consumer_.url.empty()
                        ? ihe::pix::notifications(site, consumer_, version, [&] { return ids_.next(site.now); })
                        : ihe::pix::notifications_v3(site, consumer_, version, [] { return auth::random_token(); });
    return messages ? std::move(*messages) : std::vector<ihe::pix::Notification>();
  }

  // Until it is acknowledged, and whether it was taken: AE will not change by sending it again, anything else may.
  // Nothing when the end has come.
  std::optional<bool> tell(const std::string& message) {
    using ihe::pix::Taken;
    for (auto pause = least_pause;; pause = std::min(pause * 2, most_pause)) {
      std::string why = "not accepted";
      const auto answer = consumer_.url.empty() ? tell_by_v2(message, why) : tell_by_v3(message, why);
      const bool taken = answer == Taken::yes;
      const bool refused = answer == Taken::never;
      if (taken) measures().sent.add();
      if (refused)
        log::write(log::Level::warning, "pix_update_refused", {{"consumer", consumer_.address + consumer_.url}});
      if (taken || refused) return taken;
      measures().failed.add();
      if (pause == least_pause)
        log::write(log::Level::warning, "pix_update_waits",
                   {{"consumer", consumer_.address + consumer_.url}, {"reason", why}});
      if (!following_.rest(pause)) return std::nullopt;
    }
  }

  ihe::pix::Taken tell_by_v2(const std::string& message, std::string& why) {
    const auto answer = client_.send(message);
    if (!answer) {
      why = answer.outcome().issues.front().diagnostics;
      return ihe::pix::Taken::not_yet;
    }
    return ihe::pix::taken_v2(*answer);
  }

  ihe::pix::Taken tell_by_v3(const std::string& message, std::string& why) const {
    // The operator named the consumer, so it may be in any network.
    const auto endpoint = net::Egress({consumer_.url}).judge(consumer_.url);
    if (!endpoint) {
      why = endpoint.outcome().issues.front().diagnostics;
      return ihe::pix::Taken::not_yet;
    }
    Request request;
    request.method = "POST";
    request.target = endpoint->target;
    request.headers = {{"Host", endpoint->authority()}, {"Content-Type", std::string(ihe::pix::notification_v3_type)}};
    request.body = message;
    const bool six = endpoint->host.find(':') != std::string::npos;
    const auto address = (six ? "[" + endpoint->host + "]" : endpoint->host) + ":" + endpoint->port;
    net::Client client(address, patience);
    client.take_at_most(most_answer);
    const auto answer = client.send(request);
    if (answer) return ihe::pix::taken_v3(answer->status, answer->body);
    why = answer.outcome().issues.front().diagnostics;
    return ihe::pix::Taken::not_yet;
  }

  fhir::Store& store_;
  const fhir::Access& access_;
  const ihe::Settings& settings_;
  fhir::Ids& ids_;
  Following& following_;
  Recorder& recorder_;
  const ihe::pix::Consumer consumer_;
  net::MllpClient client_;
};

}  // namespace

struct PixUpdates::State {
  Following following;
};

PixUpdates::PixUpdates(fhir::Store& store, const fhir::Access& access, const ihe::Settings& settings, fhir::Ids& ids,
                       std::vector<PixConsumer> consumers, const std::string& folder, Recorder& recorder)
    : state_(new State{Following(store, access, "Patient")}) {
  for (auto& consumer : consumers) {
    const auto mark = folder + "/" + file_name(consumer.consumer.address + consumer.consumer.url);
    const auto telling =
        std::make_shared<Telling>(store, access, settings, ids, state_->following, recorder, std::move(consumer));
    state_->following.start({mark, false, "pix_updates_failed", 0,
                             [telling](const fhir::Version& version) { return telling->take(version); }});
  }
}

PixUpdates::~PixUpdates() = default;

void PixUpdates::stop() { state_->following.stop(); }

void PixUpdates::committed(const fhir::Batch& batch) { state_->following.committed(batch); }

}  // namespace alzette
