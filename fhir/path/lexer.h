// FHIRPath text to tokens. FHIRPath N1, appendix B (grammar).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fhir/outcome.h"

namespace fhir::path {

struct Token {
  enum class Kind : std::uint8_t {
    end,
    identifier,  // also keywords: whether a word is an operator depends on its place
    quoted_identifier,
    string,
    integer,
    long_integer,
    decimal,
    date,
    date_time,
    time,
    symbol,    // text is the operator or bracket
    special,   // $this, $index, $total
    variable,  // %name
  };
  Kind kind = Kind::end;
  std::string_view text;  // as written, without quotes, @, % and $
  std::size_t at = 0;     // offset in the source
  bool escaped = false;   // text holds backslashes
};

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}
  Result<Token> next();

 private:
  bool skip_blank();  // false for a comment without its end
  Result<Token> quoted(char quote, Token::Kind kind);
  Result<Token> number();
  Result<Token> temporal();
  std::string_view word();
  Outcome fault(std::string_view text, std::size_t at) const;

  std::string_view source_;
  std::size_t at_ = 0;
};

// The text behind \n, \u00e9 and the like; nullopt for an escape that does not exist.
Result<std::string> unescape(std::string_view text, std::size_t at);

Outcome syntax_fault(std::string_view what, std::size_t at);

}  // namespace fhir::path
