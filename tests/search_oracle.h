// An independent, slow answer to searches: the FHIRPath of each search parameter over each resource, compared with
// code of its own. It shares nothing with the index (extract, match) but `fold`, and gives questions with their answers
// for every parameter that the given resources have values for.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/bind.h"
#include "fhir/format/json.h"
#include "fhir/path/path.h"
#include "fhir/search/index.h"
#include "fhir/search/query.h"

namespace oracle {

using fhir::Node;
using fhir::ParameterType;
using fhir::SearchParameter;
using fhir::Type;

struct Document {
  std::string text;
  fhir::Arena arena;
  const Node* node = nullptr;
  std::string id;
};
using Documents = std::vector<std::unique_ptr<Document>>;

inline std::unique_ptr<Document> read(std::string json) {
  auto document = std::make_unique<Document>();
  document->text = std::move(json);
  auto raw = fhir::json::parse(document->text, document->arena);
  if (!raw) return nullptr;
  std::vector<fhir::Issue> issues;
  document->node = fhir::bind(*raw, document->arena, issues);
  if (!document->node || !document->node->type) return nullptr;
  document->id = document->node->value_of("id");
  return document;
}

// yes, no, or nothing where the specification leaves it open or this oracle cannot tell.
using Verdict = std::optional<bool>;

struct Question {
  std::string name;   // parameter with modifier
  std::string value;  // not yet percent-encoded
  ParameterType kind;
  std::function<Verdict(const Document&)> answer;
};

// ── nodes ───────────────────────────────────────────────────────────────────────────────────────────────────────

inline std::vector<const Node*> nodes_at(std::string_view expression, const Node& focus, const Node& resource) {
  static std::map<std::string, fhir::path::Compiled, std::less<>> programs;
  auto known = programs.find(expression);
  if (known == programs.end()) {
    auto compiled = fhir::path::compile(expression);
    known = programs.emplace(std::string(expression), compiled ? *compiled : nullptr).first;
  }
  std::vector<const Node*> found;
  fhir::path::Context context;
  context.resource = &resource;
  context.root_resource = &resource;
  if (known->second) (void)fhir::path::nodes(*known->second, focus, context, found);
  return found;
}

inline std::vector<const Node*> nodes_of(const SearchParameter& parameter, const Document& document) {
  return nodes_at(parameter.expression, *document.node, *document.node);
}

inline std::string data_type(const Node& node) {
  if (node.type) return std::string(node.type->name);
  return node.element && node.element->types.size() == 1 ? std::string(node.element->types[0].type->name) : "";
}

// ── what a value is, read afresh ────────────────────────────────────────────────────────────────────────────────

struct Token {
  std::string system, code;
  bool open = false;  // the system is implied by a binding: not asked for
};

inline std::vector<Token> tokens(const Node& node) {
  const auto type = data_type(node);
  const auto text = [](const Node& of, std::string_view name) { return std::string(of.value_of(name)); };
  if (type == "Coding") return {{text(node, "system"), text(node, "code")}};
  if (type == "Identifier") return {{text(node, "system"), text(node, "value")}};
  if (type == "ContactPoint") return {{"", text(node, "value"), true}};
  if (type == "CodeableConcept") {
    std::vector<Token> all;
    for (const auto& part : node)
      if (part.name == "coding") all.push_back({text(part, "system"), text(part, "code")});
    return all;
  }
  if (!node.has_value()) return {};
  return {{"", std::string(node.text), type == "code" || type == "boolean"}};
}

inline std::vector<std::string> strings(const Node& node) {
  const auto type = data_type(node);
  std::set<std::string_view> parts;
  if (type == "HumanName") parts = {"text", "family", "given", "prefix", "suffix"};
  if (type == "Address") parts = {"text", "line", "city", "district", "state", "postalCode", "country"};
  if (parts.empty()) return node.has_value() ? std::vector{std::string(node.text)} : std::vector<std::string>{};
  std::vector<std::string> all;
  for (const auto& part : node)
    if (parts.contains(part.name) && part.has_value()) all.emplace_back(part.text);
  return all;
}

struct Span {
  double low, high;  // seconds since 1970 UTC, [low, high)
};

inline std::optional<Span> span(std::string_view text) {
  const std::string copy(text);
  int year = 0, month = 1, day = 1, hour = 0, minute = 0;
  double second = 0;
  const int parts = std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%lf", &year, &month, &day, &hour, &minute, &second);
  if (parts < 1) return std::nullopt;
  using namespace std::chrono;
  const auto at = [](int y, int m, int d) {
    const auto date = std::chrono::year(y) / m / d;
    return static_cast<double>(sys_days(date).time_since_epoch().count()) * 86400;
  };
  if (parts == 1) return Span{at(year, 1, 1), at(year + 1, 1, 1)};
  if (parts == 2) return Span{at(year, month, 1), month == 12 ? at(year + 1, 1, 1) : at(year, month + 1, 1)};
  const double midnight = at(year, month, day);
  if (parts == 3) return Span{midnight, midnight + 86400};
  double start = midnight + hour * 3600 + minute * 60 + (parts > 5 ? second : 0);
  const auto time = copy.substr(copy.find('T'));
  if (const auto zone = time.find_first_of("+-"); zone != std::string::npos) {
    int zone_hour = 0, zone_minute = 0;
    std::sscanf(time.c_str() + zone + 1, "%2d:%2d", &zone_hour, &zone_minute);
    start -= (time[zone] == '+' ? 1 : -1) * (zone_hour * 3600 + zone_minute * 60);
  }
  if (parts < 6) return Span{start, start + 60};
  return Span{start, start + (time.find('.') == std::string::npos ? 1 : 0.001)};
}

inline std::optional<Span> span(const Node& node) {
  const auto type = data_type(node);
  if (type == "Period") {
    const auto start = span(node.value_of("start"));
    const auto end = span(node.value_of("end"));
    if (!start && !end) return std::nullopt;
    return Span{start ? start->low : -1e18, end ? end->high : 1e18};
  }
  return node.has_value() ? span(node.text) : std::nullopt;
}

// Millionths, so that the edges of implied ranges are exact.
inline long long micro(std::string_view number) {
  return std::llround(std::strtold(std::string(number).c_str(), nullptr) * 1'000'000);
}

inline long long half_unit(std::string_view number) {
  const auto point = number.find('.');
  long long half = 500'000;
  for (std::size_t i = 0; point != std::string_view::npos && i + point + 1 < number.size(); ++i) half /= 10;
  return half;
}

// Few digits and no exponent: what the arithmetic above holds.
inline bool plain_number(std::string_view number) {
  if (number.empty() || number.size() > 10 || number.find_first_of("eE") != std::string_view::npos) return false;
  const auto point = number.find('.');
  return point == std::string_view::npos || number.size() - point <= 6;
}

// ── questions ───────────────────────────────────────────────────────────────────────────────────────────────────

class Asker {
 public:
  Asker(const Documents& documents, std::string base) : documents_(documents), base_(std::move(base)) {}

