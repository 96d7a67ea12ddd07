// ITI-93 Mobile Patient Identity Feed, which $process-message takes (src/operation/process_message.cpp).
// IHE PMIR, https://profiles.ihe.net/ITI/PMIR/ITI-93.html
#include "ihe/restful.h"

namespace ihe {
namespace {

bool tell(const Site&, const Requested& requested, atna::Record& record) {
  if (!requested.batch) return true;
  for (const auto& write : requested.batch->writes)
    if (write.type->name.view() == "Patient") record.told.patients.push_back("Patient/" + write.id);
  return true;
}

}  // namespace

extern constinit const Restful iti93{.id = "ITI-93",
                                     .name = "Mobile Patient Identity Feed",
                                     .actor = "Patient Identity Registry",
                                     .audit = {"110110", 'E'},
                                     .interactions = "operation",
                                     .operation = "process-message",
                                     .tell = tell};

}  // namespace ihe
