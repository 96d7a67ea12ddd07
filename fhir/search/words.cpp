// Full text: _content looks at all text of a resource, _text at its narrative.
//   pain fever · "chest pain" · (bone OR liver) AND metastas* · fever NOT cough
// Whole words, without regard to case and marks; a phrase in quotes; the beginning of a word before `*`.
// FHIR R4: http://hl7.org/fhir/R4/search.html#content
#include "fhir/search/clause.h"

namespace fhir::search {
namespace {

constexpr std::size_t most_words = 32;
constexpr std::size_t most_depth = 16;

bool is_word_byte(char c) {
  return static_cast<unsigned char>(c) >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
}

bool same_word(std::string_view text, std::string_view upper) {
  if (text.size() != upper.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((text[i] & ~0x20) != upper[i]) return false;
  return true;
}

class WordsReader {
 public:
  WordsReader(const SearchParameter& parameter, std::string_view text) : parameter_(parameter), text_(text) {}

  Result<Clause> read() {
    auto clause = either(0);
    if (clause && !at_end()) return refusal("there is a ')' too many");
    return clause;
  }

 private:
  Outcome refusal(std::string_view why) const {
    return {Kind::malformed, "invalid",
            "Parameter '" + std::string(parameter_.code.view()) + "': " + std::string(why) +
                ". It takes words, \"phrases\", AND, OR, NOT, parentheses, and * behind the beginning of a word"};
  }

  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  bool at_end() {
    skip();
    return at_ == text_.size();
  }
  std::string_view peek() {
    skip();
    const auto end = std::min(text_.find_first_of(" \t()\"", at_), text_.size());
    return text_.substr(at_, end - at_);
  }
  bool take(std::string_view keyword) {
    const auto word = peek();
    if (!same_word(word, keyword)) return false;
    at_ += word.size();
    return true;
  }

  Result<Clause> either(std::size_t depth) {
    if (depth > most_depth) return refusal("the parentheses are too deep");
    auto left = both(depth);
    while (left && take("OR")) {
      auto right = both(depth);
      if (!right) return right;
      left = joined(Clause::Join::any, std::move(*left), std::move(*right));
    }
    return left;
  }

  Result<Clause> both(std::size_t depth) {
    auto left = one(depth);
    while (left && !at_end() && text_[at_] != ')' && !same_word(peek(), "OR")) {
      take("AND");
      auto right = one(depth);
      if (!right) return right;
      left = joined(Clause::Join::all, std::move(*left), std::move(*right));
    }
    return left;
  }

  Result<Clause> one(std::size_t depth) {
    if (depth > most_depth) return refusal("the parentheses are too deep");
    if (at_end()) return refusal("a word is missing");
    if (take("NOT")) {
      auto inner = one(depth + 1);
      if (!inner) return inner;
      Clause group;
      group.join = Clause::Join::all;
      group.negated = true;
      group.parts.push_back(std::move(*inner));
      return group;
    }
    if (text_[at_] == '(') {
      ++at_;
      auto inner = either(depth + 1);
      if (!inner) return inner;
      if (at_end() || text_[at_] != ')') return refusal("a ')' is missing");
      ++at_;
      return inner;
    }
    if (text_[at_] == '"') {
      const auto end = text_.find('"', at_ + 1);
      if (end == std::string_view::npos) return refusal("a quote is not closed");
      const auto phrase = text_.substr(at_ + 1, end - at_ - 1);
      at_ = end + 1;
      return leaf(phrase, Modifier::none);
    }
    auto word = peek();
    if (word.empty() || same_word(word, "AND") || same_word(word, "OR")) return refusal("a word is missing");
    at_ += word.size();
    const bool beginning = word.ends_with('*');
    if (beginning) word.remove_suffix(1);
    return leaf(word, beginning ? Modifier::starts : Modifier::none);
  }

  Result<Clause> leaf(std::string_view text, Modifier modifier) {
    if (text.find_first_of("&|!<>^~{}[]\\*:") != std::string_view::npos)
      return refusal("'" + shown(text) + "' holds a sign that has no meaning here");
    Clause clause;
    clause.parameter = &parameter_;
    clause.modifier = modifier;
    Term term;
    term.value.kind = IndexKind::words;
    term.value.text = words(text);
    if (term.value.text.empty()) return refusal("'" + shown(text) + "' holds no word");
    if (++words_ > most_words) return refusal("it has too many words");
    clause.any_of.push_back(std::move(term));
    return clause;
  }

  const SearchParameter& parameter_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t words_ = 0;
};

}  // namespace

std::string words(std::string_view text) {
  std::string out = fold(text);
  std::size_t end = 0;
  bool gap = false;
  for (const char c : out) {
    if (!is_word_byte(c)) {
      gap = true;
      continue;
    }
    if (gap && end > 0) out[end++] = ' ';
    gap = false;
    out[end++] = c;
  }
  out.resize(end);
  return out;
}

Result<Clause> read_words(const SearchParameter& parameter, std::string_view value, const Limits& limits) {
  const auto values = split(value, ',');
  if (values.size() > limits.or_values)
    return Outcome{
        Kind::malformed, "too-costly",
        "'" + std::string(parameter.code.view()) + "' has more than " + std::to_string(limits.or_values) + " values"};
  std::optional<Clause> all;
  for (const auto text : values) {
    auto one = WordsReader(parameter, text).read();
    if (!one) return one;
    all = all ? joined(Clause::Join::any, std::move(*all), std::move(*one)) : std::move(*one);
  }
  return std::move(*all);
}

}  // namespace fhir::search
