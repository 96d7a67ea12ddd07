// %terminologies: http://hl7.org/fhir/R4/fhirpath.html#txapi. Each function is an operation that changes nothing, so
// its answer has an address, "ValueSet/$expand?url=…", and is resolved as any reference is; empty where that finds
// nothing. A value set, code system or concept map is named by its canonical address, also where the resource is given.
#include <array>

#include "fhir/path/evaluator.h"

namespace fhir::path {
namespace {

// An address in the making.
class Address {
 public:
  explicit Address(std::string_view operation) : text_(operation) {}

  void add(std::string_view name, std::string_view value) {
    constexpr char digits[] = "0123456789ABCDEF";
    if (value.empty()) return;
    text_.append(text_.find('?') == text_.npos ? "?" : "&").append(name).append("=");
    for (const char c : value) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
      if (plain) {
        text_ += c;
      } else {
        text_ += '%';
        text_ += digits[static_cast<unsigned char>(c) >> 4];
        text_ += digits[static_cast<unsigned char>(c) & 15];
      }
    }
  }
  void add_query(std::string_view query) {
    if (!query.empty()) text_.append("&").append(query);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// The one value of an argument; a fault when there are several.
std::optional<Value> argument(Evaluator& e, const Expr& call, std::size_t index, const Scope& scope) {
  if (index >= call.args.size()) return std::nullopt;
  const Range values = e.eval(*call.args[index], scope);
  e.drop(values.first);
  if (values.size() > 1) e.fail(std::string(call.function->name) + "() takes one item at a time");
  if (e.failed() || values.empty()) return std::nullopt;
  return *values.first;
}

std::string_view text_of(const Value& value) {
  const Value plain = system(value);
  return plain.kind == ValueKind::string ? plain.text : std::string_view{};
}

std::string_view canonical_of(const Value& value) {
  const auto text = text_of(value);
  return text.empty() && value.node ? value.node->value_of("url") : text;
}

// The codings of a code, Coding or CodeableConcept; a bare code has no system.
struct Code {
  std::string_view system, version, code, display;
};
std::vector<Code> codes_of(const Value& value) {
  if (const auto text = text_of(value); !text.empty()) return {{{}, {}, text, {}}};
  if (!value.node) return {};
  const auto read = [](const Node& node) {
    return Code{node.value_of("system"), node.value_of("version"), node.value_of("code"), node.value_of("display")};
  };
  std::vector<Code> codes;
  for (const Node& child : *value.node)
    if (child.name == "coding") codes.push_back(read(child));
  if (codes.empty()) codes.push_back(read(*value.node));
  return codes;
}

void answer(Evaluator& e, Range in, const Node* found) {
  e.drop(in.first);
  if (found) e.push(Value::of(*found));
}

const Node* resolved(Evaluator& e, const Address& address) {
  return e.resolve(Value::of(ValueKind::string, e.keep(address.text())));
}

const Node* parameter(const Node* parameters, std::string_view name) {
  if (!parameters) return nullptr;
  for (const Node& child : *parameters)
    if (child.name == "parameter" && child.value_of("name") == name)
      for (const Node& part : child)
        if (part.name.starts_with("value")) return &part;
  return nullptr;
}

std::string_view query(Evaluator& e, const Expr& call, std::size_t index, const Scope& scope) {
  const auto more = argument(e, call, index, scope);
  return more ? text_of(*more) : std::string_view{};
}

void expand(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  const auto set = argument(e, call, 0, scope);
  if (!set) return e.drop(in.first);
  Address address("ValueSet/$expand");
  address.add("url", canonical_of(*set));
  address.add_query(query(e, call, 1, scope));
  answer(e, in, resolved(e, address));
}

void lookup(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  const auto coded = argument(e, call, 0, scope);
  const auto codes = coded ? codes_of(*coded) : std::vector<Code>{};
  if (codes.size() != 1) return e.drop(in.first);
  Address address("CodeSystem/$lookup");
  address.add("system", codes[0].system);
  address.add("version", codes[0].version);
  address.add("code", codes[0].code);
  address.add_query(query(e, call, 1, scope));
  answer(e, in, resolved(e, address));
}

// Of a CodeableConcept the answer is that for the first coding that is valid, else that for the last one.
void validate(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  const bool in_set = call.function->name == "validateVS";
  const auto where = argument(e, call, 0, scope), coded = argument(e, call, 1, scope);
  if (!where || !coded) return e.drop(in.first);
  const auto more = query(e, call, 2, scope);
  const Node* found = nullptr;
  for (const Code& code : codes_of(*coded)) {
    Address address(in_set ? "ValueSet/$validate-code" : "CodeSystem/$validate-code");
    address.add("url", canonical_of(*where));
    if (in_set) address.add("system", code.system);
    address.add(in_set ? "systemVersion" : "version", code.version);
    address.add("code", code.code);
    address.add("display", code.display);
    address.add_query(more);
    if (const Node* one = resolved(e, address)) found = one;
    if (const Node* result = parameter(found, "result"); result && result->text == "true") break;
  }
  answer(e, in, found);
}

// The code that the operation answers, not its Parameters.
void subsumes(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  const auto where = argument(e, call, 0, scope), a = argument(e, call, 1, scope), b = argument(e, call, 2, scope);
  if (!where || !a || !b) return e.drop(in.first);
  const auto one = codes_of(*a), other = codes_of(*b);
  if (one.size() != 1 || other.size() != 1) return e.drop(in.first);
  Address address("CodeSystem/$subsumes");
  address.add("system", canonical_of(*where));
  address.add("codeA", one[0].code);
  address.add("codeB", other[0].code);
  address.add_query(query(e, call, 3, scope));
  answer(e, in, parameter(resolved(e, address), "outcome"));
}

void translate(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  const auto map = argument(e, call, 0, scope), coded = argument(e, call, 1, scope);
  const auto codes = coded ? codes_of(*coded) : std::vector<Code>{};
  if (!map || codes.size() != 1) return e.drop(in.first);
  Address address("ConceptMap/$translate");
  address.add("url", canonical_of(*map));
  address.add("system", codes[0].system);
  address.add("version", codes[0].version);
  address.add("code", codes[0].code);
  address.add_query(query(e, call, 2, scope));
  answer(e, in, resolved(e, address));
}

constexpr std::array<Function, 6> functions{{
    {"expand", 1, 2, expand},
    {"lookup", 1, 2, lookup},
    {"subsumes", 3, 4, subsumes},
    {"translate", 2, 3, translate},
    {"validateCS", 2, 3, validate},
    {"validateVS", 2, 3, validate},
}};

}  // namespace

std::span<const Function> terminology_functions() { return functions; }

}  // namespace fhir::path
