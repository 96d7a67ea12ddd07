// FHIRPath N1, appendix B: recursive descent with precedences; every level of nesting is counted and limited.
#include <re2/re2.h>

#include <array>
#include <charconv>
#include <optional>

#include "fhir/path/lexer.h"
#include "fhir/path/program.h"
#include "fhir/path/temporal.h"

namespace fhir::path {
namespace {

constexpr std::size_t max_source = 1u << 20;
constexpr int max_nesting = 250;
constexpr std::size_t max_depth = 400;
constexpr std::size_t max_expressions = 100'000;

struct Operator {
  std::string_view text;
  int precedence;
  Op op;
};
constexpr std::array<Operator, 24> operators{{
    {"implies", 1, Op::implies},
    {"or", 2, Op::logical_or},
    {"xor", 2, Op::logical_xor},
    {"and", 3, Op::logical_and},
    {"in", 4, Op::in},
    {"contains", 4, Op::contains},
    {"=", 5, Op::equal},
    {"~", 5, Op::equivalent},
    {"!=", 5, Op::not_equal},
    {"!~", 5, Op::not_equivalent},
    {"<", 6, Op::less},
    {">", 6, Op::greater},
    {"<=", 6, Op::less_equal},
    {">=", 6, Op::greater_equal},
    {"|", 7, Op::unite},
    {"is", 8, Op::is},
    {"as", 8, Op::as},
    {"+", 9, Op::add},
    {"-", 9, Op::subtract},
    {"&", 9, Op::concatenate},
    {"*", 10, Op::multiply},
    {"/", 10, Op::divide},
    {"div", 10, Op::whole_divide},
    {"mod", 10, Op::modulo},
}};

class Parser {
 public:
  explicit Parser(Program& program) : program_(program), lexer_(program.source) {}

  Result<const Expr*> parse() {
    advance();
    const Expr* root = expression(1);
    if (root && !is(Token::Kind::end)) root = refuse("the expression should end here");
    if (fault_) return std::move(*fault_);
    return root;
  }

 private:
  bool is(Token::Kind kind) const { return token_.kind == kind; }
  bool is(std::string_view symbol) const { return token_.kind == Token::Kind::symbol && token_.text == symbol; }

  void advance() {
    if (fault_) return;
    auto token = lexer_.next();
    if (token) {
      token_ = *token;
    } else {
      fault_ = std::move(token.outcome());
      token_ = {};
    }
  }
  bool take(std::string_view symbol) {
    if (!is(symbol)) return false;
    advance();
    return true;
  }
  std::nullptr_t refuse(std::string_view what, std::optional<std::size_t> at = {}) {
    if (!fault_) fault_ = syntax_fault(what, at.value_or(token_.at));
    return nullptr;
  }

  Expr* make(Op op, std::vector<const Expr*> args = {}) {
    if (program_.expressions.size() >= max_expressions) return refuse("the expression is too long");
    std::size_t depth = 0;
    for (const Expr* arg : args) depth = std::max<std::size_t>(depth, arg->depth);
    if (depth >= max_depth) return refuse("the expression is nested too deeply");
    Expr& made = program_.expressions.emplace_back();
    made.op = op;
    made.depth = static_cast<std::uint16_t>(depth + 1);
    made.column = static_cast<std::uint32_t>(token_.at + 1);
    made.args = std::move(args);
    return &made;
  }

  // The token's text without escapes; kept by the program.
  std::optional<std::string_view> plain_text() {
    if (!token_.escaped) return token_.text;
    auto text = unescape(token_.text, token_.at + 1);
    if (!text) {
      if (!fault_) fault_ = std::move(text.outcome());
      return std::nullopt;
    }
    return program_.texts.emplace_back(std::move(*text));
  }

  const Operator* infix() const {
    if (token_.kind != Token::Kind::symbol && token_.kind != Token::Kind::identifier) return nullptr;
    for (const auto& each : operators)
      if (each.text == token_.text) return &each;
    return nullptr;
  }

