// document: the Bundle that a Composition and everything it speaks of make, perhaps stored.
// FHIR R4: http://hl7.org/fhir/R4/composition-operation-document.html, http://hl7.org/fhir/R4/documents.html#content
#include <algorithm>
#include <array>
#include <unordered_set>

#include "fhir/bundle.h"
#include "fhir/format/json.h"
#include "fhir/utf8.h"
#include "fhir/value.h"
#include "src/operation/operation.h"
#include "src/operation/reach.h"
#include "src/operation/refusal.h"
#include "src/rest/incoming.h"
#include "src/rest/reply.h"

namespace alzette::operation {
namespace {

using fhir::Kind;
using fhir::Node;
using fhir::Outcome;

constexpr std::size_t most_resources = 1'000;

struct Named {
  std::string_view below, name;  // "" = of the composition itself
};
// What a document must hold. FHIR R4: http://hl7.org/fhir/R4/documents.html#content
constexpr std::array<Named, 9> must_hold{{{"", "subject"},
                                          {"", "encounter"},
                                          {"", "author"},
                                          {"attester", "party"},
                                          {"", "custodian"},
                                          {"event", "detail"},
                                          {"section", "author"},
                                          {"section", "focus"},
                                          {"section", "entry"}}};

void collect_named(const Node& node, std::string_view place, std::vector<std::string_view>& references) {
  for (const Node& child : node) {
    const bool named = std::any_of(must_hold.begin(), must_hold.end(),
                                   [&](const Named& each) { return each.below == place && each.name == child.name; });
    const auto reference = named ? child.value_of("reference") : std::string_view();
    if (!reference.empty() && reference[0] != '#') references.push_back(reference);
    if (child.name == "attester" || child.name == "event" || child.name == "section")
      collect_named(child, child.name, references);
  }
}

// The composition first, then what it names, and what either the graph or all references reach from there.
class Assembly {
 public:
  explicit Assembly(const rest::Call& call) : call_(call), resources_(call) {}

  fhir::Result<std::string> of(fhir::Version version, std::string_view graph) {
    const Node* composition = resources_.take(std::make_shared<fhir::Version>(std::move(version)));
    auto done = add(composition);
    if (done) done = add_named(*composition);
    if (done) done = graph.empty() ? add_referenced() : add_reached(*composition, graph);
    if (!done) return std::move(done.outcome());
    return entries();
  }

 private:
  fhir::Result<bool> add(const Node* resource) {
    if (!known_.insert(resource).second) return true;
    found_.push_back(resource);
    if (found_.size() <= most_resources) return true;
    return Outcome(Kind::too_costly, "too-costly",
                   "The document would hold more than " + std::to_string(most_resources) + " resources");
  }

  fhir::Result<bool> add_named(const Node& composition) {
    std::vector<std::string_view> references;
    collect_named(composition, {}, references);
    for (const auto reference : references) {
      const Node* resource = resources_.read(reference);
      if (!resource)
        return Outcome(
            Kind::unprocessable, "not-found",
            "A document holds whatever its composition names: there is no " + fhir::shortened(reference) + " here",
            "Composition");
      if (auto done = add(resource); !done) return done;
    }
    return true;
  }

  // Beyond what the composition names, what is not here, or not to be seen, stays a reference.
  fhir::Result<bool> add_referenced() {
    for (std::size_t at = 0; at < found_.size(); ++at)
      for (const auto reference : references_of(*found_[at]))
        if (const Node* resource = resources_.read(reference))
          if (auto done = add(resource); !done) return done;
    return true;
  }

  fhir::Result<bool> add_reached(const Node& composition, std::string_view graph) {
    const auto reached = reach(call_, composition, graph, resources_);
    if (!reached) return reached.outcome();
    for (const auto* resource : *reached)
      if (auto done = add(resource); !done) return done;
    return true;
  }

  std::string entries() const {
    std::string out;
    for (const auto* resource : found_) {
      const auto* version = resources_.version_of(*resource);
      if (!version) continue;
      out.append(out.empty() ? "{\"fullUrl\":" : ",{\"fullUrl\":");
      fhir::json::write_string(
          std::string(call_.base) + "/" + std::string(version->type->name.view()) + "/" + version->id, out);
      out.append(",\"resource\":").append(version->body).append("}");
    }
    return out;
  }

  const rest::Call& call_;
  Resources resources_;
  std::vector<const Node*> found_;
  std::unordered_set<const Node*> known_;
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
  const auto id = composition_id(call, input);
  if (!id) return id.outcome();
  auto composition = call.snapshot.read(call.access, *call.type, *id);
  if (!composition) return std::move(composition.outcome());
  auto entries = Assembly(call).of(std::move(*composition), input.text("graph"));
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
