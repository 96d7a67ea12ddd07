// Subscription/[id]/$events: events told again, those from one number to another, as far as they are remembered.
// Subscriptions R5 Backport 1.1.0: OperationDefinition-backport-subscription-events
#include <charconv>

#include "src/operation/refusal.h"
#include "src/operation/subscriptions.h"
#include "src/rest/reply.h"
#include "src/subscription/delivery.h"

namespace alzette::operation {
namespace {

using fhir::Kind;
using fhir::Outcome;
using fhir::Result;

constexpr std::uint32_t most_events = 1000;    // of one answer
constexpr std::size_t most_bytes = 16u << 20;  // of the resources in it

// Nothing where it is not given.
Result<std::optional<std::uint64_t>> number_of(const Input& input, std::string_view name) {
  const auto text = input.text(name);
  if (text.empty()) return std::optional<std::uint64_t>();
  std::uint64_t number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size())
    return Outcome(Kind::malformed, "value", std::string(name) + " is the number of an event: 1, 2, 3 …",
                   place_of(name));
  return std::optional(number);
}

Result<rest::Plan> run(const rest::Call& call, const Input& input) {
  const auto since = number_of(input, "eventsSinceNumber");
  if (!since) return since.outcome();
  const auto until = number_of(input, "eventsUntilNumber");
  if (!until) return until.outcome();
  const auto found = subscriptions_of(call, input);
  if (!found) return found.outcome();
  const auto& one = found->front();
  auto content = one.wanted.topic.empty() ? subscription::Content::id_only : one.wanted.content;
  if (const auto asked = input.text("content"); !asked.empty()) {
    const auto known = subscription::content_of(asked);
    if (!known)
      return Outcome(Kind::malformed, "value", "content is empty, id-only or full-resource", place_of("content"));
    content = std::min(content, *known);  // never more than the subscription itself would tell
  }
  auto events = subscription::events_of(call.snapshot, call.id, since->value_or(1), most_events);
  const auto& last = *until;
  while (!events.empty() && last && events.back().number > *last) events.pop_back();
  const auto told = subscription::told_of(call.snapshot, call.access, events, most_bytes);
  auto standing = one.standing(call.base, "query-event");
  if (content == subscription::Content::empty) standing.topic = {};
  return rest::Plan(
      rest::json_reply(200, subscription::notification(standing, told, content, subscription::make_uuid(), call.now)));
}

}  // namespace

extern constinit const Operation subscription_events{
    .code = "events",
    .definition = "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-events",
    .levels = on_instance,
    .types = "Subscription",
    .lane = rest::Lane::worker,
    .run = run};

}  // namespace alzette::operation
