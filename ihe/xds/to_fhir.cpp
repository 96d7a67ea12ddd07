// Registry objects as FHIR resources. IHE MHD 4.2 Volume 3; MHD's StructureDefinitions carry the mapping.
#include "ihe/xds/to_fhir.h"

#include <algorithm>

#include "fhir/base64.h"
#include "fhir/build.h"
#include "fhir/hex.h"
#include "fhir/value.h"
#include "ihe/xds/attribute.h"
#include "ihe/xds/documents.h"
#include "ihe/xds/names.h"
#include "ihe/xds/persons.h"
#include "ihe/xds/said.h"
#include "ihe/xds/words.h"

namespace ihe::xds {
namespace {

using fhir::Arena;
using fhir::Node;
namespace build = fhir::build;

std::string_view text_of(const InternationalString& text) {
  return text.empty() ? std::string_view() : std::string_view(text.front().value);
}

class Mapping {
 public:
  Mapping(Arena& arena, const Stored& stored, Work& work)
      : arena_(arena), record_(stored.record), object_(stored.record.object), work_(work) {}

  Node& entry() {
    auto& node = begin("DocumentReference", "Comprehensive.DocumentReference");
    const auto unique = identifier_of(unique_id(object_));
    add_identifier(node, "masterIdentifier", "uniqueId", unique);
    add_identifier(node, "identifier", "uniqueId", unique);
    add_identifier(node, "identifier", "entryUUID", {std::string(rfc3986), object_.id});
    build::add(arena_, node, "status", object_.approved() ? "current" : "superseded");
    add_codes(node, "type", scheme::type_code);
    add_codes(node, "category", scheme::class_code);
    add_subject(node);
    build::add(arena_, node, "date", fhir::instant_text(object_.registered));
    add_authors(node, scheme::entry_author, "author");
    if (const auto xcn = object_.value(slot::legal_authenticator); !xcn.empty())
      build::add_reference(arena_, node, "authenticator", add_practitioner(arena_, node, xcn, "authenticator"));
    add_relations(node);
    build::add_some(arena_, node, "description", text_of(object_.description));
    add_codes(node, "securityLabel", scheme::confidentiality_code);
    add_content(node);
    add_context(node);
    return node;
  }

  Node& list() {
    const bool set = object_.kind == Kind::submission_set;
    auto& node = begin("List", set ? "Comprehensive.SubmissionSet" : "Comprehensive.Folder");
    for (const auto& code : codes_of(object_, set ? scheme::content_type_code : scheme::code_list))
      add_concept(add_extension(node, mhd_names::designation_type), "valueCodeableConcept", code);
    if (set) add_set_extensions(node);
    add_identifier(node, "identifier", "uniqueId", identifier_of(unique_id(object_)), "usual");
    add_identifier(node, "identifier", "entryUUID", {std::string(rfc3986), object_.id}, "official");
    build::add(arena_, node, "status", object_.approved() ? "current" : "retired");
    build::add(arena_, node, "mode", "working");
    build::add_some(arena_, node, "title", text_of(object_.name));
    build::add_concept(arena_, node, "code", mhd_names::list_type, set ? "submissionset" : "folder");
    add_subject(node);
    build::add_some(arena_, node, "date",
                    date_time_of(object_.value(set ? slot::submission_time : slot::last_update_time)));
    if (set) add_source(node);
    if (const auto comments = text_of(object_.description); !comments.empty())
      build::add(arena_, build::add(arena_, node, "note"), "text", comments);
    add_members(node);
    return node;
  }

 private:
  Node& begin(std::string_view type, std::string_view profile) {
    auto& node = build::resource(arena_, type);
    build::add(arena_, node, "id", fhir_id(object_.id));
    if (!is_limited(object_) && !is_on_demand(object_))
      build::add(arena_, build::add(arena_, node, "meta"), "profile",
                 std::string(mhd_names::base) + "StructureDefinition/IHE.MHD." + std::string(profile));
    return node;
  }

  void add_identifier(Node& owner, std::string_view element, std::string_view type, const Name& name,
                      std::string_view use = {}) {
    auto& identifier = build::add(arena_, owner, element);
    build::add_some(arena_, identifier, "use", use);
    build::add_concept(arena_, identifier, "type", mhd_names::identifier_type, type);
    build::add(arena_, identifier, "system", name.system);
    build::add(arena_, identifier, "value", name.value);
  }

