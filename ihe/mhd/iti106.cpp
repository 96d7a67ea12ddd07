// ITI-106 Generate Metadata: a document that publishes itself (src/operation/generate_metadata.cpp).
// IHE MHD 4.2, 3.106.
#include "ihe/restful.h"

namespace ihe {
namespace {

bool tell(const Site&, const Requested& requested, atna::Record& record) {
  record.interaction = "create";
  const auto* entry = written(requested, "DocumentReference");
  if (!entry) return true;
  if (!entry->patient.empty()) record.told.patients.push_back("Patient/" + entry->patient);
  record.objects.push_back({"4", "DocumentReference/" + entry->id});
  return true;
}

}  // namespace

extern constinit const Restful iti106{.id = "ITI-106",
                                      .name = "Generate Metadata",
                                      .actor = "Document Recipient",
                                      .audit = {atna::rest, 'C'},
                                      .interactions = "operation",
                                      .type = "DocumentReference",
                                      .operation = "generate-metadata",
                                      .tell = tell};

}  // namespace ihe
