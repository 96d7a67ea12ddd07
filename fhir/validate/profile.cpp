// Snapshots to Shapes. What R4 itself demands is left out: the walk over the
// base definitions has judged it.
#include "fhir/validate/profile.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "fhir/snapshot/tree.h"
#include "fhir/validate/plan.h"

namespace fhir::validate {

namespace {

constexpr std::string_view core = "http://hl7.org/fhir/StructureDefinition/";
// What later releases have as elements comes to R4 as extensions.
constexpr std::string_view value_required =
    "http://hl7.org/fhir/5.0/StructureDefinition/"
    "extension-ElementDefinition.mustHaveValue";
constexpr std::string_view value_alternatives =
    "http://hl7.org/fhir/5.0/StructureDefinition/"
    "extension-ElementDefinition.valueAlternatives";
constexpr std::string_view additional =
    "http://hl7.org/fhir/5.0/StructureDefinition/"
    "extension-ElementDefinition.binding.additional";
constexpr std::string_view type_name = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type";
constexpr std::string_view more_bindings = "http://hl7.org/fhir/tools/StructureDefinition/additional-binding";
constexpr std::string_view largest_set = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet";

constexpr std::string_view language_control = "http://hl7.org/fhir/StructureDefinition/narrative-language-control";

std::uint32_t number(std::string_view text, std::uint32_t otherwise) {
  std::uint32_t value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Strength strength_of(std::string_view code) {
  return code == "required"     ? Strength::required
         : code == "extensible" ? Strength::extensible
         : code == "preferred"  ? Strength::preferred
                                : Strength::example;
}

const Node* extension_of(const Node& node, std::string_view url) {
  for (const Node& child : node)
    if (child.name == "extension" && child.value_of("url") == url) return &child;
  return nullptr;
}

// "extension('http://e.org/x').value", "$this.resolve().code",
// "value.ofType(Quantity).unit"
Discriminator read_discriminator(const Node& node) {
  Discriminator discriminator;
  const auto type = node.value_of("type");
  discriminator.kind = type == "exists"    ? Discriminator::Kind::exists
                       : type == "type"    ? Discriminator::Kind::type
                       : type == "profile" ? Discriminator::Kind::profile
                                           : Discriminator::Kind::value;
  auto path = node.value_of("path");
  while (!path.empty()) {
    if (path.front() == '.') path.remove_prefix(1);
    const auto open = path.find('('), dot = path.find('.');
    const bool call = open != path.npos && open < dot;
    const auto close = call ? path.find(')', open) : path.npos;
    if (call && close == path.npos) {
      discriminator.understood = false;
      break;
    }
    const auto part = path.substr(0, call ? open : dot);
    auto argument = call ? path.substr(open + 1, close - open - 1) : std::string_view();
    path.remove_prefix(call ? close + 1 : std::min(dot, path.size()));
    if (argument.size() > 1 && argument.front() == '\'' && argument.back() == '\'')
      argument = argument.substr(1, argument.size() - 2);
    if (!call && part != "$this")
      discriminator.steps.push_back({Step::Kind::child, std::string(part)});
    else if (part == "extension")
      discriminator.steps.push_back({Step::Kind::extension, std::string(argument)});
    else if (part == "resolve")
      discriminator.steps.push_back({Step::Kind::resolve, {}});
    else if (part == "ofType" || part == "as")
      discriminator.steps.push_back({Step::Kind::of_type, std::string(argument)});
    else if (part != "$this")
      discriminator.understood = false;
  }
  return discriminator;
}

class Compiler {
 public:
  Compiler() {
    add_keys("Element");
    add_keys("Extension");
    add_keys("Resource");
    add_keys("DomainResource");
  }

  std::unique_ptr<Shape> shape(const snapshot::Branch& branch, const Element* element) {
    auto made = std::make_unique<Shape>();
    made->name = branch.name;
    made->slice = branch.slice;
    if (made->name.ends_with("[x]")) made->stem = made->name.substr(0, made->name.size() - 3);
    const Node& definition = *branch.definition;
    made->id = definition.value_of("id");
    made->min = number(definition.value_of("min"), 0);
    made->max = number(definition.value_of("max"), unlimited);
    made->max_length = number(definition.value_of("maxLength"), 0);
    made->same_as = definition.value_of("contentReference");
    if (const Node* must = extension_of(definition, value_required))
      made->must_have_value = must->value_of("valueBoolean") == "true";
    for (const Node& member : definition) read_member(member, element, *made);
    for (const auto& child : branch.children) made->children.push_back(shape(*child, element_of(child->name, branch)));
    for (const auto& slice : branch.slices) made->slices.push_back(shape(*slice, element));
    return made;
  }

 private:
  void add_keys(std::string_view type) {
    const Type* found = definitions().type(type);
    if (!found) return;
    for (const Constraint& constraint : found->constraints) base_keys_.insert(constraint.key.view());
    for (const Element& element : found->elements)
      for (const Constraint& constraint : element.constraints) base_keys_.insert(constraint.key.view());
  }

  // The R4 element that a branch constrains, for what need not be said again.
  const Element* element_of(std::string_view name, const snapshot::Branch& parent) const {
    const auto path = parent.definition->value_of("path");
    const Node* base = parent.definition->child("base");
    const Type* type = definitions().type(base ? base->value_of("path") : path);
    if (!type) type = definitions().type(path);
    if (!type)
      if (const Node* of = parent.definition->child("type")) type = definitions().type(of->value_of("code"));
    if (!type) return nullptr;
    if (name.ends_with("[x]")) name.remove_suffix(3);
    for (const Element& element : type->elements)
      if (element.name.view() == name) return &element;
    return nullptr;
  }

  void read_member(const Node& member, const Element* element, Shape& made) {
    if (member.name == "type")
      made.types.push_back(read_type(member));
    else if (member.name == "slicing")
      read_slicing(member, made);
    else if (member.name == "binding")
      read_binding(member, element, made);
    else if (member.name == "constraint")
      read_rule(member, made);
    else if (member.name.starts_with("fixed"))
      made.fixed = &member;
    else if (member.name.starts_with("pattern"))
      made.pattern = &member;
    else if (member.name.starts_with("minValue"))
      made.least = &member;
    else if (member.name.starts_with("maxValue"))
      made.most = &member;
    else if (member.name == "extension" && member.value_of("url") == value_alternatives)
      made.alternatives.push_back(member.value_of("valueCanonical"));
    else if (member.name == "extension" && member.value_of("url") == language_control)
      made.languages.push_back(member.value_of("valueCode"));
  }

  static ShapeType read_type(const Node& node) {
    ShapeType type;
    type.code = node.value_of("code");
    if (const Node* named = extension_of(node, type_name); named && type.code.starts_with("http://hl7.org/fhirpath/"))
      type.code = named->value_of("valueUrl");
    else if (type.code.starts_with(core))
      type.code = type.code.substr(core.size());
    for (const Node& child : node) {
      if (child.name == "profile") type.profiles.push_back(child.text);
      if (child.name == "targetProfile") type.targets.push_back(child.text);
      if (child.name == "aggregation") type.aggregation.push_back(child.text);
    }
    return type;
  }

  static void read_slicing(const Node& node, Shape& made) {
    made.sliced = true;
    made.ordered = node.value_of("ordered") == "true";
    made.closed = node.value_of("rules") == "closed";
    made.open_at_end = node.value_of("rules") == "openAtEnd";
    for (const Node& child : node)
      if (child.name == "discriminator") made.discriminators.push_back(read_discriminator(child));
  }

  // R4's vitalsigns demands the common units of all components, even of those that are no vital sign or no quantity.
  // Later releases, and HL7's validator for this one, take them for a recommendation.
  static bool is_erratum(const Shape& made, std::string_view url) {
    return url.starts_with("http://hl7.org/fhir/ValueSet/ucum-vitals-common") && made.name == "value[x]" &&
           made.id.starts_with("Observation.component") && made.id.find(':') == made.id.npos;
  }

  // The binding itself unless R4 has it already, and the sets that extensions
  // add to it.
  static void read_binding(const Node& node, const Element* element, Shape& made) {
    const auto url = node.value_of("valueSet");
    auto strength = strength_of(node.value_of("strength"));
    if (is_erratum(made, url) && strength == Strength::required) strength = Strength::extensible;
    const bool known = element && element->strength == strength && element->binding.view() == url;
    if (!known && !url.empty()) made.bindings.push_back({url, strength});
    for (const Node& child : node) {
      if (child.name != "extension") continue;
      if (child.value_of("url") == largest_set)
        made.bindings.push_back({child.value_of("valueCanonical"), Strength::required});
      if (child.value_of("url") != more_bindings && child.value_of("url") != additional) continue;
      std::string_view purpose, set;
      bool usage = false;
      for (const Node& part : child) {
        if (part.value_of("url") == "purpose") purpose = part.value_of("valueCode");
        if (part.value_of("url") == "valueSet") set = part.value_of("valueCanonical");
        usage = usage || part.value_of("url") == "usage";
      }
      if (!usage && !set.empty() && (purpose == "required" || purpose == "maximum"))
        made.bindings.push_back({set, Strength::required});
    }
  }

  void read_rule(const Node& node, Shape& made) {
    const auto key = node.value_of("key"), expression = node.value_of("expression");
    if (expression.empty() || base_keys_.contains(key) || is_base_rule(made, key)) return;
    if (auto program = path::compile(expression))
      made.rules.push_back({key, node.value_of("human"), node.value_of("severity") != "warning", std::move(*program)});
  }

  // Whether the type or element of R4 has this rule, so that the walk over R4
  // judges it.
  bool is_base_rule(const Shape& made, std::string_view key) const {
    const auto has = [&](const List<Constraint>& list) {
      return std::any_of(list.begin(), list.end(), [&](const Constraint& one) { return one.key.view() == key; });
    };
    for (const ShapeType& type : made.types)
      if (const Type* found = definitions().type(type.code); found && has(found->constraints)) return true;
    const auto path = plain_path(made.id);
    if (const Type* found = definitions().type(path); found && has(found->constraints)) return true;
    const auto dot = path.rfind('.');
    if (dot == std::string::npos) return false;
    const Type* parent = definitions().type(std::string_view(path).substr(0, dot));
    if (!parent) return false;
    for (const Element& element : parent->elements)
      if (element.path.view() == path && has(element.constraints)) return true;
    return false;
  }

  static std::string plain_path(std::string_view id) {
    std::string path;
    bool slice = false;
    for (const char c : id) {
      if (c == ':') slice = true;
      if (c == '.') slice = false;
      if (!slice) path += c;
    }
    return path;
  }

  std::set<std::string_view> base_keys_;
};

}  // namespace

const Shape* Shape::child(std::string_view child_name) const {
  for (const auto& one : children)
    if (one->name == child_name || (!one->stem.empty() && one->stem == child_name)) return one.get();
  return nullptr;
}

Result<std::shared_ptr<const Profile>> compile(const std::shared_ptr<const Canonical>& structure) {
  const Node* list = structure->resource->child("snapshot");
  auto arena = std::make_shared<Arena>(64 * 1024);
  const auto tree = list ? snapshot::read_tree(*list, *arena) : nullptr;
  if (!tree)
    return Outcome(Kind::unprocessable, "structure",
                   "The snapshot of " + structure->url + " is not a tree of elements");
  auto profile = std::make_shared<Profile>();
  profile->url = structure->url;
  profile->version = structure->version;
  profile->type = definitions().type(structure->resource->value_of("type"));
  profile->modifier = tree->definition->value_of("isModifier") == "true";
  profile->structure = structure;
  profile->arena = std::move(arena);
  profile->root = Compiler().shape(*tree, nullptr);
  return std::shared_ptr<const Profile>(std::move(profile));
}

}  // namespace fhir::validate
