// A GraphQL document as a tree. GraphQL specification (October 2021), section 2.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/outcome.h"

namespace fhir::graphql {

struct ObjectField;

struct Value {
  enum class Form : std::uint8_t { null, boolean, number, string, word, list, object, variable } form = Form::null;
  std::string text;  // unescaped; of a variable its name, of a boolean "true" or "false"
  std::vector<Value> items;
  std::vector<ObjectField> members;
};

struct ObjectField {
  std::string name;
  Value value;
};

struct Argument {
  std::string name;
  Value value;
};

struct Directive {
  std::string name;  // without @
  std::vector<Argument> arguments;
};

struct Selection {
  enum class Kind : std::uint8_t { field, spread, inline_fragment } kind = Kind::field;
  std::string name;   // of a spread the fragment's
  std::string alias;  // "" when none is given
  std::string type;   // inline fragment: its condition, "" for none
  std::vector<Argument> arguments;
  std::vector<Directive> directives;
  std::vector<Selection> selections;
  std::size_t at = 0;  // offset in the source

  const std::string& key() const { return alias.empty() ? name : alias; }
  const Directive* directive(std::string_view wanted) const;
  const Value* argument(std::string_view wanted) const;
};

struct Fragment {
  std::string name;
  std::string type;
  std::vector<Selection> selections;
};

struct Variable {
  std::string name;
  bool required = false;  // its type ends in ! and it has no default
  Value fallback;         // null when it has none
};

struct Operation {
  std::string name;  // "" for an anonymous one
  std::vector<Variable> variables;
  std::vector<Selection> selections;
};

struct Document {
  std::vector<Operation> operations;
  std::vector<Fragment> fragments;
  const Fragment* fragment(std::string_view name) const;
};

struct Limits {
  std::size_t bytes = 256u << 10;
  int depth = 32;               // of selections and of values
  std::size_t tokens = 20'000;  // of the whole document
};

// Queries only: mutations and subscriptions are refused. Faults name line and column.
Result<Document> parse(std::string_view source, const Limits& limits = {});

}  // namespace fhir::graphql
