// One walk over a bound resource that collects every fault. FHIR R4:
// http://hl7.org/fhir/R4/validation.html
#include "fhir/validate/validate.h"

#include <algorithm>
#include <utility>

#include "fhir/path/path.h"
#include "fhir/place.h"
#include "fhir/utf8.h"
#include "fhir/validate/claims.h"
#include "fhir/validate/conform.h"
#include "fhir/validate/fragments.h"
#include "fhir/validate/plan.h"
#include "fhir/validate/profiles.h"
#include "fhir/validate/resources.h"
#include "fhir/validate/rules.h"
#include "fhir/value.h"

namespace fhir::validate {

namespace {

constexpr std::string_view common_languages = "http://hl7.org/fhir/ValueSet/languages";
constexpr std::size_t most_issues = 100;  // more tell a sender nothing new

// Types with rules of their own.
struct Known {
  const Type* reference = definitions().type("Reference");
  const Type* attachment = definitions().type("Attachment");
  const Type* bundle = definitions().type("Bundle");
  const Type* extension = definitions().type("Extension");
  const Type* coding = definitions().type("Coding");
  const Type* code_system = definitions().type("CodeSystem");
};

const Known& known() {
  static const Known types;
  return types;
}

// A URI that means to name an OID or a UUID, and does not.
bool misnames(std::string_view uri) {
  if (uri.starts_with("oid:") || uri.starts_with("uuid:")) return true;
  const bool urn = uri.starts_with("urn:oid:") || uri.starts_with("urn:uuid:");
  return urn && !parse_reference(uri.substr(0, uri.find('#')));
}

class Validator {
 public:
  explicit Validator(const Options& options) : options_(options) {
    if (options.profiles) conformance_.emplace(*options.profiles, options);
  }

  std::vector<Issue> take() { return std::move(issues_); }

  // A resource that stands for itself: the root, or one in a bundle or in
  // parameters.
  void resource(const Node& node, const Place& place) {
    const path::Context outer = std::exchange(context_, {});
    Fragments outer_fragments = std::move(fragments_);
    const Scope outer_scope = scope_;
    enter(node);
    std::optional<Entries> entries;
    fragments_ = Fragments(node);
    if (auto text = fragments_.fault()) fault(place, "invariant", std::move(*text));
    if (node.type == known().bundle) {
      const auto type = node.value_of("type");
      conditional_references_ = type == "transaction" || type == "batch";
      judge_entries(node, place, say_);
    }
    if (conformance_ && node.type == known().bundle) {
      entries.emplace(node);
      scope_.entries = &*entries;
    }
    if (entries) judge_bundle(node, place, *entries, say_);
    object(node, *node.type, place);
    for (auto& text : fragments_.unused(node)) fault(place, "invariant", std::move(text));
    if (conformance_) beyond_itself(node, place);
    context_ = outer;
    fragments_ = std::move(outer_fragments);
    scope_ = outer_scope;
  }

 private:
  void enter(const Node& node) {
    context_.resource = context_.root_resource = &node;
    scope_.enter(node);
    scope_.full_url = {};
    scope_.beyond = &options_.beyond;
    if (scope_.entries)
      if (const auto* entry = scope_.entries->of(node)) scope_.full_url = entry->full_url;
    if (!conformance_) return;
    context_.resolve = [this](std::string_view reference) { return scope_.find(reference).resource; };
    context_.member_of = [this](const Node& value, std::string_view url) { return conformance_->member(value, url); };
    context_.conforms_to = [this](const Node& value, std::string_view url) {
      return conformance_->conforms(value, url, scope_);
    };
  }

  // What is judged by other resources: profiles, questionnaires, the bases of
  // definitions.
  void beyond_itself(const Node& node, const Place& place) {
    static const std::vector<std::shared_ptr<const Profile>> none;
    judge_claims(node, place, scope_, place.up ? none : options_.conform_to, *conformance_, issues_);
    if (node.type->name.view() == "QuestionnaireResponse")
      judge_answers(node, place, scope_, options_.profiles->canonicals(), context_.member_of, say_);
    else
      judge_definition(node, place, *options_.profiles, options_.has_code, say_);
  }

