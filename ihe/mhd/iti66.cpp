// ITI-66 Find Document Lists: a search of List for a patient. IHE MHD 4.2, 3.66.
#include "ihe/restful.h"

namespace ihe {
namespace {

bool tell(const Site&, const Requested& requested, atna::Record& record) {
  record.told.query = as_asked(requested);
  record.told.patients = patients_asked(requested.parameters, "patient");
  return !record.told.patients.empty();
}

}  // namespace

extern constinit const Restful iti66{.id = "ITI-66",
                                     .name = "Find Document Lists",
                                     .actor = "Document Responder",
                                     .audit = {"110112", 'E'},
                                     .interactions = "search-type",
                                     .type = "List",
                                     .asks = true,
                                     .tell = tell};

}  // namespace ihe
