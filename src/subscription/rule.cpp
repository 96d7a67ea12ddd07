// What every Subscription obeys that is written, through whichever door: it asks for something that we do, its endpoint
// may be asked, its topic exists; and the server alone says that it is active. Who wrote it last owns it: what it tells
// is what the owner may see. A Basic that is a SubscriptionTopic has to be one that we evaluate.
// Bad inputs B102: endpoints in networks of their own are refused here, and again when something is sent.
#include "fhir/rule.h"

#include "fhir/build.h"
#include "fhir/bundle.h"
#include "fhir/format/json.h"
#include "src/net/egress.h"
#include "src/subscription/record.h"
#include "src/subscription/subscription.h"
#include "src/subscription/topic.h"

namespace alzette::subscription {
namespace {

using fhir::Kind;
using fhir::Outcome;
using fhir::Result;
using fhir::RuleSite;

constexpr std::size_t most_bytes = 64u << 10;  // a subscription is kept in memory while it lasts

Result<fhir::Incoming> resource_of(const fhir::Write& write, std::int64_t now) {
  auto bytes = std::make_shared<std::string>(fhir::stored_bytes(write.body, 1, now));
  auto incoming = fhir::receive(*bytes);
  if (incoming) incoming->keeps = bytes;
  return incoming;
}

Result<bool> check_endpoint(const RuleSite& site, const Subscription& wanted) {
  if (wanted.channel == Channel::websocket) return true;
  static const net::Egress nothing_private;
  const auto judged = site.may_send ? site.may_send(wanted.endpoint) : nothing_private.may_send(wanted.endpoint);
  if (judged) return true;
  return Outcome(Kind::unprocessable, "business-rule", judged.outcome().issues.front().diagnostics,
                 "Subscription.channel.endpoint");
}

// Whether what is asked for is what was asked for before: then it goes on as it is.
bool same_request(const fhir::Node& before, const fhir::Node& now) {
  std::string texts[2];
  const fhir::Node* both[2] = {&before, &now};
  for (int i = 0; i < 2; ++i)
    for (const auto* name : {"criteria", "channel"})
      if (const auto* child = both[i]->child(name)) {
        fhir::Node alone = *child;
        alone.next = nullptr;
        fhir::json::write(alone, texts[i]);
      }
  return texts[0] == texts[1];
}

// The status that the resource is stored with: to be active is asked for, unless it is so already.
Status status_to_store(const RuleSite& site, const fhir::Write& write, const fhir::Node& resource,
                       const Subscription& wanted) {
  if (wanted.status != Status::active) return wanted.status;
  const auto stored = site.snapshot.read(site.access, *write.type, write.id);
  const auto before = stored ? fhir::receive(stored->body) : Result<fhir::Incoming>(stored.outcome());
  const bool unchanged = before && before->resource->value_of("status") == word_of(Status::active) &&
                         same_request(*before->resource, resource);
  return unchanged ? Status::active : Status::requested;
}

Result<bool> obey_subscription(const RuleSite& site, fhir::Batch& batch, std::size_t at) {
  auto& write = batch.writes[at];
  if (write.method == fhir::Method::remove) return true;
  if (write.body.bytes.size() > most_bytes)
    return Outcome(Kind::too_large, "too-long", "A Subscription may have 64 KiB", "Subscription");
  const auto incoming = resource_of(write, site.now);
  if (!incoming) return incoming.outcome();
  auto& resource = *incoming->resource;
  const auto wanted = read(resource, site.base);
  if (!wanted) return wanted.outcome();
  if (auto allowed = check_endpoint(site, *wanted); !allowed) return allowed;
  if (!wanted->topic.empty())
    if (auto topic = find_topic(site.snapshot, site.access, wanted->topic, wanted->topic_version); !topic)
      return std::move(topic.outcome());
  const bool asked = wanted->status == Status::requested || wanted->status == Status::active;
  if (wanted->end && *wanted->end <= site.now && asked)
    return Outcome(Kind::unprocessable, "value", "The subscription would have ended already", "Subscription.end");
  for (const auto& filter : wanted->filters)
    if (!site.access.may(fhir::Verb::search, filter.type->name))
      return Outcome(Kind::forbidden, "forbidden", "You may not search " + std::string(filter.type->name.view()));
  const auto status = status_to_store(site, write, resource, *wanted);
  if (status != wanted->status) {
    fhir::build::set(*incoming->arena, resource, "status", word_of(status));
    auto laid = fhir::lay_out(resource, write.id, write.method, site.base);
    if (!laid) return std::move(laid.outcome());
    write.body = std::move(laid->body);
    write.rows = std::move(laid->rows);
  }
  batch.notes.push_back(owner_note(write.id, {std::string(site.base), site.access}));
  return true;
}

Result<bool> obey_topic(const RuleSite& site, fhir::Batch& batch, std::size_t at) {
  const auto& write = batch.writes[at];
  if (write.method == fhir::Method::remove || write.body.bytes.find("SubscriptionTopic") == std::string::npos)
    return true;
  const auto incoming = resource_of(write, site.now);
  if (!incoming) return incoming.outcome();
  const auto topic = read_topic(*incoming->resource);
  if (!topic) return topic.outcome();
  return true;
}

}  // namespace

}  // namespace alzette::subscription

namespace fhir::rules {

extern constinit const Rule subscription{
    .name = "subscription", .types = "Subscription", .run = alzette::subscription::obey_subscription};
extern constinit const Rule subscription_topic{
    .name = "subscription-topic", .types = "Basic", .run = alzette::subscription::obey_topic};

}  // namespace fhir::rules
