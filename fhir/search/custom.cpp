// Custom search parameters: see custom.h. A parameter is laid out in one block of memory, for its texts and lists are
// relative to their own place like those of the linked definitions.
#include "fhir/search/custom.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <unordered_map>

#include "fhir/path/path.h"
#include "fhir/search/query.h"
#include "fhir/search/values.h"

extern "C" const char alzette_definitions_image[];
extern "C" const char alzette_definitions_image_end[];

namespace fhir::search {
namespace {

using Made = MadeParameter;

template <class T>
void point(T& from, const void* to) {
  from.offset = static_cast<std::int32_t>(static_cast<const char*>(to) - reinterpret_cast<const char*>(&from));
}

// [Made][Text per target][SearchComponent per component][bytes of all texts]
class Block {
 public:
  Block(const CustomDefinition& definition, std::string_view expression, std::string_view stored) {
    const std::size_t lists = sizeof(Made) + definition.targets.size() * sizeof(Text);
    const std::size_t bytes = lists + definition.components.size() * sizeof(SearchComponent);
    std::size_t texts = definition.code.size() + definition.url.size() + expression.size() + stored.size();
    for (const auto& target : definition.targets) texts += target.size();
    for (const auto& component : definition.components)
      texts += component.expression.size() + component.definition.size();
    memory_ = std::make_unique<std::max_align_t[]>((bytes + texts) / sizeof(std::max_align_t) + 1);
    auto* at = reinterpret_cast<char*>(memory_.get());
    auto* made = ::new (at) Made();
    auto* targets = reinterpret_cast<Text*>(at + sizeof(Made));
    next_ = at + bytes;
    set(made->code, definition.code);
    set(made->url, definition.url);
    set(made->expression, expression);
    set(made->stored, stored);
    made->type = definition.type;
    for (std::size_t i = 0; i < definition.targets.size(); ++i) set(*::new (targets + i) Text(), definition.targets[i]);
    point(made->targets, targets);
    made->targets.count = static_cast<std::uint32_t>(definition.targets.size());
    auto* components = reinterpret_cast<SearchComponent*>(at + lists);
    for (std::size_t i = 0; i < definition.components.size(); ++i) {
      auto* component = ::new (components + i) SearchComponent();
      set(component->expression, definition.components[i].expression);
      set(component->definition, definition.components[i].definition);
      component->type = definition.components[i].type;
    }
    point(made->components, components);
    made->components.count = static_cast<std::uint32_t>(definition.components.size());
  }
  const Made* parameter() const { return reinterpret_cast<const Made*>(memory_.get()); }

 private:
  void set(Text& text, std::string_view value) {
    std::copy(value.begin(), value.end(), next_);
    point(text, next_);
    text.size = static_cast<std::uint32_t>(value.size());
    next_ += value.size();
  }
  std::unique_ptr<std::max_align_t[]> memory_;
  char* next_ = nullptr;
};

struct Published {
  std::vector<Block> blocks;
  std::unordered_map<const Type*, std::vector<CustomParameter>> by_type;
  std::unique_ptr<const Published> before;  // kept: its parameters may be in use
  std::uint64_t state = 0;
};

std::atomic<const Published*> current{nullptr};

// The branches of a union, outside of parentheses and quotes.
std::vector<std::string_view> branches(std::string_view expression) {
  std::vector<std::string_view> parts;
  int depth = 0;
  bool quoted = false;
  std::size_t start = 0;
  const auto add = [&](std::size_t end) {
    auto part = expression.substr(start, end - start);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) parts.push_back(part);
    start = end + 1;
  };
  for (std::size_t i = 0; i < expression.size(); ++i) {
    const char c = expression[i];
    if (c == '\'') quoted = !quoted;
    if (quoted) continue;
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c == '|' && depth == 0) add(i);
  }
  add(expression.size());
  return parts;
}

// "(Observation.value as Quantity) | Patient.name" for Observation: the first branch. Branches that begin with no type
// are for all.
std::string branches_for(std::string_view expression, const Type& type) {
  std::string out;
  for (const auto branch : branches(expression)) {
    auto root = branch;
    while (root.starts_with('(')) root.remove_prefix(1);
    root = root.substr(0, root.find_first_of(".[ )"));
    const auto* named = definitions().type(root);
    const bool other = named && named->kind == TypeKind::resource && !type.is(root);
    if (!other) (out += out.empty() ? "" : " | ") += branch;
  }
  return out;
}

std::optional<ParameterType> type_of_word(std::string_view word) {
  using enum ParameterType;
  for (const auto type : {string, token, reference, date, number, quantity, uri, composite})
    if (word_of(type) == word) return type;
  return std::nullopt;
}

