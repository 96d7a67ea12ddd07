// Compiles a CodeSystem. FHIR R4: http://hl7.org/fhir/R4/codesystem.html#hierarchy, #defined-props
#include "fhir/terminology/code_system.h"

#include <algorithm>
#include <array>

#include "fhir/terminology/owner.h"
#include "fhir/terminology/reading.h"

namespace fhir::terminology {
namespace {

constexpr int deepest = 500;  // levels of concepts within concepts; what parses has fewer

// Extensions of a concept that say something about it. Others are not for us.
constexpr std::array<std::string_view, 8> known_marks{"structuredefinition-standards-status",
                                                      "codesystem-conceptOrder",
                                                      "codesystem-label",
                                                      "itemWeight",
                                                      "rendering-style",
                                                      "rendering-xhtml",
                                                      "ordinalValue",
                                                      "codesystem-ordinalValue"};

Content content_of(std::string_view word) {
  if (word == "not-present") return Content::not_present;
  if (word == "example") return Content::example;
  if (word == "fragment") return Content::fragment;
  if (word == "supplement") return Content::supplement;
  return Content::complete;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

int compare(std::string_view a, std::string_view b, bool case_sensitive) {
  if (case_sensitive) return a.compare(b);
  const auto less = [](char x, char y) { return lower(x) < lower(y); };
  if (std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), less)) return -1;
  return std::lexicographical_compare(b.begin(), b.end(), a.begin(), a.end(), less) ? 1 : 0;
}

}  // namespace

std::string folded_code(std::string_view code) {
  std::string folded(code);
  std::transform(folded.begin(), folded.end(), folded.begin(), lower);
  return folded;
}

bool same_code(std::string_view a, std::string_view b, bool case_sensitive) {
  return a.size() == b.size() && compare(a, b, case_sensitive) == 0;
}

CodeSystem::CodeSystem(const Node& resource) {
  read_head(resource);
  read_concepts(resource, nowhere, 0);
  index();
  link_properties();
}

CodeSystem::CodeSystem(const fhir::CodeSystem& table)
    : url_(table.url), version_(table.version), status_("active"), case_sensitive_(table.case_sensitive) {
  content_ = table.complete ? Content::complete : Content::not_present;
  concepts_.reserve(table.concepts.size());
  for (const auto& row : table.concepts) concepts_.push_back({.code = row.code, .display = row.display});
  index();
  for (At at = 0; at < table.concepts.size(); ++at)
    for (const auto& parent : table.concepts[at].parents)
      if (const At found = find(parent); found != nowhere) pairs_.emplace_back(at, found);
  link_properties();
}

void CodeSystem::read_head(const Node& resource) {
  url_ = keep(resource.value_of("url"));
  version_ = keep(resource.value_of("version"));
  name_ = keep(resource.value_of("name"));
  title_ = keep(resource.value_of("title"));
  language_ = keep(resource.value_of("language"));
  supplements_ = keep(resource.value_of("supplements"));
  status_ = keep(resource.value_of("status"));
  standards_status_ = keep(extension_text(resource, "structuredefinition-standards-status"));
  content_ = content_of(resource.value_of("content"));
  if (content_ == Content::complete && is_excerpt(url_, resource.value_of("publisher"))) content_ = Content::fragment;
  experimental_ = resource.value_of("experimental") == "true";
  case_sensitive_ = resource.value_of("caseSensitive") != "false";
  version_needed_ = resource.value_of("versionNeeded") == "true";
  for (const Node& node : resource)
    if (node.name == "property")
      kinds_.push_back({keep(node.value_of("code")), keep(node.value_of("uri")), keep(node.value_of("type")),
                        keep(node.value_of("description"))});
}

