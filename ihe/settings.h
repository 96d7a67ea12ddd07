// How this deployment is set up, as the handlers of IHE see it.
#pragma once

#include <memory>
#include <string>

#include "ihe/identity/domains.h"
#include "ihe/xds/affinity.h"

namespace ihe {

namespace match {
struct Weights;  // match/match.h
}

struct Settings {
  identity::Domains domains;             // identifier domains: who gives patients their identifiers
  bool accept_unknown_domains = false;   // feeds may name an assigning authority that is not configured (test labs)
  bool accept_unknown_patients = false;  // submissions may name a patient that no feed told of (test labs)
  std::shared_ptr<const match::Weights> weights;  // of record linkage; null: the built-in ones

  std::string repository_id = "1.3.182.2.4.1";    // repositoryUniqueId of our own documents
  std::string home_id = "1.3.182.2.4";            // homeCommunityId, without urn:oid:
  std::shared_ptr<const xds::Affinity> affinity;  // codes of the affinity domain; null: any
  bool affinity_enforce = false;                  // refuse other codes instead of warning of them
};

}  // namespace ihe
