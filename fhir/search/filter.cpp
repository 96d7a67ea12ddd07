// _filter: comparisons of search parameters joined by and, or, not. It is read from left to right; `and` binds no
// tighter than `or`. First the text becomes a tree, then each comparison a clause of the types that it is about.
//   given eq "peter" and (birthdate ge 2014-10-10 or subject.name co pet) · not (active eq false)
//   subject[active eq true].name co "pet" · _has:Observation:patient:code eq http://loinc.org|8480-6
// FHIR R4: http://hl7.org/fhir/R4/search_filter.html
#include <algorithm>
#include <array>
#include <memory>

#include "fhir/search/clause.h"

namespace fhir::search {
namespace {

constexpr std::size_t most_depth = 16;
constexpr std::size_t most_comparisons = 500;

Outcome invalid(std::string text) { return {Kind::malformed, "invalid", "_filter: " + std::move(text)}; }
Outcome unsupported(std::string text) { return {Kind::malformed, "not-supported", "_filter: " + std::move(text)}; }

enum class Op : std::uint8_t { eq, ne, co, sw, ew, gt, lt, ge, le, ap, sa, eb, pr, po, ss, sb, in, re };
constexpr std::array<std::string_view, 18> ops{"eq", "ne", "co", "sw", "ew", "gt", "lt", "ge", "le",
                                               "ap", "sa", "eb", "pr", "po", "ss", "sb", "in", "re"};

struct Tree;
struct Segment {
  std::string_view name;         // "subject", "subject:Patient", the last one of a path without a filter
  std::unique_ptr<Tree> filter;  // subject[active eq true]
};

struct Tree {
  Clause::Join join = Clause::Join::none;  // none: a comparison
  bool negated = false;
  std::vector<Tree> parts;
  std::vector<Segment> path;
  Op op = Op::eq;
  std::string value;
};

class Syntax {
 public:
  explicit Syntax(std::string_view text) : text_(text) {}

  Result<Tree> read() {
    auto tree = sequence(0);
    if (tree && !at_end()) return expected("'and', 'or' or the end");
    return tree;
  }

 private:
  Outcome expected(std::string_view what) const {
    return invalid("expected " + std::string(what) + " at column " + std::to_string(at_ + 1) + ": " +
                   quoted(text_.substr(std::min(at_, text_.size()))));
  }
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
  static bool is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == ':';
  }
  void skip() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  bool at_end() {
    skip();
    return at_ == text_.size();
  }
  bool take(char c) {
    skip();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::string_view word() {
    skip();
    const auto start = at_;
    while (at_ < text_.size() && is_name(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }
  // A keyword ends where a name would.
  bool take(std::string_view keyword) {
    const auto start = at_;
    if (word() == keyword) return true;
    at_ = start;
    return false;
  }

  Result<Tree> sequence(std::size_t depth) {
    if (depth > most_depth) return invalid("nested deeper than " + std::to_string(most_depth));
    auto left = operand(depth);
    while (left) {
      const auto join = take("and") ? Clause::Join::all : take("or") ? Clause::Join::any : Clause::Join::none;
      if (join == Clause::Join::none) break;
      auto right = operand(depth);
      if (!right) return right;
      if (left->join != join || left->negated) {
        Tree group;
        group.join = join;
        group.parts.push_back(std::move(*left));
        *left = std::move(group);
      }
      left->parts.push_back(std::move(*right));
    }
    return left;
  }

  Result<Tree> operand(std::size_t depth) {
    const auto start = at_;
    const bool negated = take("not") && (skip(), at_ < text_.size() && text_[at_] == '(');
    if (!negated) at_ = start;
    if (!take('(')) return comparison(depth);
    auto inner = sequence(depth + 1);
    if (!inner) return inner;
    if (!take(')')) return expected("')'");
    Tree group;  // parentheses stay a group of their own: what follows must not be drawn into it
    group.join = Clause::Join::all;
    group.negated = negated;
    group.parts.push_back(std::move(*inner));
    return group;
  }

  Result<Tree> comparison(std::size_t depth) {
    if (++comparisons_ > most_comparisons) return invalid("more than " + std::to_string(most_comparisons) + " tests");
    Tree tree;
    do {
      Segment segment;
      segment.name = word();
      if (segment.name.empty()) return expected("the name of a search parameter");
      if (at_ < text_.size() && text_[at_] == '[') {
        ++at_;
        auto filter = sequence(depth + 1);
        if (!filter) return filter;
        if (!take(']')) return expected("']'");
        segment.filter = std::make_unique<Tree>(std::move(*filter));
        if (at_ == text_.size() || text_[at_] != '.') return expected("'.' behind ']'");
      }
      tree.path.push_back(std::move(segment));
    } while (at_ < text_.size() && text_[at_] == '.' && ++at_);
    const auto op = word();
    const auto known = std::find(ops.begin(), ops.end(), op);
    if (known == ops.end()) {
      at_ -= op.size();
      return expected("one of eq ne co sw ew gt lt ge le ap sa eb pr po ss sb in re");
    }
    tree.op = static_cast<Op>(known - ops.begin());
    if (auto refusal = read_value(tree.value)) return std::move(*refusal);
    return tree;
  }

  std::optional<Outcome> read_value(std::string& value) {
    if (at_end()) return expected("a value");
    if (text_[at_] == '"') return read_string(value);
    const auto start = at_;
    while (at_ < text_.size() && !is_blank(text_[at_]) && text_[at_] != ')' && text_[at_] != ']') ++at_;
    value = text_.substr(start, at_ - start);
    if (value.empty()) return expected("a value");
    return std::nullopt;
  }

  // A JSON string; \u escapes of characters that need none are not taken.
  std::optional<Outcome> read_string(std::string& value) {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] != '\\') {
        value += text_[at_];
        continue;
      }
      if (++at_ == text_.size()) break;
      constexpr std::string_view from = "\"\\/bfnrt";
      constexpr std::string_view to = "\"\\/\b\f\n\r\t";
      const auto at = from.find(text_[at_]);
      if (at == std::string_view::npos) return expected("one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t");
      value += to[at];
    }
    if (at_ == text_.size()) return expected("the end of a string");
    ++at_;
    if (value.empty()) return expected("a value that is not empty");
    return std::nullopt;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t comparisons_ = 0;
};

class Meaning {
 public:
  explicit Meaning(Reading& reading) : reading_(reading) {}

