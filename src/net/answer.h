// An answer as bytes: status line, header fields and, where the client takes it, the gzip form of the body.
// RFC 9112 §4; RFC 9110 §8.4, §12.5.5.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/http.h"
#include "src/net/framing.h"

namespace alzette::net {

// What the head of an answer depends on besides the answer itself.
struct Exchange {
  bool head_only = false;  // HEAD: the length is told, the body is not sent
  bool keep_alive = true;
  bool http10 = false;
  bool takes_gzip = false;
  std::string id;  // X-Request-Id
};

// Replaces the body by its gzip form where that is allowed and worth it, and sets Content-Encoding and Vary.
void compress(Response& response, bool takes_gzip, std::uint32_t from);

// The head up to and with the empty line. Drops the body where none may be sent.
std::string head_of(Response& response, const Exchange& exchange, std::string_view date);

// The answer to a refused message: an OperationOutcome below /fhir, plain text elsewhere.
Response refusal_answer(const Refusal& refusal, bool fhir);

}  // namespace alzette::net
