// Resources for operations that walk from one to another.
#include "src/operation/resources.h"

#include <charconv>

#include "fhir/bind.h"
#include "fhir/format/json.h"
#include "fhir/value.h"

namespace alzette::operation {
namespace {

void collect(const fhir::Node& node, std::vector<std::string_view>& references) {
  if (node.type && node.type->name.view() == "Reference")
    if (const auto text = node.value_of("reference"); !text.empty() && text[0] != '#') references.push_back(text);
  for (const auto& child : node) collect(child, references);
}

}  // namespace

std::vector<std::string_view> references_of(const fhir::Node& resource) {
  std::vector<std::string_view> references;
  collect(resource, references);
  return references;
}

const fhir::Node* Resources::read(std::string_view reference) {
  if (const auto before = read_.find(reference); before != read_.end()) return before->second;
  auto& found = read_.emplace(std::string(reference), nullptr).first->second;
  const auto literal = fhir::parse_reference(reference);
  using Form = fhir::ReferenceLiteral::Form;
  if (!literal || (literal->form != Form::relative && (literal->form != Form::absolute || literal->base != call_.base)))
    return nullptr;
  const auto* type = fhir::definitions().resource(literal->type);
  if (!type || !call_.access.may(fhir::Verb::read, type->name)) return nullptr;
  std::int64_t number = 0;
  const auto& wanted = literal->version;
  if (!wanted.empty()) {
    const auto [end, fault] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), number);
    if (fault != std::errc{} || end != wanted.data() + wanted.size()) return nullptr;
  }
  auto version = wanted.empty() ? call_.snapshot.read(call_.access, *type, literal->id)
                                : call_.snapshot.vread(call_.access, *type, literal->id, number);
  if (version) found = take(std::make_shared<fhir::Version>(std::move(*version)));
  return found;
}

const fhir::Node* Resources::take(std::shared_ptr<const fhir::Version> version) {
  const auto key =
      std::string(version->type->name.view()) + "/" + version->id + "/_history/" + std::to_string(version->version);
  const auto [place, fresh] = kept_.try_emplace(key);
  auto& kept = place->second;
  if (!fresh) return kept.resource;
  kept.version = std::move(version);
  kept.arena = std::make_unique<fhir::Arena>(kept.version->body.size() * 4 + 4096);
  const auto raw = fhir::json::parse(kept.version->body, *kept.arena);
  std::vector<fhir::Issue> faults;
  if (raw) kept.resource = fhir::bind(*raw, *kept.arena, faults);
  return kept.resource;
}

const fhir::Version* Resources::version_of(const fhir::Node& resource) const {
  for (const auto& [key, kept] : kept_)
    if (kept.resource == &resource) return kept.version.get();
  return nullptr;
}

}  // namespace alzette::operation
