// MHD's resources as registry objects. IHE MHD 4.2 Volume 3.
#include "ihe/mhd/from_fhir.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "fhir/build.h"
#include "fhir/bundle.h"
#include "fhir/definitions.h"
#include "fhir/hex.h"
#include "fhir/incoming.h"
#include "fhir/value.h"
#include "ihe/xds/attribute.h"
#include "ihe/xds/names.h"
#include "ihe/xds/persons.h"
#include "ihe/xds/to_fhir.h"
#include "ihe/xds/words.h"

namespace ihe::mhd {
namespace {

using fhir::Node;
using xds::Kind;
using xds::Label;
using xds::RegistryObject;
namespace build = fhir::build;
namespace names = xds::mhd_names;
namespace scheme = xds::scheme;
namespace slot = xds::slot;

const Node* coding_of(const Node* given) { return given ? given->child("coding") : nullptr; }

bool has_list_type(const Node& list, std::string_view code) {
  const Node* given = list.child("code");
  if (!given) return false;
  for (const auto& coding : *given)
    if (coding.name == "coding" && names::local(coding.value_of("system")) == names::local(names::list_type) &&
        coding.value_of("code") == code)
      return true;
  return false;
}

bool is_old_name(const Node& node) {
  return (node.name == "profile" || node.name == "system" || node.name == "url") &&
         node.text.starts_with(names::base_of_40);
}

bool has_old_name(const Node& node) { return is_old_name(node) || std::any_of(node.begin(), node.end(), has_old_name); }

void rename(Node& node, fhir::Arena& arena) {
  if (is_old_name(node)) node.text = arena.copy(std::string(names::base) + std::string(names::local(node.text)));
  for (Node* child = node.first; child; child = child->next) rename(*child, arena);
}

xds::InternationalString text(std::string_view value) {
  if (value.empty()) return {};
  return {{std::string(value), {}, {}}};
}

class Builder {
 public:
  Builder(Kind kind, const std::string& id, const Node& resource, Context& context)
      : resource_(resource), context_(context) {
    object.kind = kind;
    object.id = id;
    object.status = xds::status::approved;
  }

  void add_slot(std::string_view name, std::string value) {
    if (value.empty()) return;
    for (auto& slot : object.slots)
      if (slot.name == name) return slot.values.push_back(std::move(value));
    object.slots.push_back({std::string(name), {}, {std::move(value)}});
  }

  void add_label(Label label) {
    label.id = xds::new_uuid(context_.work().site);
    object.classifications.push_back(std::move(label));
  }

  // A Coding as a coded classification. Without a system there is no scheme, which the registry's rules refuse.
  void add_code(std::string_view code_scheme, const Node* coding, std::string_view plain = {}) {
    if (!coding && plain.empty()) return;
    Label label;
    label.scheme = code_scheme;
    label.value = coding ? coding->value_of("code") : plain;
    const auto system = coding ? coding->value_of("system") : std::string_view();
    label.slots.push_back({std::string(slot::coding_scheme), {}, {xds::scheme_of(system)}});
    const auto display = coding ? coding->value_of("display") : std::string_view();
    label.name = text(display.empty() ? std::string_view(label.value) : display);
    add_label(std::move(label));
  }

  void add_codes(std::string_view code_scheme, const Node& owner, std::string_view element) {
    for (const auto& child : owner)
      if (child.name == element) add_code(code_scheme, coding_of(&child), child.value_of("text"));
  }

  void add_identifier(std::string_view identifier_scheme, std::string_view name, std::string value) {
    if (value.empty()) return;
    Label label;
    label.id = xds::new_uuid(context_.work().site);
    label.scheme = identifier_scheme;
    label.value = std::move(value);
    label.name = text(name);
    object.identifiers.push_back(std::move(label));
  }

