// ITI-68 Retrieve Document: the read of a Binary that is the document of a registered entry; others are plain FHIR.
// IHE MHD 4.2, 3.68.
#include "fhir/incoming.h"
#include "ihe/restful.h"

namespace ihe {
namespace {

constexpr std::uint64_t effort = 1000;  // index rows: there is one entry, or a few

// The entry whose attachment is that Binary.
bool tell(const Site& site, const Requested& requested, atna::Record& record) {
  const auto document = "Binary/" + std::string(requested.id);
  const auto* type = fhir::definitions().resource("DocumentReference");
  const auto query = fhir::search::parse(type, {{"location", document}}, site.base, false);
  if (!query) return false;
  const auto page = site.snapshot.search(site.access, *query, 1, effort);
  if (!page || page->entries.empty()) return false;
  const auto entry = fhir::receive(page->entries.front().version->body);
  const auto* subject = entry ? entry->resource->child("subject") : nullptr;
  if (subject && subject->child("reference")) record.told.patients.emplace_back(subject->value_of("reference"));
  record.told.objects.push_back({"3", document});
  return true;
}

}  // namespace

extern constinit const Restful iti68{.id = "ITI-68",
                                     .name = "Retrieve Document",
                                     .actor = "Document Responder",
                                     .audit = {atna::rest, 'R'},
                                     .interactions = "read",
                                     .type = "Binary",
                                     .asks = true,
                                     .tell = tell};

}  // namespace ihe
