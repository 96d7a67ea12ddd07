// Which slice an occurrence belongs to. FHIR R4:
// http://hl7.org/fhir/R4/profiling.html#discriminator
#include <algorithm>

#include "fhir/validate/compare.h"
#include "fhir/validate/conform.h"
#include "fhir/value.h"

namespace fhir::validate {

namespace {

constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

// Whether the shape says which value there must be.
bool decides(const Shape& shape) {
  if (shape.fixed || shape.pattern) return true;
  for (const ShapeBinding& binding : shape.bindings)
    if (binding.strength == Strength::required) return true;
  return std::any_of(shape.children.begin(), shape.children.end(), [](const auto& child) { return decides(*child); });
}

const Discriminator& type_of_this() {
  static const Discriminator discriminator{Discriminator::Kind::type, {}, true};
  return discriminator;
}

}  // namespace

void Conformance::slices(const Nodes& nodes, const Shape& shape, const Site& site, const Place& place) {
  if (shape.slices.empty()) return;
  std::vector<Nodes> members(shape.slices.size());
  std::size_t last = 0;
  bool other = false;
  std::uint32_t index = 0;
  for (const Node* node : nodes) {
    std::size_t at = nowhere;
    const Place here = place_of(place, *node, index++);
    for (std::size_t i = 0; i < shape.slices.size() && at == nowhere; ++i) {
      if (!spend(site, here)) return;
      if (belongs(*node, *shape.slices[i], shape, site)) at = i;
    }
    if (at == nowhere) {
      other = true;
      if (shape.closed)
        fault(site, here, "structure", "is none of the slices of '" + shape.name + "', which are closed");
      continue;
    }
    if (other && shape.open_at_end)
      fault(site, here, "structure", "comes after what is no slice: slices of '" + shape.name + "' come first");
    if (shape.ordered && at < last)
      fault(site, here, "structure", "the slices of '" + shape.name + "' must stand in the profile's order");
    last = std::max(last, at);
    members[at].push_back(node);
    value(*node, *shape.slices[at], site, here);
  }
  for (std::size_t i = 0; i < shape.slices.size(); ++i) {
    counted(members[i], *shape.slices[i], site, place);
    slices(members[i], *shape.slices[i], site, place);
  }
}

bool Conformance::belongs(const Node& node, const Shape& slice, const Shape& sliced, const Site& site) {
  if (!sliced.discriminators.empty())
    return std::all_of(sliced.discriminators.begin(), sliced.discriminators.end(),
                       [&](const Discriminator& one) { return meets(node, slice, one, site); });
  if (!sliced.stem.empty()) return meets(node, slice, type_of_this(), site);
  // Without discriminators what is right in every other way is a member.
  std::vector<Issue> issues;
  value(node, slice, {site.profile, site.scope, issues}, {nullptr, slice.name, 0, false});
  return issues.empty();
}

bool Conformance::meets(const Node& node, const Shape& slice, const Discriminator& discriminator, const Site& site) {
  if (!discriminator.understood) return false;
  const auto expected = reach(slice, discriminator.steps);
  const auto reached = reach(node, discriminator.steps, site.scope);
  const auto any = [&](auto good) {
    return std::any_of(reached.begin(), reached.end(), [&](const Reached& one) {
      return std::any_of(expected.begin(), expected.end(), [&](const Expected& wanted) { return good(one, wanted); });
    });
  };
  switch (discriminator.kind) {
    case Discriminator::Kind::exists: {
      const bool forbidden = std::any_of(expected.begin(), expected.end(),
                                         [](const Expected& one) { return one.shape && one.shape->max == 0; });
      const bool wanted = std::any_of(expected.begin(), expected.end(),
                                      [](const Expected& one) { return one.shape && one.shape->min > 0; });
      return forbidden ? reached.empty() : !wanted || !reached.empty();
    }
    case Discriminator::Kind::type:
      return expected.empty() ||
             any([&](const Reached& one, const Expected& wanted) { return of_type(*one.node, wanted); });
    case Discriminator::Kind::profile:
      return std::none_of(expected.begin(), expected.end(), names_profile) ||
             any([&](const Reached& one, const Expected& wanted) { return of_profile(one, wanted); });
    case Discriminator::Kind::value:
      break;
  }
  bool determined = false;
  for (const Expected& wanted : expected) {
    determined = determined || wanted.pattern || (wanted.shape && decides(*wanted.shape));
    for (const Reached& one : reached) {
      const auto good = wanted.pattern ? std::optional(fits(*one.node, *wanted.pattern))
                        : wanted.shape ? has_value(*one.node, *wanted.shape)
                                       : std::nullopt;
      if (good == true) return true;
    }
  }
  return !determined;
}

// Yes or no where the shape says which value; nothing where it leaves that
// open.
std::optional<bool> Conformance::has_value(const Node& node, const Shape& shape) const {
  if (shape.fixed) return equals(node, *shape.fixed);
  if (shape.pattern) return fits(node, *shape.pattern);
  std::optional<bool> answer;
  for (const auto& child : shape.children) {
    std::optional<bool> best;
    bool any = false;
    for (const Node& one : node) {
      if (!child->covers(one)) continue;
      any = true;
      if (const auto good = has_value(one, *child)) best = best.value_or(false) || *good;
    }
    if (!any && child->min > 0 && (child->fixed || child->pattern)) best = false;
    if (best == false) return false;
    if (best) answer = true;
  }
  for (const auto& slice : shape.slices)
    if (slice->min > 0 && (slice->fixed || slice->pattern)) answer = true;
  if (answer) return answer;
  for (const ShapeBinding& binding : shape.bindings) {
    if (binding.strength != Strength::required) continue;
    if (const auto in = member(node, binding.value_set)) return in;
    if (is_of_system(node, binding.value_set)) return true;
  }
  return std::nullopt;
}

// Where the codes of a system are not here, one of its codes is taken for a member of a value set that is made of it.
bool Conformance::is_of_system(const Node& node, std::string_view value_set) const {
  const auto set = profiles_.canonicals().find("ValueSet", value_set);
  const Node* compose = set ? set->resource->child("compose") : nullptr;
  if (!compose) return false;
  const auto included = [&](std::string_view system) {
    return !system.empty() && std::any_of(compose->begin(), compose->end(), [&](const Node& include) {
      return include.name == "include" && include.value_of("system") == system && !include.child("concept") &&
             !include.child("filter");
    });
  };
  if (included(node.value_of("system"))) return true;
  return std::any_of(node.begin(), node.end(), [&](const Node& coding) {
    return coding.name == "coding" && included(coding.value_of("system"));
  });
}

bool Conformance::names_profile(const Expected& expected) {
  return !expected.profile.empty() ||
         (expected.shape && std::any_of(expected.shape->types.begin(), expected.shape->types.end(),
                                        [](const ShapeType& type) { return !type.profiles.empty(); }));
}

std::vector<Conformance::Reached> Conformance::reach(const Node& node, const std::vector<Step>& steps,
                                                     const Scope& scope) const {
  std::vector<Reached> at{{&node, scope_of(node, scope)}};
  for (const Step& step : steps) {
    std::vector<Reached> next;
    for (const Reached& one : at) {
      if (step.kind == Step::Kind::resolve) {
        const Node* literal = one.node->type->name.view() == "Reference" ? one.node->child("reference") : nullptr;
        if (!literal) continue;
        const auto found = one.scope.find(literal->text);
        if (found.resource)
          next.push_back({found.resource, one.scope.of(found)});
        else
          next.push_back(one);  // its type may still be read from the reference
      } else if (step.kind == Step::Kind::of_type) {
        if (one.node->type->name.view() == step.name) next.push_back(one);
      } else {
        const bool extension = step.kind == Step::Kind::extension;
        for (const Node& child : *one.node) {
          const bool choice = child.element && child.element->choice && child.element->name.view() == step.name;
          const bool named = extension ? child.name == "extension" && child.value_of("url") == step.name
                                       : child.name == step.name || choice;
          if (named && child.type) next.push_back({&child, scope_of(child, one.scope)});
        }
      }
    }
    at = std::move(next);
  }
  return at;
}

std::vector<Conformance::Expected> Conformance::reach(const Shape& slice, const std::vector<Step>& steps) {
  std::vector<Expected> at{{&slice, nullptr, {}}};
  for (const Step& one : steps) {
    std::vector<Expected> next;
    for (const Expected& from : at) step(from, one, next);
    at = std::move(next);
  }
  return at;
}

const Shape* Conformance::root_of(std::string_view url) {
  auto profile = profiles_.find(url);
  if (!profile) return nullptr;
  kept_.push_back(*profile);
  return (*profile)->root.get();
}

void Conformance::step(const Expected& from, const Step& step, std::vector<Expected>& to) {
  if (from.pattern) {
    for (const Node& child : *from.pattern)
      if (child.name == step.name) to.push_back({nullptr, &child, {}});
    return;
  }
  const Shape* shape = from.shape ? from.shape : from.profile.empty() ? nullptr : root_of(from.profile);
  if (!shape) return;
  if (step.kind == Step::Kind::of_type) {
    to.push_back({shape, nullptr, {}});
    for (const auto& slice : shape->slices)
      if (!slice->types.empty() && slice->types.front().code == step.name) to.push_back({slice.get(), nullptr, {}});
    return;
  }
  if (step.kind == Step::Kind::resolve) {
    for (const ShapeType& type : shape->types)
      for (const auto target : type.targets) to.push_back({nullptr, nullptr, target});
    return;
  }
  const auto before = to.size();
  std::vector<const Shape*> places{shape};
  for (const ShapeType& type : shape->types)
    for (const auto url : type.profiles)
      if (const Shape* root = root_of(url)) places.push_back(root);
  for (const Shape* place : places) {
    if (step.kind == Step::Kind::child) {
      if (const Shape* child = place->child(step.name)) {
        to.push_back({child, nullptr, {}});
        for (const auto& slice : child->slices)
          if (slice->min > 0 || child->slices.size() == 1) to.push_back({slice.get(), nullptr, {}});
      }
      continue;
    }
    const Shape* extensions = place->child("extension");
    if (!extensions) continue;
    for (const auto& slice : extensions->slices) {
      const Shape* url = slice->child("url");
      const bool fixed = url && url->fixed && url->fixed->text == step.name;
      const bool typed = !slice->types.empty() && !slice->types.front().profiles.empty() &&
                         canonical_parts(slice->types.front().profiles.front()).url == step.name;
      if (fixed || typed) to.push_back({slice.get(), nullptr, {}});
    }
  }
  const Node* whole = shape->fixed ? shape->fixed : shape->pattern;
  if (to.size() == before && whole && step.kind == Step::Kind::child)
    for (const Node& child : *whole)
      if (child.name == step.name) to.push_back({nullptr, &child, {}});
}

bool Conformance::of_type(const Node& node, const Expected& expected) {
  std::string_view given = node.type->name;
  if (!expected.profile.empty()) {  // behind resolve()
    if (given == "Reference") {
      const auto parsed = parse_reference(node.value_of("reference"));
      given = parsed && !parsed->type.empty() ? parsed->type : node.value_of("type");
    }
    const auto wanted = type_of(expected.profile);
    const Type* type = definitions().type(given);
    return type && !wanted.empty() && type->is(wanted);
  }
  if (!expected.shape) return false;
  return std::any_of(expected.shape->types.begin(), expected.shape->types.end(), [&](const ShapeType& type) {
    return type.code == given || (node.type->kind == TypeKind::resource && node.type->is(type.code)) ||
           (node.type->kind == TypeKind::backbone && (type.code == "BackboneElement" || type.code == "Element"));
  });
}

bool Conformance::of_profile(const Reached& reached, const Expected& expected) {
  if (!expected.profile.empty())
    return reached.node->type->kind == TypeKind::resource &&
           conforms(*reached.node, expected.profile, reached.scope).value_or(false);
  if (!expected.shape) return false;
  bool any = false;
  for (const ShapeType& type : expected.shape->types)
    for (const auto url : type.profiles) {
      any = true;
      if (conforms(*reached.node, url, reached.scope).value_or(false)) return true;
    }
  return !any && of_type(*reached.node, expected);
}

}  // namespace fhir::validate