  void add_concept(Node& owner, std::string_view element, const Code& code) {
    build::add_concept(arena_, owner, element, system_of(code.scheme), code.code, code.display);
  }
  void add_codes(Node& owner, std::string_view element, std::string_view scheme) {
    for (const auto& code : codes_of(object_, scheme)) add_concept(owner, element, code);
  }

  Node& add_extension(Node& owner, std::string_view url) {
    auto& extension = build::add(arena_, owner, "extension");
    build::add(arena_, extension, "url", url);
    return extension;
  }

  // The Patient by its logical id, and the identifier that the submission named.
  void add_subject(Node& node) {
    const auto cx = cx_of(patient_id(object_));
    if (!cx) return;
    auto& subject = build::add(arena_, node, "subject");
    if (const auto* known = work_.patients.find(*cx)) build::add(arena_, subject, "reference", "Patient/" + known->id);
    auto& identifier = build::add(arena_, subject, "identifier");
    build::add(arena_, identifier, "system", work_.patients.system_of(cx->authority));
    build::add(arena_, identifier, "value", cx->id);
  }

  void add_authors(Node& node, std::string_view scheme, std::string_view element) {
    int count = 0;
    for (const auto& label : object_.classifications)
      if (label.scheme == scheme)
        build::add_reference(arena_, node, element,
                             add_author(arena_, node, label, "author" + std::to_string(++count)));
  }

  // XFRM_RPLC is shown as replaces, IsSnapshotOf as transforms: MHD has no closer words.
  void add_relations(Node& node) {
    for (const auto& association : record_.associations) {
      if (!association.approved() || !is_relationship(association.type)) continue;
      auto& relation = build::add(arena_, node, "relatesTo");
      build::add(arena_, relation, "code",
                 replaces(association.type)            ? "replaces"
                 : association.type == relation::apnd  ? "appends"
                 : association.type == relation::signs ? "signs"
                                                       : "transforms");
      build::add_reference(arena_, relation, "target", "DocumentReference/" + std::string(fhir_id(association.target)));
    }
  }

  void add_content(Node& node) {
    auto& content = build::add(arena_, node, "content");
    auto& attachment = build::add(arena_, content, "attachment");
    build::add_some(arena_, attachment, "contentType", object_.mime_type);
    build::add_some(arena_, attachment, "language", object_.value(slot::language_code));
    if (object_.value(slot::repository_unique_id) == work_.site.settings.repository_id)
      build::add(arena_, attachment, "url", "Binary/" + binary_id(unique_id(object_)));
    else
      build::add_some(arena_, attachment, "url", object_.value(slot::uri));
    if (const auto size = object_.value(slot::size); size.size() < 10)
      build::add_some(arena_, attachment, "size", size);
    build::add_some(arena_, attachment, "hash",
                    fhir::encode_base64(fhir::from_hex(object_.value(slot::hash)).value_or("")));
    build::add_some(arena_, attachment, "title", text_of(object_.name));
    build::add_some(arena_, attachment, "creation", date_time_of(object_.value(slot::creation_time)));
    for (const auto& code : codes_of(object_, scheme::format_code))
      build::add_coding(arena_, content, "format", system_of(code.scheme), code.code, code.display);
  }

  void add_context(Node& node) {
    auto& context = build::add(arena_, node, "context");
    const Slot* references = object_.slot(slot::reference_id_list);
    if (references) add_references(context, references->values, true);
    add_codes(context, "event", scheme::event_code);
    const auto start = date_time_of(object_.value(slot::service_start_time));
    const auto stop = date_time_of(object_.value(slot::service_stop_time));
    if (!start.empty() || !stop.empty()) {
      auto& period = build::add(arena_, context, "period");
      build::add_some(arena_, period, "start", start);
      build::add_some(arena_, period, "end", stop);
    }
    add_codes(context, "facilityType", scheme::facility_code);
    add_codes(context, "practiceSetting", scheme::practice_setting_code);
    add_source_patient(node, context);
    if (references) add_references(context, references->values, false);
    if (!context.first) build::remove(node, context);
  }

  void add_source_patient(Node& node, Node& context) {
    const auto cx = cx_of(object_.value(slot::source_patient_id));
    const Slot* info = object_.slot(slot::source_patient_info);
    if (!cx && !info) return;
    auto& source = build::add(arena_, context, "sourcePatientInfo");
    if (info)
      build::add(arena_, source, "reference", xds::add_source_patient(arena_, node, info->values, "source-patient"));
    if (!cx) return;
    auto& identifier = build::add(arena_, source, "identifier");
    if (const auto authority = scheme_of_hd(component(object_.value(slot::source_patient_id), 4)); !authority.empty())
      build::add(arena_, identifier, "system", is_oid(authority) ? work_.patients.system_of(authority) : authority);
    build::add(arena_, identifier, "value", cx->id);
  }