// What may take long on some resource is not evaluated on all of them: patterns, repetition, and what reaches out.
std::string_view costly(std::string_view expression) {
  for (const std::string_view name : {"matches", "matchesFull", "replaceMatches", "repeat", "descendants", "aggregate",
                                      "trace", "memberOf", "conformsTo", "subsumes", "subsumedBy", "join", "combine"})
    if (const auto at = expression.find(name);
        at != std::string_view::npos && at + name.size() < expression.size() && expression[at + name.size()] == '(')
      return name;
  return {};
}

// The type of a parameter that is known by its canonical: R4's own, or one that is published.
std::optional<ParameterType> type_of_parameter(std::string_view canonical) {
  const auto url = canonical.substr(0, canonical.find('|'));
  for (const auto& type : definitions().types)
    for (const auto& parameter : type.search)
      if (parameter.url.view() == url) return parameter.type;
  const auto* published = current.load(std::memory_order_acquire);
  if (!published) return std::nullopt;
  for (const auto& block : published->blocks)
    if (block.parameter()->url.view() == url) return block.parameter()->type;
  return std::nullopt;
}

std::string reason_against_components(CustomDefinition& definition) {
  constexpr std::size_t most = 4;
  if (definition.components.size() < 2 || definition.components.size() > most)
    return "a composite has two to four components";
  for (auto& component : definition.components) {
    const auto type = type_of_parameter(component.definition);
    if (!type) return "its component " + component.definition + " is not known here";
    if (*type == ParameterType::composite || *type == ParameterType::special)
      return "its component " + component.definition + " is of type " + std::string(word_of(*type));
    component.type = *type;
    if (const auto name = costly(component.expression); !name.empty())
      return "its expression uses " + std::string(name) + "(), which may cost too much";
    if (component.expression.empty() || !compile(component.expression))
      return "the expression of its component " + component.definition + " cannot be read";
  }
  return {};
}

std::string reason_against(CustomDefinition& definition, std::string_view status, std::string_view type) {
  constexpr std::size_t most_expression = 2000;
  if (status != "active" && status != "draft") return "its status is " + std::string(status);
  const auto known = type_of_word(type);
  if (!known) return "parameters of type " + std::string(type) + " are not indexed";
  definition.type = *known;
  if (definition.type == ParameterType::composite)
    if (auto reason = reason_against_components(definition); !reason.empty()) return reason;
  if (definition.expression.empty()) return "it has no expression";
  if (definition.expression.size() > most_expression) return "its expression is longer than 2,000 bytes";
  if (const auto name = costly(definition.expression); !name.empty())
    return "its expression uses " + std::string(name) + "(), which may cost too much";
  for (const auto& base : definition.bases) {
    const auto text = branches_for(definition.expression, *definitions().resource(base));
    if (text.empty()) return "its expression says nothing about " + base;
    if (!compile(text)) return "its expression cannot be read";
  }
  return {};
}

// An expression that FHIRPath cannot read, with its place in the SearchParameter.
std::optional<Outcome> unreadable(const CustomDefinition& definition) {
  const auto fault = [](const std::string& expression, std::string place) -> std::optional<Outcome> {
    if (expression.empty()) return std::nullopt;
    const auto read = path::compile(expression);
    if (read) return std::nullopt;
    return Outcome(Kind::unprocessable, "invalid",
                   "The expression cannot be read: " + read.outcome().issues[0].diagnostics, std::move(place));
  };
  if (auto refused = fault(definition.expression, "SearchParameter.expression")) return refused;
  for (std::size_t i = 0; i < definition.components.size(); ++i)
    if (auto refused = fault(definition.components[i].expression,
                             "SearchParameter.component[" + std::to_string(i) + "].expression"))
      return refused;
  return std::nullopt;
}

// A plain path that leads only to types of which nothing is indexed for the parameter.
std::optional<Outcome> unindexable(const CustomDefinition& definition) {
  if (definition.type == ParameterType::composite) return std::nullopt;
  for (const auto& base : definition.bases) {
    const auto& type = *definitions().resource(base);
    const auto walk = Walk::parse(branches_for(definition.expression, type));
    std::vector<End> ends;
    if (!walk || !std::all_of(walk->branches.begin(), walk->branches.end(),
                              [&](const Branch& branch) { return ends_of(branch, type, ends); }))
      continue;
    if (std::any_of(ends.begin(), ends.end(), [&](const End& end) { return can_index(definition.type, *end.type); }))
      continue;
    return Outcome(Kind::unprocessable, "value",
                   "The expression finds " + std::string(ends.front().type->name.view()) +
                       ", of which nothing is indexed for a parameter of type " + std::string(word_of(definition.type)),
                   "SearchParameter.type");
  }
  return std::nullopt;
}

}  // namespace

