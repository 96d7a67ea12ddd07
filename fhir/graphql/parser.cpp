// GraphQL text to a document. GraphQL specification (October 2021), section 2 and appendix B.
#include <algorithm>
#include <optional>

#include "fhir/graphql/document.h"
#include "fhir/graphql/lexer.h"

namespace fhir::graphql {
namespace {

class Parser {
 public:
  Parser(std::string_view source, const Limits& limits) : lexer_(source), source_(source), limits_(limits) {}

  Result<Document> parse() {
    advance();
    Document document;
    while (!fault_ && !is(Token::Kind::end)) definition(document);
    if (!fault_ && document.operations.empty()) refuse("there is no query");
    if (fault_) return std::move(*fault_);
    return document;
  }

 private:
  bool is(Token::Kind kind) const { return token_.kind == kind; }
  bool is(std::string_view mark) const { return token_.kind == Token::Kind::mark && token_.text == mark; }
  bool is_word(std::string_view word) const { return token_.kind == Token::Kind::name && token_.text == word; }

  void refuse(std::string_view what) {
    if (!fault_) fault_ = syntax_fault(source_, token_.at, what);
    token_ = {};
  }
  void advance() {
    if (fault_) return;
    if (++tokens_ > limits_.tokens) return refuse("the document is too long");
    auto token = lexer_.next();
    if (token) {
      token_ = std::move(*token);
    } else {
      fault_ = std::move(token.outcome());
      token_ = {};
    }
  }
  bool take(std::string_view mark) {
    if (!is(mark)) return false;
    advance();
    return true;
  }
  void expect(std::string_view mark) {
    if (!take(mark)) refuse("'" + std::string(mark) + "' belongs here");
  }
  std::string name() {
    if (!is(Token::Kind::name)) {
      refuse("a name belongs here");
      return {};
    }
    std::string text = token_.text;
    advance();
    return text;
  }

  void definition(Document& document) {
    if (is_word("fragment")) return fragment(document);
    Operation operation;
    if (is_word("mutation") || is_word("subscription")) return refuse("only queries are answered here");
    if (is_word("query")) {
      advance();
      if (is(Token::Kind::name)) operation.name = name();
      if (take("(")) {
        while (!fault_ && !take(")")) operation.variables.push_back(variable());
      }
      directives();
    }
    operation.selections = selections();
    document.operations.push_back(std::move(operation));
  }

  void fragment(Document& document) {
    advance();
    Fragment made;
    if (is_word("on")) return refuse("a fragment cannot be called on");
    made.name = name();
    if (!is_word("on")) return refuse("'on' and a type belong here");
    advance();
    made.type = name();
    directives();
    made.selections = selections();
    if (document.fragment(made.name)) return refuse("a fragment of this name was defined before");
    document.fragments.push_back(std::move(made));
  }

  Variable variable() {
    Variable made;
    expect("$");
    made.name = name();
    expect(":");
    made.required = type_is_required();
    if (take("=")) {
      made.fallback = value();
      made.required = false;
    }
    directives();
    return made;
  }

  // [String!]!
  bool type_is_required() {
    int lists = 0;
    for (; take("["); ++lists)
      if (lists >= limits_.depth) refuse("types are nested too deeply");
    name();
    bool required = take("!");
    for (; lists > 0; --lists) {
      expect("]");
      required = take("!");
    }
    return required;
  }

  std::vector<Selection> selections() {
    std::vector<Selection> all;
    expect("{");
    if (++depth_ > limits_.depth) refuse("selections are nested too deeply");
    while (!fault_ && !is("}")) all.push_back(selection());
    if (all.empty()) refuse("a selection holds one field at least");
    expect("}");
    --depth_;
    return all;
  }

  Selection selection() {
    Selection made;
    made.at = token_.at;
    if (take("...")) return fragment_use(std::move(made));
    made.name = name();
    if (take(":")) {
      made.alias = std::move(made.name);
      made.name = name();
    }
    made.arguments = arguments();
    made.directives = directives();
    if (is("{")) made.selections = selections();
    return made;
  }

  Selection fragment_use(Selection made) {
    made.kind = Selection::Kind::inline_fragment;
    if (is_word("on")) {
      advance();
      made.type = name();
    } else if (is(Token::Kind::name)) {
      made.kind = Selection::Kind::spread;
      made.name = name();
    }
    made.directives = directives();
    if (made.kind == Selection::Kind::inline_fragment) made.selections = selections();
    return made;
  }

  std::vector<Argument> arguments() {
    std::vector<Argument> all;
    if (!take("(")) return all;
    while (!fault_ && !take(")")) {
      Argument made;
      made.name = name();
      expect(":");
      made.value = value();
      all.push_back(std::move(made));
    }
    return all;
  }

  std::vector<Directive> directives() {
    std::vector<Directive> all;
    while (!fault_ && take("@")) {
      Directive made;
      made.name = name();
      made.arguments = arguments();
      all.push_back(std::move(made));
    }
    return all;
  }

  Value value() {
    Value made;
    if (++depth_ > limits_.depth) refuse("values are nested too deeply");
    switch (token_.kind) {
      case Token::Kind::name:
        made.form = is_word("null")                       ? Value::Form::null
                    : is_word("true") || is_word("false") ? Value::Form::boolean
                                                          : Value::Form::word;
        break;
      case Token::Kind::number:
        made.form = Value::Form::number;
        break;
      case Token::Kind::string:
        made.form = Value::Form::string;
        break;
      case Token::Kind::mark:
        compound(made);
        --depth_;
        return made;
      case Token::Kind::end:
        refuse("a value belongs here");
    }
    made.text = token_.text;
    advance();
    --depth_;
    return made;
  }

  void compound(Value& made) {
    if (take("$")) {
      made.form = Value::Form::variable;
      made.text = name();
    } else if (take("[")) {
      made.form = Value::Form::list;
      while (!fault_ && !take("]")) made.items.push_back(value());
    } else if (take("{")) {
      made.form = Value::Form::object;
      while (!fault_ && !take("}")) {
        auto key = name();
        expect(":");
        made.members.push_back({std::move(key), value()});
      }
    } else {
      refuse("a value belongs here");
    }
  }

  Lexer lexer_;
  std::string_view source_;
  const Limits& limits_;
  Token token_;
  std::size_t tokens_ = 0;
  int depth_ = 0;
  std::optional<Outcome> fault_;
};

template <class List>
auto* named(List& list, std::string_view name) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const auto& each) { return each.name == name; });
  return found == list.end() ? nullptr : &*found;
}

}  // namespace

const Directive* Selection::directive(std::string_view wanted) const { return named(directives, wanted); }

const Value* Selection::argument(std::string_view wanted) const {
  const auto* found = named(arguments, wanted);
  return found ? &found->value : nullptr;
}

const Fragment* Document::fragment(std::string_view name) const { return named(fragments, name); }

Result<Document> parse(std::string_view source, const Limits& limits) {
  if (source.size() > limits.bytes)
    return Outcome(Kind::too_large, "too-long",
                   "A GraphQL query may have " + std::to_string(limits.bytes) + " bytes; shorten it");
  return Parser(source, limits).parse();
}

}  // namespace fhir::graphql
