// ITI-119 Patient Demographics Match, which Patient/$match answers (src/operation/match.cpp).
// IHE PDQm, https://profiles.ihe.net/ITI/PDQm/ITI-119.html
#include "ihe/restful.h"

namespace ihe {
namespace {

bool tell(const Site&, const Requested& requested, atna::Record& record) {
  record.interaction = "search";  // so the audit profiles of PDQm have it
  record.told.query = as_asked(requested);
  return true;
}

}  // namespace

extern constinit const Restful iti119{.id = "ITI-119",
                                      .name = "Patient Demographics Match",
                                      .actor = "Patient Demographics Supplier",
                                      .audit = {atna::rest, 'E'},
                                      .interactions = "operation",
                                      .type = "Patient",
                                      .operation = "match",
                                      .tell = tell};

}  // namespace ihe
