// See said.h.
#include "ihe/xds/said.h"

#include <algorithm>
#include <array>
#include <set>

#include "fhir/build.h"
#include "fhir/definitions.h"
#include "fhir/validate/compare.h"

namespace ihe::xds {
namespace {

using fhir::Node;
namespace build = fhir::build;

// The record's alone, and what is put together of both below.
constexpr std::array<std::string_view, 10> own{
    "id", "meta", "identifier", "masterIdentifier", "status", "subject", "relatesTo", "entry", "text", "mode"};

bool is_contained_reference(const Node& node) {
  return (node.name == "reference" && node.text.starts_with('#')) ||
         std::any_of(node.begin(), node.end(), is_contained_reference);
}

class Keeping {
 public:
  Keeping(fhir::Arena& arena, Node& view, const Node& before, const Node& said, const Lead& lead)
      : arena_(arena), view_(view), before_(before), said_(said), lead_(lead) {}

  bool run() {
    const bool altered = &before_ != &view_ && is_altered();
    for (const auto* resource : {&said_, &before_})
      for (const auto& child : *resource) {
        if (!is_shared(child)) continue;
        const bool linked = child.name == "contained" || is_contained_reference(child);
        (linked ? linked_ : names_).insert(child.name);
      }
    for (const auto name : linked_) names_.erase(name);
    // What leads to contained resources goes with them.
    if (stands(linked_)) replaced_.insert(linked_.begin(), linked_.end());
    for (const auto name : names_)
      if (stands({name})) replaced_.insert(name);
    bool any = !replaced_.empty();
    for (const auto name : replaced_) replace(name);
    if (const Node* text = said_.child("text"); text && !altered) {  // a narrative tells of everything
      add(view_, *text);
      any = true;
    }
    any = add_meta() || any;
    return add_identifiers() || any;
  }

 private:
  using Names = std::set<std::string_view>;

  // The time of a document reference or folder is the registry's.
  bool is_shared(const Node& child) const {
    if (child.name == "date") return is_set();
    return std::find(own.begin(), own.end(), child.name) == own.end();
  }
  bool is_set() const {
    const Node* code = view_.child("code");
    const Node* coding = code ? code->child("coding") : nullptr;
    return coding && coding->value_of("code") == "submissionset";
  }

  static bool same(const Node& one, const Node& other, std::string_view name) {
    const auto next = [&](const Node* node) {
      while (node && node->name != name) node = node->next;
      return node;
    };
    const Node *a = next(one.first), *b = next(other.first);
    for (; a && b; a = next(a->next), b = next(b->next))
      if (!fhir::validate::equals(*a, *b)) return false;
    return !a && !b;
  }
  static bool same(const Node& one, const Node& other, const Names& names) {
    return std::all_of(names.begin(), names.end(), [&](std::string_view name) { return same(one, other, name); });
  }
  // Said in other words than the record's, which are what they were.
  bool stands(const Names& names) const {
    return !same(said_, before_, names) && (&before_ == &view_ || same(before_, view_, names));
  }

  // Whether the record says anything else than when the source said it, its status and the name of its patient aside.
  bool is_altered() const {
    Names all;
    for (const auto* resource : {&before_, static_cast<const Node*>(&view_)})
      for (const auto& child : *resource) all.insert(child.name);
    for (const auto* name : {"id", "meta", "identifier", "status", "subject"}) all.erase(name);
    return !same(before_, view_, all);
  }

  void replace(std::string_view name) {
    Node* old = nullptr;
    if (name == "content")
      if (const Node* content = view_.child("content"))
        if (const Node* attachment = content->child("attachment")) old = &build::copy(arena_, *attachment);
    build::remove(view_, name);
    for (const auto& child : said_)
      if (child.name == name) add(view_, child);
    if (old) restore_attachment(*old);
  }

  // Where the document lies and what it is, is the registry's.
  void restore_attachment(const Node& old) {
    for (Node* content = view_.first; content; content = content->next) {
      if (content->name != "content") continue;
      for (Node* attachment = content->first; attachment; attachment = attachment->next) {
        if (attachment->name != "attachment") continue;
        for (const auto name : {"contentType", "data", "url", "size", "hash"}) {
          build::remove(*attachment, name);
          build::add_some(arena_, *attachment, name, old.value_of(name));
        }
      }
    }
  }

  bool add_meta() {
    const Node* meta = said_.child("meta");
    if (!meta) return false;
    bool any = false;
    for (const auto& child : *meta) {
      if (child.name != "tag" && child.name != "security" && child.name != "source" && child.name != "extension")
        continue;
      Node* own_meta = view_.first;
      while (own_meta && own_meta->name != "meta") own_meta = own_meta->next;
      build::add_copy(arena_, own_meta ? *own_meta : build::add(arena_, view_, "meta"), child);
      any = true;
    }
    return any;
  }

  // Those that are not of the record.
  bool add_identifiers() {
    bool any = false;
    for (const auto& child : said_) {
      if (child.name != "identifier") continue;
      const bool known = std::any_of(before_.begin(), before_.end(), [&](const Node& own_one) {
        return own_one.name == "identifier" && own_one.value_of("system") == child.value_of("system") &&
               own_one.value_of("value") == child.value_of("value");
      });
      if (known) continue;
      add(view_, child);
      any = true;
    }
    return any;
  }

  void add(Node& parent, const Node& node) { lead_on(build::add_copy(arena_, parent, node)); }
  void lead_on(Node& node) {
    if (node.name == "reference" && node.has_value())
      if (const auto here = lead_(node.text); !here.empty()) node.text = arena_.copy(here);
    for (Node* child = node.first; child; child = child->next) lead_on(*child);
  }

  fhir::Arena& arena_;
  Node& view_;
  const Node& before_;
  const Node& said_;
  const Lead& lead_;
  Names names_, linked_, replaced_;  // elements
};

}  // namespace

bool keep_said(fhir::Arena& arena, Node& view, const Node& before, const Node& said, const Lead& lead) {
  return Keeping(arena, view, before, said, lead).run();
}

}  // namespace ihe::xds
