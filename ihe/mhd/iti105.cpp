// ITI-105 Simplified Publish: the create of a DocumentReference that brings its document.
// IHE MHD 4.2, 3.105.
#include "ihe/restful.h"

namespace ihe {
namespace {

bool tell(const Site&, const Requested& requested, atna::Record& record) {
  if (!provides_documents(requested)) return false;
  record.interaction = "create";
  const auto* entry = written(requested, "DocumentReference");
  if (!entry) return true;
  if (!entry->patient.empty()) record.told.patients.push_back("Patient/" + entry->patient);
  record.objects.push_back({"4", "DocumentReference/" + entry->id});
  return true;
}

}  // namespace

extern constinit const Restful iti105{.id = "ITI-105",
                                      .name = "Simplified Publish",
                                      .actor = "Document Recipient",
                                      .audit = {atna::rest, 'C'},
                                      .interactions = "create",
                                      .type = "DocumentReference",
                                      .tell = tell};

}  // namespace ihe
