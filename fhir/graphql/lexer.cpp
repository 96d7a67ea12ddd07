// GraphQL tokens. GraphQL specification (October 2021), section 2.1.
#include "fhir/graphql/lexer.h"

#include <algorithm>
#include <vector>

#include "fhir/path/lexer.h"

namespace fhir::graphql {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool starts_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

// Block strings lose the indentation that their lines share, and blank lines at both ends (section 2.9.4).
std::string without_indentation(std::string_view raw) {
  std::vector<std::string_view> lines;
  for (std::size_t at = 0; at <= raw.size();) {
    const auto end = std::min(raw.find('\n', at), raw.size());
    auto line = raw.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    at = end + 1;
  }
  const auto blank = [](std::string_view line) { return line.find_first_not_of(" \t") == std::string_view::npos; };
  std::size_t common = raw.size();
  for (std::size_t i = 1; i < lines.size(); ++i)
    if (!blank(lines[i])) common = std::min(common, lines[i].find_first_not_of(" \t"));
  for (std::size_t i = 1; i < lines.size(); ++i) lines[i].remove_prefix(std::min(common, lines[i].size()));
  while (!lines.empty() && blank(lines.back())) lines.pop_back();
  const auto start = std::find_if_not(lines.begin(), lines.end(), blank);
  std::string text;
  for (auto line = start; line != lines.end(); ++line) {
    if (line != start) text += '\n';
    text += *line;
  }
  return text;
}

}  // namespace

Outcome syntax_fault(std::string_view source, std::size_t at, std::string_view what) {
  const auto before = source.substr(0, at);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const auto column = at - (before.rfind('\n') + 1) + 1;
  return {Kind::malformed, "invalid",
          "GraphQL, line " + std::to_string(line) + ", column " + std::to_string(column) + ": " + std::string(what)};
}

void Lexer::skip_ignored() {
  while (at_ < source_.size()) {
    const char c = source_[at_];
    if (c == '#')
      at_ = std::min(source_.find('\n', at_), source_.size());
    else if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',')
      ++at_;
    else if (source_.substr(at_).starts_with("\xEF\xBB\xBF"))
      at_ += 3;
    else
      return;
  }
}

Result<Token> Lexer::next() {
  skip_ignored();
  Token token{Token::Kind::end, {}, at_};
  if (at_ >= source_.size()) return token;
  const char c = source_[at_];
  if (starts_name(c)) {
    token.kind = Token::Kind::name;
    while (at_ < source_.size() && (starts_name(source_[at_]) || is_digit(source_[at_]))) token.text += source_[at_++];
    return token;
  }
  if (is_digit(c) || c == '-') return number();
  if (source_.substr(at_).starts_with("\"\"\"")) return block_string();
  if (c == '"') return string();
  token.kind = Token::Kind::mark;
  const bool spread = source_.substr(at_).starts_with("...");
  if (!spread && std::string_view("!$&()/:=@[]{|}").find(c) == std::string_view::npos)
    return syntax_fault(source_, at_, "this character means nothing here");
  token.text = source_.substr(at_, spread ? 3 : 1);
  at_ += token.text.size();
  return token;
}

Result<Token> Lexer::number() {
  Token token{Token::Kind::number, {}, at_};
  const auto digits = [&] {
    const std::size_t start = at_;
    while (at_ < source_.size() && is_digit(source_[at_])) ++at_;
    return at_ > start;
  };
  if (source_[at_] == '-') ++at_;
  bool sound = digits();
  if (sound && at_ < source_.size() && source_[at_] == '.') {
    ++at_;
    sound = digits();
  }
  if (sound && at_ < source_.size() && (source_[at_] == 'e' || source_[at_] == 'E')) {
    ++at_;
    if (at_ < source_.size() && (source_[at_] == '+' || source_[at_] == '-')) ++at_;
    sound = digits();
  }
  if (!sound || (at_ < source_.size() && starts_name(source_[at_])))
    return syntax_fault(source_, token.at, "this is no number");
  token.text = source_.substr(token.at, at_ - token.at);
  return token;
}

Result<Token> Lexer::string() {
  Token token{Token::Kind::string, {}, at_++};
  const std::size_t start = at_;
  while (at_ < source_.size() && source_[at_] != '"' && source_[at_] != '\n') at_ += source_[at_] == '\\' ? 2 : 1;
  if (at_ >= source_.size() || source_[at_] != '"') return syntax_fault(source_, token.at, "this string has no end");
  // FHIRPath's escapes are those of GraphQL, ' and ` besides; \b stands for what no text of FHIR may hold.
  auto text = path::unescape(source_.substr(start, at_ - start), 0);
  if (!text) return syntax_fault(source_, token.at, "an escape in this string does not exist");
  token.text = std::move(*text);
  ++at_;
  return token;
}

Result<Token> Lexer::block_string() {
  Token token{Token::Kind::string, {}, at_};
  at_ += 3;
  std::string raw;
  while (at_ < source_.size() && !source_.substr(at_).starts_with("\"\"\"")) {
    const bool escaped = source_.substr(at_).starts_with("\\\"\"\"");
    raw += source_.substr(at_ + (escaped ? 1 : 0), escaped ? 3 : 1);
    at_ += escaped ? 4 : 1;
  }
  if (at_ >= source_.size()) return syntax_fault(source_, token.at, "this string has no end");
  at_ += 3;
  token.text = without_indentation(raw);
  return token;
}

}  // namespace fhir::graphql
