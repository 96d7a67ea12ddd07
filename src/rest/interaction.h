// The row of one FHIR interaction. A handler is a plain function from a call and a snapshot to a plan: it cannot
// suspend, lock, log or read a clock. One file of this folder per interaction; each ends in its row:
//
//   extern constinit const Interaction read{.code = "read", .level = Level::instance, .method = "GET", ...};
//
// CMake collects the rows into the generated registry; router, CapabilityStatement and metrics read them.
// FHIR R4: http://hl7.org/fhir/R4/http.html
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/access.h"
#include "fhir/canonical.h"
#include "fhir/outcome.h"
#include "fhir/store.h"
#include "fhir/terminology/terminology.h"
#include "fhir/validate/profiles.h"
#include "ihe/settings.h"
#include "src/auth/seal.h"
#include "src/http.h"
#include "src/rest/incoming.h"
#include "src/rest/transact.h"

namespace alzette::operation {
struct Operation;
}
namespace alzette::net {
class Egress;
}

namespace alzette::rest {

enum class Level : std::uint8_t { system, type, instance, version };

// core: indexed work of microseconds, run inline on the connection's thread; worker: everything else; by_size: like
// core while the body is small (Door::Limits::core_body).
enum class Lane : std::uint8_t { core, by_size, worker };

struct Call {
  const Request& request;
  const fhir::Type* type = nullptr;                // from the path
  std::string id;                                  // from the path
  const fhir::Compartment* compartment = nullptr;  // from the path: of the resource `id`; `type` is what is asked for
  std::string version;                             // from the path, as written
  fhir::search::Parameters parameters;             // of the query (and of a form body), decoded, in order
  fhir::Snapshot& snapshot;
  const fhir::Access& access;
  std::string_view base;                              // "http://host:port/fhir", as the client addressed us
  std::int64_t now = 0;                               // milliseconds since 1970 UTC
  std::uint64_t effort = 0;                           // index rows a search may look at on this lane
  Ids& ids;                                           // logical ids for new resources
  const ihe::Settings& settings;                      // how this deployment is set up
  const auth::Seal& seal;                             // authenticates page tokens
  const fhir::Canonicals& canonicals;                 // conformance resources by their address
  const fhir::validate::Profiles& profiles;           // and profiles among them, compiled
  const fhir::terminology::Terminology& terminology;  // codes, value sets
  const Each& each;                                   // spreads work over the worker threads
  const fhir::search::Meanings* meanings = nullptr;   // what codes mean, for searches; null where nobody knows
  const net::Egress* egress = nullptr;                // what addresses of requests may be asked; null: none
  std::string_view job_folder = {};                   // where jobs keep their files; "" = there are none
  const operation::Operation* operation = nullptr;    // the row that the path names, for interactions on operations
  fhir::Format format = fhir::Format::json;           // of the request's body
  bool raw = false;                                   // a Binary is answered as its content
  const std::shared_ptr<Incoming>& body;  // an entry of a batch: its resource, already bound; otherwise null
  std::string_view header(std::string_view name) const { return find(request.headers, name); }
};

// A request made by a batch or transaction, run through the same rows in process.
struct Part {
  Request request;
  std::shared_ptr<Incoming> body;  // what is sent, already bound; may be null
  // "Bundle.entry[3]" of a transaction, which is refused, before anything is committed, where this part would be.
  std::string place = {};
};

// What came of a plan: the receipt of its batch, the replies of its parts, what was stored by the writes that the plan
// shows.
struct Effect {
  fhir::Receipt receipt;
  std::vector<Response> parts;
  std::vector<fhir::Body> bodies = {};
};

// What to do: commit `batch` if there is one, then run `parts` (those that write before those that read), then reply.
// `response` is the answer when there is neither. When the commit reports a transient conflict, the door opens a new
// snapshot and runs the handler again.
struct Plan {
  Response response;
  std::optional<fhir::Batch> batch;
  std::vector<Part> parts;
  std::function<Response(Effect&)> reply;
  std::size_t shown = 0;  // so many of the first writes are shown by the reply, as the rules of their types left them
  std::vector<fhir::Body> bodies = {};         // of these, once that is known
  std::vector<Conditional> conditionals = {};  // of a transaction
  bool claims_profile = false;  // a transaction or message, whose Bundle says which profile it conforms to

  Plan() = default;
  Plan(Response ready) : response(std::move(ready)) {}  // NOLINT(google-explicit-constructor)
};

struct Interaction {
  std::string_view code;  // as in CapabilityStatement: "read", "search-type", "history-instance", "transaction"
  Level level;
  std::string_view method;  // "GET", "POST", "PUT", "DELETE", "PATCH"
  std::string_view path;    // below the base: "[type]/[id]/_history/[vid]", "[type]/_search", ""
  Lane lane;
  fhir::Verb needs;
  fhir::Result<Plan> (*run)(const Call&);
  bool conditional = false;  // matched only without an id, with criteria (conditional update and delete)
  bool projects = false;     // reads _summary and _elements itself; to the answers of others the door applies them
};

// All rows, from the generated registry.cpp.
std::span<const Interaction* const> interactions();

}  // namespace alzette::rest
