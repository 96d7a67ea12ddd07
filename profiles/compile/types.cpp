// StructureDefinition snapshots -> types, elements and members. Every backbone element is a type of its own, named by
// its path. FHIR R4: http://hl7.org/fhir/R4/structuredefinition.html, elementdefinition.html

#include <algorithm>
#include <stdexcept>

#include "profiles/compile/parts.h"

namespace profiles {
namespace {

using fhir::Primitive;

// A type before it has its place: its root element and the elements right below it.
struct Draft {
  std::string name, url, base;
  fhir::TypeKind kind = fhir::TypeKind::backbone;
  bool abstract = false;
  const Json* root = nullptr;
  std::vector<const Json*> elements;
};
using Drafts = std::map<std::string, Draft>;

std::string_view parent_of(std::string_view path) { return path.substr(0, path.rfind('.')); }

fhir::TypeKind kind_of(const Json& structure) {
  std::string_view kind = text(structure, "kind");
  if (kind == "primitive-type") return fhir::TypeKind::primitive;
  return kind == "resource" ? fhir::TypeKind::resource : fhir::TypeKind::complex;
}

// SimpleQuantity and MoneyQuantity are constraints whose paths start with "Quantity": they get their own name.
void draft(const Json& structure, Drafts& drafts) {
  std::string name(text(structure, "id"));
  std::string_view root = text(structure, "type");
  auto own = [&](std::string_view path) { return name + std::string(path.substr(root.size())); };
  for (const Json& element : items(get(structure, "snapshot"), "element")) {
    std::string_view path = text(element, "path");
    if (path == root) {
      drafts[name] = {name,
                      std::string(text(structure, "url")),
                      last_segment(text(structure, "baseDefinition")),
                      kind_of(structure),
                      flag(structure, "abstract"),
                      &element,
                      {}};
      continue;
    }
    // The value of a primitive is the node itself, not a child of it.
    if (kind_of(structure) == fhir::TypeKind::primitive && path == std::string(root) + ".value") continue;
    Draft& parent = drafts[own(parent_of(path))];
    if (!parent.root) throw std::runtime_error("element before its parent: " + std::string(path));
    if (text(element, "max") != "0") parent.elements.push_back(&element);
    for (const Json& type : items(element, "type"))
      if (text(type, "code") == "BackboneElement" || text(type, "code") == "Element") {
        Draft& backbone = drafts[own(path)];
        backbone.name = own(path);
        backbone.base = text(type, "code");
        backbone.root = &element;
      }
  }
}

Primitive primitive_of(const Draft& type) {
  static const std::map<std::string, Primitive> primitives{{"boolean", Primitive::boolean},
                                                           {"integer", Primitive::integer},
                                                           {"positiveInt", Primitive::positiveInt},
                                                           {"unsignedInt", Primitive::unsignedInt},
                                                           {"decimal", Primitive::decimal},
                                                           {"string", Primitive::string},
                                                           {"code", Primitive::code},
                                                           {"id", Primitive::id},
                                                           {"markdown", Primitive::markdown},
                                                           {"uri", Primitive::uri},
                                                           {"url", Primitive::url},
                                                           {"canonical", Primitive::canonical},
                                                           {"oid", Primitive::oid},
                                                           {"uuid", Primitive::uuid},
                                                           {"base64Binary", Primitive::base64Binary},
                                                           {"instant", Primitive::instant},
                                                           {"date", Primitive::date},
                                                           {"dateTime", Primitive::dateTime},
                                                           {"time", Primitive::time},
                                                           {"xhtml", Primitive::xhtml}};
  return type.kind == fhir::TypeKind::primitive ? primitives.at(type.name) : Primitive::none;
}

// System types stand for the value of an attribute or an id. The extension names the FHIR type; Resource.id is
// published as string there but is an id (http://hl7.org/fhir/R4/resource.html#id).
std::string type_code(const Draft& owner, const Json& element, const Json& type) {
  std::string_view code = text(type, "code");
  if (!code.starts_with("http://hl7.org/fhirpath/System.")) return std::string(code);
  if (owner.kind == fhir::TypeKind::resource) return "id";
  for (const Json& extension : items(type, "extension"))
    if (text(extension, "url") == "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type")
      return std::string(text(extension, "valueUrl"));
  if (text(element, "path") == "xhtml.id") return "string";  // published without the extension
  throw std::runtime_error("no FHIR type for " + std::string(text(element, "path")));
}

std::uint16_t occurrences(std::string_view count) {
  return count == "*" ? 0xFFFF : static_cast<std::uint16_t>(std::stoi(std::string(count)));
}

class TypeCompiler {
 public:
  TypeCompiler(Image& image, const Drafts& drafts, const Types& types, const ValueSets& value_sets)
      : image_(image), drafts_(drafts), types_(types), value_sets_(value_sets) {}

