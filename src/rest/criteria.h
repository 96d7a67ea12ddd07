// The criteria of conditional interactions, and the resource that a request carries.
// FHIR R4: http://hl7.org/fhir/R4/http.html#cond-update
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/outcome.h"
#include "fhir/search/query.h"
#include "fhir/store.h"
#include "src/rest/incoming.h"

namespace alzette::rest {

struct Call;

struct Found {
  fhir::Expectation expectation;  // for the writer: still finds exactly this
  std::string given_to = {};      // of several Patients the one to whom the identifier was given, see find_one
  const std::string& id() const { return given_to.empty() ? expectation.ids.front() : given_to; }
  bool none() const { return expectation.ids.empty(); }
};

// The one resource, or none, that meets the criteria. Refuses empty criteria (412) and more than one match (412). A
// Patient that adopted the identifier when another one was merged into it is none, so that a merge may be sent again.
// `meanings`: of codes, null where nobody knows them.
fhir::Result<Found> find_one(fhir::Snapshot& snapshot, const fhir::Access& access, const fhir::Type& type,
                             const fhir::search::Parameters& criteria, std::string_view base,
                             const fhir::search::Meanings* meanings);
// The criteria of a text as in If-None-Exist and request.url, "identifier=a|b&active=true", less what may stand before
// them: "?", or the address of what they are asked of ("Patient?", "http://host/fhir/Patient?").
std::string_view bare_criteria(std::string_view text, const fhir::Type& type, std::string_view base);
fhir::Result<fhir::search::Query> read_criteria(const fhir::Type& type, std::string_view text, std::string_view base,
                                                const fhir::search::Meanings* meanings);

fhir::Result<Found> find_one(fhir::Snapshot& snapshot, const fhir::Access& access, fhir::search::Query query);
// The same from text.
fhir::Result<Found> find_one(fhir::Snapshot& snapshot, const fhir::Access& access, const fhir::Type& type,
                             std::string_view criteria, std::string_view base, const fhir::search::Meanings* meanings);

// What a create or update sends, of the type that the path names. A body of any media type for Binary becomes one.
fhir::Result<std::shared_ptr<Incoming>> resource_of(const Call& call);

// The parameters of a call that are not about the form of the answer (_format, _pretty).
fhir::search::Parameters without_format(const fhir::search::Parameters& parameters);

// Refuses a parameter where none is understood.
fhir::Result<bool> no_parameters(const Call& call);

}  // namespace alzette::rest
