// name=value pairs to a Query: result parameters here, conditions in clause.cpp.
// FHIR R4: http://hl7.org/fhir/R4/search.html §3.1.1.4 (parameters for all resources), §3.1.1.6 (managing results)
#include "fhir/search/query.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "fhir/search/clause.h"
#include "fhir/search/refusal.h"
#include "fhir/utf8.h"
#include "fhir/value.h"

namespace fhir::search {
namespace {

// What _sort takes: not what is made of several values, near and full text.
bool has_order(const SearchParameter& parameter) {
  return parameter.type != ParameterType::composite && parameter.type != ParameterType::special &&
         !is_full_text(parameter);
}

Outcome invalid(std::string text) { return {Kind::malformed, "invalid", std::move(text)}; }
Outcome unsupported(std::string text) { return {Kind::malformed, "not-supported", std::move(text)}; }

std::vector<std::string_view> pieces(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  for (std::size_t start = 0; start <= text.size();) {
    const auto end = std::min(text.find(separator, start), text.size());
    out.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return out;
}

class Parser {
 public:
  Parser(const Type* type, std::string_view base, bool lenient, const Limits& limits, std::int64_t now,
         const Meanings* meanings)
      : lenient_(lenient), reading_{base, limits, now, meanings, 0} {
    query_.type = type;
    if (type) scope_.push_back(type);
  }

  Result<Query> run(const Parameters& parameters) {
    if (parameters.size() > reading_.limits.parameters)
      return Outcome{Kind::malformed, "too-costly",
                     "More than " + std::to_string(reading_.limits.parameters) + " search parameters"};
    for (const auto& [name, value] : parameters)
      if (auto refusal = check(name, value)) return about(name, std::move(*refusal));
    // _type says which parameters the others may be.
    if (!query_.type) {
      for (const auto& [name, value] : parameters)
        if (name == "_type")
          if (auto refusal = read_types(value)) return about(name, std::move(*refusal));
      if (scope_.empty()) scope_ = all_resources();
    }
    for (const auto& [name, value] : parameters)
      if (auto refusal = read(name, value)) return std::move(*refusal);
    if (query_.summary == Summary::text && !(query_.include.empty() && query_.revinclude.empty()))
      return about("_summary", invalid("_include and _revinclude cannot be mixed with _summary=text: leave one of them "
                                       "out, or ask for _summary=true"));
    return std::move(query_);
  }

  static bool shapes_answer(std::string_view name) {
    const auto all = handlers();
    return std::any_of(all.begin(), all.end(),
                       [&](const auto& each) { return each.first == name.substr(0, name.find(':')); });
  }

 private:
  using Refusal = std::optional<Outcome>;
  using Handler = Refusal (Parser::*)(std::string_view modifier, std::string_view value);

  static std::span<const std::pair<std::string_view, Handler>> handlers() {
    static constexpr std::array<std::pair<std::string_view, Handler>, 12> handlers{{
        {"_count", &Parser::read_count},
        {"_sort", &Parser::read_sort},
        {"_total", &Parser::read_total},
        {"_summary", &Parser::read_summary},
        {"_elements", &Parser::read_elements},
        {"_include", &Parser::read_include},
        {"_revinclude", &Parser::read_revinclude},
        {"_contained", &Parser::read_contained},
        {"_containedType", &Parser::read_contained_type},
        {"_explain", &Parser::read_explain},
        {"_page", &Parser::read_page},
        {"_type", &Parser::read_type},
    }};
    return handlers;
  }

  static std::vector<const Type*> all_resources() {
    std::vector<const Type*> all;
    for (const auto& type : definitions().types)
      if (type.kind == TypeKind::resource && !type.abstract) all.push_back(&type);
    return all;
  }

  static Outcome about(std::string_view name, Outcome refusal) {
    for (auto& issue : refusal.issues)
      if (issue.expression.empty()) issue.expression = place_of(name);
    return refusal;
  }

  Refusal check(std::string_view name, std::string_view value) const {
    const auto most = reading_.limits.value_bytes;
    if (bad_utf8(name) != std::string_view::npos || bad_utf8(value) != std::string_view::npos ||
        name.find('\0') != std::string_view::npos || value.find('\0') != std::string_view::npos)
      return invalid("A search parameter holds bytes that are not UTF-8 text");
    if (name.size() > most) return invalid("The name of a search parameter is longer than " + std::to_string(most));
    for (const auto part : split(value, ','))
      if (part.size() > most)
        return invalid("A value of " + quoted(name) + " is longer than " + std::to_string(most) + " bytes");
    return std::nullopt;
  }

  Refusal read(std::string_view name, std::string_view value) {
    if (name == "_format" || name == "_pretty") return std::nullopt;
    auto refusal = dispatch(name, value);
    if (!refusal) {
      if (name != "_page") query_.applied.emplace_back(name, value);
      return std::nullopt;
    }
    refusal = about(name, std::move(*refusal));
    auto& issue = refusal->issues[0];
    if (!lenient_ || issue.code != "not-supported") return refusal;
    issue.severity = Severity::warning;
    issue.diagnostics = "Ignored: " + issue.diagnostics;
    query_.ignored.push_back(std::move(issue));
    return std::nullopt;
  }

  Refusal dispatch(std::string_view name, std::string_view value) {
    const auto colon = name.find(':');
    const auto head = name.substr(0, colon);
    const auto modifier = colon == std::string_view::npos ? std::string_view{} : name.substr(colon + 1);
    for (const auto& [code, handler] : handlers()) {
      if (head != code) continue;
      const bool may_iterate = head == "_include" || head == "_revinclude";
      if (colon != std::string_view::npos && !(may_iterate && (modifier == "iterate" || modifier == "recurse")))
        return invalid("Modifier " + quoted(":" + std::string(modifier)) + " does not apply to " + quoted(head) +
                       (may_iterate ? ". Allowed: :iterate" : ". Allowed: none"));
      return (this->*handler)(modifier, value);
    }
    auto clause = read_clause(scope_, name, value, reading_);
    if (!clause) return std::move(clause.outcome());
    query_.all_of.push_back(std::move(*clause));
    return std::nullopt;
  }

  // A parameter that may be given once only, or again with the same value.
  template <class T>
  static Refusal once(std::optional<T>& slot, T value, std::string_view name) {
    if (slot && *slot != value) return invalid(quoted(name) + " is given twice with different values");
    slot = std::move(value);
    return std::nullopt;
  }

  Refusal read_count(std::string_view, std::string_view value) {
    if (value.empty() || value.find_first_not_of("0123456789") != std::string_view::npos)
      return invalid("_count takes a whole number of 0 or more, not " + quoted(value));
    std::uint32_t count = UINT32_MAX;
    const auto result = std::from_chars(value.data(), value.data() + value.size(), count);
    if (result.ec == std::errc::result_out_of_range) count = UINT32_MAX;
    if (auto refusal = once(query_.count, count, "_count")) return refusal;
    if (count == 0) query_.summary = Summary::count;
    return std::nullopt;
  }

  Refusal read_sort(std::string_view, std::string_view value) {
    for (auto code : pieces(value, ',')) {
      Sort sort;
      sort.descending = code.starts_with('-');
      if (sort.descending) code.remove_prefix(1);
      sort.parameter = parameter_of(scope_, code);
      if (!sort.parameter || !has_order(*sort.parameter))
        return unsupported("_sort: cannot sort by " + quoted(code) + ". Valid: " + valid_names(scope_, has_order) +
                           ", each optionally after '-'");
      if (query_.sort.size() == 10) return invalid("_sort takes at most 10 parameters");
      query_.sort.push_back(sort);
    }
    return std::nullopt;
  }

  template <class T, std::size_t n>
  static std::optional<T> word(const std::pair<std::string_view, T> (&words)[n], std::string_view value) {
    for (const auto& [text, meaning] : words)
      if (text == value) return meaning;
    return std::nullopt;
  }

  Refusal read_total(std::string_view, std::string_view value) {
    static constexpr std::pair<std::string_view, Total> words[] = {
        {"none", Total::none}, {"estimate", Total::estimate}, {"accurate", Total::accurate}};
    const auto total = word(words, value);
    if (!total) return invalid("_total takes none, estimate or accurate, not " + quoted(value));
    query_.total = *total;
    return once(total_, *total, "_total");
  }

  Refusal read_summary(std::string_view, std::string_view value) {
    static constexpr std::pair<std::string_view, Summary> words[] = {{"true", Summary::true_},
                                                                     {"false", Summary::false_},
                                                                     {"text", Summary::text},
                                                                     {"data", Summary::data},
                                                                     {"count", Summary::count}};
    const auto summary = word(words, value);
    if (!summary) return invalid("_summary takes true, false, text, data or count, not " + quoted(value));
    if (query_.count != 0u) query_.summary = *summary;
    return once(summary_, *summary, "_summary");
  }

  Refusal read_elements(std::string_view, std::string_view value) {
    for (auto name : pieces(value, ',')) {
      const auto written = name;
      if (name.ends_with("[x]")) name.remove_suffix(3);
      const bool known = std::any_of(scope_.begin(), scope_.end(), [&](const Type* type) {
        return std::any_of(type->elements.begin(), type->elements.end(),
                           [&](const Element& element) { return element.name.view() == name; });
      });
      if (!known)
        return invalid("_elements: " + quoted(written) + " is not an element of " +
                       (scope_.size() == 1 ? std::string(scope_[0]->name) : "the types searched for"));
      if (std::find(query_.elements.begin(), query_.elements.end(), name) == query_.elements.end())
        query_.elements.emplace_back(name);
    }
    return std::nullopt;
  }

  Refusal read_include(std::string_view modifier, std::string_view value) {
    return add_include(query_.include, modifier, value, "_include");
  }
  Refusal read_revinclude(std::string_view modifier, std::string_view value) {
    return add_include(query_.revinclude, modifier, value, "_revinclude");
  }

  // * · Type:* · Type:parameter · Type:parameter:target
  Refusal add_include(std::vector<Include>& list, std::string_view modifier, std::string_view value,
                      std::string_view name) {
    Include include;
    include.iterate = !modifier.empty();
    const auto parts = pieces(value, ':');
    if (query_.include.size() + query_.revinclude.size() >= reading_.limits.includes)
      return invalid("Too many _include and _revinclude parameters");
    if (value != "*" && value != "*:*") {
      if (parts.size() < 2 || parts.size() > 3)
        return invalid(std::string(name) + " takes *, Type:*, Type:parameter or Type:parameter:target, not " +
                       quoted(value));
      include.source = definitions().resource(parts[0]);
      if (!include.source) return invalid(std::string(name) + ": " + quoted(parts[0]) + " is not a resource type");
      if (auto refusal = read_include_parameter(include, parts, name)) return refusal;
    }
    list.push_back(std::move(include));
    return std::nullopt;
  }

  static Refusal read_include_parameter(Include& include, const std::vector<std::string_view>& parts,
                                        std::string_view name) {
    if (parts[1] != "*") {
      include.parameter = parameter_of(Scope(&include.source, 1), parts[1]);
      if (!include.parameter || include.parameter->type != ParameterType::reference)
        return invalid(std::string(name) + ": " + quoted(parts[1]) + " is not a reference parameter of " +
                       std::string(parts[0]) + ". Valid: " + reference_names(*include.source));
    }
    if (parts.size() < 3) return std::nullopt;
    const Type* target = definitions().resource(parts[2]);
    if (!target) return invalid(std::string(name) + ": " + quoted(parts[2]) + " is not a resource type");
    if (include.parameter) {
      const auto targets = targets_of(*include.parameter);
      if (std::find(targets.begin(), targets.end(), target) == targets.end())
        return invalid(std::string(name) + ": " + quoted(parts[1]) + " does not refer to " + quoted(parts[2]));
    }
    include.target = parts[2];
    return std::nullopt;
  }

  static std::string reference_names(const Type& type) {
    std::string out;
    for (const auto& parameter : type.search)
      if (parameter.type == ParameterType::reference && supported(parameter))
        out += (out.empty() ? "" : ", ") + std::string(parameter.code);
    return out.empty() ? "none" : out;
  }

  Refusal read_contained(std::string_view, std::string_view value) {
    static constexpr std::pair<std::string_view, Contained> words[] = {
        {"false", Contained::no}, {"true", Contained::yes}, {"both", Contained::both}};
    const auto contained = word(words, value);
    if (!contained) return invalid("_contained takes true, false or both, not " + quoted(value));
    query_.contained = *contained;
    return std::nullopt;
  }

  Refusal read_contained_type(std::string_view, std::string_view value) {
    if (value != "container" && value != "contained")
      return invalid("_containedType takes container or contained, not " + quoted(value));
    query_.containers = value == "container";
    return std::nullopt;
  }

  Refusal read_explain(std::string_view, std::string_view value) {
    if (value != "true" && value != "false") return invalid("_explain takes true or false, not " + quoted(value));
    query_.explain = value == "true";
    return std::nullopt;
  }

  Refusal read_page(std::string_view, std::string_view value) {
    if (value.empty()) return invalid("_page is empty: follow the links of a searchset as they are");
    if (!query_.page.empty() && query_.page != value) return invalid("_page is given twice with different values");
    query_.page = value;
    return std::nullopt;
  }

  // At system level _type was read before all else.
  Refusal read_type(std::string_view, std::string_view value) {
    if (!query_.type || value == query_.type->name.view()) return std::nullopt;
    return unsupported("_type is for searches at system level; this one is for " + std::string(query_.type->name));
  }

  Refusal read_types(std::string_view value) {
    for (const auto name : pieces(value, ',')) {
      const Type* type = definitions().resource(name);
      if (!type) return invalid("_type: " + quoted(name) + " is not a resource type");
      if (std::find(scope_.begin(), scope_.end(), type) == scope_.end()) scope_.push_back(type);
    }
    query_.types = scope_;
    return std::nullopt;
  }

  Query query_;
  bool lenient_;
  Reading reading_;
  std::vector<const Type*> scope_;
  std::optional<Total> total_;
  std::optional<Summary> summary_;
};

}  // namespace

std::string place_of(std::string_view parameter) { return std::string(place_prefix) + shortened(parameter); }

bool shapes_answer(std::string_view name) { return Parser::shapes_answer(name); }

Result<Query> parse(const Type* type, const Parameters& parameters, std::string_view base, bool lenient,
                    const Limits& limits, std::int64_t now, const Meanings* meanings) {
  return Parser(type, base, lenient, limits, now, meanings).run(parameters);
}

}  // namespace fhir::search
