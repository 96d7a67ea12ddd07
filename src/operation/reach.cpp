#include "src/operation/reach.h"

#include <algorithm>
#include <memory>
#include <set>

#include "fhir/path/path.h"
#include "fhir/search/index.h"
#include "src/net/uri.h"
#include "src/rest/paging.h"

namespace alzette::operation {
namespace {

using fhir::Kind;
using fhir::Node;
using fhir::Outcome;
using fhir::Result;

constexpr std::size_t most_resources = 1000;
constexpr int deepest = 16;  // links inside links

// "Patient/1" of each resource whose compartment the resource is in, by the compartment's definition.
std::set<std::string> compartments_of(const Node& resource, std::string_view code, std::string_view base) {
  std::set<std::string> owners;
  if (resource.type->name.view() == code) owners.insert(std::string(code) + "/" + std::string(resource.value_of("id")));
  const auto* compartment = fhir::definitions().compartment(code);
  if (!compartment) return owners;
  const auto member = std::find_if(compartment->members.begin(), compartment->members.end(),
                                   [&](const auto& each) { return each.type.view() == resource.type->name.view(); });
  if (member == compartment->members.end()) return owners;
  for (const auto& row : fhir::search::extract(resource, base)) {
    const bool named = std::any_of(member->parameters.begin(), member->parameters.end(),
                                   [&](const auto& each) { return each.view() == row.parameter->code.view(); });
    if (named && row.value.kind == fhir::search::IndexKind::reference && row.value.type == code)
      owners.insert(std::string(code) + "/" + row.value.text);
  }
  return owners;
}

class Walk {
 public:
  Walk(const rest::Call& call, Resources& resources) : call_(call), resources_(resources) {}

  Result<std::vector<const Node*>> from(const Node& resource, const Node& graph) {
    if (const auto type = graph.value_of("start"); type != resource.type->name.view())
      return Outcome(
          Kind::unprocessable, "invalid",
          "The graph starts at " + std::string(type) + ", not at " + std::string(resource.type->name.view()));
    found_.push_back(&resource);
    if (auto done = follow(graph, resource, 0); !done) return std::move(done.outcome());
    return std::move(found_);
  }

 private:
  Result<bool> follow(const Node& owner, const Node& resource, int depth) {
    if (depth > deepest) return Outcome(Kind::too_costly, "too-costly", "The graph is nested too deeply");
    for (const Node& link : owner) {
      if (link.name != "link") continue;
      const auto path = link.value_of("path");
      auto done = path.empty() ? by_search(link, resource, depth) : by_path(link, path, resource, depth);
      if (!done) return done;
    }
    return true;
  }

  // The references that the path finds; "*": all that there are.
  Result<bool> by_path(const Node& link, std::string_view path, const Node& resource, int depth) {
    if (path == "*") {
      for (const auto reference : references_of(resource))
        if (const Node* target = resources_.read(reference))
          if (auto done = reach_one_of(link, *target, resource, depth); !done) return done;
      return true;
    }
    const auto program = fhir::path::compile(path);
    if (!program) return program.outcome();
    fhir::path::Context context;
    context.resource = &resource;
    context.now = call_.now;
    context.resolve = [this](std::string_view reference) { return resources_.read(reference); };
    const auto items = fhir::path::evaluate(**program, resource, context);
    if (!items) return items.outcome();
    for (const auto& item : *items) {
      if (!item.node) continue;
      const bool is_resource = item.node->type && item.node->type->kind == fhir::TypeKind::resource;
      const auto literal = item.node->has_value() ? item.node->text : item.node->value_of("reference");
      const Node* target = is_resource ? item.node : resources_.read(literal);
      if (!target) continue;
      if (auto done = reach_one_of(link, *target, resource, depth); !done) return done;
    }
    return true;
  }

  // By each of the link's targets that is of this type.
  Result<bool> reach_one_of(const Node& link, const Node& found, const Node& from, int depth) {
    for (const Node& target : link) {
      if (target.name != "target") continue;
      const auto type = target.value_of("type");
      if (!type.empty() && !found.type->is(type)) continue;
      if (auto done = reach(target, found, from, depth); !done) return done;
    }
    return true;
  }

