// document: the Bundle that a Composition and everything it speaks of make, perhaps stored.
// FHIR R4: http://hl7.org/fhir/R4/composition-operation-document.html, http://hl7.org/fhir/R4/documents.html#content
#include <deque>
#include <unordered_set>

#include "fhir/bind.h"
#include "fhir/bundle.h"
#include "fhir/format/json.h"
#include "fhir/value.h"
#include "src/operation/operation.h"
#include "src/operation/refusal.h"
#include "src/rest/incoming.h"
#include "src/rest/reply.h"

namespace alzette::operation {
namespace {

using fhir::Kind;
using fhir::Node;
using fhir::Outcome;

constexpr std::size_t most_resources = 1'000;

// The composition first, then what it refers to and what that refers to, as long as it lives here.
class Assembly {
 public:
  explicit Assembly(const rest::Call& call) : call_(call) {}

  fhir::Result<std::string> of(fhir::Version composition) {
    waiting_.push_back(std::move(composition));
    names_.insert(name_of(waiting_.front()));
    std::string entries;
    while (!waiting_.empty()) {
      const auto version = std::move(waiting_.front());
      waiting_.pop_front();
      if (auto done = follow(version); !done) return std::move(done.outcome());
      entries.append(entries.empty() ? "{\"fullUrl\":" : ",{\"fullUrl\":");
      fhir::json::write_string(std::string(call_.base) + "/" + name_of(version), entries);
      entries.append(",\"resource\":").append(version.body).append("}");
    }
    return entries;
  }

 private:
  static std::string name_of(const fhir::Version& version) {
    return std::string(version.type->name.view()) + "/" + version.id;
  }

  fhir::Result<bool> follow(const fhir::Version& version) {
    fhir::Arena arena(version.body.size() * 4 + 1024);
    auto raw = fhir::json::parse(version.body, arena);
    std::vector<fhir::Issue> issues;
    const Node* resource = raw ? fhir::bind(*raw, arena, issues) : nullptr;
    return resource ? walk(*resource) : fhir::Result<bool>(true);
  }

  fhir::Result<bool> walk(const Node& node) {
    if (node.type && node.type->name.view() == "Reference")
      if (auto done = take(node.value_of("reference")); !done) return done;
    for (const Node& child : node)
      if (auto done = walk(child); !done) return done;
    return true;
  }

  // What is not here, or not to be seen, stays a reference.
  fhir::Result<bool> take(std::string_view reference) {
    const auto literal = fhir::parse_reference(reference);
    if (!literal || literal->type.empty() || (!literal->base.empty() && literal->base != call_.base)) return true;
    const auto* type = fhir::definitions().resource(literal->type);
    if (!type || !call_.access.may(fhir::Verb::read, type->name)) return true;
    if (!names_.insert(std::string(literal->type) + "/" + std::string(literal->id)).second) return true;
    auto version = call_.snapshot.read(call_.access, *type, literal->id);
    if (!version) return true;
    if (++taken_ >= most_resources)
      return Outcome(Kind::too_costly, "too-costly",
                     "The document would hold more than " + std::to_string(most_resources) + " resources");
    waiting_.push_back(std::move(*version));
    return true;
  }

  const rest::Call& call_;
  std::deque<fhir::Version> waiting_;
  std::unordered_set<std::string> names_;
  std::size_t taken_ = 0;
};

// The composition's id: of the path, or a parameter that may be an address on this server.
fhir::Result<std::string> composition_id(const rest::Call& call, const Input& input) {
  const auto given = input.text("id");
  if (!call.id.empty() && !given.empty())
    return Outcome(Kind::malformed, "invalid", "id may not be given where the address names the composition", "id");
  if (!call.id.empty()) return std::string(call.id);
  if (given.empty())
    return Outcome(Kind::malformed, "required", "$document needs the id of a Composition", place_of("id"));
  if (rest::is_id(given)) return std::string(given);
  const auto literal = fhir::parse_reference(given);
  const bool here = literal && literal->type == "Composition" && (literal->base.empty() || literal->base == call.base);
  if (!here)
    return Outcome(Kind::malformed, "not-supported", "Only compositions of this server make documents here",
                   place_of("id"));
  return std::string(literal->id);
}

fhir::Result<rest::Plan> store(const rest::Call& call, const std::string& text, const std::string& id) {
  if (!call.access.may(fhir::Verb::create, "Bundle"))
    return Outcome(Kind::forbidden, "forbidden", "Not allowed on Bundle");
  auto incoming = rest::receive(text);
  if (!incoming) return std::move(incoming.outcome());
  auto write = rest::prepare(*incoming->resource, id, fhir::Method::create, call.base);
  if (!write) return std::move(write.outcome());
  write->if_version = 0;
  fhir::Batch batch{call.access, {}, {}};
  batch.writes.push_back(std::move(*write));
  return rest::written_plan({std::string(call.base), rest::Return::representation, "Bundle", id}, std::move(batch));
}

fhir::Result<rest::Plan> run(const rest::Call& call, const Input& input) {
  if (!input.text("graph").empty())
    return Outcome(Kind::malformed, "not-supported", "Documents are made without a GraphDefinition here",
                   place_of("graph"));
  const auto id = composition_id(call, input);
  if (!id) return id.outcome();
  auto composition = call.snapshot.read(call.access, *call.type, *id);
  if (!composition) return std::move(composition.outcome());
  auto entries = Assembly(call).of(std::move(*composition));
  if (!entries) return std::move(entries.outcome());
  const auto bundle_id = call.ids.next(call.now);
  std::string text = R"({"resourceType":"Bundle","id":")" + bundle_id;
  text += R"(","identifier":{"system":"urn:ietf:rfc:3986","value":)";
  fhir::json::write_string(std::string(call.base) + "/Bundle/" + bundle_id, text);
  text += R"(},"type":"document","timestamp":")" + fhir::instant_text(call.now);
  text += R"(","entry":[)" + *entries + "]}";
  if (input.flag("persist")) return store(call, text, bundle_id);
  return rest::Plan(rest::json_reply(200, std::move(text)));
}

}  // namespace

// It stores when it is asked to, and then by POST as well as by GET: the definition does not say that it affects state.
extern constinit const Operation document{.code = "document",
                                          .definition = "http://hl7.org/fhir/OperationDefinition/Composition-document",
                                          .levels = on_type | on_instance,
                                          .types = "Composition",
                                          .lane = rest::Lane::worker,
                                          .run = run};

}  // namespace alzette::operation