  void fill(fhir::Type& type, const Draft& draft) {
    image_.set(type.name, draft.name);
    image_.set(type.url, draft.url);
    if (!draft.base.empty()) image_.set<fhir::Type>(type.base, types_.at(draft.base));
    type.kind = draft.kind;
    type.primitive = primitive_of(draft);
    type.abstract = draft.abstract;
    fill_constraints(type.constraints, constraints_of(*draft.root));
    fhir::Element* elements = image_.set(type.elements, draft.elements.size());
    for (std::size_t i = 0; i < draft.elements.size(); ++i) fill(elements[i], type, draft, *draft.elements[i]);
    fill_members(type);
  }

 private:
  void fill(fhir::Element& element, const fhir::Type& owner, const Draft& draft, const Json& source) {
    std::string_view path = text(source, "path");
    std::string_view name = path.substr(path.rfind('.') + 1);
    element.choice = name.ends_with("[x]");
    if (element.choice) name.remove_suffix(3);
    image_.set(element.name, name);
    image_.set(element.path, path);
    image_.set(element.owner, &owner);
    element.min = occurrences(text(source, "min"));
    element.max = occurrences(text(source, "max"));
    element.summary = flag(source, "isSummary");
    element.modifier = flag(source, "isModifier");
    for (const Json& form : items(source, "representation")) element.attribute |= text(form) == "xmlAttr";
    fill_types(element, draft, source);
    fill_binding(element, get(source, "binding"));
    std::vector<const Json*> constraints = constraints_of(source);
    std::erase_if(constraints,
                  [&](const Json* constraint) { return on_types(source, draft, text(*constraint, "key")); });
    fill_constraints(element.constraints, constraints);
  }

  const fhir::Type* resolve(const Draft& draft, const Json& element, const Json& type) const {
    std::string_view path = text(element, "path");
    auto backbone = types_.find(draft.name + std::string(path.substr(path.rfind('.'))));
    return backbone != types_.end() ? backbone->second : types_.at(type_code(draft, element, type));
  }

  void fill_types(fhir::Element& element, const Draft& draft, const Json& source) {
    if (std::string_view reference = text(source, "contentReference"); !reference.empty()) {
      image_.set<fhir::Type>(image_.set(element.types, 1)->type, types_.at(std::string(reference.substr(1))));
      return;
    }
    Items types = items(source, "type");
    if (!types.size()) throw std::runtime_error("no type: " + std::string(text(source, "path")));
    fhir::ElementType* entries = image_.set(element.types, types.size());
    for (std::size_t i = 0; i < types.size(); ++i) {
      image_.set(entries[i].type, resolve(draft, source, types[i]));
      image_.set(entries[i].profiles, texts(types[i], "profile"));
      std::vector<std::string> targets;
      for (const std::string& profile : texts(types[i], "targetProfile")) targets.push_back(last_segment(profile));
      image_.set(entries[i].targets, targets);
    }
  }

  void fill_binding(fhir::Element& element, const Json& binding) {
    if (!binding.IsObject()) return;
    static const std::map<std::string_view, fhir::Strength> strengths{{"example", fhir::Strength::example},
                                                                      {"preferred", fhir::Strength::preferred},
                                                                      {"extensible", fhir::Strength::extensible},
                                                                      {"required", fhir::Strength::required}};
    element.strength = strengths.at(text(binding, "strength"));
    image_.set(element.binding, text(binding, "valueSet"));
    auto found = value_sets_.find(without_version(text(binding, "valueSet")));
    if (found != value_sets_.end()) image_.set(element.value_set, found->second);
  }

