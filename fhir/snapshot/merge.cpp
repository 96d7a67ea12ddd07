// FHIR R4: http://hl7.org/fhir/R4/elementdefinition.html#interpretation
#include "fhir/snapshot/merge.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <string>

#include "fhir/definitions.h"
#include "fhir/snapshot/tree.h"
#include "fhir/validate/compare.h"

namespace fhir::snapshot {

namespace {

using Names = std::string_view;

constexpr Names appendable[] = {"label", "short", "definition", "comment", "requirements", "meaningWhenMissing"};
constexpr Names joining[] = {"alias",   "mapping",   "constraint",       "condition",
                             "example", "extension", "modifierExtension"};
constexpr Names kept[] = {"id", "path", "base", "contentReference"};

template <std::size_t N>
bool one_of(std::string_view name, const Names (&names)[N]) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

// What makes two members of a joining list the same one: then the differential's stands.
bool same_member(const Node& a, const Node& b) {
  if (a.name != b.name) return false;
  if (a.has_value()) return a.text == b.text;
  for (const std::string_view key : {"key", "url", "identity", "label"})
    if (!a.value_of(key).empty() || !b.value_of(key).empty())
      return a.value_of(key) == b.value_of(key) && a.value_of("map") == b.value_of("map");
  return false;
}

void join(Node& base, const Node& member, Arena& arena) {
  for (Node** link = &base.first; *link; link = &(*link)->next) {
    if (!same_member(**link, member)) continue;
    Node* twin = copy(member, arena);
    twin->next = (*link)->next;
    *link = twin;
    return;
  }
  insert(base, copy(member, arena));
}

// The name that takes all types of a choice out: "fixed[x]" for fixedCode.
std::string_view whole_name(const Node& member) {
  return member.element && member.element->choice ? member.element->name.view() : member.name;
}

std::string choice_name(const Node& member) {
  std::string name(whole_name(member));
  if (member.element && member.element->choice && !name.ends_with("[x]")) name += "[x]";
  return name;
}

void append_text(Node& base, const Node& member, Arena& arena) {
  Node* twin = copy(member, arena);
  if (member.text.starts_with("...")) {
    std::string text(base.value_of(member.name));
    text.append("\r\n").append(member.text.substr(3));
    twin->text = arena.copy(text);
  }
  erase(base, member.name);
  insert(base, twin);
}

std::uint32_t number(std::string_view text, std::uint32_t otherwise) {
  std::uint32_t value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

void lay_over(Node& base, const Node& differential, Arena& arena) {
  std::string_view replaced;
  for (const Node& member : differential) {
    if (one_of(member.name, kept)) continue;
    if (one_of(member.name, appendable)) {
      append_text(base, member, arena);
    } else if (one_of(member.name, joining)) {
      join(base, member, arena);
    } else {
      if (member.name != replaced) erase(base, choice_name(member));
      insert(base, copy(member, arena));
    }
    replaced = member.name;
  }
}

void lay_profile_over(Node& element, const Node& root, bool extension, Arena& arena) {
  for (const std::string_view name :
       {"short", "definition", "comment", "requirements", "alias", "isModifier", "isModifierReason"}) {
    if (!root.child(name)) continue;
    erase(element, name);
    for (const Node& member : root)
      if (member.name == name) insert(element, copy(member, arena));
  }
  if (!extension) return;
  constexpr std::uint32_t unlimited = 0xFFFFFFFF;
  const auto least = number(root.value_of("min"), 0), most = number(root.value_of("max"), unlimited);
  if (least > number(element.value_of("min"), 0)) set_text(element, "min", root.value_of("min"), arena);
  if (most < number(element.value_of("max"), unlimited)) set_text(element, "max", root.value_of("max"), arena);
  for (const Node& member : root)
    if (member.name == "constraint" || member.name == "condition") join(element, member, arena);
}

namespace {

// A type that the base has, or one that is of its kind (a resource where it says Resource).
bool allowed(const Node& base, std::string_view code) {
  const Type* given = definitions().type(code);
  bool any = false;
  for (const Node& type : base) {
    if (type.name != "type") continue;
    any = true;
    if (type.value_of("code") == code || type.value_of("code").starts_with("http://hl7.org/fhirpath/")) return true;
    if (given && given->is(type.value_of("code"))) return true;
  }
  return !any || !given;
}

}  // namespace

std::optional<Conflict> conflict(const Node& base, const Node& differential) {
  for (const Node& member : differential)
    if (member.name.starts_with("fixed") && member.element && member.element->choice)
      for (const Node& own : base)
        if (own.element == member.element && (own.name != member.name || !validate::equals(own, member)))
          return Conflict{"value", "The base has fixed the value already"};
  for (const Node& type : differential)
    if (type.name == "type" && !allowed(base, type.value_of("code")))
      return Conflict{"value", "The base does not have the type " + std::string(type.value_of("code"))};
  const Node* slicing = base.child("slicing");
  const Node* again = differential.child("slicing");
  if (!slicing || !again || !again->child("discriminator")) return std::nullopt;
  for (const Node& discriminator : *slicing) {
    if (discriminator.name != "discriminator") continue;
    bool same = false;
    for (const Node& other : *again)
      same = same || (other.name == "discriminator" && other.value_of("path") == discriminator.value_of("path"));
    if (!same) return Conflict{"business-rule", "The base slices this element by another discriminator"};
  }
  return std::nullopt;
}

}  // namespace fhir::snapshot