  Result<Clause> of(Scope scope, const Tree& tree, std::uint32_t hops) {
    if (tree.join == Clause::Join::none) return path(scope, tree, 0, hops);
    Clause group;
    group.join = tree.join;
    group.negated = tree.negated;
    for (const auto& part : tree.parts) {
      auto clause = of(scope, part, hops);
      if (!clause) return clause;
      group.parts.push_back(std::move(*clause));
    }
    return group;
  }

 private:
  Result<Clause> path(Scope scope, const Tree& tree, std::size_t at, std::uint32_t hops) {
    constexpr std::uint32_t most_tried = 2000;
    if (++reading_.tried > most_tried)
      return Outcome{Kind::malformed, "too-costly", "_filter: too many target types to try: name that of each step"};
    const auto& segment = tree.path[at];
    if (segment.name.starts_with("_has:")) return reverse(scope, tree, at, hops);
    const auto colon = segment.name.find(':');
    const auto code = segment.name.substr(0, colon);
    const auto* parameter = parameter_of(scope, code);
    if (!parameter) return unknown_parameter(scope, code);
    if (at + 1 == tree.path.size()) {
      if (colon != std::string_view::npos) return invalid("parameters take no modifier here: " + quoted(segment.name));
      return compare(*parameter, tree);
    }
    const auto type_name = colon == std::string_view::npos ? std::string_view{} : segment.name.substr(colon + 1);
    return read_chain(
        scope, *parameter, type_name, tree.path[at + 1].name, hops,
        [&](const Type& target) { return behind(target, tree, at, hops); }, reading_);
  }

  // What the target of the step at `at` has to satisfy.
  Result<std::vector<Clause>> behind(const Type& target, const Tree& tree, std::size_t at, std::uint32_t hops) {
    const Type* const scope[] = {&target};
    std::vector<Clause> conditions;
    if (tree.path[at].filter) {
      auto filter = of(scope, *tree.path[at].filter, hops + 1);
      if (!filter) return std::move(filter.outcome());
      conditions.push_back(std::move(*filter));
    }
    auto rest = path(scope, tree, at + 1, hops + 1);
    if (!rest) return std::move(rest.outcome());
    conditions.push_back(std::move(*rest));
    return conditions;
  }

  // _has:Observation:patient:code is one word; what follows its third colon is the path in the other type.
  Result<Clause> reverse(Scope scope, const Tree& tree, std::size_t at, std::uint32_t hops) {
    const auto name = tree.path[at].name;
    const auto first = name.find(':', 5);
    const auto second = first == std::string_view::npos ? first : name.find(':', first + 1);
    if (second == std::string_view::npos || second + 1 == name.size())
      return invalid(quoted(name) + " is not of the form _has:Type:reference:parameter");
    auto clause = read_reverse(scope, name.substr(5, first - 5), name.substr(first + 1, second - first - 1),
                               reading_.limits, hops);
    if (!clause) return clause;
    Tree rest;
    rest.op = tree.op;
    rest.value = tree.value;
    rest.path.push_back({name.substr(second + 1), nullptr});
    for (auto next = at + 1; next < tree.path.size(); ++next) {
      if (tree.path[next].filter) return invalid("no filter in [] behind _has");
      rest.path.push_back({tree.path[next].name, nullptr});
    }
    const Type* const inner[] = {clause->has_type};
    auto condition = path(inner, rest, 0, hops + 1);
    if (!condition) return condition;
    std::vector<Clause> one;
    one.push_back(std::move(*condition));
    add_inner(*clause, *clause->has_type, std::move(one));
    return clause;
  }