void CodeSystem::read_concepts(const Node& parent, At parent_at, int depth) {
  if (depth > deepest) return;
  for (const Node& node : parent) {
    if (node.name != "concept") continue;
    const auto at = static_cast<At>(concepts_.size());
    concepts_.push_back({.code = keep(node.value_of("code")),
                         .display = keep(node.value_of("display")),
                         .definition = keep(node.value_of("definition")),
                         .status = {},
                         .nested = parent_at != nowhere});
    if (parent_at != nowhere) pairs_.emplace_back(at, parent_at);
    for (const Node& part : node) {
      if (part.name == "property") read_property(part, at);
      if (part.name == "designation") {
        const Node* use = part.child("use");
        designations_.push_back({at, keep(part.value_of("language")), keep(part.value_of("value")),
                                 use ? keep(use->value_of("system")) : "", use ? keep(use->value_of("code")) : "",
                                 use ? keep(use->value_of("display")) : "",
                                 keep(extension_text(part, "structuredefinition-standards-status")),
                                 keep(extension_text(part, "coding-sctdescid"))});
      }
    }
    read_marks(node, at);
    read_concepts(node, at, depth + 1);
  }
}

void CodeSystem::read_property(const Node& node, At at) {
  const Node* value = value_x(node);
  if (!value) return;
  Property property{at, kind_of(node.value_of("code")), keep(value->name), {}, {}, {}};
  if (value->form == Node::Form::object) {
    property.text = keep(value->value_of("code"));
    property.system = keep(value->value_of("system"));
    property.display = keep(value->value_of("display"));
  } else {
    property.text = keep(value->text);
  }
  properties_.push_back(property);
}

void CodeSystem::read_marks(const Node& node, At at) {
  for (const auto name : known_marks)
    if (const Node* value = extension(node, name)) marks_.push_back({at, name, keep(value->name), keep(value->text)});
}

// A property that is used without being declared gets a kind of its own.
std::uint16_t CodeSystem::kind_of(std::string_view code) {
  for (std::size_t i = 0; i < kinds_.size(); ++i)
    if (kinds_[i].code == code) return static_cast<std::uint16_t>(i);
  if (kinds_.size() == 0xFFFF) return 0xFFFE;
  kinds_.push_back({keep(code), {}, {}, {}});
  return static_cast<std::uint16_t>(kinds_.size() - 1);
}

bool CodeSystem::means(const PropertyKind& kind, std::string_view name) const {
  if (kind.code == name) return true;
  return kind.uri.size() == concept_properties.size() + name.size() && kind.uri.starts_with(concept_properties) &&
         kind.uri.ends_with(name);
}

void CodeSystem::index() {
  by_code_.resize(concepts_.size());
  for (At at = 0; at < by_code_.size(); ++at) by_code_[at] = at;
  std::stable_sort(by_code_.begin(), by_code_.end(),
                   [this](At a, At b) { return compare(concepts_[a].code, concepts_[b].code, case_sensitive_) < 0; });
}

At CodeSystem::find(std::string_view code) const {
  const auto found = std::lower_bound(by_code_.begin(), by_code_.end(), code, [this](At at, std::string_view wanted) {
    return compare(concepts_[at].code, wanted, case_sensitive_) < 0;
  });
  if (found == by_code_.end() || compare(concepts_[*found].code, code, case_sensitive_) != 0) return nowhere;
  return *found;
}

