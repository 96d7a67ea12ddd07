// The walk of a differential over its base's tree. FHIR R4: http://hl7.org/fhir/R4/profiling.html#snapshot
//
//   base's snapshot ──► tree ◄── differential, element by element: descend (expanding types, making slices), lay over
//                         └────► snapshot
#include <algorithm>
#include <map>
#include <optional>

#include "fhir/definitions.h"
#include "fhir/snapshot/merge.h"
#include "fhir/snapshot/slices.h"
#include "fhir/snapshot/snapshot.h"
#include "fhir/snapshot/tree.h"

namespace fhir::snapshot {

namespace {

constexpr int deepest = 24;                    // profiles on profiles
constexpr std::size_t most_elements = 20'000;  // of one snapshot, and of one differential
constexpr std::size_t most_steps = 40;         // of one path
constexpr std::string_view core = "http://hl7.org/fhir/StructureDefinition/";

Result<std::shared_ptr<const Canonical>> generate_at(const Canonical& structure, const Canonicals& canonicals,
                                                     int depth);

Result<std::shared_ptr<const Canonical>> complete_at(const std::shared_ptr<const Canonical>& structure,
                                                     const Canonicals& canonicals, int depth) {
  if (structure->resource->child("snapshot")) return structure;
  return generate_at(*structure, canonicals, depth);
}

std::size_t size_of(const Branch& branch) {
  std::size_t size = 1;
  for (const auto& child : branch.children) size += size_of(*child);
  for (const auto& slice : branch.slices) size += size_of(*slice);
  return size;
}

// Whose elements stand below an element: of its one type's one profile, of its one type, or what all types have.
std::string structure_of(const Node& definition) {
  std::string_view code, profile;
  std::size_t codes = 0, profiles = 0;
  for (const Node& type : definition) {
    if (type.name != "type") continue;
    if (type.value_of("code") != code) ++codes;
    code = type.value_of("code");
    for (const Node& child : type)
      if (child.name == "profile") {
        ++profiles;
        profile = child.text;
      }
  }
  if (codes == 1 && profiles == 1) return std::string(profile);
  if (codes != 1) code = "Element";
  return code.find(':') != code.npos ? std::string(code) : std::string(core) + std::string(code);
}

class Generator {
 public:
  Generator(const Canonical& structure, const Canonicals& canonicals, int depth)
      : structure_(structure), canonicals_(canonicals), depth_(depth), kept_(std::make_shared<Kept>()) {}

  Result<std::shared_ptr<const Canonical>> run() {
    const Node& resource = *structure_.resource;
    const auto base = resource.value_of("baseDefinition");
    if (base.empty()) return fault("required", "baseDefinition is missing: it says whose elements these are", {});
    root_ = base.ends_with("/Base") ? empty_tree() : tree_of(base);
    if (!root_) return take_fault("the base " + std::string(base));
    specializes_ = resource.value_of("derivation") == "specialization";
    const Node* differential = resource.child("differential");
    if (specializes_) rename_root(differential);
    std::size_t elements = 0;
    if (differential)
      for (const Node& definition : *differential) {
        if (definition.name != "element") continue;
        if (++elements > most_elements) return fault("too-costly", "The differential has too many elements", {});
        if (!apply(definition)) break;
      }
    if (fault_) return std::move(*fault_);
    for (const auto& [choice, slices] : choices_) close_choice(*choice, slices, arena());
    return finish();
  }

 private:
  struct Kept {
    Arena arena{256 * 1024};
    std::vector<std::shared_ptr<const void>> sources;
  };
  Arena& arena() { return kept_->arena; }

  Outcome fault(std::string_view code, std::string text, std::string_view path) {
    std::string place = "StructureDefinition.differential.element";
    if (!path.empty()) place += ".where(path='" + std::string(path) + "')";
    return {Kind::unprocessable, code, std::move(text), path.empty() ? "StructureDefinition" : place};
  }
  Outcome take_fault(const std::string& what) {
    return fault_ ? std::move(*fault_) : fault("not-found", what + " is not known here, or has no elements", {});
  }
  bool refuse(std::string_view code, std::string text, std::string_view path) {
    if (!fault_) fault_ = fault(code, std::move(text), path);
    return false;
  }

  // The tree of a structure's snapshot; null with or without a fault.
  std::unique_ptr<Branch> tree_of(std::string_view url) {
    if (depth_ >= deepest) {
      refuse("too-costly", "Profiles refer to each other in a circle, or more than 24 deep", {});
      return nullptr;
    }
    const auto found = canonicals_.find("StructureDefinition", url);
    if (!found) return nullptr;
    auto whole = complete_at(found, canonicals_, depth_ + 1);
    if (!whole) {
      fault_ = std::move(whole.outcome());
      return nullptr;
    }
    kept_->sources.push_back(*whole);
    const Node* list = (*whole)->resource->child("snapshot");
    return list ? read_tree(*list, arena()) : nullptr;
  }