  std::vector<Question> ask(const SearchParameter& parameter) {
    parameter_ = &parameter;
    out_.clear();
    found_.clear();
    for (const auto& document : documents_)
      for (const Node* node : nodes_of(parameter, *document)) found_.push_back(node);
    if (found_.empty()) return {};
    switch (parameter.type) {
      case ParameterType::token:
        ask_tokens();
        break;
      case ParameterType::string:
        ask_strings();
        break;
      case ParameterType::date:
        ask_dates();
        break;
      case ParameterType::number:
        ask_numbers();
        break;
      case ParameterType::quantity:
        ask_quantities();
        break;
      case ParameterType::reference:
        ask_references();
        break;
      case ParameterType::uri:
        ask_uris();
        break;
      case ParameterType::composite:
        ask_composites();
        break;
      case ParameterType::special:
        break;
    }
    return std::move(out_);
  }

 private:
  using NodeTest = std::function<Verdict(const Node&)>;

  // Whether any of the nodes passes; open where none does but one may.
  static Verdict any(const std::vector<const Node*>& nodes, const NodeTest& test) {
    bool open = false;
    for (const Node* node : nodes) {
      const auto verdict = test(*node);
      if (verdict && *verdict) return true;
      open = open || !verdict;
    }
    return open ? Verdict{} : Verdict{false};
  }

