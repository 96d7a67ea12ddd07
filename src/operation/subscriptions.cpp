#include "src/operation/subscriptions.h"

#include "fhir/search/query.h"

namespace alzette::operation {
namespace {

using fhir::Kind;
using fhir::Outcome;
using fhir::Result;

constexpr std::uint32_t most = 1000;

Result<Subscribed> read_subscribed(const rest::Call& call, std::string_view id) {
  const auto version = call.snapshot.read(call.access, *fhir::definitions().resource("Subscription"), id);
  if (!version) return version.outcome();
  const auto incoming = fhir::receive(version->body);
  if (!incoming) return incoming.outcome();
  auto wanted = subscription::read(*incoming->resource, call.base);
  if (!wanted) return std::move(wanted.outcome());
  const auto counted = subscription::counted_of(call.snapshot, id);
  return Subscribed{std::move(*wanted), std::string(incoming->resource->value_of("error")),
                    counted ? counted->events : 0};
}

Result<std::vector<std::string>> ids_of(const rest::Call& call, const Input& input) {
  if (!call.id.empty()) return std::vector{call.id};
  std::vector<std::string> ids;
  for (const auto* id : input.all("id"))
    if (id->value) ids.emplace_back(id->value->text);
  if (!ids.empty()) return ids;
  const auto all = fhir::search::parse(fhir::definitions().resource("Subscription"), {}, call.base, false);
  if (!all) return all.outcome();
  return call.snapshot.find(call.access, *all, most);
}

}  // namespace

subscription::Standing Subscribed::standing(std::string_view base, std::string_view type) const {
  return {base, wanted.id, wanted.topic, wanted.status, type, events, error};
}

Result<std::vector<Subscribed>> subscriptions_of(const rest::Call& call, const Input& input) {
  auto ids = ids_of(call, input);
  if (!ids) return std::move(ids.outcome());
  const auto statuses = input.all("status");
  const auto wanted = [&](const Subscribed& one) {
    if (!call.id.empty() || statuses.empty()) return true;
    for (const auto* status : statuses)
      if (status->value && status->value->text == subscription::word_of(one.wanted.status)) return true;
    return false;
  };
  std::vector<Subscribed> found;
  for (const auto& id : *ids) {
    auto one = read_subscribed(call, id);
    if (!one && !call.id.empty()) return std::move(one.outcome());
    if (one && wanted(*one)) found.push_back(std::move(*one));
  }
  return found;
}

}  // namespace alzette::operation
