// Grants: which verbs on which resource types.
#include "fhir/access.h"

#include <algorithm>

namespace fhir {

bool Access::may(Verb verb, std::string_view type) const {
  return std::any_of(grants.begin(), grants.end(), [&](const Grant& grant) {
    return (grant.type == "*" || grant.type == type) &&
           std::find(grant.verbs.begin(), grant.verbs.end(), verb) != grant.verbs.end();
  });
}

Access Access::local_developer() {
  Access access;
  access.subject = "local developer";
  access.role = "developer";
  access.grants.push_back({"*", {Verb::read, Verb::search, Verb::create, Verb::update, Verb::remove, Verb::operate}});
  return access;
}

}  // namespace fhir