// Status, selectability and the parents that properties name.
void CodeSystem::link_properties() {
  enum class Role : std::uint8_t { none, status, inactive, not_selectable, parent, child };
  std::vector<Role> roles;
  roles.reserve(kinds_.size());
  for (const auto& kind : kinds_)
    roles.push_back(means(kind, "status")          ? Role::status
                    : means(kind, "inactive")      ? Role::inactive
                    : means(kind, "notSelectable") ? Role::not_selectable
                    : means(kind, "parent")        ? Role::parent
                    : means(kind, "child")         ? Role::child
                                                   : Role::none);
  for (const auto& property : properties_) {
    Concept& row = concepts_[property.at];
    const Role role = roles[property.kind];
    if (role == Role::status) row.status = property.text;
    if (role == Role::status && (property.text == "retired" || property.text == "inactive")) row.inactive = true;
    if (role == Role::inactive && property.text == "true") row.inactive = true;
    if (role == Role::not_selectable) row.abstract = property.text == "true";
    if (role != Role::parent && role != Role::child) continue;
    const At other = find(property.text);
    if (other == nowhere || other == property.at) continue;
    pairs_.emplace_back(role == Role::parent ? property.at : other, role == Role::parent ? other : property.at);
  }
  for (const auto& mark : marks_)
    if (mark.extension == "structuredefinition-standards-status" && concepts_[mark.at].status.empty())
      concepts_[mark.at].status = mark.text;
  up_ = links_of(pairs_, concepts_.size());
  for (auto& [from, to] : pairs_) std::swap(from, to);
  down_ = links_of(pairs_, concepts_.size());
  pairs_ = {};
}

CodeSystem::Links CodeSystem::links_of(std::vector<std::pair<At, At>>& pairs, std::size_t concepts) {
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  Links links;
  if (pairs.empty()) return links;
  links.starts.assign(concepts + 1, 0);
  for (const auto& [from, to] : pairs) ++links.starts[from + 1];
  for (std::size_t i = 1; i < links.starts.size(); ++i) links.starts[i] += links.starts[i - 1];
  for (const auto& [from, to] : pairs) links.ends.push_back(to);
  return links;
}

std::span<const At> CodeSystem::range(const Links& links, At at) const {
  if (links.empty()) return {};
  return std::span(links.ends).subspan(links.starts[at], links.starts[at + 1] - links.starts[at]);
}

template <class T>
std::span<const T> CodeSystem::of(const std::vector<T>& rows, At at) {
  const auto first = std::partition_point(rows.begin(), rows.end(), [&](const T& row) { return row.at < at; });
  const auto last = std::partition_point(first, rows.end(), [&](const T& row) { return row.at == at; });
  return {first, last};
}
template std::span<const Property> CodeSystem::of(const std::vector<Property>&, At);
template std::span<const Designation> CodeSystem::of(const std::vector<Designation>&, At);
template std::span<const Mark> CodeSystem::of(const std::vector<Mark>&, At);

// A hierarchy may run in circles: each concept is visited once.
std::vector<At> CodeSystem::closure(const Links& links, At from) const {
  std::vector<At> found{from};
  std::vector<bool> seen(concepts_.size());
  seen[from] = true;
  for (std::size_t i = 0; i < found.size(); ++i)
    for (const At next : range(links, found[i]))
      if (!seen[next]) {
        seen[next] = true;
        found.push_back(next);
      }
  return found;
}

std::vector<At> CodeSystem::below(At ancestor) const { return closure(down_, ancestor); }
std::vector<At> CodeSystem::above(At descendant) const { return closure(up_, descendant); }

bool CodeSystem::subsumes(At ancestor, At descendant) const {
  // Most concepts have one parent: then the way up is a line.
  At at = descendant;
  for (std::size_t steps = 0; steps <= concepts_.size(); ++steps) {
    if (at == ancestor) return true;
    const auto up = parents(at);
    if (up.empty()) return false;
    if (up.size() > 1) break;
    at = up.front();
  }
  const auto all = above(at);
  return std::find(all.begin(), all.end(), ancestor) != all.end();
}

Subsumption CodeSystem::relation(At a, At b) const {
  if (a == b) return Subsumption::equivalent;
  if (subsumes(a, b)) return Subsumption::subsumes;
  return subsumes(b, a) ? Subsumption::subsumed_by : Subsumption::not_subsumed;
}

std::string_view word_of(Subsumption outcome) {
  constexpr std::array<std::string_view, 4> words{"equivalent", "subsumes", "subsumed-by", "not-subsumed"};
  return words[static_cast<std::size_t>(outcome)];
}

}  // namespace fhir::terminology
