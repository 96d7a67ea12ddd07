// $fhirpath: evaluates an expression on a resource or on plain JSON; answers items by type.
// FHIRPath N1: http://hl7.org/fhirpath/N1; FHIR R4: http://hl7.org/fhir/R4/fhirpath.html
#include <algorithm>

#include "fhir/path/path.h"
#include "fhir/path/plain.h"
#include "fhir/path/results.h"
#include "fhir/validate/validate.h"
#include "src/operation/operation.h"
#include "src/operation/refusal.h"
#include "src/operation/resources.h"
#include "src/operation/terminologies.h"
#include "src/rest/reply.h"

namespace alzette::operation {
namespace {

using fhir::Kind;
using fhir::Node;
using fhir::Outcome;
using fhir::Result;
using fhir::path::Collection;
using fhir::path::Item;

// What an evaluation looks at; everything lives in `arena`.
class Inquiry {
 public:
  Inquiry(const rest::Call& call, const Input& input)
      : call_(call), input_(input), resources_(call), typed_(input.text("model") != "none") {}

  Result<std::string> answer() {
    const auto model = input_.text("model");
    if (!model.empty() && model != "r4" && model != "none")
      return Outcome(Kind::unprocessable, "not-supported", "model is r4 or none", place_of("model"));
    auto focus = focus_items();
    if (!focus) return std::move(focus.outcome());
    if (auto done = prepare(*focus); !done) return std::move(done.outcome());
    return evaluate(*focus);
  }

 private:
  Result<Collection> focus_items() {
    const Argument* given = input_.first("resource");
    if (!given) return Collection{};
    if (!input_.has_faults()) return items_of(*given);
    return faulty_resource();
  }

  // A resource that breaks its type's rules can be asked all the same, unless that is to be validated: what is known
  // of it has types, the rest is plain JSON. Faults elsewhere in the Parameters are refused.
  Result<Collection> faulty_resource() {
    const auto text = resource_text();
    const bool elsewhere = std::any_of(input_.faults.begin(), input_.faults.end(), [](const fhir::Issue& issue) {
      return issue.refuses() && issue.expression.find(".resource") == std::string::npos;
    });
    if (elsewhere || text.empty() || input_.flag("validate")) {
      Outcome outcome(rest::kind_of(input_.faults));
      outcome.issues = input_.faults;
      return outcome;
    }
    return typed_ ? typed(text) : plain(text);
  }

  // The resource as it was sent, from the body's JSON.
  std::string resource_text() {
    const auto body = fhir::path::read_plain(call_.request.body, arena_);
    std::string text;
    if (!body || body->size() != 1) return text;
    for (const Node& parameter : *body->front())
      if (const Node* resource = parameter.child("resource"); resource && parameter.value_of("name") == "resource")
        fhir::path::write_plain(*resource, text);
    return text;
  }

  Result<bool> prepare(const Collection& focus) {
    if (focus.size() == 1) context_.resource = focus.front().node;
    context_.now = call_.now;
    context_.made = &arena_;
    context_.strict = input_.flag("validate");
    context_.resolve = [this](std::string_view reference) -> const Node* {
      if (reference.find("/$") == reference.npos) return resources_.read(reference);
      return spend() ? ask_terminology(call_, reference, arena_) : nullptr;
    };
    context_.member_of = [this](const Node& node, std::string_view url) {
      return spend() ? call_.terminology.bound(node, url) : std::nullopt;
    };
    context_.conforms_to = [this](const Node& node, std::string_view url) { return conforms(node, url); };
    const auto* variables = input_.first("variables");
    if (!variables || !variables->parameter) return true;
    for (const Node& part : *variables->parameter) {
      if (part.name != "part") continue;
      auto values = items_of({part.value_of("name"), value_in(part), part.child("resource"), &part});
      if (!values) return std::move(values.outcome());
      context_.variables.insert_or_assign(std::string(part.value_of("name")), std::move(*values));
    }
    return true;
  }

  // What looks beyond the resource costs more than a step.
  bool spend() {
    constexpr int most = 1000;
    return ++asked_ <= most;
  }

