// ITI-105 Simplified Publish: the create of a DocumentReference that brings its document.
// IHE MHD 4.2, 3.105.
#include "ihe/restful.h"

namespace ihe {
namespace {

bool tell(const Site& site, const Requested& requested, atna::Record& record) {
  return provides_documents(requested) && tell_publication(site, requested, record);
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