  void add(std::string modifier, std::string value, NodeTest test, bool negated = false) {
    const SearchParameter* parameter = parameter_;
    out_.push_back({std::string(parameter->code) + modifier, std::move(value), parameter->type,
                    [parameter, test = std::move(test), negated](const Document& document) -> Verdict {
                      const auto verdict = any(nodes_of(*parameter, document), test);
                      return verdict ? Verdict{*verdict != negated} : verdict;
                    }});
  }

  // Some of the values found, spread over all of them.
  static std::vector<std::string> some(const std::set<std::string>& all, std::size_t most = 3) {
    const std::vector<std::string> list(all.begin(), all.end());
    std::vector<std::string> out;
    for (std::size_t i = 0; i < most && i < list.size(); ++i)
      out.push_back(list[list.size() <= most ? i : i * (list.size() - 1) / (most - 1)]);
    return out;
  }

  static std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
      if (c == '\\' || c == ',' || c == '$' || c == '|') out += '\\';
      out += c;
    }
    return out;
  }

  static std::string seconds(double at) {
    const auto text = std::chrono::sys_seconds(std::chrono::seconds(std::llround(at)));
    const auto day = std::chrono::floor<std::chrono::days>(text);
    const std::chrono::year_month_day date(day);
    char out[40];
    const auto rest = (text - day).count();
    std::snprintf(out, sizeof out, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(rest / 3600),
                  static_cast<int>(rest / 60 % 60), static_cast<int>(rest % 60));
    return out;
  }

  // On code and boolean elements the system is implied; ask for codes alone there.
  void ask_tokens() {
    std::set<std::string> codes, pairs, systems;
    for (const Node* node : found_)
      for (const auto& token : tokens(*node)) {
        if (token.code.empty()) continue;
        codes.insert(token.code);
        if (!token.open) pairs.insert(escaped(token.system) + "|" + escaped(token.code));
        if (!token.open && !token.system.empty()) systems.insert(token.system);
      }
    const auto has_code = [](std::string code) {
      return [code](const Node& node) -> Verdict {
        for (const auto& token : tokens(node))
          if (token.code == code) return true;
        return false;
      };
    };
    for (const auto& code : some(codes)) {
      add("", escaped(code), has_code(code));
      add(":not", escaped(code), has_code(code), true);
    }
    if (codes.size() > 1) {
      const auto a = *codes.begin(), b = *codes.rbegin();
      add("", escaped(a) + "," + escaped(b), [=](const Node& node) -> Verdict {
        for (const auto& token : tokens(node))
          if (token.code == a || token.code == b) return true;
        return false;
      });
    }
    for (const auto& pair : some(pairs))
      add("", pair, [=](const Node& node) -> Verdict {
        for (const auto& token : tokens(node))
          if (escaped(token.system) + "|" + escaped(token.code) == pair) return true;
        return false;
      });
    for (const auto& system : some(systems, 2))
      add("", escaped(system) + "|", [=](const Node& node) -> Verdict {
        for (const auto& token : tokens(node))
          if (token.system == system) return true;
        return false;
      });
  }

  void ask_strings() {
    std::set<std::string> all;
    for (const Node* node : found_)
      for (auto& text : strings(*node)) all.insert(std::move(text));
    using fhir::search::fold;
    const auto add_text = [&](std::string modifier, const std::string& given, auto test) {
      add(std::move(modifier), escaped(given), [=](const Node& node) -> Verdict {
        const auto parts = strings(node);
        return std::any_of(parts.begin(), parts.end(), test);
      });
    };
    for (const auto& text : some(all)) {
      const auto folded = fold(text);
      const auto start = folded.substr(0, folded.find(' '));
      add_text("", start, [=](const std::string& part) { return fold(part).rfind(fold(start), 0) == 0; });
      add_text("", text, [=](const std::string& part) { return fold(part).rfind(folded, 0) == 0; });
      add_text(":exact", text, [=](const std::string& part) { return part == text; });
      const auto end = folded.substr(folded.rfind(' ') + 1);
      add_text(":contains", end,
               [=](const std::string& part) { return fold(part).find(fold(end)) != std::string::npos; });
    }
  }

  void ask_dates() {
    std::set<std::string> days;
    for (const Node* node : found_)
      if (const auto s = span(*node); s && s->low > -1e17 && s->low < 1e17) days.insert(seconds(s->low));
    for (const auto& instant : some(days))
      for (const std::size_t length : {4u, 7u, 10u, 20u}) {
        const auto text = instant.substr(0, length);
        const auto given = *span(text);
        const auto add_date = [&](const char* prefix, std::function<Verdict(const Span&)> test) {
          add("", prefix + text, [=](const Node& node) -> Verdict {
            if (data_type(node) == "Timing") return std::nullopt;
            const auto stored = span(node);
            return stored ? test(*stored) : Verdict{false};
          });
        };
        const auto within = [=](const Span& s) { return given.low <= s.low && s.high <= given.high; };
        const auto across = [=](const Span& s) { return s.low < given.high && given.low < s.high; };
        add_date("", within);
        add_date("ne", [=](const Span& s) -> Verdict { return !within(s); });
        add_date("gt", [=](const Span& s) -> Verdict { return s.high > given.high; });
        add_date("lt", [=](const Span& s) -> Verdict { return s.low < given.low; });
        add_date("sa", [=](const Span& s) -> Verdict { return s.low >= given.high; });
        add_date("eb", [=](const Span& s) -> Verdict { return s.high <= given.low; });
        // A range that only partly overlaps from outside may be in or out.
        add_date("ge", [=](const Span& s) -> Verdict {
          if (s.high > given.high || within(s)) return true;
          return across(s) ? Verdict{} : Verdict{false};
        });
        add_date("le", [=](const Span& s) -> Verdict {
          if (s.low < given.low || within(s)) return true;
          return across(s) ? Verdict{} : Verdict{false};
        });
      }
  }

  // Nothing for numbers that the arithmetic here cannot hold.
  static Verdict judge(const std::function<bool(long long)>& compare, std::string_view number) {
    if (!plain_number(number)) return number.empty() ? Verdict{false} : Verdict{};
    return compare(micro(number));
  }

  // Comparisons of a given number with a stored one.
  static std::vector<std::pair<std::string, std::function<bool(long long)>>> comparisons(const std::string& number) {
    const auto value = micro(number);
    const auto half = half_unit(number);
    const auto equal = [=](long long n) { return value - half <= n && n < value + half; };
    return {{"", equal},
            {"ne", [=](long long n) { return !equal(n); }},
            {"gt", [=](long long n) { return n > value; }},
            {"lt", [=](long long n) { return n < value; }},
            {"ge", [=](long long n) { return n >= value; }},
            {"le", [=](long long n) { return n <= value; }}};
  }

  void ask_numbers() {
    std::set<std::string> numbers;
    for (const Node* node : found_)
      if (plain_number(node->text)) numbers.insert(std::string(node->text));
    for (const auto& number : some(numbers))
      for (const auto& [prefix, compare] : comparisons(number))
        add("", prefix + number, [compare = compare](const Node& node) -> Verdict {
          if (!node.has_value()) return std::nullopt;
          return judge(compare, node.text);
        });
  }

  // What is more than one number is the business of the unit tests.
  static bool is_range(const Node& node) {
    return node.child("low") || node.child("high") || node.child("comparator") || node.child("origin");
  }

  void ask_quantities() {
    std::set<std::string> quantities;
    for (const Node* node : found_)
      if (plain_number(node->value_of("value")))
        quantities.insert(std::string(node->value_of("value")) + "|" + std::string(node->value_of("system")) + "|" +
                          std::string(node->value_of("code")));
    for (const auto& quantity : some(quantities, 4)) {
      const auto number = quantity.substr(0, quantity.find('|'));
      const auto system = quantity.substr(number.size() + 1, quantity.rfind('|') - number.size() - 1);
      const auto code = quantity.substr(quantity.rfind('|') + 1);
      for (const auto& [prefix, compare] : comparisons(number)) {
        add("", prefix + number, [compare = compare](const Node& node) -> Verdict {
          const auto value = node.value_of("value");
          if (is_range(node)) return std::nullopt;
          if (value.empty()) return false;
          return judge(compare, value);
        });
        if (code.empty()) continue;
        add("", prefix + number + "||" + code, [=, compare = compare](const Node& node) -> Verdict {
          if (node.child("currency") || is_range(node)) return std::nullopt;
          const bool unit = node.value_of("code") == code || node.value_of("unit") == code;
          return unit ? judge(compare, node.value_of("value")) : Verdict{false};
        });
        if (system.empty()) continue;
        add("", prefix + quantity, [=, compare = compare](const Node& node) -> Verdict {
          if (node.child("currency") || is_range(node)) return std::nullopt;
          if (node.value_of("system") != system) return false;
          // Other UCUM units of the same kind are the business of the unit tests.
          if (node.value_of("code") != code) return std::nullopt;
          return judge(compare, node.value_of("value"));
        });
      }
    }
  }

  // Type/id of a local reference, else the text without a canonical's version.
  std::string target(const SearchParameter& parameter, const Node& node) const {
    if (node.type && node.type->kind == fhir::TypeKind::resource) {  // the first entry of a Bundle
      const auto& allowed = parameter.targets;
      const bool meant = std::any_of(allowed.begin(), allowed.end(),
                                     [&](const fhir::Text& name) { return name.view() == node.type->name.view(); });
      return meant ? std::string(node.type->name) + "/" + std::string(node.value_of("id")) : "";
    }
    std::string text(node.has_value() ? node.text : node.value_of("reference"));
    if (text.starts_with(base_ + "/")) text.erase(0, base_.size() + 1);
    text.resize(std::min(text.find('|'), text.size()));
    text.resize(std::min(text.find("/_history/"), text.size()));
    return text;
  }

  static bool can_target(const SearchParameter& parameter, const Type& type) {
    return std::any_of(parameter.targets.begin(), parameter.targets.end(), [&](const fhir::Text& name) {
      return name.view() == type.name.view() || name.view() == "Resource";
    });
  }

  void ask_references() {
    std::set<std::string> targets;
    for (const Node* node : found_)
      if (auto text = target(*parameter_, *node); !text.empty() && text.find_first_of("#?") == std::string::npos &&
                                                  text.find_first_of(":/") != std::string::npos)
        targets.insert(text);
    for (const auto& text : some(targets, 4)) {
      const auto points = [text, this, parameter = parameter_](const Node& node) -> Verdict {
        return target(*parameter, node) == text;
      };
      add("", escaped(text), points);
      if (text.find(':') != std::string::npos) continue;
      add("", base_ + "/" + text, points);
      const auto slash = text.find('/');
      const auto* type = fhir::definitions().resource(text.substr(0, slash));
      if (type && can_target(*parameter_, *type)) add(":" + std::string(type->name), text.substr(slash + 1), points);
    }
    add("", "Patient/never-existed", [](const Node&) -> Verdict { return false; });
  }

  void ask_uris() {
    std::set<std::string> uris;
    for (const Node* node : found_)
      if (node->has_value()) uris.insert(std::string(node->text));
    for (const auto& uri : some(uris, 4)) {
      add("", escaped(uri), [=](const Node& node) -> Verdict { return node.text == uri; });
      const auto slash = uri.rfind('/');
      if (slash == std::string::npos || uri.starts_with("urn:")) continue;
      const auto folder = uri.substr(0, slash + 1);
      add(":below", escaped(folder), [=](const Node& node) -> Verdict { return node.text.starts_with(folder); });
    }
  }

  // Composites of a token and a quantity, concept or date: built from values that stand together.
  void ask_composites() {
    if (parameter_->components.size() != 2 || parameter_->components[0].type != ParameterType::token) return;
    const auto& second = parameter_->components[1];
    struct Pair {
      std::string code, value;
    };
    std::map<std::string, Pair> pairs;
    for (const auto& document : documents_)
      for (const Node* element : nodes_of(*parameter_, *document))
        for (const Node* left : nodes_at(parameter_->components[0].expression, *element, *document->node))
          for (const Node* right : nodes_at(second.expression, *element, *document->node))
            for (const auto& token : tokens(*left)) {
              if (second.type == ParameterType::quantity && plain_number(right->value_of("value")))
                pairs[token.code + " " + std::string(right->value_of("value"))] = {
                    token.code, std::string(right->value_of("value"))};
              if (second.type == ParameterType::token)
                for (const auto& value : tokens(*right))
                  pairs[token.code + " " + value.code] = {token.code, value.code};
            }
    std::set<std::string> keys;
    for (const auto& [key, pair] : pairs)
      if (!pair.code.empty() && !pair.value.empty()) keys.insert(key);
    for (const auto& key : some(keys, 4)) {
      const auto pair = pairs[key];
      if (second.type == ParameterType::token)
        add_pair("", pair.code, pair.value, [pair](const Node& node) -> Verdict {
          const auto all = tokens(node);
          return std::any_of(all.begin(), all.end(), [&](const Token& token) { return token.code == pair.value; });
        });
      if (second.type == ParameterType::quantity)
        for (const auto& [prefix, compare] : comparisons(pair.value))
          add_pair(prefix, pair.code, pair.value, [compare = compare](const Node& node) -> Verdict {
            const auto value = node.value_of("value");
            if (value.empty()) return node.child("low") || node.child("high") ? Verdict{} : Verdict{false};
            return judge(compare, value);
          });
    }
  }

  void add_pair(const std::string& prefix, const std::string& code, const std::string& value, NodeTest test) {
    const SearchParameter* parameter = parameter_;
    out_.push_back({std::string(parameter->code), escaped(code) + "$" + prefix + escaped(value), parameter->type,
                    [=, test = std::move(test)](const Document& document) -> Verdict {
                      return any(nodes_of(*parameter, document), [&](const Node& element) -> Verdict {
                        const auto left = nodes_at(parameter->components[0].expression, element, *document.node);
                        const bool coded = std::any_of(left.begin(), left.end(), [&](const Node* node) {
                          const auto all = tokens(*node);
                          return std::any_of(all.begin(), all.end(),
                                             [&](const Token& token) { return token.code == code; });
                        });
                        if (!coded) return false;
                        return any(nodes_at(parameter->components[1].expression, element, *document.node), test);
                      });
                    }});
  }

  const Documents& documents_;
  std::string base_;
  const SearchParameter* parameter_ = nullptr;
  std::vector<const Node*> found_;
  std::vector<Question> out_;
};

