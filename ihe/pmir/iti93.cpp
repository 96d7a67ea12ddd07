// ITI-93 Mobile Patient Identity Feed, which $process-message takes (src/operation/process_message.cpp).
// IHE PMIR, https://profiles.ihe.net/ITI/PMIR/ITI-93.html
#include "ihe/identity/authority.h"
#include "ihe/restful.h"

namespace ihe {
namespace {

constexpr std::string_view event = "urn:ihe:iti:pmir:2019:patient-feed";

// The MessageHeader as the message names it: by its id, else by its place in the message; "" when there is none. The
// message is what was posted, or its parameter.
std::string header_in(const Requested& requested) {
  const auto sent = sent_in(requested);
  const auto* content = sent ? sent->resource->child("parameter") : nullptr;
  const auto* bundle = content ? content->child("resource") : sent ? sent->resource : nullptr;
  const auto* entry = bundle ? bundle->child("entry") : nullptr;
  const auto* header = entry ? entry->child("resource") : nullptr;
  if (!header) return {};
  const auto id = header->value_of("id");
  return id.empty() ? std::string(entry->value_of("fullUrl")) : "MessageHeader/" + std::string(id);
}

bool tell(const Site&, const Requested& requested, atna::Record& record) {
  if (auto header = header_in(requested); !header.empty())
    record.told.objects.push_back({"MessageHeader", std::move(header), event});
  for (const auto& write : requested.writes)
    if (write.type->name.view() == "Patient") record.told.patients.push_back("Patient/" + write.id);
  return true;
}

// Of which patient it is said, the message has many.
fhir::Result<bool> demand(const Site& site, const Requested&, std::span<fhir::Write> writes) {
  for (const auto& write : writes) {
    if (write.type->name.view() != "Patient" || write.method == fhir::Method::remove) continue;
    auto done = identity::check_authorities(site, write);
    if (done) continue;
    for (auto& issue : done.outcome().issues) issue.diagnostics.insert(0, "Patient/" + write.id + ": ");
    return done;
  }
  return true;
}

}  // namespace

extern constinit const Restful iti93{.id = "ITI-93",
                                     .name = "Mobile Patient Identity Feed",
                                     .actor = "Patient Identity Registry",
                                     .audit = {"110110", 'E'},
                                     .interactions = "operation",
                                     .operation = "process-message",
                                     .tell = tell,
                                     .demand = demand};

}  // namespace ihe
