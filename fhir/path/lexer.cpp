#include "fhir/path/lexer.h"

#include <algorithm>
#include <array>

#include "fhir/path/text.h"

namespace fhir::path {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool starts_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool in_word(char c) { return starts_word(c) || is_digit(c); }

// Four hexadecimal digits at `at`.
bool read_hex(std::string_view text, std::size_t at, std::uint32_t& code) {
  if (at + 4 > text.size()) return false;
  code = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const char c = text[i];
    const int digit = is_digit(c)            ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return false;
    code = code * 16 + static_cast<std::uint32_t>(digit);
  }
  return true;
}

bool is_high_surrogate(std::uint32_t code) { return code >= 0xD800 && code < 0xDC00; }
bool is_low_surrogate(std::uint32_t code) { return code >= 0xDC00 && code < 0xE000; }

}  // namespace

Outcome syntax_fault(std::string_view what, std::size_t at) {
  return Outcome(Kind::malformed, "invalid", "FHIRPath, column " + std::to_string(at + 1) + ": " + std::string(what));
}

namespace {

// The character of \uXXXX whose digits start at `at`, and of the pair of surrogates; moves `at` to its last digit.
// 0 when it names none.
std::uint32_t read_unicode(std::string_view text, std::size_t& at) {
  std::uint32_t code = 0;
  if (!read_hex(text, at, code)) return 0;
  at += 3;
  std::uint32_t low = 0;
  if (is_high_surrogate(code) && text.substr(at + 1).starts_with("\\u") && read_hex(text, at + 3, low) &&
      is_low_surrogate(low)) {
    at += 6;
    return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  }
  return is_high_surrogate(code) || is_low_surrogate(code) ? 0 : code;
}

}  // namespace

Result<std::string> unescape(std::string_view text, std::size_t at) {
  constexpr std::string_view letters = "`'\"\\/rntf";
  constexpr std::string_view meanings = "`'\"\\/\r\n\t\f";
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char escaped = text[++i];
    if (const auto found = letters.find(escaped); found != std::string_view::npos) {
      out += meanings[found];
    } else if (escaped == 'u') {
      const std::uint32_t code = read_unicode(text, ++i);
      if (code == 0) return syntax_fault("\\u names no character", at + i);
      append_utf8(code, out);
    } else {
      // Published expressions write regular expressions with single backslashes ('\.'): both readings are taken.
      out += '\\';
      out += escaped;
    }
  }
  return out;
}

Outcome Lexer::fault(std::string_view text, std::size_t at) const { return syntax_fault(text, at); }

bool Lexer::skip_blank() {
  while (at_ < source_.size()) {
    const char c = source_[at_];
    const std::string_view rest = source_.substr(at_);
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      ++at_;
    } else if (rest.starts_with("//")) {
      at_ = std::min(source_.find('\n', at_), source_.size());
    } else if (rest.starts_with("/*")) {
      const auto end = source_.find("*/", at_ + 2);
      if (end == std::string_view::npos) return false;
      at_ = end + 2;
    } else {
      break;
    }
  }
  return true;
}

std::string_view Lexer::word() {
  const std::size_t start = at_;
  while (at_ < source_.size() && in_word(source_[at_])) ++at_;
  return source_.substr(start, at_ - start);
}

Result<Token> Lexer::quoted(char quote, Token::Kind kind) {
  Token token{kind, {}, at_, false};
  const std::size_t start = ++at_;
  while (at_ < source_.size() && source_[at_] != quote) {
    if (source_[at_] == '\\') {
      token.escaped = true;
      ++at_;
    }
    ++at_;
  }
  if (at_ >= source_.size()) return fault(std::string("missing closing ") + quote, start - 1);
  token.text = source_.substr(start, at_ - start);
  ++at_;
  return token;
}

