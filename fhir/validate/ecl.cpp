// Is a text an expression constraint: the brief syntax of SNOMED CT's Expression Constraint Language. Only its form is
// judged, no concept looked up. http://snomed.org/ecl (1.5; filters of 2.x are passed over)
#include <algorithm>
#include <cctype>

#include "fhir/validate/rules.h"

namespace fhir::validate {

namespace {

constexpr int deepest = 64;
constexpr int most_steps = 10'000;  // a parenthesis may open an attribute or a refinement: both are tried

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::optional<std::string> fault() {
    if (constraint() && (skip(), at_ == text_.size())) return std::nullopt;
    return "it cannot be read from character " + std::to_string(at_ + 1) + " on";
  }

 private:
  // sub [":" refinement] | sub ("." attribute)* | sub ("AND" | "OR" | "MINUS" sub)*
  bool constraint() {
    if (++depth_ > deepest) return false;
    bool good = sub();
    if (good && take(":")) {
      good = refinement();
    } else if (good) {
      while (good && (take(".") || conjunction() || word("MINUS"))) good = sub();
    }
    --depth_;
    return good;
  }

  // [operator] ["^"] (concept | "*" | "(" constraint ")")
  bool sub() {
    if (++steps_ > most_steps) return false;
    while (take("<") || take(">") || take("!")) {
    }
    take("^");
    if (take("(")) return constraint() && take(")") && filters();
    return (take("*") || concept_reference()) && filters();
  }

  bool concept_reference() {
    skip();
    const auto start = at_;
    while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_]))) ++at_;
    const auto size = at_ - start;
    if (size < 6 || size > 18) {
      at_ = start;
      return false;
    }
    if (!take("|")) return true;
    const auto end = text_.find('|', at_);
    if (end == text_.npos || text_.substr(at_, end - at_).find_first_not_of(' ') == text_.npos) return false;
    at_ = end + 1;
    return true;
  }

  bool filters() {
    while (take("{{")) {
      const auto end = text_.find("}}", at_);
      if (end == text_.npos) return false;
      at_ = end + 2;
    }
    return true;
  }

  bool refinement() {
    if (++depth_ > deepest) return false;
    bool good = part();
    while (good && conjunction()) good = part();
    --depth_;
    return good;
  }

  // "{" attributes "}" | attribute | "(" refinement ")"
  bool part() {
    if (!cardinality()) return false;
    if (take("{")) return refinement() && take("}");
    const auto start = at_;
    if (attribute()) return true;
    at_ = start;
    return take("(") && refinement() && take(")");
  }

  // ["R"] name ("=" constraint | comparison value)
  bool attribute() {
    word("R");
    if (!sub()) return false;
    const bool equals = take("!=") || take("=");
    if (!equals && !take("<=") && !take(">=") && !take("<") && !take(">")) return false;
    if (take("#")) return number();
    if (!equals) return false;
    if (take("\"")) return string();
    return word("true") || word("false") || sub();
  }

  bool number() {
    const auto start = at_;
    while (at_ < text_.size() && std::string_view("+-.0123456789").find(text_[at_]) != std::string_view::npos) ++at_;
    return at_ > start && std::isdigit(static_cast<unsigned char>(text_[at_ - 1]));
  }

  bool string() {
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\')
        ++at_;
      else if (text_[at_] == '"')
        return ++at_, true;
    }
    return false;
  }

  // "[1..*]"
  bool cardinality() {
    if (!take("[")) return true;
    const auto end = text_.find(']', at_);
    const auto range = text_.substr(at_, end == text_.npos ? 0 : end - at_);
    const auto dots = range.find("..");
    if (dots == range.npos) return false;
    const auto digits = [](std::string_view text) {
      return !text.empty() &&
             std::all_of(text.begin(), text.end(), [](char c) { return std::isdigit(static_cast<unsigned char>(c)); });
    };
    at_ = end + 1;
    return digits(range.substr(0, dots)) && (digits(range.substr(dots + 2)) || range.substr(dots + 2) == "*");
  }

  bool conjunction() { return take(",") || word("AND") || word("OR"); }

  void skip() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
    if (!text_.substr(at_).starts_with("/*")) return;
    const auto end = text_.find("*/", at_ + 2);
    if (end == text_.npos) return;
    at_ = end + 2;
    skip();
  }
  bool take(std::string_view token) {
    skip();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  // In any case, and not the beginning of a longer word.
  bool word(std::string_view wanted) {
    skip();
    if (text_.size() - at_ < wanted.size()) return false;
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if ((text_[at_ + i] | 0x20) != (wanted[i] | 0x20)) return false;
    const auto end = at_ + wanted.size();
    if (end < text_.size() && std::isalpha(static_cast<unsigned char>(text_[end]))) return false;
    at_ = end;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  int steps_ = 0;
};

}  // namespace

std::optional<std::string> ecl_fault(std::string_view text) { return Parser(text).fault(); }

}  // namespace fhir::validate