Result<CustomDefinition> custom_definition(const Node& resource, std::string& inactive) {
  CustomDefinition definition;
  definition.code = resource.value_of("code");
  definition.url = resource.value_of("url");
  definition.expression = resource.value_of("expression");
  for (const auto& child : resource) {
    if (child.name == "base") definition.bases.emplace_back(child.text);
    if (child.name == "target") definition.targets.emplace_back(child.text);
    if (child.name == "component")
      definition.components.push_back(
          {std::string(child.value_of("expression")), std::string(child.value_of("definition"))});
  }
  const auto place = [](std::string_view name) { return "SearchParameter." + std::string(name); };
  if (definition.code.empty() || definition.code.front() == '_' ||
      definition.code.find_first_of(":.$|,?&=~ ") != std::string::npos)
    return Outcome(Kind::unprocessable, "value", "The code of a search parameter is a word such as \"shoe-size\"",
                   place("code"));
  // "Resource" and "DomainResource" stand for every type that there is.
  std::vector<std::string> bases;
  for (const auto& base : definition.bases) {
    const auto* type = definitions().type(base);
    if (!type || type->kind != TypeKind::resource)
      return Outcome(Kind::unprocessable, "value", "\"" + base + "\" is not a resource type of R4", place("base"));
    for (const auto& concrete : definitions().types)
      if (concrete.kind == TypeKind::resource && !concrete.abstract && concrete.is(base))
        bases.emplace_back(concrete.name.view());
  }
  definition.bases = std::move(bases);
  bool built_in = false;  // a copy of R4's own definition: kept, and nothing to do
  for (const auto& base : definition.bases) {
    const auto* own = definitions().resource(base)->parameter(definition.code);
    if (own && own->url.view() != definition.url)
      return Outcome(Kind::unprocessable, "business-rule",
                     "R4 has a search parameter \"" + definition.code + "\" of " + base + ": choose another code",
                     place("code"));
    built_in = built_in || own;
  }
  const auto status = resource.value_of("status");
  if (status == "active" && !built_in)
    if (auto refused = unreadable(definition)) return std::move(*refused);
  inactive = built_in ? "it is R4's own, which is answered without it"
                      : reason_against(definition, status, resource.value_of("type"));
  if (inactive.empty())
    if (auto refused = unindexable(definition)) return std::move(*refused);
  return definition;
}

std::span<const CustomParameter> custom_parameters(const Type& type) {
  const auto* published = current.load(std::memory_order_acquire);
  if (!published) return {};
  const auto found = published->by_type.find(&type);
  if (found == published->by_type.end()) return {};
  return found->second;
}

const SearchParameter* find_parameter(const Type& type, std::string_view code) {
  if (const auto* own = type.parameter(code)) return own;
  for (const auto& custom : custom_parameters(type))
    if (custom.complete && custom.parameter->code.view() == code) return custom.parameter;
  return nullptr;
}

std::string_view stored_code(const SearchParameter& parameter) {
  const std::less<const void*> before;
  const bool own = !before(&parameter, alzette_definitions_image) && before(&parameter, alzette_definitions_image_end);
  return own ? parameter.code.view() : static_cast<const Made&>(parameter).stored.view();
}

std::uint64_t custom_state() {
  const auto* published = current.load(std::memory_order_acquire);
  return published ? published->state : 0;
}

void publish(const std::vector<CustomDefinition>& definitions_now) {
  auto next = std::make_unique<Published>();
  for (const auto& definition : definitions_now)
    for (const auto& base : definition.bases) {
      const auto* type = definitions().resource(base);
      if (!type) continue;
      const auto text = branches_for(definition.expression, *type);
      auto expression = compile(text);
      if (!expression) continue;
      std::vector<TypedExpression> components;
      for (const auto& component : definition.components)
        if (auto part = compile(component.expression, component.type)) components.push_back(std::move(*part));
      if (components.size() != definition.components.size()) continue;
      const auto& block = next->blocks.emplace_back(definition, text, definition.code + "~" + definition.generation);
      next->by_type[type].push_back(
          {block.parameter(), std::move(*expression), std::move(components), definition.complete});
    }
  next->before.reset(current.load(std::memory_order_relaxed));
  next->state = next->before ? next->before->state + 1 : 1;
  current.store(next.release(), std::memory_order_release);
}

}  // namespace fhir::search
