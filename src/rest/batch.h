// batch: each entry is a request of its own, run in process through the same rows.
// FHIR R4: http://hl7.org/fhir/R4/http.html#transaction
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "fhir/bundle.h"
#include "src/rest/interaction.h"

namespace alzette::rest {

// `unreadable`: by entry, why it could not be read; empty when all were.
fhir::Result<Plan> plan_batch(const Call& call, const std::shared_ptr<Incoming>& bundle,
                              std::vector<std::optional<fhir::Outcome>> unreadable = {});

// The request of an entry: `url` lies below the base; who asks and how is taken from the call.
Request part_request(const Call& call, std::string_view method, std::string_view url, Headers conditions);

// The reply to a part as an entry of the response bundle.
void append_part(const Response& reply, fhir::BundleWriter& bundle);

}  // namespace alzette::rest
