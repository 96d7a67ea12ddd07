// ITI-106 Generate Metadata: a document that publishes itself (src/operation/generate_metadata.cpp).
// IHE MHD 4.2, 3.106.
#include "ihe/restful.h"

namespace ihe {

extern constinit const Restful iti106{.id = "ITI-106",
                                      .name = "Generate Metadata",
                                      .actor = "Document Recipient",
                                      .audit = {atna::rest, 'C'},
                                      .interactions = "operation",
                                      .type = "DocumentReference",
                                      .operation = "generate-metadata",
                                      .tell = tell_publication};

}  // namespace ihe