  // An extension by its definition: where it may stand, and what it may hold.
  // Parts of one have names, no addresses.
  void extension(const Node& node, const Node& parent, const Place& place) {
    const auto url = node.value_of("url");
    if (!conformance_) return;
    if (url.find(':') == url.npos) {
      if (parent.type != known().extension)
        fault(place, "value", "an extension is named by an absolute url: " + quoted(url));
      return;
    }
    if (url.find('|') != url.npos)
      return fault(place, "value", "an extension is named by its url alone, without a version: " + quoted(url));
    auto profile = options_.profiles->find(url);
    const bool modifier = node.name == "modifierExtension";
    if (!profile)
      return fault(
          place, "extension",
          "The definition of the extension " + quoted(url) + " is not known here: store it, or add its package",
          may_lack_definition(url) ? Severity::warning : Severity::error);
    const auto& definition = **profile;
    if (!definition.type || definition.type->name.view() != "Extension")
      return fault(place, "structure", quoted(url) + " is the address of no extension");
    if (modifier != definition.modifier)
      fault(place, "structure",
            quoted(url) + (modifier ? " is no modifier: it belongs into extension"
                                    : " is a modifier: it belongs into modifierExtension"));
    if (auto text = context_fault(*definition.structure->resource, parent, context_))
      fault(place, "structure", "The extension " + quoted(url) + " " + *text);
    conformance_->check(node, *profile, scope_, place, issues_);
    judge_parts(node, definition, place, say_);
  }

  void note(std::string_view reference) { fragments_.note(reference, *context_.resource); }

  void contained(const Node& node, const Place& place) {
    if (!node.child("id")) fault(place, "required", "a contained resource needs an id to be referred to");
    const Node* outer = std::exchange(context_.resource, &node);
    scope_.resource = &node;
    object(node, *node.type, place);
    if (conformance_) beyond_itself(node, place);
    context_.resource = scope_.resource = outer;
  }

  void fault(const Place& place, std::string_view code, std::string text, Severity severity = Severity::error) {
    if (issues_.size() < most_issues)
      issues_.push_back({severity, std::string(code), std::move(text), place.expression()});
  }

  // A complex value, or what stands beside a primitive.
  void object(const Node& node, const Type& type, const Place& place) {
    const Plan& plan = plan_of(type);
    cardinality(node, plan, place);
    obey(node, plan.rules, place);
    if (&type == known().reference) reference(node, place);
    if (&type == known().attachment)
      if (auto text = attachment_fault(node)) fault(place, "invariant", std::move(*text));
    if (&type == known().code_system)
      if (auto text = codes_fault(node)) fault(place, "invariant", std::move(*text));
    children(node, type, plan, place);
  }

  void children(const Node& node, const Type& type, const Plan& plan, const Place& place) {
    std::uint32_t index = 0;
    const Element* last = nullptr;
    for (const Node& child : node) {
      index = child.element == last ? index + 1 : 0;
      last = child.element;
      if (!child.element || !child.type) continue;
      const Place here = place_of(place, child, index);
      const auto own = static_cast<std::size_t>(child.element - type.elements.data());
      if (own < plan.element_rules.size()) obey(child, plan.element_rules[own], here);
      binding(child, here);
      if (child.type == known().extension) extension(child, node, here);
      if (conformance_ && child.type == known().coding)
        judge_system(child, here, options_.profiles->canonicals(), say_);
      if (options_.has_code && (child.type == known().coding || child.type->is("Quantity")))
        code_of_system(child, here);
      if (options_.warnings && options_.right_display && child.type == known().coding) display(child, here);
      if (child.type->kind == TypeKind::primitive)
        primitive(child, here);
      else if (child.type->kind == TypeKind::resource)
        child.name == "contained" ? contained(child, here) : resource(child, here);
      else
        object(child, *child.type, here);
    }
  }