  const Expr* expression(int least) {
    if (++nesting_ > max_nesting) return refuse("the expression is nested too deeply");
    const Expr* left = unary();
    for (const Operator* found = infix(); left && found && found->precedence >= least; found = infix()) {
      advance();
      if (found->op == Op::is || found->op == Op::as) {
        left = type_test(found->op, left);
        continue;
      }
      const Expr* right = expression(found->precedence + 1);
      left = right ? make(found->op, {left, right}) : nullptr;
    }
    --nesting_;
    return fault_ ? nullptr : left;
  }

  const Expr* type_test(Op op, const Expr* operand) {
    TypeName type;
    if (!type_name(type)) return nullptr;
    if (op == Op::is && ends_in_resolve(*operand)) return by_reference(operand, type);
    Expr* made = make(op, {operand});
    if (made) made->type = type;
    return made;
  }

  // x.resolve() is T, and x.resolve().is(T)
  Expr* by_reference(const Expr* operand, const TypeName& type) {
    Expr* made = operand ? make(Op::is, {operand}) : nullptr;
    if (!made) return nullptr;
    made->type = type;
    made->by_reference = true;
    return made;
  }
  static bool is_call(const Expr& step, std::string_view name) {
    return step.op == Op::call && step.function->name == name;
  }
  static bool ends_in_resolve(const Expr& operand) {
    return operand.op == Op::path && is_call(*operand.args.back(), "resolve");
  }

  bool type_name(TypeName& type) {
    if (!identifier_here()) return refuse("a type name belongs here") != nullptr;
    const auto first = plain_text();
    if (!first) return false;
    advance();
    type.name = *first;
    if ((type.name == "System" || type.name == "FHIR") && take(".")) {
      type.space = *first;
      const auto second = identifier_here() ? plain_text() : std::nullopt;
      if (!second) return refuse("a type name belongs here") != nullptr;
      advance();
      type.name = *second;
    }
    bind(type);
    return true;
  }
  static void bind(TypeName& type) {
    if (type.space != "System") type.type = definitions().type(type.name);
  }
  bool identifier_here() const { return is(Token::Kind::identifier) || is(Token::Kind::quoted_identifier); }

  const Expr* unary() {
    if (!is("+") && !is("-")) return chain();
    const Op op = is("-") ? Op::minus_sign : Op::plus_sign;
    if (++nesting_ > max_nesting) return refuse("the expression is nested too deeply");
    advance();
    const Expr* operand = unary();
    --nesting_;
    return operand ? make(op, {operand}) : nullptr;
  }

  const Expr* chain() {
    const bool has_functions =
        is(Token::Kind::variable) && (token_.text == "factory" || token_.text == "terminologies");
    const Expr* first = has_functions ? function_of() : term();
    if (!first) return nullptr;
    std::vector<const Expr*> steps{first};
    while (!fault_) {
      const Expr* step = nullptr;
      if (take(".")) {
        if (is(Token::Kind::special))
          step = special();
        else
          step = identifier_here() ? invocation(false) : refuse("a name belongs behind the dot");
      } else if (take("[")) {
        const Expr* index = expression(1);
        if (!index || !take("]")) return refuse("] is missing");
        step = make(Op::at, {index});
      } else {
        break;
      }
      if (!step) return nullptr;
      steps.push_back(step);
      if (is_call(*step, "is") && is_call(*steps[steps.size() - 2], "resolve")) {
        steps.pop_back();
        const Expr* test = by_reference(make(Op::path, std::move(steps)), step->type);
        if (!test) return nullptr;
        steps = {test};
      }
    }
    const bool starts_at_focus = steps[0]->op == Op::member || steps[0]->op == Op::call;
    if (steps.size() == 1 && !starts_at_focus) return fault_ ? nullptr : steps[0];
    return make(Op::path, std::move(steps));
  }

  // %factory.code('x'): a function without input.
  const Expr* function_of() {
    const Token variable = token_;
    advance();
    const bool named = take(".") && is(Token::Kind::identifier);
    const Token name = token_;
    if (named) advance();
    if (!named || !is("("))
      return refuse("%" + std::string(variable.text) + " is followed by one of its functions", variable.at);
    return call(name.text, name.at, variable.text);
  }

