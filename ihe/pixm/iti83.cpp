// ITI-83 Mobile Patient Identifier Cross-reference Query, which Patient/$ihe-pix answers (src/operation/ihe_pix.cpp).
// IHE PIXm, https://profiles.ihe.net/ITI/PIXm/ITI-83.html
#include "ihe/restful.h"

namespace ihe {
namespace {

constexpr std::string_view source = "sourceIdentifier";

// By POST the parameters stand in the body.
bool tell(const Site&, const Requested& requested, atna::Record& record) {
  record.interaction = "search";  // so the audit profiles of PIXm have it
  record.told.query = as_asked(requested);
  for (const auto& [name, value] : requested.parameters)
    if (name == source) record.told.patients.push_back(value);
  const auto sent = sent_in(requested);
  if (!sent) return true;
  for (const auto& parameter : *sent->resource)
    if (parameter.name == "parameter" && parameter.value_of("name") == source)
      record.told.patients.emplace_back(parameter.value_of("valueString"));
  return true;
}

}  // namespace

extern constinit const Restful iti83{.id = "ITI-83",
                                     .name = "Mobile Patient Identifier Cross-reference Query",
                                     .actor = "Patient Identifier Cross-reference Manager",
                                     .audit = {atna::rest, 'E'},
                                     .interactions = "operation",
                                     .type = "Patient",
                                     .operation = "ihe-pix",
                                     .tell = tell};

}  // namespace ihe