  // What has no elements at all: later releases call it Base, and logical models start from it.
  std::unique_ptr<Branch> empty_tree() {
    const Node* differential = structure_.resource->child("differential");
    const Node* first = differential ? differential->child("element") : nullptr;
    if (!first) return nullptr;
    auto root = std::make_unique<Branch>();
    root->definition = copy(*first, arena());
    root->name = first->value_of("path");
    root->name.resize(std::min(root->name.find('.'), root->name.size()));
    return root;
  }

  // A type of its own: its elements stand below its own name.
  void rename_root(const Node* differential) {
    const Node* first = differential ? differential->child("element") : nullptr;
    const auto path = first ? first->value_of("path") : last_part(structure_.resource->value_of("type"), '/');
    root_->name = path.substr(0, path.find('.'));
  }

  bool apply(const Node& definition) {
    const auto path = definition.value_of("path");
    const auto steps = ways_.next(definition);
    if (steps.size() > most_steps) return refuse("too-costly", "The path is too deep", path);
    if (steps.front().name != root_->name) return refuse("value", "The path must start with " + root_->name, path);
    Branch* at = root_.get();
    for (std::size_t i = 1; i < steps.size(); ++i) {
      const bool last = i + 1 == steps.size();
      at = descend(*at, steps[i], last ? &definition : nullptr, path);
      if (!at) return false;
    }
    if (at == created_)
      created_ = nullptr;
    else if (!repeated(steps, definition))
      return false;
    lay(*at, definition);
    if (fault_) return false;
    return true;
  }

  // The same element twice, without a slice's name to tell them apart.
  bool repeated(const std::vector<Step>& steps, const Node& definition) {
    std::string way;
    for (const Step& step : steps) way.append(".").append(step.name).append(":").append(step.slice);
    if (std::find(seen_.begin(), seen_.end(), way) != seen_.end())
      return refuse("value", "The element is constrained twice: a slice needs its sliceName",
                    definition.value_of("path"));
    seen_.push_back(std::move(way));
    return true;
  }

  void lay(Branch& branch, const Node& definition) {
    std::string_view profile;
    std::size_t types = 0, profiles = 0;
    for (const Node& type : definition) {
      if (type.name != "type") continue;
      ++types;
      for (const Node& child : type)
        if (child.name == "profile") {
          ++profiles;
          profile = child.text;
        }
    }
    if (types == 1 && profiles == 1) {
      if (const auto tree = tree_of(profile)) {
        lay_profile_over(*branch.definition, *tree->definition, tree->name == "Extension", arena());
        const bool other = branch.definition->child("type") && profile_of(*branch.definition->child("type")) != profile;
        if (other) branch.children.clear();  // they were those of another profile, or of the type
      }
      fault_.reset();  // a profile that is not known here leaves the type as it is
    }
    if (const auto found = conflict(*branch.definition, definition)) {
      refuse(found->code, found->text, definition.value_of("path"));
      return;
    }
    lay_over(*branch.definition, definition, arena());
    if (Node* slicing = const_cast<Node*>(branch.definition->child("slicing"));
        slicing && is_choice(branch) && !slicing->child("ordered"))
      set_text(*slicing, "ordered", "false", arena());
    for (Node* constraint = branch.definition->first; constraint; constraint = constraint->next)
      if (constraint->name == "constraint" && !constraint->child("source"))
        set_text(*constraint, "source", structure_.url, arena());
  }

  static std::string_view profile_of(const Node& type) { return type.value_of("profile"); }

  Branch* descend(Branch& parent, const Step& step, const Node* definition, std::string_view path) {
    if (parent.children.empty() && !expand(parent, path)) return nullptr;
    Branch* child = parent.child(step.name);
    if (!child) {
      for (const auto& choice : parent.children)
        if (const auto type = choice_type(step.name, *choice); !type.empty())
          if (Branch* slice = type_slice(*choice, step, type, path)) return slice;
      if (fault_) return nullptr;
      if (specializes_ && definition) return add(parent, step, *definition);
      refuse("value", "There is no element " + step.name + " in " + parent.name, path);
      return nullptr;
    }
    if (step.slice.empty()) return child;
    Branch* slice = child->slice_named(step.slice);
    if (!slice && can_be_sliced(*child)) slice = created_ = make_slice(*child, step.slice, arena());
    if (slice && is_choice(*child)) choices_[child].slices.insert(slice);
    if (slice) return slice;
    refuse("value", "The element is not sliced: slicing must come before the slice " + step.slice, path);
    return nullptr;
  }

