// Replies in FHIR's terms: resources with their headers, refusals with their OperationOutcome, conditional headers.
// FHIR R4: http://hl7.org/fhir/R4/http.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/outcome.h"
#include "fhir/store.h"
#include "src/http.h"
#include "src/rest/interaction.h"

namespace alzette::rest {

inline constexpr std::string_view fhir_json = "application/fhir+json; charset=utf-8";

int status_of(const fhir::Outcome& outcome);

Response json_reply(int status, std::string body);
Response refuse(const fhir::Outcome& outcome);

// `Prefer: return=…`, and `handling=…` where `lenient` is asked for.
enum class Return : std::uint8_t { unspecified, minimal, representation, operation_outcome };
Return preferred_return(const Request& request);
bool lenient(const Request& request);
bool respond_async(const Request& request);  // Prefer: respond-async

// 200 with ETag and Last-Modified; 304 when If-None-Match or If-Modified-Since say that the client has it.
Response read_reply(const Call& call, fhir::Version version);

// How a write is answered: 201 with Location or 200, the body as Prefer says.
struct Answer {
  std::string base;
  Return returns = Return::unspecified;
  std::string_view type;
  std::string id;
  std::string outcome = {};  // what an OperationOutcome that is wanted says; "": all is well
};
Answer answer_for(const Call& call, const fhir::Write& write);
// Commits `batch`, and answers for its first write.
Plan written_plan(Answer answer, fhir::Batch batch);

// A resource that was there already: conditional create.
Response found_reply(const Call& call, fhir::Version version);

std::string etag(std::int64_t version);  // W/"3"

// If-Match: the version that must be current, nothing when the header is missing; refuses what is no entity tag.
fhir::Result<std::optional<std::int64_t>> if_match(std::string_view header);

}  // namespace alzette::rest