  // CXi: those of an encounter into context.encounter, all others into context.related.
  void add_references(Node& context, const std::vector<std::string>& values, bool encounters) {
    for (const auto& value : values) {
      const auto cx = cx_of(value);
      if (!cx || (cx->type == mhd_names::encounter_id) != encounters) continue;
      auto& reference = build::add(arena_, context, encounters ? "encounter" : "related");
      auto& identifier = build::add(arena_, reference, "identifier");
      if (!cx->type.empty()) {
        auto& type = build::add(arena_, identifier, "type");
        build::add_coding(arena_, type, "coding", "urn:ietf:rfc:3986", cx->type);
      }
      const auto authority = scheme_of_hd(component(value, 4));
      const auto name = authority.empty() && cx->type == mhd_names::unique_id ? identifier_of(cx->id)
                                                                              : Name{system_of(authority), cx->id};
      if (!authority.empty() || cx->type == mhd_names::unique_id) build::add(arena_, identifier, "system", name.system);
      build::add(arena_, identifier, "value", name.value);
    }
  }

  void add_set_extensions(Node& node) {
    const auto source = object_.identifier(scheme::source_id);
    build::add(arena_, build::add(arena_, add_extension(node, mhd_names::source_id), "valueIdentifier"), "value",
               is_oid(source) ? "urn:oid:" + std::string(source) : std::string(source));
    const Slot* recipients = object_.slot(slot::intended_recipient);
    if (!recipients) return;
    int count = 0;
    for (const auto& recipient : recipients->values) {
      Label known;
      std::size_t part = 0;  // XON|XCN|XTN
      for (const auto name : {slot::author_institution, slot::author_person, slot::author_telecommunication})
        if (const auto value = component(recipient, ++part, '|'); !value.empty())
          known.slots.push_back({std::string(name), {}, {std::string(value)}});
      if (known.slots.empty()) continue;
      const auto reference = add_author(arena_, node, known, "recipient" + std::to_string(++count));
      build::add_reference(arena_, add_extension(node, mhd_names::intended_recipient), "valueReference", reference);
    }
  }

  // The first author; List.source holds one. Its organisation is an extension, as MHD has it.
  void add_source(Node& node) {
    const Label* author = object_.classification(scheme::set_author);
    if (!author) return;
    const Slot* persons = slot_of(author->slots, slot::author_person);
    const Slot* institutions = slot_of(author->slots, slot::author_institution);
    std::string person, organization;
    if (persons && !persons->values.empty()) person = add_practitioner(arena_, node, persons->values.front(), "author");
    if (institutions && !institutions->values.empty())
      organization = add_organization(arena_, node, institutions->values.front(), "author-org");
    if (person.empty() && organization.empty()) return;
    auto& source = build::add(arena_, node, "source");
    if (!organization.empty())
      build::add_reference(arena_, add_extension(source, mhd_names::author_org), "valueReference", organization);
    build::add_some(arena_, source, "reference", person);
  }

  void add_members(Node& node) {
    for (const auto& association : record_.associations) {
      if (association.type != relation::has_member || !association.approved()) continue;
      auto kind = Kind::document_entry;  // all that a folder has
      if (object_.kind == Kind::submission_set) {
        const auto* member = work_.registry.find(association.target);
        if (!member) continue;  // an association, or removed
        kind = member->record.object.kind;
      }
      const std::string type(type_of(kind).name.view());
      build::add_reference(arena_, build::add(arena_, node, "entry"), "item",
                           type + "/" + std::string(fhir_id(association.target)));
    }
  }

