// GraphQL text to tokens. GraphQL specification (October 2021), section 2.1.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fhir/outcome.h"

namespace fhir::graphql {

struct Token {
  enum class Kind : std::uint8_t { end, name, number, string, mark } kind = Kind::end;
  std::string text;    // of a string its value, unescaped; of a mark the mark: "{", "..."
  std::size_t at = 0;  // offset in the source
};

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}
  Result<Token> next();

 private:
  void skip_ignored();
  Result<Token> number();
  Result<Token> string();
  Result<Token> block_string();

  std::string_view source_;
  std::size_t at_ = 0;
};

// "GraphQL, line 1, column 4: …"
Outcome syntax_fault(std::string_view source, std::size_t at, std::string_view what);

}  // namespace fhir::graphql