  // The organisation of an author may stand beside the person, as MHD's extension of List.source.
  void add_author(std::string_view author_scheme, const Node& reference) {
    auto author = author_of(&reference);
    author.scheme = author_scheme;
    for (const auto& extension : reference) {
      if (extension.name != "extension" || extension.value_of("url") != names::author_org) continue;
      auto beside = author_of(extension.child("valueReference"));
      if (!slot_of(author.slots, slot::author_institution))
        std::move(beside.slots.begin(), beside.slots.end(), std::back_inserter(author.slots));
    }
    if (!author.slots.empty()) add_label(std::move(author));
  }

  // XON|XCN|XTN of one who is meant to read; "" when nothing is known of them.
  std::string recipient(const Node* reference) {
    const auto known = author_of(reference);
    std::string out;
    for (const auto name : {slot::author_institution, slot::author_person, slot::author_telecommunication}) {
      const auto* slot = slot_of(known.slots, name);
      out += (slot ? slot->values.front() : std::string()) + "|";
    }
    while (out.ends_with('|')) out.pop_back();
    return out;
  }

  std::string person(const Node* reference) {
    const Node* found = resource_of(reference);
    if (!found) return {};
    const bool role = found->type->name.view() == "PractitionerRole";
    return role ? person(found->child("practitioner")) : xds::xcn_from(*found);
  }

  void add_node(std::string_view node) {
    Label label;
    label.node = node;
    add_label(std::move(label));
  }

  RegistryObject object;

 private:
  Label author_of(const Node* reference) {
    const Node* found = resource_of(reference);
    if (!found) return {};
    return xds::author_from(*found, {}, [this](const Node& other) { return resource_of(&other); });
  }

  // The resource that a reference means. Where it cannot be followed, one of what the reference says itself: an
  // identifier and a display, or else where it leads.
  const Node* resource_of(const Node* reference) {
    if (!reference) return nullptr;
    if (const Node* found = context_.resolve(resource_, *reference)) return found;
    const auto literal = reference->value_of("reference"), display = reference->value_of("display");
    const Node* identifier = reference->child("identifier");
    if (literal.empty() && display.empty() && !identifier) return nullptr;
    const bool organization =
        reference->value_of("type") == "Organization" || literal.find("Organization/") != std::string_view::npos;
    auto& made = build::resource(arena_, organization ? "Organization" : "Practitioner");
    if (identifier)
      build::add_copy(arena_, made, *identifier);
    else if (!literal.empty())
      build::add(arena_, build::add(arena_, made, "identifier"), "value", literal);
    if (organization)
      build::add_some(arena_, made, "name", display);
    else if (!display.empty())
      build::add(arena_, build::add(arena_, made, "name"), "family", display);
    return &made;
  }