// The same question in the words of _filter, where it can be put so: no modifier, one alternative, no escapes.
inline std::optional<Question> as_filter(const Question& question) {
  using enum ParameterType;
  const auto kind = question.kind;
  if (question.name.find(':') != std::string::npos || question.value.find_first_of(",\\ )]\"") != std::string::npos)
    return std::nullopt;
  std::string op = "eq", value = question.value;
  if (kind == string) op = "sw";
  if (kind == date || kind == number || kind == quantity) {
    for (const char* prefix : {"ne", "gt", "lt", "ge", "le", "sa", "eb", "ap", "eq"})
      if (value.starts_with(prefix)) {
        op = prefix;
        value.erase(0, 2);
        break;
      }
  } else if (kind != string && kind != token && kind != reference && kind != uri) {
    return std::nullopt;
  }
  return Question{"_filter", question.name + " " + op + " " + value, kind, question.answer};
}

// Whole words of what is written for people, read afresh: strings, markdown and narratives without their tags.
inline void collect_words(const Node& node, std::set<std::string>& words) {
  for (const auto& child : node) {
    const auto type = data_type(child);
    const bool text = type == "string" || type == "markdown" || type == "xhtml";
    if (!child.has_value()) collect_words(child, words);
    if (!child.has_value() || !text || child.name == "reference" || child.name == "versionId" || child.name == "id")
      continue;
    std::string plain;
    bool tag = false;
    for (const char c : child.text) {
      tag = tag || (type == "xhtml" && c == '<');
      plain += tag ? ' ' : c;
      if (c == '>') tag = false;
    }
    std::string word;
    for (const char c : fhir::search::fold(plain) + " ") {
      if (std::isalnum(static_cast<unsigned char>(c)) || static_cast<unsigned char>(c) >= 0x80) {
        word += c;
      } else if (!word.empty()) {
        words.insert(std::exchange(word, {}));
      }
    }
  }
}

inline std::vector<Question> ask_words(const Documents& documents) {
  std::map<std::string, int> all;
  for (const auto& document : documents) {
    std::set<std::string> words;
    collect_words(*document->node, words);
    for (const auto& word : words) ++all[word];
  }
  std::vector<Question> out;
  std::size_t at = 0;
  for (const auto& [word, count] : all)
    if (at++ % (all.size() / 12 + 1) == 0 && word != "and" && word != "or" && word != "not")
      out.push_back({"_content", word, ParameterType::string, [word = word](const Document& document) -> Verdict {
                       // Entities of narratives are the business of the unit tests.
                       std::set<std::string> words;
                       collect_words(*document.node, words);
                       return words.contains(word);
                     }});
  return out;
}

}  // namespace oracle
