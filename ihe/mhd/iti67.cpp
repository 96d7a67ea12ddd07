// ITI-67 Find Document References: a search of DocumentReference for a patient. IHE MHD 4.2, 3.67.
#include "ihe/restful.h"

namespace ihe {

extern constinit const Restful iti67{.id = "ITI-67",
                                     .name = "Find Document References",
                                     .actor = "Document Responder",
                                     .audit = {"110112", 'E'},
                                     .interactions = "search-type",
                                     .type = "DocumentReference",
                                     .asks = true,
                                     .tell = tell_search};

}  // namespace ihe