  void code_of_system(const Node& node, const Place& place) {
    const auto system = node.value_of("system"), code = node.value_of("code");
    if (system.empty() || code.empty() || options_.has_code(system, code) != false) return;
    fault({&place, "code", 0, false}, "code-invalid", quoted(code) + " is no code of " + std::string(system));
  }

  void display(const Node& coding, const Place& place) {
    const auto right = options_.right_display(coding);
    if (!right) return;
    fault({&place, "display", 0, false}, "invalid",
          quoted(coding.value_of("display")) + " is none of the names of " + quoted(coding.value_of("code")) + " in " +
              std::string(coding.value_of("system")) + ": it is called " + quoted(*right),
          Severity::warning);
  }

  void cardinality(const Node& node, const Plan& plan, const Place& place) {
    for (const Element* element : plan.required) {
      if (node.type->kind == TypeKind::primitive) break;
      const bool given = std::any_of(node.begin(), node.end(), [&](const Node& c) { return c.element == element; });
      if (!given)
        fault({&place, element->name, 0, false}, "required",
              quoted(element->name) + " is missing: " + std::string(element->path) + " is required");
    }
    for (const Element* element : plan.limited) {
      const auto count = std::count_if(node.begin(), node.end(), [&](const Node& c) { return c.element == element; });
      if (count > element->max)
        fault({&place, element->name, 0, false}, "structure",
              quoted(element->name) + " may occur at most " + std::to_string(element->max) + " times");
    }
  }

  void primitive(const Node& node, const Place& place) {
    if (node.has_value()) {
      const Primitive primitive = node.type->primitive;
      if (primitive == Primitive::uri || primitive == Primitive::url || primitive == Primitive::canonical)
        note(node.text);
      if (primitive == Primitive::xhtml) fragments_.note_links(node.text);
      if (conformance_ && primitive == Primitive::canonical && !node.text.starts_with('#') &&
          node.text.find(':') == node.text.npos)
        fault(place, "value", "a canonical is absolute, or #id of a contained resource: " + quoted(node.text));
      if (auto text = primitive_fault(primitive, node.text))
        fault(place, "value", std::move(*text));
      else if (conformance_ && primitive == Primitive::uri && misnames(node.text))
        fault(place, "value", "a URI names an OID as urn:oid:1.2.3, a UUID as urn:uuid:…: " + quoted(node.text));
      else if (primitive == Primitive::xhtml)
        narrative(node.text, place);
      else if (conformance_ && node.text.find_first_not_of(" \t\r\n") == node.text.npos)
        fault(place, "value", "a text of white space alone may be trimmed to nothing on its way", Severity::warning);
    }
    if (node.first) object(node, *node.type, place);
  }

  void narrative(std::string_view div, const Place& place) {
    const auto start = div.substr(0, div.find('>'));
    if (auto text = narrative_fault(div))
      fault(place, "invariant", std::move(*text));
    else if (conformance_ && start.find(" xmlns=") == start.npos)
      fault(place, "invariant", "the <div> of a narrative names the namespace of XHTML (xmlns)");
  }

  void binding(const Node& node, const Place& place) {
    const Element& element = *node.element;
    // R4 binds languages to a preferred value set, and at most to all tags of BCP 47.
    if (conformance_ && element.binding.view() == common_languages && node.has_value() && !language_syntax(node.text))
      fault(place, "code-invalid", quoted(node.text) + " is not a language tag as BCP 47 has it, such as en or de-LU");
    if (element.strength != Strength::required || !element.value_set) return;
    if (auto text = binding_fault(node, *element.value_set)) fault(place, "code-invalid", std::move(*text));
  }

