// ITI-66 Find Document Lists: a search of List for a patient. IHE MHD 4.2, 3.66.
#include "ihe/restful.h"

namespace ihe {

extern constinit const Restful iti66{.id = "ITI-66",
                                     .name = "Find Document Lists",
                                     .actor = "Document Responder",
                                     .audit = {atna::rest, 'E'},
                                     .interactions = "search-type",
                                     .type = "List",
                                     .asks = true,
                                     .tell = tell_search};

}  // namespace ihe