  std::optional<bool> conforms(const Node& node, std::string_view url) {
    if (!node.type || node.type->kind != fhir::TypeKind::resource || !spend()) return std::nullopt;
    auto profile = call_.profiles.find(url);
    if (!profile) return std::nullopt;
    fhir::validate::Options options;
    options.profiles = &call_.profiles;
    options.conform_to.push_back(std::move(*profile));
    options.member = [this](const Node& value, std::string_view set) { return call_.terminology.bound(value, set); };
    options.beyond = context_.resolve;
    const auto issues = fhir::validate::resource(node, options);
    return std::none_of(issues.begin(), issues.end(), [](const fhir::Issue& issue) { return issue.refuses(); });
  }

  static const Node* value_in(const Node& part) {
    for (const Node& child : part)
      if (child.element && child.element->choice) return &child;
    return nullptr;
  }

  Result<std::string> evaluate(const Collection& focus) {
    const auto program = fhir::path::compile(input_.text("expression"));
    if (!program) return program.outcome();
    std::string out = R"({"resourceType":"Parameters","parameter":[)";
    if (const auto context = input_.text("context"); !context.empty()) {
      const auto selector = fhir::path::compile(context);
      if (!selector) return selector.outcome();
      const auto contexts = fhir::path::evaluate(**selector, focus, context_);
      if (!contexts) return contexts.outcome();
      for (const Item& each : *contexts)
        if (auto done = add_result(**program, {each}, out); !done) return std::move(done.outcome());
    } else if (auto done = add_result(**program, focus, out); !done) {
      return std::move(done.outcome());
    }
    out += "]}";
    return out;
  }

  Result<bool> add_result(const fhir::path::Program& program, const Collection& focus, std::string& out) {
    const auto items = fhir::path::evaluate(program, focus, context_);
    if (!items) return items.outcome();
    if (out.back() != '[') out += ',';
    out += R"({"name":"result")";
    if (!items->empty()) {
      out += ",\"part\":[";
      fhir::path::write_parts(*items, out);
      out += ']';
    }
    out += '}';
    return true;
  }

  // A parameter's resource, value or plain JSON; with the model none all of it as plain JSON.
  Result<Collection> items_of(const Argument& argument) {
    const Node* given = argument.resource ? argument.resource : argument.value;
    if (given && typed_) return Collection{item_of(*given)};
    if (given) {
      std::string text;
      fhir::path::write_plain(*given, text);
      return plain(text);
    }
    const auto text = argument.parameter ? json_value(*argument.parameter) : std::nullopt;
    if (!text) return Collection{};
    if (!typed_) return plain(*text);
    return typed(*text);
  }

  static std::optional<std::string_view> json_value(const Node& parameter) {
    for (const Node& child : parameter)
      if (child.name == "extension" && child.value_of("url") == fhir::path::json_value_url)
        return child.value_of("valueString");
    return std::nullopt;
  }

  Result<Collection> plain(std::string_view text) { return items(fhir::path::read_plain(text, arena_)); }
  Result<Collection> typed(std::string_view text) { return items(fhir::path::read_typed(text, arena_)); }

  static Result<Collection> items(const Result<std::vector<const Node*>>& nodes) {
    if (!nodes) return nodes.outcome();
    Collection items;
    for (const Node* node : *nodes) items.push_back(item_of(*node));
    return items;
  }

  static Item item_of(const Node& node) {
    Item item;
    item.node = &node;
    return item;
  }

  const rest::Call& call_;
  const Input& input_;
  Resources resources_;
  const bool typed_;
  fhir::Arena arena_;
  fhir::path::Context context_;
  int asked_ = 0;
};

Result<rest::Plan> run(const rest::Call& call, const Input& input) {
  auto answer = Inquiry(call, input).answer();
  if (!answer) return std::move(answer.outcome());
  return rest::Plan(rest::json_reply(200, std::move(*answer)));
}

}  // namespace

extern constinit const Operation fhirpath{.code = "fhirpath",
                                          .definition = "https://alzette.lu/fhir/OperationDefinition/fhirpath",
                                          .levels = on_system,
                                          .types = "",
                                          .lane = rest::Lane::worker,
                                          .keep_faults = true,
                                          .run = run};

}  // namespace alzette::operation
