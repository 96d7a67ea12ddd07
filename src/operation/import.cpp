// $import: begins a job that takes NDJSON files in from the addresses that it is given.
//   {"inputFormat":"application/fhir+ndjson","inputSource":"…","storageDetail":{"type":"https"},
//    "input":[{"type":"Patient","url":"https://…"}]}
// or Parameters with the same names. https://github.com/smart-on-fhir/bulk-import
#include "src/job/import.h"

#include <algorithm>

#include "fhir/format/json.h"
#include "src/job/status.h"
#include "src/net/egress.h"
#include "src/operation/operation.h"
#include "src/rest/reply.h"

namespace alzette::operation {
namespace {

using fhir::Kind;
using fhir::Node;
using fhir::Outcome;
using fhir::Result;

constexpr std::size_t most_sources = 1000;

Outcome invalid(std::string text) { return {Kind::malformed, "invalid", std::move(text)}; }

// The value of a part or parameter, whatever its value[x].
std::string_view value_of(const Node& parameter) {
  for (const auto& child : parameter)
    if (child.name.starts_with("value")) return child.text;
  return {};
}

class Reader {
 public:
  explicit Reader(const rest::Call& call) : call_(call) {}

  Result<job::Import> read(const Node& root) {
    wanted_.url = std::string(call_.base) + call_.request.target;
    auto done = root.value_of("resourceType") == "Parameters" ? read_parameters(root) : read_manifest(root);
    if (!done) return std::move(done.outcome());
    if (wanted_.urls.empty()) return invalid("$import needs at least one input with its type and url");
    return std::move(wanted_);
  }

 private:
  Result<bool> read_manifest(const Node& root) {
    for (const auto& member : root) {
      if (member.name == "input") {
        if (auto done = add(member.value_of("type"), member.value_of("url")); !done) return done;
      } else if (auto done = read_setting(member.name, member.text); !done) {
        return done;
      }
    }
    return true;
  }

  Result<bool> read_parameters(const Node& root) {
    for (const auto& parameter : root) {
      if (parameter.name != "parameter") continue;
      const auto name = parameter.value_of("name");
      if (name != "input") {
        if (auto done = read_setting(name, value_of(parameter)); !done) return done;
        continue;
      }
      std::string_view type, url;
      for (const auto& part : parameter) {
        if (part.name != "part") continue;
        if (part.value_of("name") == "type") type = value_of(part);
        if (part.value_of("name") == "url") url = value_of(part);
      }
      if (auto done = add(type, url); !done) return done;
    }
    return true;
  }

  Result<bool> read_setting(std::string_view name, std::string_view value) const {
    if (name == "inputFormat") {
      if (value == "application/fhir+ndjson" || value == "application/ndjson" || value == "ndjson") return true;
      return invalid("inputFormat: only application/fhir+ndjson is read");
    }
    if (name == "inputSource" || name == "storageDetail" || name == "resourceType") return true;
    if (rest::lenient(call_.request)) return true;
    return Outcome(Kind::malformed, "not-supported",
                   "$import has no parameter \"" + std::string(name) +
                       "\"; it takes inputFormat, inputSource, storageDetail and input");
  }

  Result<bool> add(std::string_view type, std::string_view url) {
    if (!fhir::definitions().resource(type))
      return invalid("input: \"" + std::string(type) + "\" is not a resource type of FHIR R4");
    for (const auto verb : {fhir::Verb::create, fhir::Verb::update})
      if (!call_.access.may(verb, type))
        return Outcome(Kind::forbidden, "forbidden", "you may not write " + std::string(type));
    if (wanted_.urls.size() == most_sources)
      return Outcome(Kind::malformed, "too-costly", "More than " + std::to_string(most_sources) + " sources");
    auto endpoint = call_.egress->judge(url);
    if (!endpoint) return std::move(endpoint.outcome());
    wanted_.types.emplace_back(type);
    wanted_.urls.emplace_back(url);
    return true;
  }

  const rest::Call& call_;
  job::Import wanted_;
};

Result<rest::Plan> run(const rest::Call& call, const Input&) {
  if (!call.egress) return Outcome(Kind::unsupported, "not-supported", "This server takes in no files from elsewhere");
  if (!rest::respond_async(call.request))
    return Outcome(Kind::malformed, "required", "$import works in the background: send Prefer: respond-async");
  fhir::Arena arena;
  const auto root = fhir::json::parse(call.request.body, arena);
  if (!root) return root.outcome();
  auto wanted = Reader(call).read(**root);
  if (!wanted) return std::move(wanted.outcome());
  return job::kick_off(call, job::import_kind, job::to_text(*wanted));
}

}  // namespace

extern constinit const Operation bulk_import{
    .code = "import",
    .definition = "https://smarthealthit.org/fhir/OperationDefinition/bulk-import",
    .levels = on_system,
    .types = "",
    .lane = rest::Lane::worker,
    .affects_state = true,
    .raw = true,
    .run = run};

}  // namespace alzette::operation
