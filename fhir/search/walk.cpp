// Plain paths through the tree. FHIR R4: http://hl7.org/fhir/R4/searchparameter-registry.html (expressions),
// http://hl7.org/fhir/R4/fhirpath.html (choice types, resolve())
#include "fhir/search/walk.h"

#include <algorithm>
#include <cctype>

#include "fhir/value.h"

namespace fhir::search {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<Walk> read() {
    Walk walk;
    do {
      Branch branch;
      if (!read_branch(branch)) return std::nullopt;
      walk.branches.push_back(std::move(branch));
    } while (take('|'));
    skip();
    return at_ == text_.size() ? std::optional(std::move(walk)) : std::nullopt;
  }

 private:
  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool take(char c) {
    skip();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool take_word(std::string_view word) {
    skip();
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  std::string name() {
    skip();
    const auto start = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_')) ++at_;
    return std::string(text_.substr(start, at_ - start));
  }

  // path | '(' path ' as ' Type ')' path
  bool read_branch(Branch& branch) {
    if (take('(')) {
      if (!read_start(branch) || !read_steps(branch)) return false;
      if (take_word("as ")) branch.steps.push_back({Step::Kind::type, name(), {}});
      return take(')') && read_steps(branch);
    }
    return read_start(branch) && read_steps(branch);
  }

  bool read_start(Branch& branch) {
    if (take_word("%resource")) {
      branch.from_resource = true;
      return true;
    }
    auto first = name();
    if (first.empty()) return false;
    if (std::isupper(static_cast<unsigned char>(first[0]))) {
      branch.of_type = std::move(first);
      return true;
    }
    return read_named(branch, std::move(first));
  }

  bool read_steps(Branch& branch) {
    while (take('.')) {
      auto next = name();
      if (next.empty() || !read_named(branch, std::move(next))) return false;
    }
    return true;
  }

  bool read_named(Branch& branch, std::string next) {
    if (!take('(')) {
      auto kind = Step::Kind::child;
      if (take('[')) {
        // The index counts over all that the path before found: only at the start is that the same as per parent.
        if (!branch.steps.empty() || !take('0') || !take(']')) return false;
        kind = Step::Kind::first_child;
      }
      branch.steps.push_back({kind, std::move(next), {}});
      return true;
    }
    if (next == "as" || next == "ofType") {
      branch.steps.push_back({Step::Kind::type, name(), {}});
      return take(')');
    }
    return next == "where" && read_condition(branch);
  }

  bool read_condition(Branch& branch) {
    if (take_word("resolve() is ")) {
      branch.steps.push_back({Step::Kind::resolves_to, name(), {}});
      return take(')');
    }
    auto element = name();
    if (element.empty() || !take('=') || !take('\'')) return false;
    const auto end = text_.find('\'', at_);
    if (end == std::string_view::npos) return false;
    const auto literal = text_.substr(at_, end - at_);
    if (literal.find('\\') != std::string_view::npos) return false;
    branch.steps.push_back({Step::Kind::where_equal, std::move(element), std::string(literal)});
    at_ = end + 1;
    return take(')');
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

bool is_called(const Node& node, std::string_view name) {
  if (node.name == name) return true;
  return node.element && node.element->choice && node.element->name.view() == name;
}

// Type names of expressions are those of the definitions, but for a DateTime in R4's composites.
bool has_type(const Node& node, std::string_view name) {
  const Type* type = type_of(node);
  if (!type) return false;
  return type->is(name) || (name == "DateTime" && type->primitive == Primitive::dateTime);
}

// The type that a reference names, as far as it can be told without looking at the target.
bool resolves_to(const Node& node, std::string_view name, const Node& resource) {
  const auto text = node.value_of("reference");
  if (text.starts_with('#')) {
    for (const auto& inner : resource)
      if (inner.name == "contained" && inner.value_of("id") == text.substr(1)) return has_type(inner, name);
    return false;
  }
  if (!text.empty()) {
    const auto literal = parse_reference(text);
    if (literal && !literal->type.empty()) return literal->type == name;
  }
  if (const auto said = node.value_of("type"); !said.empty()) return said == name;
  if (!node.element) return false;
  for (const auto& type : node.element->types)
    if (type.targets.size() == 1 && type.targets[0].view() == name) return true;
  return false;
}

class Runner {
 public:
  Runner(const Node& resource, std::vector<const Node*>& found) : resource_(resource), found_(found) {}

  void follow(const Node& node, const Step* step, const Step* end) {
    if (step == end) {
      found_.push_back(&node);
      return;
    }
    switch (step->kind) {
      case Step::Kind::child:
      case Step::Kind::first_child:
        for (const auto& next : node) {
          if (!is_called(next, step->name)) continue;
          follow(next, step + 1, end);
          if (step->kind == Step::Kind::first_child) return;
        }
        return;
      case Step::Kind::type:
        if (has_type(node, step->name)) follow(node, step + 1, end);
        return;
      case Step::Kind::where_equal:
        if (node.value_of(step->name) == step->literal) follow(node, step + 1, end);
        return;
      case Step::Kind::resolves_to:
        if (resolves_to(node, step->name, resource_)) follow(node, step + 1, end);
        return;
    }
  }

 private:
  const Node& resource_;
  std::vector<const Node*>& found_;
};

}  // namespace

const Type* type_of(const Node& node) {
  if (node.type) return node.type;
  if (!node.element || node.element->types.size() != 1) return nullptr;
  return node.element->types[0].type.get();
}

bool ends_of(const Branch& branch, const Type& base, std::vector<End>& ends) {
  std::vector<End> at{{&base, nullptr}};
  for (const auto& step : branch.steps) {
    std::vector<End> next;
    for (const auto& [type, element] : at) {
      if (step.kind == Step::Kind::type) {
        next.push_back({definitions().type(step.name), element});
      } else if (step.kind == Step::Kind::child || step.kind == Step::Kind::first_child) {
        for (const auto& child : type->elements)
          if (child.name.view() == step.name)
            for (const auto& possible : child.types) next.push_back({possible.type.get(), &child});
      } else {
        next.push_back({type, element});
      }
    }
    if (next.empty() || std::any_of(next.begin(), next.end(), [](const End& end) { return !end.type; })) return false;
    at = std::move(next);
  }
  ends.insert(ends.end(), at.begin(), at.end());
  return !branch.from_resource;
}

std::optional<Walk> Walk::parse(std::string_view expression) { return Reader(expression).read(); }

void Walk::run(const Node& focus, const Node& resource, std::vector<const Node*>& found) const {
  Runner runner(resource, found);
  for (const auto& branch : branches) {
    const Node& start = branch.from_resource ? resource : focus;
    if (!branch.of_type.empty() && !has_type(start, branch.of_type)) continue;
    runner.follow(start, branch.steps.data(), branch.steps.data() + branch.steps.size());
  }
}

}  // namespace fhir::search
