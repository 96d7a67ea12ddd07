// ITI-94 Subscribe to Patient Updates: the Subscriptions whose channel is "message" (src/subscription/subscription.h).
// IHE PMIR, https://profiles.ihe.net/ITI/PMIR/ITI-94.html
#include "ihe/restful.h"

namespace ihe {
namespace {

char action_of(std::string_view interaction) {
  if (interaction == "create") return 'C';
  if (interaction == "read") return 'R';
  return interaction == "delete" ? 'D' : 'U';
}

// Nothing of what is no Subscription.
std::optional<bool> wants_messages(const fhir::Node& resource) {
  if (!resource.type || resource.type->name.view() != "Subscription") return std::nullopt;
  const auto* channel = resource.child("channel");
  return channel && channel->value_of("type") == "message";
}

// By the Subscription that was sent, else by the one that is asked for.
bool wants_messages(const Site& site, const Requested& requested) {
  if (const auto sent = sent_in(requested))
    if (const auto wants = wants_messages(*sent->resource)) return *wants;
  if (requested.id.empty()) return false;
  const auto stored = site.snapshot.read(site.access, *fhir::definitions().resource("Subscription"), requested.id);
  if (!stored || stored->deleted()) return false;
  const auto subscription = fhir::receive(stored->body);
  return subscription && wants_messages(*subscription->resource).value_or(false);
}

bool tell(const Site& site, const Requested& requested, atna::Record& record) {
  if (!wants_messages(site, requested)) return false;
  record.audit.action = action_of(requested.interaction);
  const auto* write = written(requested, "Subscription");
  const auto id = write ? write->id : std::string(requested.id);
  if (!id.empty()) record.told.objects.push_back({"4", "Subscription/" + id});
  return true;
}

}  // namespace

extern constinit const Restful iti94{.id = "ITI-94",
                                     .name = "Subscribe to Patient Updates",
                                     .actor = "Patient Identity Registry",
                                     .audit = {atna::rest, 'C'},
                                     .interactions = "create read update patch delete",
                                     .type = "Subscription",
                                     .tell = tell};

}  // namespace ihe