  static std::vector<const Json*> constraints_of(const Json& element) {
    std::vector<const Json*> constraints;
    for (const Json& constraint : items(element, "constraint")) constraints.push_back(&constraint);
    return constraints;
  }

  // Snapshots repeat the invariants of a type on each element of that type; they are kept on the type alone.
  bool on_types(const Json& element, const Draft& draft, std::string_view key) const {
    for (const Json& type : items(element, "type")) {
      std::vector<const Json*> own =
          constraints_of(*drafts_.at(std::string(resolve(draft, element, type)->name.view())).root);
      if (std::none_of(own.begin(), own.end(), [&](const Json* constraint) { return text(*constraint, "key") == key; }))
        return false;
    }
    return true;
  }

  void fill_constraints(fhir::List<fhir::Constraint>& list, const std::vector<const Json*>& constraints) {
    std::string key;
    for (const Json* constraint : constraints)
      key += std::string(text(*constraint, "key")) + '\n' + std::string(text(*constraint, "expression")) + '\n';
    auto [found, fresh] = constraints_.try_emplace(key, nullptr);
    if (!fresh) return image_.share(list, found->second, constraints.size());
    found->second = image_.set(list, constraints.size());
    for (std::size_t i = 0; i < constraints.size(); ++i) {
      const Json& source = *constraints[i];
      fhir::Constraint& constraint = found->second[i];
      image_.set(constraint.key, text(source, "key"));
      image_.set(constraint.human, text(source, "human"));
      image_.set(constraint.expression, corrected_constraint(text(source, "key"), text(source, "expression")));
      constraint.error = text(source, "severity") == "error";
    }
  }

  void fill_members(fhir::Type& type) {
    struct Name {
      std::string name;
      const fhir::Element* element;
      const fhir::Type* type;
    };
    std::vector<Name> names;
    for (const fhir::Element& element : type.elements)
      for (const fhir::ElementType& option : element.types) {
        std::string name(element.name.view());
        if (element.choice) {
          std::string suffix(option.type->name.view());
          suffix[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(suffix[0])));
          name += suffix;
        }
        names.push_back({name, &element, option.type.get()});
      }
    std::sort(names.begin(), names.end(), [](const Name& a, const Name& b) { return a.name < b.name; });
    fhir::Member* members = image_.set(type.members, names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (i && names[i].name == names[i - 1].name) throw std::runtime_error("two members " + names[i].name);
      image_.set(members[i].name, names[i].name);
      image_.set(members[i].element, names[i].element);
      image_.set(members[i].type, names[i].type);
    }
    fill_slots(type);
  }

  // The hash table of Type::member: twice as many slots as members, open addressing.
  void fill_slots(fhir::Type& type) {
    std::uint32_t count = 4;
    while (count < 2 * type.members.size()) count *= 2;
    std::uint8_t* slots = image_.set(type.slots, count);
    for (std::uint32_t i = 0; i < type.members.size(); ++i) {
      std::uint32_t slot = fhir::member_hash(type.members[i].name) & (count - 1);
      while (slots[slot]) slot = (slot + 1) & (count - 1);
      slots[slot] = static_cast<std::uint8_t>(i + 1);
    }
    if (type.members.size() > 255) throw std::runtime_error("too many members for one byte a slot");
  }

  Image& image_;
  const Drafts& drafts_;
  const Types& types_;
  const ValueSets& value_sets_;
  std::map<std::string, fhir::Constraint*> constraints_;
};

}  // namespace

Types compile_types(Image& image, fhir::Definitions& definitions, const Source& source, const ValueSets& value_sets) {
  Drafts drafts;
  for (const Json* structure : source.structures) draft(*structure, drafts);
  fhir::Type* place = image.set(definitions.types, drafts.size());
  Types types;
  for (const auto& [name, draft] : drafts) {
    image.set(place->name, name);
    types[name] = place++;
  }
  TypeCompiler compiler(image, drafts, types, value_sets);
  for (const auto& [name, draft] : drafts) compiler.fill(*types.at(name), draft);
  return types;
}

}  // namespace profiles