  // target.params: "patient={ref}", a search that {ref} points back with.
  Result<bool> by_search(const Node& link, const Node& resource, int depth) {
    for (const Node& target : link) {
      if (target.name != "target") continue;
      const auto* type = fhir::definitions().resource(target.value_of("type"));
      const auto params = target.value_of("params");
      if (!type || params.empty())
        return Outcome(Kind::unprocessable, "required", "A link without path needs targets with type and params",
                       "GraphDefinition.link.target");
      if (params.find("{ref}") == params.npos)
        return Outcome(Kind::unprocessable, "value", "One of the params has to be {ref}, what the link starts from",
                       "GraphDefinition.link.target.params");
      if (!call_.access.may(fhir::Verb::search, type->name)) continue;
      auto parameters = net::query_parameters(params);
      if (!parameters)
        return Outcome(Kind::unprocessable, "value", "params is no search", "GraphDefinition.link.target.params");
      for (auto& [name, value] : *parameters)
        for (auto at = value.find("{ref}"); at != value.npos; at = value.find("{ref}"))
          value.replace(at, 5, std::string(resource.type->name.view()) + "/" + std::string(resource.value_of("id")));
      const auto query = fhir::search::parse(type, *parameters, call_.base, false, {}, call_.now);
      if (!query) return query.outcome();
      auto page = call_.snapshot.search(call_.access, *query, rest::most_count, call_.effort);
      if (!page) return std::move(page.outcome());
      for (auto& entry : page->entries)
        if (const Node* node = entry.match ? resources_.take(entry.version) : nullptr)
          if (auto done = reach(target, *node, resource, depth); !done) return done;
    }
    return true;
  }

  Result<bool> reach(const Node& target, const Node& resource, const Node& from, int depth) {
    auto kept = keeps_rules(target, resource, from);
    if (!kept) return kept;
    if (!*kept || !seen_.insert({&target, &resource}).second) return true;
    if (std::find(found_.begin(), found_.end(), &resource) == found_.end()) {
      if (found_.size() == most_resources)
        return Outcome(Kind::too_costly, "too-costly",
                       "The graph reaches more than " + std::to_string(most_resources) + " resources");
      found_.push_back(&resource);
    }
    return follow(target, resource, depth + 1);
  }

  // target.compartment: how the compartments of both ends must relate. Whoever does not meet the conditions is not
  // subject to the requirements; whoever breaks one of these is left out.
  Result<bool> keeps_rules(const Node& target, const Node& resource, const Node& from) const {
    for (const std::string_view use : {"condition", "requirement"})
      for (const Node& rule : target) {
        if (rule.name != "compartment" || rule.value_of("use") != use) continue;
        auto holds = keeps(rule, resource, from);
        if (!holds) return holds;
        if (!*holds) return use == "condition";
      }
    return true;
  }

  Result<bool> keeps(const Node& rule, const Node& resource, const Node& from) const {
    const auto kind = rule.value_of("rule");
    if (kind == "custom") return custom(rule, resource);
    const auto theirs = compartments_of(resource, rule.value_of("code"), call_.base);
    const auto ours = compartments_of(from, rule.value_of("code"), call_.base);
    const bool shared =
        std::any_of(theirs.begin(), theirs.end(), [&](const auto& each) { return ours.count(each) > 0; });
    return kind == "identical" ? ours == theirs : kind == "different" ? !shared : shared;
  }

  static Result<bool> custom(const Node& rule, const Node& resource) {
    const auto program = fhir::path::compile(rule.value_of("expression"));
    if (!program) return program.outcome();
    fhir::path::Context context;
    context.resource = &resource;
    return fhir::path::holds(**program, resource, context);
  }

  const rest::Call& call_;
  Resources& resources_;
  std::vector<const Node*> found_;
  std::set<std::pair<const Node*, const Node*>> seen_;  // a target's links are followed once from each resource
};

// By canonical URL (with or without version), or by its own address.
Result<std::shared_ptr<const Node>> graph_of(const rest::Call& call, std::string_view graph, Resources& resources) {
  if (const Node* direct = resources.read(graph); direct && direct->name == "GraphDefinition")
    return std::shared_ptr<const Node>(std::shared_ptr<void>(), direct);
  if (const auto found = call.canonicals.find("GraphDefinition", graph))
    return std::shared_ptr<const Node>(found, found->resource);
  return Outcome(Kind::unprocessable, "not-found", "There is no GraphDefinition " + std::string(graph) + " here");
}

}  // namespace

Result<std::vector<const Node*>> reach(const rest::Call& call, const Node& start, std::string_view graph,
                                       Resources& resources) {
  const auto definition = graph_of(call, graph, resources);
  if (!definition) return definition.outcome();
  return Walk(call, resources).from(start, **definition);
}

}  // namespace alzette::operation
