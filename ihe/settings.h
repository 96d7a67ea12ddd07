// How this deployment is set up, as the handlers of IHE see it.
#pragma once

#include "ihe/identity/domains.h"

namespace ihe {

struct Settings {
  identity::Domains domains;             // identifier domains: who gives patients their identifiers
  bool accept_unknown_domains = false;   // feeds may name an assigning authority that is not configured (test labs)
  bool accept_unknown_patients = false;  // submissions may name a patient that no feed told of (test labs)
};

}  // namespace ihe