Result<Token> Lexer::number() {
  Token token{Token::Kind::integer, {}, at_, false};
  while (at_ < source_.size() && is_digit(source_[at_])) ++at_;
  if (at_ + 1 < source_.size() && source_[at_] == '.' && is_digit(source_[at_ + 1])) {
    token.kind = Token::Kind::decimal;
    ++at_;
    while (at_ < source_.size() && is_digit(source_[at_])) ++at_;
  }
  token.text = source_.substr(token.at, at_ - token.at);
  if (token.kind == Token::Kind::integer && at_ < source_.size() && source_[at_] == 'L' &&
      (at_ + 1 == source_.size() || !in_word(source_[at_ + 1]))) {
    token.kind = Token::Kind::long_integer;
    ++at_;
  }
  if (at_ < source_.size() && starts_word(source_[at_])) return fault("a number runs into a word", at_);
  return token;
}

Result<Token> Lexer::temporal() {
  Token token{Token::Kind::date, {}, at_, false};
  const std::size_t start = ++at_;
  const auto digits = [&] {
    while (at_ < source_.size() && is_digit(source_[at_])) ++at_;
  };
  // A separator belongs to the literal only when a digit follows it: "@2015.is(Date)", "@2015-02-04T14 - 1 day".
  const auto part = [&](char separator) {
    if (at_ + 1 >= source_.size() || source_[at_] != separator || !is_digit(source_[at_ + 1])) return false;
    ++at_;
    digits();
    return true;
  };
  if (at_ < source_.size() && is_digit(source_[at_])) {
    digits();
    while (part('-')) {
    }
  } else {
    token.kind = Token::Kind::time;
  }
  if (at_ < source_.size() && source_[at_] == 'T') {
    if (token.kind == Token::Kind::date) token.kind = Token::Kind::date_time;
    ++at_;
    digits();
    while (part(':')) {
    }
    part('.');
    if (at_ < source_.size() && source_[at_] == 'Z') {
      ++at_;
    } else if (part('+') || part('-')) {
      part(':');
    }
  }
  token.text = source_.substr(start, at_ - start);
  return token;
}

Result<Token> Lexer::next() {
  if (!skip_blank()) return fault("a comment has no end", at_);
  if (at_ == source_.size()) return Token{Token::Kind::end, {}, at_, false};
  const char c = source_[at_];
  const std::size_t start = at_;
  if (starts_word(c)) return Token{Token::Kind::identifier, word(), start, false};
  if (is_digit(c)) return number();
  if (c == '\'' || c == '"') return quoted(c, Token::Kind::string);
  if (c == '`') return quoted(c, Token::Kind::quoted_identifier);
  if (c == '@') return temporal();
  if (c == '$') {
    ++at_;
    return Token{Token::Kind::special, word(), start, false};
  }
  if (c == '%') {
    ++at_;
    if (at_ < source_.size() && (source_[at_] == '`' || source_[at_] == '\'' || source_[at_] == '"'))
      return quoted(source_[at_], Token::Kind::variable);
    const std::size_t name = at_;
    word();
    // The FHIR page writes %vs-name and %ext-name as well as the quoted forms.
    const std::string_view prefix = source_.substr(name, at_ - name);
    if (prefix == "vs" || prefix == "ext")
      while (at_ + 1 < source_.size() && source_[at_] == '-' && in_word(source_[at_ + 1])) {
        ++at_;
        word();
      }
    if (at_ == name) return fault("% needs a name", start);
    return Token{Token::Kind::variable, source_.substr(name, at_ - name), start, false};
  }
  constexpr std::array<std::string_view, 22> symbols{"~", "<=", ">=", "!=", "!~", "(", ")", "[", "]", "{", "}",
                                                     ".", ",",  "+",  "-",  "*",  "/", "&", "|", "<", ">", "="};
  for (const auto symbol : symbols)
    if (source_.substr(at_).starts_with(symbol)) {
      at_ += symbol.size();
      return Token{Token::Kind::symbol, source_.substr(start, symbol.size()), start, false};
    }
  return fault("a character that FHIRPath does not know", start);
}

}  // namespace fhir::path
