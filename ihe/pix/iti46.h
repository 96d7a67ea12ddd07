// ITI-46 PIXV3 Update Notification: PRPA_IN201302UV02 to a consumer, as ITI-10 by HL7 v2. IHE ITI TF-2 3.46.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/outcome.h"
#include "ihe/pix/iti10.h"

namespace ihe::pix {

// An envelope for each of the news that ITI-10 would tell. `token` gives 32 random hexadecimal digits.
fhir::Result<std::vector<Notification>> notifications_v3(const Site& site, const Consumer& consumer,
                                                         const fhir::Version& version,
                                                         const std::function<std::string()>& token);
inline constexpr std::string_view notification_v3_type =
    "application/soap+xml; charset=UTF-8; action=\"urn:hl7-org:v3:PRPA_IN201302UV02\"";

// Whether the consumer's answer says that the message was taken, or that it never will be.
enum class Taken { yes, never, not_yet };
Taken taken_v2(std::string_view answer);
Taken taken_v3(int status, std::string_view answer);

}  // namespace ihe::pix