  Result<Clause> compare(const SearchParameter& parameter, const Tree& tree) {
    const bool words = is_full_text(parameter);
    if (tree.op == Op::pr && !words) return present(parameter, tree.value);
    if (parameter.type == ParameterType::token && !words &&
        (tree.op == Op::in || tree.op == Op::ss || tree.op == Op::sb))
      return meant(parameter, tree);
    if (tree.op == Op::co && words) return read_words(parameter, tree.value, reading_.limits);
    const auto how = words ? std::nullopt : meaning_of(parameter, tree.op);
    if (!how)
      return unsupported(quoted(ops[static_cast<std::size_t>(tree.op)]) + " does not apply to " +
                         quoted(parameter.code) + ", a " + std::string(word_of(parameter.type)) + " parameter");
    std::string escaped(how->prefix);
    for (const char c : tree.value) escaped.append(c == '\\' ? 1 : 0, '\\') += c;
    auto terms = read_terms(parameter, how->modifier, escaped, reading_);
    if (!terms) return std::move(terms.outcome());
    Clause clause;
    clause.parameter = &parameter;
    clause.modifier = how->modifier;
    for (auto& term : *terms) {
      if (tree.op == Op::po) term.prefix = Prefix::ap;  // as given: no slack is added once it is read
      if (parameter.code.view() == "_id") term.any_system = true;
      clause.any_of.push_back(std::move(term));
    }
    return clause;
  }

  // ss: the given code subsumes the element's, which is then below it; sb the other way round.
  Result<Clause> meant(const SearchParameter& parameter, const Tree& tree) {
    const auto modifier = tree.op == Op::in ? Modifier::in : tree.op == Op::ss ? Modifier::below : Modifier::above;
    return read_meant(parameter, modifier, tree.value, reading_);
  }

  static Result<Clause> present(const SearchParameter& parameter, std::string_view value) {
    if (value != "true" && value != "false") return invalid("pr takes true or false, not " + quoted(value));
    Clause clause;
    clause.parameter = &parameter;
    clause.modifier = Modifier::missing;
    clause.missing = value == "false";
    return clause;
  }

  struct How {
    Modifier modifier = Modifier::none;
    std::string_view prefix = {};
  };
  static std::optional<How> meaning_of(const SearchParameter& parameter, Op op) {
    const auto word = ops[static_cast<std::size_t>(op)];
    const bool id = parameter.code.view() == "_id";
    switch (parameter.type) {
      case ParameterType::date:
      case ParameterType::number:
      case ParameterType::quantity:
        if (op == Op::po && parameter.type == ParameterType::date) return How{Modifier::none, "eq"};
        if (op >= Op::gt && op <= Op::eb) return How{Modifier::none, word};
        if (op == Op::eq || op == Op::ne) return How{Modifier::none, word};
        return std::nullopt;
      case ParameterType::reference:
        if (op == Op::eq || op == Op::re) return How{};
        if (op == Op::ne) return How{Modifier::unequal};
        return std::nullopt;
      case ParameterType::string:
      case ParameterType::token:
      case ParameterType::uri:
        break;
      case ParameterType::composite:
      case ParameterType::special:
        return op == Op::eq ? std::optional(How{}) : std::nullopt;
    }
    const bool string = parameter.type == ParameterType::string;
    if (op == Op::eq) return string ? How{Modifier::equal} : How{};
    if (op == Op::ne) return id ? How{Modifier::not_} : How{Modifier::unequal};
    if (id) return std::nullopt;
    if (op == Op::co) return How{Modifier::contains};
    if (op == Op::sw) return How{Modifier::starts};
    if (op == Op::ew) return How{Modifier::ends};
    if (string) return std::nullopt;
    const bool hierarchy = parameter.type == ParameterType::uri;
    if (op == Op::ss && hierarchy) return How{Modifier::below};
    if (op == Op::sb && hierarchy) return How{Modifier::above};
    return std::nullopt;
  }

  Reading& reading_;
};

}  // namespace

Result<Clause> read_filter(Scope scope, std::string_view value, Reading& reading) {
  auto tree = Syntax(value).read();
  if (!tree) return std::move(tree.outcome());
  return Meaning(reading).of(scope, *tree, 0);
}

}  // namespace fhir::search