  const Expr* term() {
    switch (token_.kind) {
      case Token::Kind::identifier:
      case Token::Kind::quoted_identifier:
        if (is(Token::Kind::identifier) && (token_.text == "true" || token_.text == "false")) {
          const bool truth = token_.text == "true";
          return literal(Value::of(truth));
        }
        return invocation(true);
      case Token::Kind::string: {
        const auto text = plain_text();
        return text ? literal(Value::of(ValueKind::string, *text)) : nullptr;
      }
      case Token::Kind::integer:
      case Token::Kind::long_integer:
      case Token::Kind::decimal:
        return number();
      case Token::Kind::date:
        return temporal(ValueKind::date, Temporal::Shape::date);
      case Token::Kind::date_time:
        return temporal(ValueKind::date_time, Temporal::Shape::date_time);
      case Token::Kind::time:
        return temporal(ValueKind::time, Temporal::Shape::time);
      case Token::Kind::special:
        return special();
      case Token::Kind::variable: {
        const auto name = plain_text();
        if (!name) return nullptr;
        Expr* made = make(Op::variable);
        if (made) made->text = *name;
        advance();
        return made;
      }
      case Token::Kind::symbol:
        return bracketed();
      case Token::Kind::end:
        break;
    }
    return refuse("the expression ends too early");
  }

  const Expr* bracketed() {
    if (take("(")) {
      const Expr* inner = expression(1);
      if (inner && !take(")")) return refuse(") is missing");
      return inner;
    }
    if (take("{")) {
      if (!take("}")) return refuse("} is missing");
      return make(Op::nothing);
    }
    return refuse("a value, a name or ( belongs here");
  }

  const Expr* literal(const Value& value) {
    Expr* made = make(Op::literal);
    if (made) made->value = value;
    advance();
    return made;
  }

  const Expr* number() {
    Value value = Value::of(ValueKind::decimal, token_.text);
    if (!is(Token::Kind::decimal)) {
      std::int64_t whole = 0;
      const auto [end, fault] = std::from_chars(token_.text.data(), token_.text.data() + token_.text.size(), whole);
      if (fault == std::errc{} && end == token_.text.data() + token_.text.size()) {
        value = Value::of(whole);
        if (is(Token::Kind::long_integer)) value.kind = ValueKind::long_integer;
      }
    }
    if (value.kind == ValueKind::decimal && !Decimal::parse(value.text)) return refuse("a number is too long");
    const std::string_view digits = token_.text;
    advance();
    const bool calendar = is(Token::Kind::identifier) && !calendar_word(token_.text).empty();
    if (is(Token::Kind::string) || calendar) {
      auto unit = plain_text();
      if (!unit) return nullptr;
      // 'day' in quotes is no unit of UCUM, and not the calendar's day: the quotes stay, to tell them apart.
      if (!calendar && !calendar_word(*unit).empty())
        unit = program_.texts.emplace_back("'" + std::string(*unit) + "'");
      return literal(Value::of(ValueKind::quantity, digits, *unit));
    }
    Expr* made = make(Op::literal);
    if (made) made->value = value;
    return made;
  }

  const Expr* temporal(ValueKind kind, Temporal::Shape shape) {
    if (!Temporal::parse(token_.text, shape)) return refuse("not a date or time");
    std::string_view text = token_.text;
    if (kind == ValueKind::time && text.starts_with('T')) text.remove_prefix(1);
    return literal(Value::of(kind, text));
  }

  const Expr* special() {
    const Op op = token_.text == "this"    ? Op::self
                  : token_.text == "index" ? Op::position
                  : token_.text == "total" ? Op::total
                                           : Op::nothing;
    if (op == Op::nothing) return refuse("only $this, $index and $total exist");
    const Expr* made = make(op);
    advance();
    return made;
  }

  // name or name(arguments)
  const Expr* invocation(bool head) {
    const Token start = token_;
    const auto name = plain_text();
    if (!name) return nullptr;
    if (name->empty()) return refuse("a name is empty");
    advance();
    if (is("(") && start.kind == Token::Kind::identifier) return call(*name, start.at);
    Expr* made = make(Op::member);
    if (!made) return nullptr;
    made->text = *name;
    made->head = head;
    if (head && name->front() >= 'A' && name->front() <= 'Z') {
      made->type.name = *name;
      bind(made->type);
    }
    return made;
  }

