// _summary and _elements: the stored text is bound again and its tree thinned out, which takes microseconds.
// FHIR R4: http://hl7.org/fhir/R4/search.html#summary
#include "fhir/project.h"

#include <algorithm>

#include "fhir/bind.h"
#include "fhir/definitions.h"
#include "fhir/format/json.h"

namespace fhir {

namespace {

using search::Summary;

template <class Keep>
void thin(Node& node, Keep keep) {
  for (Node** link = &node.first; *link;) {
    if (keep(**link))
      link = &(*link)->next;
    else
      *link = (*link)->next;
  }
}

bool always(const Node& child) {
  return child.name == "id" || child.name == "meta" || (child.element && child.element->min > 0);
}

// Elements of the summary, down to those of data types. A value of which nothing is marked stays whole.
void summarise(Node& node) {
  if (node.form != Node::Form::object) return;
  const auto in_summary = [](const Node& child) {
    return child.element && (child.element->summary || child.element->min > 0);
  };
  if (std::none_of(node.begin(), node.end(), in_summary)) return;
  thin(node, in_summary);
  for (Node* child = node.first; child; child = child->next)
    if (child->type && child->type->kind != TypeKind::resource) summarise(*child);
}

// "name", "Patient.name" and "name.family" ask for name; a choice goes by its stem or by its JSON name.
bool asked_for(const Node& child, std::string_view type, const std::vector<std::string>& elements) {
  return std::any_of(elements.begin(), elements.end(), [&](std::string_view element) {
    if (element.starts_with(type) && element.substr(type.size()).starts_with('.'))
      element.remove_prefix(type.size() + 1);
    element = element.substr(0, element.find('.'));
    return element == child.name || (child.element && element == child.element->name.view());
  });
}

Node* text_node(Arena& arena, std::string_view name, std::string_view text) {
  return arena.make<Node>(name, text, nullptr, nullptr, nullptr, nullptr, Node::Form::string, false);
}

// meta.tag += SUBSETTED, so that nobody takes the part for the whole.
void tag(Node& resource, Arena& arena) {
  constexpr std::string_view system = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue";
  constexpr std::string_view code = "SUBSETTED";
  Node* meta = resource.first;
  while (meta && meta->name != "meta") meta = meta->next;
  if (!meta) {
    meta = arena.make<Node>();
    meta->name = "meta";
    meta->next = resource.first;
    resource.first = meta;
  }
  Node** end = nullptr;  // behind the last tag, else at the end: the place of tag in Meta
  Node** link = &meta->first;
  for (; *link; link = &(*link)->next) {
    if ((*link)->name != "tag") continue;
    if ((*link)->value_of("code") == code && (*link)->value_of("system") == system) return;
    end = &(*link)->next;
  }
  if (!end) end = link;
  Node* added = arena.make<Node>();
  added->name = "tag";
  added->listed = true;
  added->first = text_node(arena, "system", system);
  added->first->next = text_node(arena, "code", code);
  added->next = *end;
  *end = added;
}

void reduce(Node& resource, Summary summary, const std::vector<std::string>& elements, Arena& arena) {
  switch (summary) {
    case Summary::true_:
    case Summary::count:
      thin(resource, [](const Node& child) { return always(child) || (child.element && child.element->summary); });
      for (Node* child = resource.first; child; child = child->next) summarise(*child);
      break;
    case Summary::text:
      thin(resource, [](const Node& child) { return always(child) || child.name == "text"; });
      break;
    case Summary::data:
      thin(resource, [](const Node& child) { return !child.type || child.type->name.view() != "Narrative"; });
      break;
    case Summary::false_:
      break;
  }
  if (!elements.empty()) {
    const std::string_view type = resource.type->name;
    thin(resource, [&](const Node& child) { return always(child) || asked_for(child, type, elements); });
  }
  tag(resource, arena);
}

void reduce_entries(Node& bundle, Summary summary, const std::vector<std::string>& elements,
                    std::string_view parameters, Arena& arena) {
  if (summary == Summary::count && bundle.child("total"))
    thin(bundle, [](const Node& child) {
      return child.name != "entry" && (child.name != "link" || child.value_of("relation") == "self");
    });
  for (Node* child = bundle.first; child; child = child->next)
    for (Node* part = child->first; part; part = part->next) {
      if (child->name == "entry" && part->name == "resource" && part->type)
        reduce(*part, summary, elements, arena);
      else if (child->name == "link" && part->name == "url")
        part->text = arena.copy(std::string(part->text)
                                    .append(part->text.find('?') == std::string_view::npos ? "?" : "&")
                                    .append(parameters));
    }
}

// Reads a resource that this server wrote; what it makes of it is written again.
template <class Change>
std::string changed(std::string_view text, Change change) {
  Arena arena(text.size() * 4 + 4096);
  auto raw = json::parse(text, arena);
  std::vector<Issue> issues;
  Node* resource = raw ? bind(*raw, arena, issues) : nullptr;
  if (!resource) return std::string(text);
  change(*resource, arena);
  std::string out;
  out.reserve(text.size());
  json::write(*resource, out);
  return out;
}

}  // namespace

std::string project(std::string_view stored, Summary summary, const std::vector<std::string>& elements) {
  if (summary == Summary::false_ && elements.empty()) return std::string(stored);
  return changed(stored, [&](Node& resource, Arena& arena) { reduce(resource, summary, elements, arena); });
}

std::string project_answer(std::string_view answer, Summary summary, const std::vector<std::string>& elements,
                           std::string_view parameters) {
  return changed(answer, [&](Node& resource, Arena& arena) {
    if (resource.type->name.view() == "Bundle")
      reduce_entries(resource, summary, elements, parameters, arena);
    else
      reduce(resource, summary, elements, arena);
  });
}

}  // namespace fhir