  Arena& arena_;
  const Record& record_;
  const RegistryObject& object_;
  Work& work_;
};

// Puts into the view what FHIR says of the object beyond its record: now, or in its version before.
bool add_said(Work& work, Arena& arena, Node& view, const Stored& stored) {
  const auto& id = stored.record.object.id;
  const auto given = work.said.find(id);
  const Lead lead = [&](std::string_view reference) {
    const auto found = work.leads.find(id_of(reference));
    return found == work.leads.end() ? std::string() : found->second;
  };
  const auto follows = work.follows.find(id);
  if (stored.version == 0 && follows == work.follows.end())
    return given != work.said.end() && keep_said(arena, view, view, *given->second, lead);
  const auto& earlier = follows == work.follows.end() ? id : follows->second;
  const auto version = work.site.snapshot.read(work.site.access, type_of(stored.record.object.kind), fhir_id(earlier));
  auto record = version ? decode(version->record) : std::nullopt;
  const auto received = version ? fhir::receive(version->body) : fhir::Result<fhir::Incoming>(version.outcome());
  if (!record || !received) return false;
  const Node& before = to_fhir(arena, {std::move(*record), version->version}, work);
  return keep_said(arena, view, before, given == work.said.end() ? *received->resource : *given->second, lead);
}

// Whether authors and the like are resources of the source's own, no longer contained ones.
bool is_uncontained(const Node& view) {
  const auto outside = [](const Node& reference) {
    const auto to = reference.value_of("reference");
    return !to.empty() && !to.starts_with('#');
  };
  const Node* context = view.child("context");
  const Node* source_patient = context ? context->child("sourcePatientInfo") : nullptr;
  return (source_patient && outside(*source_patient)) || std::any_of(view.begin(), view.end(), [&](const Node& child) {
           return (child.name == "author" || child.name == "authenticator" || child.name == "source") && outside(child);
         });
}

// The profiles of MHD that have them so are others.
void claim_uncontained(Arena& arena, Node& view) {
  constexpr std::string_view contained = "IHE.MHD.Comprehensive.", uncontained = "IHE.MHD.UnContained.Comprehensive.";
  Node* meta = view.first;
  while (meta && meta->name != "meta") meta = meta->next;
  std::string profile(meta ? meta->value_of("profile") : std::string_view());
  const auto at = profile.find(contained);
  if (at == std::string::npos || !is_uncontained(view)) return;
  build::set(arena, *meta, "profile", profile.replace(at, contained.size(), uncontained));
}

// What was not there when this was planned must not be there when it is written. A package that is called by its own id
// is watched over by its version.
void expect_new(Work& work, fhir::Batch& batch) {
  std::vector<std::string> fresh;
  for (const auto& [id, stored] : work.registry.changed()) {
    const auto& object = stored->record.object;
    if (stored->version == 0 && object.kind != Kind::document_entry && lid(object) == object.id &&
        unique_id(object) != object.id)
      fresh.emplace_back(unique_id(object));
  }
  if (fresh.empty()) return;
  fhir::Expectation expectation;
  expectation.query.type = &type_of(Kind::submission_set);
  expectation.query.all_of.push_back(clause_of(Index::unique_id, fresh));
  batch.expect.push_back(std::move(expectation));
}

}  // namespace

Node& to_fhir(Arena& arena, const Stored& stored, Work& work) {
  Mapping mapping(arena, stored, work);
  return stored.record.object.kind == Kind::document_entry ? mapping.entry() : mapping.list();
}

fhir::Result<fhir::Batch> batch_of(Work& work) {
  fhir::Batch batch;
  batch.access = work.site.access;
  for (auto& other : work.others) {
    std::move(other.expect.begin(), other.expect.end(), std::back_inserter(batch.expect));
    std::move(other.writes.begin(), other.writes.end(), std::back_inserter(batch.writes));
  }
  expect_new(work, batch);
  fhir::Arena arena;
  for (const auto& [id, stored] : work.registry.changed()) {
    auto& object = stored->record.object;
    if (object.registered == 0) object.registered = work.site.now;
    auto& node = to_fhir(arena, *stored, work);
    const auto method = stored->version ? fhir::Method::update : fhir::Method::create;
    const bool more = add_said(work, arena, node, *stored);
    if (more) claim_uncontained(arena, node);
    auto write = more ? fhir::prepare(node, fhir_id(id), method, work.site.base)
                      : fhir::lay_out(node, fhir_id(id), method, work.site.base);
    if (!write) return std::move(write.outcome());
    write->record = encode(stored->record);
    auto rows = rows_of(stored->record);
    std::move(rows.begin(), rows.end(), std::back_inserter(write->rows));
    write->if_version = stored->version;
    write->if_version_planned = true;
    batch.writes.push_back(std::move(*write));
  }
  for (const auto& [id, stored] : work.registry.removed()) {
    fhir::Write write;
    write.method = fhir::Method::remove;
    write.type = &type_of(stored->record.object.kind);
    write.id = fhir_id(id);
    write.if_version = stored->version;
    write.if_version_planned = true;
    batch.writes.push_back(std::move(write));
  }
  if (const auto* failure = work.failure()) return *failure;
  return batch;
}

}  // namespace ihe::xds