  const Expr* call(std::string_view name, std::size_t at, std::string_view of = {}) {
    const Function* function = find_function(name, of);
    if (!function) return refuse("there is no function " + std::string(name) + "()", at);
    advance();
    std::vector<const Expr*> args;
    TypeName type;
    const bool typed = !of.empty() ? name == "create" : name == "is" || name == "as" || name == "ofType";
    if (typed && !type_name(type)) return nullptr;
    if (!typed && !is(")")) {
      do {
        const Expr* arg = expression(1);
        if (!arg) return nullptr;
        args.push_back(arg);
      } while (take(","));
    }
    if (!take(")")) return refuse(") is missing");
    const std::size_t count = args.size() + (typed ? 1 : 0);
    if (count < function->least || count > function->most)
      return refuse("wrong number of arguments for " + std::string(name) + "()", at);
    Expr* made = make(Op::call, std::move(args));
    if (!made) return nullptr;
    made->text = name;
    made->function = function;
    made->type = type;
    return of.empty() && takes_pattern(name) ? with_pattern(made, at) : made;
  }

  const Expr* with_pattern(Expr* made, std::size_t at) {
    const Expr& pattern = *made->args[0];
    if (pattern.op != Op::literal || pattern.value.kind != ValueKind::string) return made;
    made->pattern = compile_pattern(pattern.value.text, made->text == "matchesFull");
    if (!made->pattern) return refuse("not a regular expression, or one that is too long", at);
    return made;
  }

  Program& program_;
  Lexer lexer_;
  Token token_;
  int nesting_ = 0;
  std::optional<Outcome> fault_;
};

// Named groups as N1 5.6 (replaceMatches) writes them, (?<year>…), in the older form that every RE2 reads: (?P<year>…).
// Looking behind, (?<=…) and (?<!…), is left for RE2 to refuse; in a class of characters nothing opens a group.
std::string with_named_groups(std::string_view pattern) {
  std::string out;
  bool in_class = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::string_view rest = pattern.substr(i);
    out += pattern[i];
    if (pattern[i] == '\\' && rest.size() > 1) {
      out += pattern[++i];
    } else if (in_class || pattern[i] == '[') {
      in_class = pattern[i] != ']';
    } else if (rest.starts_with("(?<") && !rest.starts_with("(?<=") && !rest.starts_with("(?<!")) {
      out += "?P";
      ++i;
    }
  }
  return out;
}

}  // namespace

Expr::Expr() = default;
Expr::~Expr() = default;

bool takes_pattern(std::string_view function) {
  return function == "matches" || function == "matchesFull" || function == "replaceMatches";
}

std::unique_ptr<const re2::RE2> compile_pattern(std::string_view pattern, bool whole) {
  constexpr std::size_t max_pattern = 1024;
  if (pattern.size() > max_pattern) return nullptr;
  re2::RE2::Options options;
  options.set_dot_nl(true);
  options.set_log_errors(false);
  const std::string plain = with_named_groups(pattern);
  const std::string text = whole ? "^(?:" + plain + ")$" : plain;
  auto compiled = std::make_unique<const re2::RE2>(text, options);
  if (!compiled->ok()) return nullptr;
  return compiled;
}

const Function* find_function(std::string_view name, std::string_view of) {
  if (!of.empty()) {
    for (const Function& each : of == "factory" ? factory_functions() : terminology_functions())
      if (each.name == name) return &each;
    return nullptr;
  }
  for (const auto table : {collection_functions(), filter_functions(), string_functions(), math_functions(),
                           boundary_functions(), conversion_functions(), fhir_functions()})
    for (const Function& each : table)
      if (each.name == name) return &each;
  return nullptr;
}

Result<Compiled> compile(std::string_view expression) {
  if (expression.size() > max_source)
    return Outcome(Kind::too_large, "too-long", "a FHIRPath expression may have 1 MiB; shorten it");
  auto program = std::make_shared<Program>();
  program->source = expression;
  auto root = Parser(*program).parse();
  if (!root) return std::move(root.outcome());
  program->root = *root;
  return Compiled(std::move(program));
}

}  // namespace fhir::path
