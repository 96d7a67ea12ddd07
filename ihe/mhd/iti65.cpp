// ITI-65 Provide Document Bundle: a transaction Bundle with a SubmissionSet (provide.h). IHE MHD 4.2, 3.65.
#include "ihe/restful.h"

namespace ihe {
namespace {

bool tell(const Site&, const Requested& requested, atna::Record& record) {
  if (!provides_documents(requested)) return false;
  const auto* set = written(requested, "List");
  if (!set) return true;
  if (!set->patient.empty()) record.told.patients.push_back("Patient/" + set->patient);
  record.told.objects.push_back({"20", "List/" + set->id});
  return true;
}

}  // namespace

extern constinit const Restful iti65{.id = "ITI-65",
                                     .name = "Provide Document Bundle",
                                     .actor = "Document Recipient",
                                     .audit = {"110107", 'C'},
                                     .interactions = "transaction batch",  // at one address: the Bundle decides
                                     .tell = tell};

}  // namespace ihe
