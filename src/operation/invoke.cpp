// operation: [base]/$…, [type]/$…, [type]/[id]/$…, [type]/[id]/_history/[vid]/$…: reads the input and runs the
// operation's row. FHIR R4: http://hl7.org/fhir/R4/operations.html
#include <stdexcept>

#include "fhir/search/refusal.h"
#include "fhir/utf8.h"
#include "src/operation/operation.h"
#include "src/operation/refusal.h"

namespace alzette::operation {
namespace {

constexpr std::string_view before_name = "Parameters.parameter.where(name='", behind_name = "')";

fhir::Result<rest::Plan> run(const rest::Call& call) {
  const auto input = read_input(call, *call.operation);
  if (!input) return input.outcome();
  return call.operation->run(call, *input);
}

// Who sent no Parameters is told of the parameter of the query.
fhir::Result<rest::Plan> invoke(const rest::Call& call) {
  auto plan = run(call);
  if (plan || call.request.method != "GET") return plan;
  for (auto& issue : plan.outcome().issues) {
    std::string_view name = issue.expression;
    if (!name.starts_with(before_name) || !name.ends_with(behind_name)) continue;
    name.remove_prefix(before_name.size());
    name.remove_suffix(behind_name.size());
    issue.expression = fhir::search::place_of(name);
  }
  return plan;
}

// Whether `word` is one of `words`, which are separated by one space.
bool lists(std::string_view words, std::string_view word) {
  for (std::size_t at = words.find(word); at != words.npos; at = words.find(word, at + 1)) {
    const auto end = at + word.size();
    if ((at == 0 || words[at - 1] == ' ') && (end == words.size() || words[end] == ' ')) return true;
  }
  return false;
}

std::uint8_t bit_of(rest::Level level) {
  switch (level) {
    case rest::Level::system:
      return on_system;
    case rest::Level::type:
      return on_type;
    case rest::Level::instance:
      return on_instance;
    case rest::Level::version:
      return on_version;
  }
  return 0;
}

}  // namespace

std::string place_of(std::string_view parameter) {
  return std::string(before_name) + fhir::shortened(parameter) + std::string(behind_name);
}

bool Operation::applies_to(const fhir::Type& type) const { return types.empty() || lists(types, type.name); }

const Operation* find_operation(std::string_view code, rest::Level level, const fhir::Type* type) {
  for (const auto* operation : operations())
    if (operation->code == code && (operation->levels & bit_of(level)) && (!type || operation->applies_to(*type)))
      return operation;
  return nullptr;
}

const fhir::OperationDefinition& definition_of(const Operation& operation) {
  for (const auto& definition : fhir::definitions().operations)
    if (definition.url.view() == operation.definition) return definition;
  throw std::logic_error("no OperationDefinition " + std::string(operation.definition));
}

}  // namespace alzette::operation

namespace alzette::rest {
namespace {

// GET is for what changes nothing, which the row of the operation says.
constexpr Interaction invocation(Level level, std::string_view method, std::string_view path) {
  return {.code = "operation",
          .level = level,
          .method = method,
          .path = path,
          .lane = Lane::worker,
          .needs = fhir::Verb::operate,
          .run = operation::invoke};
}

constexpr std::string_view system_path = "$[operation]", type_path = "[type]/$[operation]",
                           instance_path = "[type]/[id]/$[operation]",
                           version_path = "[type]/[id]/_history/[vid]/$[operation]";

}  // namespace

extern constinit const Interaction operation_on_system = invocation(Level::system, "POST", system_path);
extern constinit const Interaction operation_on_system_by_get = invocation(Level::system, "GET", system_path);
extern constinit const Interaction operation_on_type = invocation(Level::type, "POST", type_path);
extern constinit const Interaction operation_on_type_by_get = invocation(Level::type, "GET", type_path);
extern constinit const Interaction operation_on_instance = invocation(Level::instance, "POST", instance_path);
extern constinit const Interaction operation_on_instance_by_get = invocation(Level::instance, "GET", instance_path);
extern constinit const Interaction operation_on_version = invocation(Level::version, "POST", version_path);
extern constinit const Interaction operation_on_version_by_get = invocation(Level::version, "GET", version_path);

}  // namespace alzette::rest
