// What XDS actors answer, as XML for the body of the envelope. IHE ITI TF-3 4.2.4; ebRS 3.0 2.1.3; TF-2b 3.43.4.2.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fhir/outcome.h"
#include "ihe/transaction.h"
#include "ihe/wire/xml.h"
#include "ihe/xds/errors.h"
#include "ihe/xds/registry_object.h"

namespace ihe::xds {

inline constexpr std::string_view xds_ns = "urn:ihe:iti:xds-b:2007";

enum class Status : std::uint8_t { success, partial, failure };

// Success with errors is impossible: without results it is a failure, warnings aside.
std::string registry_response(const Errors& errors);
std::string query_response(const Errors& errors, const std::vector<const RegistryObjectIn<Shown>*>& results,
                           bool leaf_class);

// For answers that hold a RegistryResponse: opens, writes and closes it.
void write_registry_response(xml::Writer& to, Status status, const Errors& errors);

// The answer to what was refused outside of the rules: by the store, or by those of a resource's type.
Answer refuse_registry(const Message& message, const fhir::Outcome& outcome, const Moment& moment);
Answer refuse_repository(const Message& message, const fhir::Outcome& outcome, const Moment& moment);
Answer refuse_query(const Message& message, const fhir::Outcome& outcome, const Moment& moment);

// A fault of the store or of our own as an error of the registry; what may be sent again is said to be busy.
void add_failure(Errors& errors, const fhir::Outcome& outcome, bool repository);

}  // namespace ihe::xds
