// ITI-67 Find Document References: a search of DocumentReference for a patient. IHE MHD 4.2, 3.67.
#include "ihe/restful.h"

namespace ihe {
namespace {

bool tell(const Site&, const Requested& requested, atna::Record& record) {
  record.told.query = as_asked(requested);
  record.told.patients = patients_asked(requested.parameters, "patient");
  return !record.told.patients.empty();
}

}  // namespace

extern constinit const Restful iti67{.id = "ITI-67",
                                     .name = "Find Document References",
                                     .actor = "Document Responder",
                                     .audit = {"110112", 'E'},
                                     .interactions = "search-type",
                                     .type = "DocumentReference",
                                     .asks = true,
                                     .tell = tell};

}  // namespace ihe
