// Index rows of a resource: every search parameter of its type, evaluated and converted by data type.
// The parameters of a type are compiled once, at the first resource of that type; afterwards nothing is locked.
// FHIR R4: http://hl7.org/fhir/R4/search.html, http://hl7.org/fhir/R4/searchparameter-registry.html
#include <algorithm>
#include <atomic>
#include <iterator>
#include <memory>
#include <tuple>
#include <variant>

#include "fhir/path/path.h"
#include "fhir/search/contained.h"
#include "fhir/search/custom.h"
#include "fhir/search/index.h"
#include "fhir/search/most_rows.h"
#include "fhir/search/query.h"
#include "fhir/search/values.h"
#include "fhir/search/walk.h"

namespace fhir::search {
namespace {

constexpr std::size_t few_rows = 16;              // so few are compared with each other, more are sorted
constexpr std::size_t most_combinations = 1'000;  // of one element of a composite
constexpr std::size_t most_text_bytes = 1 << 20;  // that full text search looks at

constexpr std::uint64_t custom_steps = 10'000;  // of FHIRPath, for one custom parameter on one resource

struct ParameterPlan {
  const SearchParameter* parameter;
  TypedExpression expression;
  std::vector<TypedExpression> components;
};
using TypePlan = std::vector<ParameterPlan>;

TypePlan plan_of(const Type& type) {
  TypePlan plan;
  for (const auto& parameter : type.search) {
    const auto code = parameter.code.view();
    if (!supported(parameter) || is_full_text(parameter)) continue;
    if (code == "_id" || code == "_lastUpdated") continue;
    auto expression = compile(parameter.expression, parameter.type);
    if (!expression) continue;
    ParameterPlan entry{&parameter, std::move(*expression), {}};
    for (const auto& component : parameter.components)
      if (auto part = compile(component.expression, component.type)) entry.components.push_back(std::move(*part));
    if (entry.components.size() == parameter.components.size()) plan.push_back(std::move(entry));
  }
  return plan;
}

// One slot per type of the definitions; the first thread to finish a plan publishes it.
class Plans {
 public:
  Plans() : first_(definitions().types.data()), slots_(definitions().types.size()) {}
  Plans(const Plans&) = delete;
  Plans& operator=(const Plans&) = delete;
  ~Plans() {
    for (auto& slot : slots_) delete slot.load(std::memory_order_relaxed);
  }

  const TypePlan& of(const Type& type) {
    auto& slot = slots_[static_cast<std::size_t>(&type - first_)];
    if (const TypePlan* known = slot.load(std::memory_order_acquire)) return *known;
    auto made = std::make_unique<const TypePlan>(plan_of(type));
    const TypePlan* expected = nullptr;
    if (slot.compare_exchange_strong(expected, made.get(), std::memory_order_acq_rel)) return *made.release();
    return *expected;
  }