  void reference(const Node& node, const Place& place) {
    const Node* literal = node.child("reference");
    const auto type = node.value_of("type");
    if (!type.empty() && !definitions().resource(type) && type.find(':') == type.npos)
      fault({&place, "type", 0, false}, "code-invalid", quoted(type) + " is not a FHIR R4 resource type");
    const bool has_literal = literal && literal->has_value();
    if (!has_literal && definitions().resource(type)) targets(node, type, {&place, "type", 0, false});
    if (!has_literal) return;
    const Place here{&place, "reference", 0, false};
    auto text = literal->text;
    if (conditional_references_) text = text.substr(0, text.find('?'));
    const bool conditional = text.size() < literal->text.size() && definitions().resource(text);
    const auto parsed = conditional ? ReferenceLiteral{ReferenceLiteral::Form::relative, {}, text, {}, {}}
                                    : parse_reference(literal->text).value_or(ReferenceLiteral{});
    if (!conditional && !parse_reference(literal->text)) {
      fault(here, "value",
            quoted(literal->text) +
                " is not a reference: use Type/id, an absolute URL, "
                "urn:uuid:…, urn:oid:… or #id");
      return;
    }
    if (scope_.entries && !conditional) judge_bundled_reference(literal->text, here, scope_, node_is_first(), say_);
    if (parsed.form == ReferenceLiteral::Form::fragment) {
      note(literal->text);
      if (!fragments_.has(parsed.id, *context_.resource))
        fault(place, "invariant", "ref-1: there is no contained resource with the id " + quoted(parsed.id));
    }
    const auto leads_to = parsed.type.empty() ? type_here(literal->text) : parsed.type;
    if (leads_to.empty()) return;
    if (!type.empty() && type != leads_to)
      fault(here, "business-rule",
            quoted(literal->text) + " does not refer to the type that Reference.type says: " + quoted(type));
    targets(node, leads_to, here);
  }

  // Of what a reference without a type leads to, where that is contained or an entry of the bundle; else "".
  std::string_view type_here(std::string_view reference) const {
    const auto found = scope_.find(reference);
    if (!found.resource || !found.resource->type || found.where == Scope::Found::Where::beyond) return {};
    return found.resource->type->name;
  }

  // In what a document or message begins with.
  bool node_is_first() const {
    const auto type = scope_.container->type->name.view();
    return type == "Composition" || type == "MessageHeader";
  }

  void targets(const Node& node, std::string_view type, const Place& place) {
    if (!node.element) return;
    std::string names;
    for (const ElementType& candidate : node.element->types) {
      if (candidate.type.get() != node.type) continue;
      if (candidate.targets.empty()) return;
      for (const Text& target : candidate.targets) {
        if (target.view() == type || target.view() == "Resource") return;
        names += (names.empty() ? "" : ", ") + std::string(target);
      }
    }
    if (!names.empty())
      fault(place, "business-rule",
            std::string(node.element->path) + " may not refer to a " + std::string(type) + ", only to: " + names);
  }

  void obey(const Node& node, const std::vector<Rule>& rules, const Place& place) {
    for (const Rule& rule : rules) {
      if (!rule.constraint->error && !options_.warnings) continue;
      if (rule.only && rule.only != node.type) continue;
      const auto holds = path::holds(*rule.program, node, context_);
      if (holds && *holds) continue;
      const std::string text = std::string(rule.constraint->key) + ": " + std::string(rule.constraint->human);
      if (holds)
        fault(place, "invariant", text, rule.constraint->error ? Severity::error : Severity::warning);
      else
        fault(place, holds.outcome().kind == Kind::too_costly ? "too-costly" : "exception",
              text + " (could not be judged: " + holds.outcome().issues.front().diagnostics + ")");
    }
  }

  const Options& options_;
  path::Context context_;
  Fragments fragments_;
  const Say say_ = [this](const Place& place, std::string_view code, std::string text, Severity severity) {
    fault(place, code, std::move(text), severity);
  };
  Scope scope_;
  std::optional<Conformance> conformance_;
  bool conditional_references_ = false;  // a bundle to be processed may refer by criteria
  std::vector<Issue> issues_;
};

}  // namespace

std::vector<Issue> resource(const Node& resource, const Options& options) {
  Validator validator(options);
  validator.resource(resource, {nullptr, resource.type->name, 0, false});
  return validator.take();
}

}  // namespace fhir::validate
