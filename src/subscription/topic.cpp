#include "src/subscription/topic.h"

#include <algorithm>

#include "fhir/incoming.h"
#include "src/net/uri.h"

namespace alzette::subscription {
namespace {

using fhir::Kind;
using fhir::Node;
using fhir::Outcome;
using fhir::Result;

constexpr std::string_view types_system = "http://hl7.org/fhir/fhir-types";
constexpr std::uint32_t most_topics = 1000;

// "url" of http://hl7.org/fhir/5.0/StructureDefinition/extension-SubscriptionTopic.url, of 4.3 likewise; "" otherwise.
std::string_view element_of(const Node& extension) {
  constexpr std::string_view mark = "/StructureDefinition/extension-SubscriptionTopic.";
  const auto url = extension.value_of("url");
  const auto at = url.find(mark);
  return url.starts_with("http://hl7.org/fhir/") && at != url.npos ? url.substr(at + mark.size()) : std::string_view();
}

std::string_view value_of(const Node& extension) {
  for (const auto& child : extension)
    if (child.name.starts_with("value")) return child.text;
  return {};
}

// The first value of an extension within another.
std::string_view part_of(const Node& extension, std::string_view name) {
  for (const auto& child : extension)
    if (child.name == "extension" && child.value_of("url") == name) return value_of(child);
  return {};
}

bool is_topic(const Node& basic) {
  const auto* code = basic.child("code");
  if (!code) return false;
  for (const auto& coding : *code)
    if (coding.name == "coding" && coding.value_of("system") == types_system &&
        coding.value_of("code") == "SubscriptionTopic")
      return true;
  return false;
}

Outcome refusal(std::string text) { return {Kind::unprocessable, "not-supported", std::move(text), "Basic.extension"}; }

Result<std::optional<fhir::search::Query>> read_query(const fhir::Type& type, std::string_view text) {
  if (text.empty()) return std::optional<fhir::search::Query>();
  const auto question = text.find('?');
  const auto parameters = net::query_parameters(question == text.npos ? text : text.substr(question + 1));
  if (!parameters) return refusal("The query of a trigger cannot be read");
  auto query = fhir::search::parse(&type, *parameters, {}, false);
  if (!query) return refusal(query.outcome().issues.front().diagnostics);
  return std::optional(std::move(*query));
}

Result<bool> read_criteria(const Node& criteria, Trigger& trigger) {
  auto previous = read_query(*trigger.type, part_of(criteria, "previous"));
  if (!previous) return std::move(previous.outcome());
  auto current = read_query(*trigger.type, part_of(criteria, "current"));
  if (!current) return std::move(current.outcome());
  trigger.previous = std::move(*previous);
  trigger.current = std::move(*current);
  trigger.passes_on_create = part_of(criteria, "resultForCreate") == "test-passes";
  trigger.passes_on_remove = part_of(criteria, "resultForDelete") == "test-passes";
  trigger.both = part_of(criteria, "requireBoth") == "true";
  return true;
}

Result<Trigger> read_trigger(const Node& extension) {
  Trigger trigger;
  const auto resource = part_of(extension, "resource");
  trigger.type = fhir::definitions().resource(resource.substr(resource.rfind('/') + 1));
  if (!trigger.type) return refusal("A trigger names a resource type of R4");
  std::array<bool, 3> on{false, false, false};
  for (const auto& child : extension) {
    if (child.name != "extension") continue;
    const auto url = child.value_of("url");
    const auto value = value_of(child);
    if (url == "supportedInteraction") {
      constexpr std::array<std::string_view, 3> interactions{"create", "update", "delete"};
      const auto found = std::find(interactions.begin(), interactions.end(), value);
      if (found == interactions.end()) return refusal("supportedInteraction is create, update or delete");
      on[static_cast<std::size_t>(found - interactions.begin())] = true;
    }
    if (url == "queryCriteria")
      if (auto read = read_criteria(child, trigger); !read) return std::move(read.outcome());
    if (url == "fhirPathCriteria") {
      auto compiled = fhir::path::compile(value);
      if (!compiled) return refusal("fhirPathCriteria: " + compiled.outcome().issues.front().diagnostics);
      trigger.path = std::move(*compiled);
    }
  }
  if (std::find(on.begin(), on.end(), true) != on.end()) trigger.on = on;
  return trigger;
}

}  // namespace

Result<std::optional<Topic>> read_topic(const Node& basic) {
  if (!is_topic(basic)) return std::optional<Topic>();
  Topic topic;
  std::string_view status = "active";
  for (const auto& child : basic) {
    if (child.name != "extension" && child.name != "modifierExtension") continue;
    const auto element = element_of(child);
    if (element == "url") topic.url = value_of(child);
    if (element == "version") topic.version = value_of(child);
    if (element == "status") status = value_of(child);
    if (element != "resourceTrigger") continue;
    auto trigger = read_trigger(child);
    if (!trigger) return std::move(trigger.outcome());
    topic.triggers.push_back(std::move(*trigger));
  }
  if (topic.url.empty() || status == "retired") return std::optional<Topic>();
  if (topic.triggers.empty()) return refusal("A topic needs a resourceTrigger: other events are not noticed here");
  return std::optional(std::move(topic));
}

Result<Topic> find_topic(fhir::Snapshot& snapshot, const fhir::Access& access, std::string_view url,
                         std::string_view version) {
  if (url == resource_change && version.empty()) return Topic{std::string(url), {}, {Trigger{}}};
  const auto& basic = *fhir::definitions().resource("Basic");
  const auto query =
      fhir::search::parse(&basic, {{"code", std::string(types_system) + "|SubscriptionTopic"}}, {}, false);
  const auto ids =
      query ? snapshot.find(access, *query, most_topics) : Result<std::vector<std::string>>(query.outcome());
  for (const auto& id : ids ? *ids : std::vector<std::string>()) {
    const auto kept = snapshot.read(access, basic, id);
    const auto stored = kept ? fhir::receive(kept->body) : Result<fhir::Incoming>(kept.outcome());
    auto read = stored ? read_topic(*stored->resource) : Result<std::optional<Topic>>(stored.outcome());
    if (!read) continue;
    auto& topic = *read;
    if (topic && topic->url == url && (version.empty() || topic->version == version)) return std::move(*topic);
  }
  const auto wanted = std::string(url) + (version.empty() ? "" : "|" + std::string(version));
  return Outcome(
      Kind::unprocessable, "not-supported",
      "There is no topic " + wanted + "; those that there are stand in the CapabilityStatement, or are stored as Basic",
      "Subscription.criteria");
}

}  // namespace alzette::subscription