 private:
  const Type* first_;
  std::vector<std::atomic<const TypePlan*>> slots_;
};

bool before(const IndexValue& a, const IndexValue& b) {
  const auto key = [](const IndexValue& v) {
    return std::tie(v.kind, v.canonical, v.low, v.high, v.number, v.upper, v.text, v.system, v.exact, v.unit, v.type);
  };
  return key(a) < key(b);
}

bool row_before(const IndexRow& a, const IndexRow& b) {
  if (a.facet != b.facet) return a.facet < b.facet;
  if (!a.parts.empty() || !b.parts.empty())
    return std::lexicographical_compare(a.parts.begin(), a.parts.end(), b.parts.begin(), b.parts.end(), before);
  return before(a.value, b.value);
}

bool same_row(const IndexRow& a, const IndexRow& b) {
  return a.facet == b.facet && a.value == b.value && a.parts == b.parts;
}

// A narrative's text: tags become blanks, the five entities of XML what they stand for.
std::string without_tags(std::string_view xhtml) {
  static constexpr std::pair<std::string_view, char> entities[] = {
      {"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}};
  std::string out;
  out.reserve(xhtml.size());
  bool tag = false;
  for (std::size_t i = 0; i < xhtml.size(); ++i) {
    const char c = xhtml[i];
    if (c == '<') tag = true;
    if (!tag && c == '&') {
      const auto rest = xhtml.substr(i);
      const auto* known = std::find_if(std::begin(entities), std::end(entities),
                                       [&](const auto& entity) { return rest.starts_with(entity.first); });
      if (known != std::end(entities)) i += known->first.size() - 1;
      out += known != std::end(entities) ? known->second : ' ';
      continue;
    }
    out += tag ? ' ' : c;
    if (c == '>') tag = false;
  }
  return out;
}

class Extractor {
 public:
  Extractor(const Node& resource, std::string_view base, std::size_t most)
      : resource_(resource), base_(base), most_(most), lean_(is_lean(*resource.type)) {
    context_.resource = &resource;
    context_.root_resource = &resource;
  }

  void run(const TypePlan& plan) {
    rows_.reserve(plan.size() * 2);
    for (const auto& entry : plan) {
      const auto start = rows_.size();
      if (entry.parameter->type == ParameterType::composite)
        add_composite(entry.parameter, entry.expression.how, entry.components);
      else
        add_plain(entry.expression.how, entry.expression.type, resource_, entry.parameter, rows_);
      remove_duplicates(start);
      if (too_many_ || rows_.size() > most_) rows_.resize(most_, IndexRow{entry.parameter, {}, {}, {}});
      if (rows_.size() == most_) break;
    }
  }

  void add_custom(const Type& type) {
    context_.steps = custom_steps;
    for (const auto& custom : custom_parameters(type)) {
      if (full()) return;
      const auto start = rows_.size();
      if (custom.parameter->type == ParameterType::composite)
        add_composite(custom.parameter, custom.expression, custom.components);
      else
        add_plain(custom.expression, custom.parameter->type, resource_, custom.parameter, rows_);
      remove_duplicates(start);
    }
  }

  bool full() const { return rows_.size() >= most_; }
  std::vector<IndexRow> rows() { return std::move(rows_); }

  // All that is written for people to read, and the narrative by itself.
  void add_text(const Type& type) {
    const Node* narrative = resource_.child("text");
    if (narrative) collect(*narrative);
    add_words(type.parameter("_text"));
    collect(resource_);
    add_words(type.parameter("_content"));
  }

 private:
  // Appends the folded words of all texts below `node` to `words_`.
  void collect(const Node& node) {
    for (const auto& child : node) {
      if (words_.size() > most_text_bytes) return;
      const Type* type = child.type                                          ? child.type
                         : child.element && child.element->types.size() == 1 ? child.element->types[0].type.get()
                                                                             : nullptr;
      if (!child.has_value()) {
        if (!lean_ || !type || !type->is("Coding")) collect(child);
        continue;
      }
      if (!type || (type->primitive != Primitive::string && type->primitive != Primitive::markdown &&
                    type->primitive != Primitive::xhtml))
        continue;
      // The text of a literal reference, an identifier or a number is no language.
      if (child.name == "reference" || child.name == "versionId" || child.name == "id") continue;
      auto folded = words(type->primitive == Primitive::xhtml ? without_tags(child.text) : std::string(child.text));
      if (!folded.empty()) (words_ += words_.empty() ? "" : " ") += folded;
    }
  }

  void add_words(const SearchParameter* parameter) {
    if (parameter && !words_.empty()) {
      auto& row = rows_.emplace_back();
      row.parameter = parameter;
      row.value.kind = IndexKind::words;
      row.value.text = words_;
    }
    words_.clear();
  }

  void add_plain(const Expression& how, ParameterType type, const Node& focus, const SearchParameter* parameter,
                 std::vector<IndexRow>& rows) {
    RowSink sink{rows, parameter, base_, lean_};
    if (const auto* walk = std::get_if<Walk>(&how)) {
      found_.clear();
      walk->run(focus, resource_, found_);
      for (const Node* node : found_) {
        if (rows.size() > most_) return;
        add_values(*node, type, sink);
      }
      return;
    }
    const auto result = path::extract(*std::get<path::Compiled>(how), focus, context_);
    if (!result) return;
    for (const auto& item : *result) {
      if (rows.size() > most_) return;
      if (item.node)
        add_values(*item.node, type, sink);
      else if (item.kind == path::Item::Kind::boolean)
        add_literal(item.boolean ? "true" : "false", type, sink);
      else if (item.kind == path::Item::Kind::integer)
        add_literal(std::to_string(item.integer), type, sink);
      else
        add_literal(item.text, type, sink);
    }
  }

  void add_composite(const SearchParameter* parameter, const Expression& expression,
                     const std::vector<TypedExpression>& components) {
    for (const Node* element : nodes(expression)) {
      if (too_many_ || rows_.size() > most_) return;
      add_combinations(parameter, components, *element);
    }
  }

  // All combinations of the components' values within one element.
  void add_combinations(const SearchParameter* parameter, const std::vector<TypedExpression>& components,
                        const Node& element) {
    std::vector<std::vector<IndexValue>> choices;
    std::size_t total = 1;
    for (const auto& component : components) {
      std::vector<IndexRow> values;
      add_plain(component.how, component.type, element, parameter, values);
      auto& choice = choices.emplace_back();
      for (auto& row : values)
        if (row.facet == Facet::value) choice.push_back(std::move(row.value));
      if (choice.empty()) return;
      total *= choice.size();
      too_many_ = total > most_combinations;
      if (too_many_) return;
    }
    for (std::size_t i = 0; i < total; ++i) {
      auto& row = rows_.emplace_back();
      row.parameter = parameter;
      row.value.kind = IndexKind::composite;
      row.parts.reserve(choices.size());
      auto rest = i;
      for (const auto& choice : choices) {
        row.parts.push_back(choice[rest % choice.size()]);
        rest /= choice.size();
      }
    }
  }

  std::vector<const Node*> nodes(const Expression& expression) {
    std::vector<const Node*> out;
    if (const auto* walk = std::get_if<Walk>(&expression)) {
      walk->run(resource_, resource_, out);
      return out;
    }
    if (const auto result = path::extract(*std::get<path::Compiled>(expression), resource_, context_))
      for (const auto& item : *result)
        if (item.node) out.push_back(item.node);
    return out;
  }

  void remove_duplicates(std::size_t start) {
    const auto count = rows_.size() - start;
    if (count < 2) return;
    if (count <= few_rows && !has_duplicates(start)) return;
    const auto first = rows_.begin() + static_cast<std::ptrdiff_t>(start);
    std::sort(first, rows_.end(), row_before);
    rows_.erase(std::unique(first, rows_.end(), same_row), rows_.end());
  }

  bool has_duplicates(std::size_t start) const {
    for (auto i = start + 1; i < rows_.size(); ++i)
      for (auto k = start; k < i; ++k)
        if (same_row(rows_[i], rows_[k])) return true;
    return false;
  }

  const Node& resource_;
  std::string_view base_;
  path::Context context_;
  std::vector<IndexRow> rows_;
  std::vector<const Node*> found_;
  std::string words_;
  const std::size_t most_;
  const bool lean_;
  bool too_many_ = false;  // combinations in one element
};

// "The first resource in the bundle, if the bundle type is "document" …, and this parameter provides access to search
// its contents": composition and message of Bundle lead to what is not stored by itself, as references to contained
// resources do.
void add_first_of_bundle(const Node& bundle, std::string_view base, Plans& plans, std::vector<IndexRow>& rows) {
  const auto kind = bundle.value_of("type");
  const auto* through = kind == "document"  ? bundle.type->parameter("composition")
                        : kind == "message" ? bundle.type->parameter("message")
                                            : nullptr;
  const Node* entry = bundle.child("entry");
  const Node* first = entry ? entry->child("resource") : nullptr;
  if (!through || !first || !first->type) return;
  Extractor extractor(*first, base, most_rows_of(*bundle.type) - rows.size());
  extractor.run(plans.of(*first->type));
  for (auto& row : extractor.rows()) {
    row.contained = first->type;
    row.through = through;
    rows.push_back(std::move(row));
  }
}

// What contained resources say, by the parameters of their own types, and at the end of chains.
void add_contained(const Node& resource, std::string_view base, Plans& plans, std::vector<IndexRow>& rows) {
  const auto most = most_rows_of(*resource.type);
  std::vector<ContainedRows> contained;
  for (const auto& child : resource) {
    const Type* type = child.name == "contained" ? child.type : nullptr;
    if (!type || type->kind != TypeKind::resource || rows.size() >= most) continue;
    Extractor extractor(child, base, most_rows);
    extractor.run(plans.of(*type));
    auto own = extractor.rows();
    auto& id = own.emplace_back();
    id.parameter = type->parameter("_id");
    id.value.kind = IndexKind::token;
    id.value.text = child.value_of("id");
    id.value.system = contained_system;
    for (auto& row : own) row.contained = type;
    own.resize(std::min(own.size(), most - rows.size()));
    contained.push_back({&child, rows.size(), rows.size() + own.size()});
    rows.insert(rows.end(), std::make_move_iterator(own.begin()), std::make_move_iterator(own.end()));
  }
  add_contained_chains(resource, contained, rows);
  rows.resize(std::min(rows.size(), most));
}

}  // namespace

std::size_t most_rows_of(const Type& type) {
  const auto name = type.name.view();
  return name == "CodeSystem" || name == "ValueSet" || name == "ConceptMap" ? most_code_rows : most_rows;
}

bool is_lean(const Type& type) { return type.name.view() == "AuditEvent"; }

std::vector<IndexRow> extract(const Node& resource, std::string_view base) {
  static Plans plans;
  if (!resource.type) return {};
  Extractor extractor(resource, base, most_rows_of(*resource.type));
  extractor.run(plans.of(*resource.type));
  if (!extractor.full()) extractor.add_custom(*resource.type);
  if (!extractor.full()) extractor.add_text(*resource.type);
  auto rows = extractor.rows();
  if (resource.type->name.view() == "Bundle" && !extractor.full()) add_first_of_bundle(resource, base, plans, rows);
  add_contained(resource, base, plans, rows);
  return rows;
}

std::vector<IndexRow> extract_custom(const Node& resource, std::string_view base) {
  if (!resource.type) return {};
  Extractor extractor(resource, base, most_rows_of(*resource.type));
  extractor.add_custom(*resource.type);
  return extractor.rows();
}

}  // namespace fhir::search
