// String functions, by character. FHIRPath N1, section 5.6.
#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "fhir/path/evaluator.h"
#include "fhir/path/text.h"

namespace fhir::path {
namespace {

constexpr std::size_t max_text = 16u << 20;  // what one expression may build

// The focus as one string; a fault when it is something else.
std::optional<std::string_view> subject(Evaluator& e, Range in) {
  const auto value = e.single(in);
  if (!value) return std::nullopt;
  if (value->kind != ValueKind::string) {
    e.fail("this function works on strings, not on " + std::string(system_type(value->kind)));
    return std::nullopt;
  }
  return value->text;
}

void give_text(Evaluator& e, Range in, std::string_view text) { e.give(in, Value::of(ValueKind::string, text)); }

// Both strings, or nothing and an empty result.
struct Pair {
  std::string_view text;
  std::string_view other;
};
std::optional<Pair> pair(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  const auto text = subject(e, in);
  const auto other = e.text(*call.args[0], scope);
  e.drop(in.first);
  if (!text || !other) return std::nullopt;
  return Pair{*text, *other};
}

void starts_with(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  if (const auto p = pair(e, call, in, scope)) e.push(Value::of(p->text.starts_with(p->other)));
}
void ends_with(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  if (const auto p = pair(e, call, in, scope)) e.push(Value::of(p->text.ends_with(p->other)));
}
void contains(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  if (const auto p = pair(e, call, in, scope)) e.push(Value::of(p->text.find(p->other) != std::string_view::npos));
}

void give_place(Evaluator& e, std::string_view text, std::size_t at) {
  const bool found = at != std::string_view::npos;
  e.push(Value::of(found ? static_cast<std::int64_t>(characters(text.substr(0, at))) : std::int64_t{-1}));
}
void index_of(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  if (const auto p = pair(e, call, in, scope)) give_place(e, p->text, p->text.find(p->other));
}
void last_index_of(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  if (const auto p = pair(e, call, in, scope)) give_place(e, p->text, p->text.rfind(p->other));
}

void length(Evaluator& e, const Expr&, Range in, const Scope&) {
  const auto text = subject(e, in);
  e.drop(in.first);
  if (text) e.push(Value::of(static_cast<std::int64_t>(characters(*text))));
}

void substring(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  const auto text = subject(e, in);
  const auto start = e.integer(*call.args[0], scope);
  std::optional<std::int64_t> size = INT64_MAX;
  if (call.args.size() > 1) size = e.integer(*call.args[1], scope).value_or(INT64_MAX);
  e.drop(in.first);
  if (!text || !start || *start < 0) return;
  const std::size_t from = offset_of(*text, static_cast<std::size_t>(*start));
  if (from >= text->size()) return;
  const std::string_view rest = text->substr(from);
  give_text(e, in, rest.substr(0, offset_of(rest, static_cast<std::size_t>(std::max<std::int64_t>(*size, 0)))));
}

template <std::string (*Change)(std::string_view)>
void change_case(Evaluator& e, const Expr&, Range in, const Scope&) {
  const auto text = subject(e, in);
  e.drop(in.first);
  if (!text) return;
  give_text(e, in, e.keep(Change(*text)));
}

void trim(Evaluator& e, const Expr&, Range in, const Scope&) {
  auto text = subject(e, in);
  e.drop(in.first);
  if (!text) return;
  constexpr std::string_view blanks = " \t\r\n\f\v";
  const auto start = text->find_first_not_of(blanks);
  const auto end = text->find_last_not_of(blanks);
  give_text(e, in, start == std::string_view::npos ? std::string_view{} : text->substr(start, end - start + 1));
}

void to_chars(Evaluator& e, const Expr&, Range in, const Scope&) {
  const auto text = subject(e, in);
  e.drop(in.first);
  if (!text) return;
  for_each_character(*text, [&](std::uint32_t, std::string_view one) {
    if (e.step()) e.push(Value::of(ValueKind::string, one));
  });
}

void split(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  const auto p = pair(e, call, in, scope);
  if (!p) return;
  if (p->other.empty()) {
    for_each_character(p->text, [&](std::uint32_t, std::string_view one) {
      if (e.step()) e.push(Value::of(ValueKind::string, one));
    });
    return;
  }
  std::size_t from = 0;
  while (e.step()) {
    const auto at = p->text.find(p->other, from);
    e.push(Value::of(ValueKind::string, p->text.substr(from, at == std::string_view::npos ? at : at - from)));
    if (at == std::string_view::npos) return;
    from = at + p->other.size();
  }
}

void join(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  std::string_view separator;
  if (!call.args.empty()) separator = e.text(*call.args[0], scope).value_or("");
  std::string out;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const Value value = system(in[i]);
    if (value.kind == ValueKind::node) continue;
    if (value.kind != ValueKind::string) return e.fail("join() works on strings");
    if (i > 0) out += separator;
    out += value.text;
    if (out.size() > max_text) return e.fail("the text is too long", Kind::too_costly);
  }
  if (in.empty()) return;
  give_text(e, in, e.keep(out));
}

void replace(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  const auto text = subject(e, in);
  const auto pattern = e.text(*call.args[0], scope);
  const auto substitution = e.text(*call.args[1], scope);
  e.drop(in.first);
  if (!text || !pattern || !substitution) return;
  std::string out;
  if (pattern->empty()) {  // around every character
    out = *substitution;
    for_each_character(*text, [&](std::uint32_t, std::string_view one) {
      if (out.size() <= max_text) out.append(one).append(*substitution);
    });
  } else {
    std::size_t from = 0;
    for (auto at = text->find(*pattern); at != std::string_view::npos && out.size() <= max_text;
         at = text->find(*pattern, from)) {
      out.append(text->substr(from, at - from)).append(*substitution);
      from = at + pattern->size();
    }
    out.append(text->substr(from));
  }
  if (out.size() > max_text) return e.fail("the text is too long", Kind::too_costly);
  give_text(e, in, e.keep(out));
}

// The compiled pattern of a literal, or one made now in `made`.
const re2::RE2* pattern_of(Evaluator& e, const Expr& call, const Scope& scope, std::unique_ptr<const re2::RE2>& made) {
  if (call.pattern) return call.pattern.get();
  const auto text = e.text(*call.args[0], scope);
  if (!text || !e.step(text->size() + 1)) return nullptr;
  made = compile_pattern(*text, call.text == "matchesFull");
  if (!made) e.fail("not a regular expression, or one of more than 1 KiB");
  return made.get();
}

void matches(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  const auto text = subject(e, in);
  std::unique_ptr<const re2::RE2> made;
  const re2::RE2* pattern = pattern_of(e, call, scope, made);
  e.drop(in.first);
  if (text && pattern)
    e.push(Value::of(re2::RE2::PartialMatch(re2::StringPiece(text->data(), text->size()), *pattern)));
}

// $1 and ${name} of a substitution as RE2 writes them (\1); a backslash takes the next character as it is.
std::string rewritten(std::string_view substitution, const re2::RE2& pattern) {
  std::string out;
  for (std::size_t i = 0; i < substitution.size(); ++i) {
    const char c = substitution[i];
    const bool more = i + 1 < substitution.size();
    if (c == '$' && more && substitution[i + 1] >= '0' && substitution[i + 1] <= '9') {
      out += '\\';
      out += substitution[++i];
    } else if (c == '$' && more && substitution[i + 1] == '{') {
      const auto end = substitution.find('}', i);
      if (end == std::string_view::npos) return out;
      const auto& names = pattern.NamedCapturingGroups();
      const auto found = names.find(std::string(substitution.substr(i + 2, end - i - 2)));
      if (found != names.end()) out += "\\" + std::to_string(found->second);
      i = end;
    } else {
      const char plain = c == '\\' && more ? substitution[++i] : c;
      if (plain == '\\') out += '\\';
      out += plain;
    }
  }
  return out;
}

void replace_matches(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  const auto text = subject(e, in);
  std::unique_ptr<const re2::RE2> made;
  const re2::RE2* pattern = pattern_of(e, call, scope, made);
  const auto substitution = e.text(*call.args[1], scope);
  e.drop(in.first);
  if (!text || !pattern || !substitution) return;
  if (pattern->pattern().empty()) return give_text(e, in, *text);
  if (substitution->size() * text->size() > max_text) return e.fail("the text is too long", Kind::too_costly);
  std::string out(*text);
  re2::RE2::GlobalReplace(&out, *pattern, rewritten(*substitution, *pattern));
  give_text(e, in, e.keep(out));
}

using Coding = std::optional<std::string> (*)(std::string_view text, std::string_view form);
template <Coding Change>
void recode(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  const auto p = pair(e, call, in, scope);
  if (!p) return;
  if (const auto made = Change(p->text, p->other)) give_text(e, in, e.keep(*made));
}

constexpr std::array<Function, 21> functions{{
    {"contains", 1, 1, contains},
    {"decode", 1, 1, recode<decode>},
    {"encode", 1, 1, recode<encode>},
    {"endsWith", 1, 1, ends_with},
    {"escape", 1, 1, recode<escape>},
    {"indexOf", 1, 1, index_of},
    {"join", 0, 1, join},
    {"lastIndexOf", 1, 1, last_index_of},
    {"length", 0, 0, length},
    {"lower", 0, 0, change_case<lower>},
    {"matches", 1, 1, matches},
    {"matchesFull", 1, 1, matches},
    {"replace", 2, 2, replace},
    {"replaceMatches", 2, 2, replace_matches},
    {"split", 1, 1, split},
    {"startsWith", 1, 1, starts_with},
    {"substring", 1, 2, substring},
    {"toChars", 0, 0, to_chars},
    {"trim", 0, 0, trim},
    {"unescape", 1, 1, recode<unescape_form>},
    {"upper", 0, 0, change_case<upper>},
}};

}  // namespace

std::span<const Function> string_functions() { return functions; }

}  // namespace fhir::path
