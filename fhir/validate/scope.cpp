// Resolution of references within what is validated.
#include "fhir/validate/scope.h"

#include "fhir/definitions.h"

namespace fhir::validate {

namespace {

std::string_view without_version(std::string_view reference) {
  return reference.substr(0, std::min(reference.find("/_history/"), reference.find('#')));
}

std::string id_of(std::string_view type, std::string_view id) {
  std::string key(type);
  return key.append("/").append(id);
}

}  // namespace

Entries::Entries(const Node& bundle) : type_(bundle.value_of("type")) {
  for (const Node& entry : bundle) {
    const Node* resource = entry.name == "entry" ? entry.child("resource") : nullptr;
    if (!resource || !resource->type) continue;
    const auto url = entry.value_of("fullUrl"), id = resource->value_of("id");
    if (!url.empty()) by_url_.emplace(without_version(url), entries_.size());
    if (!id.empty()) by_id_.emplace(id_of(resource->type->name, id), entries_.size());
    by_resource_.emplace(resource, entries_.size());
    entries_.push_back({resource, url});
  }
}

const Entries::Entry* Entries::find(std::string_view reference, std::string_view from) const {
  reference = without_version(reference);
  const auto at = [&](const auto& found, const auto& map) {
    return found == map.end() ? nullptr : &entries_[found->second];
  };
  const auto parsed = parse_reference(reference);
  if (!parsed || parsed->form != ReferenceLiteral::Form::relative) return at(by_url_.find(reference), by_url_);
  const auto source = parse_reference(from);
  if (source && source->form == ReferenceLiteral::Form::absolute && !source->type.empty()) {
    std::string url(source->base);
    const auto found = by_url_.find(url.append("/").append(reference));
    if (found != by_url_.end()) return &entries_[found->second];
    return closed() ? nullptr : at(by_id_.find(reference), by_id_);
  }
  const Entry* found = at(by_id_.find(reference), by_id_);
  return found && closed() && !found->full_url.empty() && !from.empty() ? nullptr : found;
}

const Entries::Entry* Entries::of(const Node& resource) const {
  const auto found = by_resource_.find(&resource);
  return found == by_resource_.end() ? nullptr : &entries_[found->second];
}

const Entries::Entry* Entries::by_id(std::string_view type, std::string_view id) const {
  const auto found = by_id_.find(id_of(type, id));
  return found == by_id_.end() ? nullptr : &entries_[found->second];
}

const Node* Contained::find(std::string_view id) const {
  if (!by_id_) {
    by_id_.emplace();
    for (const Node& child : container_)
      if (child.name == "contained") by_id_->emplace(child.value_of("id"), &child);
  }
  const auto found = by_id_->find(id);
  return found == by_id_->end() ? nullptr : found->second;
}

void Scope::enter(const Node& node) {
  resource = container = &node;
  contained = std::make_shared<Contained>(node);
}

Scope::Found Scope::find(std::string_view reference) const {
  if (reference.starts_with('#')) {
    if (reference.size() == 1) return {container == resource ? nullptr : container, Found::Where::contained};
    const Node* found = contained->find(reference.substr(1));
    return found ? Found{found, Found::Where::contained} : Found{};
  }
  if (entries)
    if (const auto* entry = entries->find(reference, full_url)) return {entry->resource, Found::Where::bundled};
  return {beyond && *beyond ? (*beyond)(reference) : nullptr, Found::Where::beyond};
}

Scope Scope::of(const Found& found) const {
  Scope scope = *this;
  scope.resource = found.resource;
  if (found.where == Found::Where::contained) return scope;
  scope.enter(*found.resource);
  scope.full_url = {};
  if (found.where == Found::Where::bundled) {
    if (const auto* entry = entries->of(*found.resource)) scope.full_url = entry->full_url;
  } else {
    scope.entries = nullptr;
  }
  return scope;
}

Scope scope_of(const Node& node, const Scope& scope) {
  if (node.type->kind != TypeKind::resource || &node == scope.resource) return scope;
  const bool inside = node.name == "contained";
  if (!inside) return scope.of({&node, scope.entries ? Scope::Found::Where::bundled : Scope::Found::Where::beyond});
  Scope inner = scope;
  inner.resource = &node;
  return inner;
}

}  // namespace fhir::validate