  fhir::Arena arena_;
  const Node& resource_;
  Context& context_;
};

std::string digits_of_hash(std::string_view base64) {
  const auto bytes = fhir::decode_base64(base64);
  return bytes ? fhir::to_hex(*bytes) : std::string();
}

// id^^^&oid&ISO^type of an Identifier; `usual` where it has no type of its own.
std::string cxi_from(const Node& identifier, std::string_view usual) {
  const auto value = identifier.value_of("value"), system = identifier.value_of("system");
  if (value.empty()) return {};
  const bool unique = system == xds::rfc3986;
  const Node* coding = coding_of(identifier.child("type"));
  const auto type = coding ? coding->value_of("code") : unique && usual.empty() ? names::unique_id : usual;
  const auto id = unique ? xds::unique_id_from(system, value) : std::string(value);
  const auto authority = unique ? std::string() : xds::hd_of(xds::scheme_of(system));
  return xds::written(id) + "^^^" + authority + (type.empty() ? "" : "^" + std::string(type));
}

// A reference by itself means what the resource is called that it leads to.
void add_references(Builder& builder, const Node& reference, const Node& context, Context& resolver) {
  for (const auto& child : context) {
    if (child.name != "related" && child.name != "encounter") continue;
    const Node* identifier = child.child("identifier");
    const Node* found = identifier ? nullptr : resolver.resolve(reference, child);
    if (found) identifier = found->child("identifier");
    if (!identifier) continue;
    builder.add_slot(slot::reference_id_list,
                     cxi_from(*identifier, child.name == "encounter" ? names::encounter_id : std::string_view()));
  }
}

void add_context(Builder& builder, const Node& reference, Context& resolver) {
  const Node* context = reference.child("context");
  if (!context) return;
  builder.add_codes(scheme::event_code, *context, "event");
  builder.add_codes(scheme::facility_code, *context, "facilityType");
  builder.add_codes(scheme::practice_setting_code, *context, "practiceSetting");
  if (const Node* period = context->child("period")) {
    builder.add_slot(slot::service_start_time, xds::dtm_from(period->value_of("start")));
    builder.add_slot(slot::service_stop_time, xds::dtm_from(period->value_of("end")));
  }
  add_references(builder, reference, *context, resolver);
  const Node* source = context->child("sourcePatientInfo");
  if (!source) return;
  const Node* patient = resolver.resolve(reference, *source);
  const Node* identifier = source->child("identifier");
  if (!identifier && patient) identifier = patient->child("identifier");
  if (identifier && !identifier->value_of("value").empty()) {
    const auto system = identifier->value_of("system");
    const auto oid = resolver.work().patients.oid_of(system);
    const auto authority = xds::hd_of(oid.empty() ? xds::scheme_of(system) : oid);
    builder.add_slot(slot::source_patient_id,
                     xds::written(identifier->value_of("value")) + "^^^" + (authority.empty() ? "&&URI" : authority));
  }
  if (patient)
    for (auto& field : xds::pid_from(*patient)) builder.add_slot(slot::source_patient_info, std::move(field));
}

std::string identifier_of_type(const Node& resource, std::string_view type, bool usual) {
  for (const auto& child : resource) {
    if (child.name != "identifier") continue;
    const Node* coding = coding_of(child.child("type"));
    const bool typed = coding && coding->value_of("code") == type;
    if (typed || (usual && !coding && child.value_of("use") == "usual"))
      return xds::unique_id_from(child.value_of("system"), child.value_of("value"));
  }
  return {};
}

}  // namespace

const Node& renamed(const Node& node, fhir::Arena& arena) {
  if (!has_old_name(node)) return node;
  auto& copy = build::copy(arena, node);
  rename(copy, arena);
  return copy;
}

bool is_submission_set(const Node& list) { return has_list_type(list, "submissionset"); }
bool is_folder(const Node& list) { return has_list_type(list, "folder"); }

std::string entry_uuid_of(const Node& resource) {
  for (const auto& child : resource) {
    const Node* coding = child.name == "identifier" ? coding_of(child.child("type")) : nullptr;
    if (coding && coding->value_of("code") == "entryUUID") return xds::id_of(child.value_of("value"));
  }
  return {};
}

std::string_view unfit(const Node& reference) {
  if (reference.value_of("status") == "entered-in-error") return "status is current or superseded";
  if (reference.child("docStatus")) return "docStatus must not be there";
  if (reference.child("modifierExtension")) return "modifierExtension must not be there";
  const auto is_content = [](const Node& child) { return child.name == "content"; };
  if (std::count_if(reference.begin(), reference.end(), is_content) > 1) return "content is there more than once";
  return {};
}

std::string_view association_type(std::string_view code) {
  if (code == "replaces") return xds::relation::rplc;
  if (code == "transforms") return xds::relation::xfrm;
  if (code == "appends") return xds::relation::apnd;
  return code == "signs" ? xds::relation::signs : std::string_view();
}

RegistryObject entry_from(const Node& reference, const std::string& id, Context& context) {
  Builder builder(Kind::document_entry, id, reference, context);
  auto& object = builder.object;
  object.object_type = scheme::stable;
  const Node* content = reference.child("content");
  const Node* attachment = content ? content->child("attachment") : nullptr;
  if (attachment) {
    object.mime_type = attachment->value_of("contentType");
    object.name = text(attachment->value_of("title"));
    builder.add_slot(slot::creation_time, xds::dtm_from(attachment->value_of("creation")));
    builder.add_slot(slot::language_code, std::string(attachment->value_of("language")));
    builder.add_slot(slot::hash, digits_of_hash(attachment->value_of("hash")));
    builder.add_slot(slot::size, std::string(attachment->value_of("size")));
  }
  object.description = text(reference.value_of("description"));
  for (const auto& child : reference)
    if (child.name == "author") builder.add_author(scheme::entry_author, child);
  builder.add_codes(scheme::class_code, reference, "category");
  builder.add_codes(scheme::type_code, reference, "type");
  builder.add_codes(scheme::confidentiality_code, reference, "securityLabel");
  if (content) builder.add_code(scheme::format_code, content->child("format"));
  add_context(builder, reference, context);
  builder.add_slot(slot::legal_authenticator, builder.person(reference.child("authenticator")));
  builder.add_identifier(scheme::entry_patient_id, "XDSDocumentEntry.patientId",
                         context.patient(reference, reference.child("subject")));
  std::string unique;
  if (const Node* master = reference.child("masterIdentifier"))
    unique = xds::unique_id_from(master->value_of("system"), master->value_of("value"));
  if (unique.empty()) unique = identifier_of_type(reference, "uniqueId", false);
  builder.add_identifier(scheme::entry_unique_id, "XDSDocumentEntry.uniqueId", std::move(unique));
  return std::move(object);
}

RegistryObject package_from(const Node& list, const std::string& id, Context& context) {
  const bool set = is_submission_set(list);
  Builder builder(set ? Kind::submission_set : Kind::folder, id, list, context);
  auto& object = builder.object;
  builder.add_node(set ? scheme::submission_set_node : scheme::folder_node);
  object.name = text(list.value_of("title"));
  if (const Node* note = list.child("note")) object.description = text(note->value_of("text"));
  std::string source_id;
  for (const auto& extension : list) {
    if (extension.name != "extension") continue;
    const auto url = extension.value_of("url");
    if (url == names::designation_type)
      builder.add_codes(set ? scheme::content_type_code : scheme::code_list, extension, "valueCodeableConcept");
    if (url == names::source_id)
      if (const Node* identifier = extension.child("valueIdentifier"))
        source_id = xds::unique_id_from(xds::rfc3986, identifier->value_of("value"));
    if (url == names::intended_recipient)
      builder.add_slot(slot::intended_recipient, builder.recipient(extension.child("valueReference")));
  }
  if (set) {
    builder.add_slot(slot::submission_time, xds::dtm_from(list.value_of("date")));
    if (const Node* source = list.child("source")) builder.add_author(scheme::set_author, *source);
    builder.add_identifier(scheme::source_id, "XDSSubmissionSet.sourceId", source_id);
  }
  const auto kind = set ? Kind::submission_set : Kind::folder;
  builder.add_identifier(xds::patient_id_scheme(kind), set ? "XDSSubmissionSet.patientId" : "XDSFolder.patientId",
                         context.patient(list, list.child("subject")));
  builder.add_identifier(xds::unique_id_scheme(kind), set ? "XDSSubmissionSet.uniqueId" : "XDSFolder.uniqueId",
                         identifier_of_type(list, "uniqueId", true));
  return std::move(object);
}

bool same_metadata(const Node& one, const Node& other, const std::string& id, Context& context) {
  const auto object_of = [&](const Node& view) {
    auto object =
        view.type->name.view() == "DocumentReference" ? entry_from(view, id, context) : package_from(view, id, context);
    for (auto* labels : {&object.classifications, &object.identifiers})
      for (auto& label : *labels) label.id.clear();
    return object;
  };
  return object_of(one) == object_of(other);
}

Context::Context(xds::Work& work, const Node* bundle, fhir::WritesByName* beside) : work_(work), beside_(beside) {
  if (!bundle) return;
  for (const auto& entry : *bundle) {
    if (entry.name != "entry") continue;
    const Node* resource = entry.child("resource");
    by_full_url_.emplace(xds::id_of(entry.value_of("fullUrl")), resource);
    full_urls_.emplace(resource, entry.value_of("fullUrl"));
  }
}

std::string Context::full(const Node& owner, std::string_view literal) const {
  const auto parsed = fhir::parse_reference(literal);
  const auto own = full_urls_.find(&owner);
  const bool relative = parsed && parsed->form == fhir::ReferenceLiteral::Form::relative;
  if (!relative || own == full_urls_.end() || !own->second.starts_with("http")) return xds::id_of(literal);
  auto root = own->second;
  for (int i = 0; i < 2; ++i) root = root.substr(0, root.rfind('/'));
  return std::string(root) + "/" + std::string(literal);
}

const Node* Context::resolve(const Node& owner, const Node& reference) {
  const auto literal = reference.value_of("reference");
  if (literal.starts_with('#')) {
    for (const auto& child : owner)
      if (child.name == "contained" && child.value_of("id") == literal.substr(1)) return &child;
    return nullptr;
  }
  if (literal.empty()) return nullptr;
  if (const auto found = by_full_url_.find(full(owner, literal)); found != by_full_url_.end()) return found->second;
  auto local = literal;
  const auto& base = work_.site.base;
  if (local.starts_with(base) && local.size() > base.size()) local.remove_prefix(base.size() + 1);
  const auto parsed = fhir::parse_reference(local);
  if (!parsed || parsed->form != fhir::ReferenceLiteral::Form::relative) return nullptr;
  return stored(parsed->type, parsed->id);
}

const fhir::Write* Context::written(std::string_view type, std::string_view id) {
  const auto* known = fhir::definitions().resource(type);
  const auto* found = beside_ && known ? beside_->find(*known, id) : nullptr;
  return found && found->method != fhir::Method::remove ? found : nullptr;
}

const Node* Context::stored(std::string_view type, std::string_view id) {
  const auto* known = fhir::definitions().resource(type);
  if (!known) return nullptr;
  const auto [kept, fresh] = kept_.try_emplace(std::string(type) + "/" + std::string(id));
  auto& [bytes, arena, node] = kept->second;
  if (!fresh) return node;
  if (const auto* write = written(type, id))
    bytes = fhir::stored_bytes(write->body, 1, work_.site.now);
  else if (auto version = work_.site.snapshot.read(work_.site.access, *known, id))
    bytes = std::move(version->body);
  else
    return nullptr;
  auto received = fhir::receive(bytes);
  if (!received) return nullptr;
  arena = std::move(received->arena);
  return node = received->resource;
}

std::string Context::patient(const Node& owner, const Node* reference) {
  if (!reference) return {};
  const auto of_identifier = [&](const Node* identifier) -> std::optional<xds::Cx> {
    const auto oid = identifier ? work_.patients.oid_of(identifier->value_of("system")) : std::string();
    if (oid.empty() || identifier->value_of("value").empty()) return std::nullopt;
    return xds::Cx{std::string(identifier->value_of("value")), oid, {}, {}};
  };
  if (const auto cx = of_identifier(reference->child("identifier"))) return cx->text();
  const Node* patient = resolve(owner, *reference);
  if (!patient || patient->type->name.view() != "Patient") return {};
  const std::string id(patient->value_of("id"));
  // A Patient of this server without an identifier that has an OID is called by its logical id.
  std::optional<xds::Cx> cx;
  for (const auto& child : *patient)
    if (!cx && child.name == "identifier" && child.value_of("use") != "old") cx = of_identifier(&child);
  if (!cx) cx = xds::Cx{id, work_.patients.own_authority(), {}, {}};
  if (written("Patient", id) && !work_.patients.find(*cx)) work_.patients.add(*cx, id);
  return cx->text();
}

}  // namespace ihe::mhd