  // A path that names one type of a choice is a slice of that type.
  Branch* type_slice(Branch& choice, const Step& step, std::string_view type, std::string_view path) {
    bool known = false;
    for (const Node& candidate : *choice.definition)
      known = known || (candidate.name == "type" && same_type(last_part(candidate.value_of("code"), '/'), type));
    if (!known) {
      refuse("value", choice.name + " cannot be of type " + std::string(type), path);
      return nullptr;
    }
    const std::string& name = step.slice.empty() ? step.name : step.slice;
    const auto types = std::count_if(choice.definition->begin(), choice.definition->end(),
                                     [](const Node& child) { return child.name == "type"; });
    if (step.slice.empty() && types == 1 && choice.slices.empty()) return &choice;
    Branch* slice = choice.slice_named(name);
    if (!slice) {
      slice = created_ = make_slice(choice, name, arena());
      keep_type(*slice->definition, type);
    }
    choices_[&choice].slices.insert(slice);
    choices_[&choice].by_path = true;
    return slice;
  }

  Branch* add(Branch& parent, const Step& step, const Node& definition) {
    auto child = std::make_unique<Branch>();
    child->name = step.name;
    child->definition = copy(definition, arena());
    Node* base = make_child(definition, "base", arena());
    set_text(*base, "path", definition.value_of("path"), arena());
    set_text(*base, "min", definition.value_of("min"), arena());
    set_text(*base, "max", definition.value_of("max"), arena());
    erase(*child->definition, "base");
    insert(*child->definition, base);
    parent.children.push_back(std::move(child));
    created_ = parent.children.back().get();
    return created_;
  }

  // Gives an element the children of its type, of its type's profile, or of the element that it refers to.
  bool expand(Branch& branch, std::string_view path) {
    std::unique_ptr<Branch> source;
    if (const auto target = branch.definition->value_of("contentReference"); !target.empty()) {
      source = referred(target);
      if (!source) return refuse("not-found", "The element " + std::string(target) + " is not known here", path);
      erase(*branch.definition, "contentReference");
      erase(*branch.definition, "type");
      for (const Node& type : *source->definition)
        if (type.name == "type") insert(*branch.definition, copy(type, arena()));
    } else {
      if (specializes_ && structure_of(*branch.definition) == std::string(core) + "Base") return true;  // of nothing
      source = tree_of(structure_of(*branch.definition));
      if (!source && !fault_ && branch.definition->child("type"))
        source = tree_of(std::string(core) + std::string(branch.definition->child("type")->value_of("code")));
      if (!source) return refuse("not-found", "The type of " + branch.name + " is not known here", path);
    }
    for (const auto& child : source->children) branch.children.push_back(copy(*child, arena()));
    if (size_of(*root_) > most_elements) return refuse("too-costly", "The snapshot has too many elements", path);
    return true;
  }

  // "#Questionnaire.item"
  std::unique_ptr<Branch> referred(std::string_view target) {
    const auto path = target.substr(target.find('#') + 1);
    const auto type = path.substr(0, path.find('.'));
    std::unique_ptr<Branch> own;
    Branch* at = root_.get();
    if (type != root_->name || !specializes_) {
      own = tree_of(std::string(core) + std::string(type));
      at = own ? own.get() : root_.get();
    }
    auto rest = path.substr(std::min(type.size() + 1, path.size()));
    while (at && !rest.empty()) {
      const auto part = rest.substr(0, rest.find('.'));
      at = at->child(part);
      rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    }
    return at ? copy(*at, arena()) : nullptr;
  }

  Result<std::shared_ptr<const Canonical>> finish() {
    count_extensions(*root_, arena());
    Node* resource = copy(*structure_.resource, arena());
    resource->name = structure_.resource->name;
    erase(*resource, "snapshot");
    Node* list = make_child(*resource, "snapshot", arena());
    write_tree(*root_, *list, arena());
    insert(*resource, list);
    kept_->sources.push_back(structure_.keeps);
    auto result = std::make_shared<Canonical>(structure_);
    result->resource = resource;
    result->keeps = kept_;
    return std::shared_ptr<const Canonical>(std::move(result));
  }

  const Canonical& structure_;
  const Canonicals& canonicals_;
  int depth_;
  std::shared_ptr<Kept> kept_;
  std::unique_ptr<Branch> root_;
  bool specializes_ = false;
  Ways ways_;
  std::vector<std::string> seen_;      // elements that were there before, constrained
  Branch* created_ = nullptr;          // by the last descent
  std::map<Branch*, Sliced> choices_;  // whose slices the differential speaks of
  std::optional<Outcome> fault_;
};

Result<std::shared_ptr<const Canonical>> generate_at(const Canonical& structure, const Canonicals& canonicals,
                                                     int depth) {
  return Generator(structure, canonicals, depth).run();
}

}  // namespace

Result<std::shared_ptr<const Canonical>> generate(const Canonical& structure, const Canonicals& canonicals) {
  return generate_at(structure, canonicals, 0);
}

Result<std::shared_ptr<const Canonical>> complete(const std::shared_ptr<const Canonical>& structure,
                                                  const Canonicals& canonicals) {
  return complete_at(structure, canonicals, 0);
}

}  // namespace fhir::snapshot
