// What DocumentReference, List and Patient obey because registry objects are seen through them: a plain FHIR write
// changes no more of a registered object than its status, ends none, and a merge takes the documents along.
// IHE MHD 4.2 (Volume 1, 33.6); ITI TF-2a 3.8.4.2.4.
#include "fhir/rule.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "fhir/bundle.h"
#include "fhir/digest.h"
#include "fhir/format/json.h"
#include "fhir/hex.h"
#include "fhir/incoming.h"
#include "fhir/value.h"
#include "ihe/identity/replacement.h"
#include "ihe/mhd/from_fhir.h"
#include "ihe/mhd/provide.h"
#include "ihe/xds/attribute.h"
#include "ihe/xds/documents.h"
#include "ihe/xds/names.h"
#include "ihe/xds/to_fhir.h"

namespace ihe::mhd {
namespace {

using fhir::Kind;
using fhir::Node;
using fhir::Outcome;
using fhir::Result;

Site site_of(const fhir::RuleSite& site) {
  return {site.snapshot, site.access, site.settings, site.base, site.now, site.ids};
}

// Relations and members, which stand in associations of the registry.
std::set<std::string> links_of(const Node& resource) {
  std::set<std::string> links;
  for (const auto& child : resource) {
    const Node* to = child.name == "relatesTo" ? child.child("target")
                     : child.name == "entry"   ? child.child("item")
                                               : nullptr;
    if (to) links.insert(std::string(child.value_of("code")) + " " + std::string(to->value_of("reference")));
  }
  return links;
}

std::string status_of(const Node& resource) {
  return std::string(resource.value_of("status") == "current" ? xds::status::approved : xds::status::deprecated);
}

// The write as the registry makes it, in place of the one that came.
Result<bool> replace(xds::Work& work, fhir::Batch& batch, std::size_t at) {
  auto made = xds::batch_of(work);
  if (!made) return std::move(made.outcome());
  const auto condition = batch.writes[at].if_version;
  for (auto& write : made->writes) {
    if (write.id != batch.writes[at].id) continue;
    batch.writes[at] = std::move(write);
    if (condition) {
      batch.writes[at].if_version = condition;
      batch.writes[at].if_version_planned = false;
    }
  }
  return true;
}

// Whether a write leaves an entry superseded.
bool supersedes(const fhir::Write& write, std::int64_t now) {
  if (write.type != &xds::type_of(xds::Kind::document_entry) || write.method == fhir::Method::remove) return false;
  if (const auto record = xds::decode(write.record)) return !record->object.approved();
  const auto bytes = fhir::stored_bytes(write.body, 1, now);
  const auto received = fhir::receive(bytes);
  return received && status_of(*received->resource) == xds::status::deprecated;
}

// A DocumentReference that claims a profile of MHD or a Folder, put under its entryUUID, is registered: by the rules
// that ITI-65 has, and what is stored is the view of that object.
Result<bool> put_entry(const fhir::RuleSite& rule_site, fhir::Batch& batch, std::size_t at) {
  const auto& write = batch.writes[at];
  if (!write.record.empty() || write.method == fhir::Method::remove) return true;
  if (!xds::is_uuid(xds::id_of(std::string(xds::uuid_prefix) + write.id))) return true;
  if (!xds::mhd_names::mentioned_in(write.body.bytes)) return true;
  const auto bytes = fhir::stored_bytes(write.body, 1, rule_site.now);
  auto received = fhir::receive(bytes);
  if (!received) return std::move(received.outcome());
  auto made = Entries().put(site_of(rule_site), *received->resource, write.id, write.if_version, rule_site.writes);
  if (!made) return std::move(made.outcome());
  auto& entry = *made;
  if (!entry) return true;       // keep_registered
  auto& writes = entry->writes;  // they expect nothing but that the set of our own making is new
  batch.writes[at] = std::move(writes.front());
  // What is replaced may itself be put as superseded by the same commit, which says no more than is done to it.
  std::copy_if(std::move_iterator(writes.begin() + 1), std::move_iterator(writes.end()),
               std::back_inserter(batch.writes), [&](const fhir::Write& other) {
                 const auto* beside = rule_site.writes ? rule_site.writes->find(*other.type, other.id) : nullptr;
                 return !(beside && supersedes(other, rule_site.now) && supersedes(*beside, rule_site.now));
               });
  return true;
}

// A registered Folder that is put with more members than it had.
Result<bool> fill_folder(const fhir::RuleSite& rule_site, fhir::Batch& batch, std::size_t at, const Node& folder) {
  const auto& write = batch.writes[at];
  auto filled = fill(site_of(rule_site), folder, std::string(xds::uuid_prefix) + write.id, rule_site.writes);
  if (!filled) return std::move(filled.outcome());
  auto& writes = filled->writes;
  if (write.if_version) {
    writes.front().if_version = write.if_version;
    writes.front().if_version_planned = write.if_version_planned;
  }
  batch.writes[at] = std::move(writes.front());
  std::move(writes.begin() + 1, writes.end(), std::back_inserter(batch.writes));
  return true;
}

Result<bool> keep_registered(const fhir::RuleSite& rule_site, fhir::Batch& batch, std::size_t at) {
  const auto& write = batch.writes[at];
  if (!write.record.empty() || write.method == fhir::Method::create) return true;
  const Site site = site_of(rule_site);
  xds::Work work(site);
  const auto id = std::string(xds::uuid_prefix) + write.id;
  const auto* stored = work.registry.find(id);
  if (const auto* failure = work.failure()) return *failure;
  if (!stored || write.type != &xds::type_of(stored->record.object.kind)) return true;
  const auto name = std::string(write.type->name.view()) + "/" + write.id;
  if (write.method == fhir::Method::remove) {
    if (write.if_version_planned) return true;  // by ITI-62
    return Outcome(Kind::conflict, "conflict",
                   name + " is registered: deprecate it (status), or remove it with all that refers to it by ITI-62");
  }
  const auto bytes = fhir::stored_bytes(write.body, 1, rule_site.now);
  auto received = fhir::receive(bytes);
  if (!received) return std::move(received.outcome());
  const auto version = site.snapshot.read(site.access, *write.type, write.id);
  if (!version) return version.outcome();
  const auto kept = fhir::receive(version->body);
  if (!kept) return kept.outcome();
  const Node& before = *kept->resource;
  const Node& after = *received->resource;
  Context context(work, nullptr);
  if (const auto why = unfit(after); !why.empty())
    return Outcome(Kind::unprocessable, "business-rule", name + " is registered: " + std::string(why));
  const auto links = links_of(before), wanted = links_of(after);
  const auto status = status_of(after);
  const bool same = same_metadata(before, after, id, context);
  if (same && links != wanted && stored->record.object.kind == xds::Kind::folder &&
      status == stored->record.object.status && std::includes(wanted.begin(), wanted.end(), links.begin(), links.end()))
    return fill_folder(rule_site, batch, at, after);
  if (!same || links != wanted)
    return Outcome(Kind::unprocessable, "business-rule",
                   name + " is registered: its metadata is changed by ITI-57 or ITI-92, here only its status");
  auto& object = work.registry.change(id).record.object;
  if (status != object.status && (object.superseded || object.kind == xds::Kind::submission_set))
    return Outcome(Kind::unprocessable, "business-rule",
                   name + " is registered: the status of an old version or a SubmissionSet does not change (ITI-57)");
  object.status = status;
  work.said.emplace(id, &after);
  return replace(work, batch, at);
}

// A SubmissionSet that is no object of the registry would be seen by ITI-66 and not by ITI-18.
Result<bool> refuse_package(const fhir::RuleSite& rule_site, fhir::Batch& batch, std::size_t at) {
  const auto& write = batch.writes[at];
  if (!write.record.empty() || write.method == fhir::Method::remove) return true;
  if (!xds::mhd_names::mentioned_in(write.body.bytes)) return true;
  const auto bytes = fhir::stored_bytes(write.body, 1, rule_site.now);
  const auto received = fhir::receive(bytes);
  if (!received) return received.outcome();
  if (!is_package(*received->resource)) return true;
  return Outcome(Kind::unprocessable, "business-rule",
                 "A SubmissionSet is registered with what it holds, by ITI-65: it is no List on its own. A Folder is "
                 "one by its code, under a UUID");
}

// SHA-1 of what a Binary holds, in hexadecimal.
std::string hash_of(const fhir::Write& binary, std::int64_t now) {
  fhir::Digest digest(fhir::Digest::Kind::sha1);
  const auto add = [&](std::string_view piece) {
    digest.add(piece);
    return true;
  };
  fhir::Arena arena;
  const auto text = fhir::stored_bytes(binary.body, 1, now);
  if (!binary.documents.empty())
    binary.documents.front().bytes->each(add);
  else if (const auto node = fhir::json::parse(text, arena))
    add(fhir::decode_base64((*node)->value_of("data")).value_or(std::string()));
  return fhir::to_hex(digest.finish());
}

// The document of a registered entry stays what it is, and goes by ITI-86.
Result<bool> keep_document(const fhir::RuleSite& rule_site, fhir::Batch& batch, std::size_t at) {
  const auto& write = batch.writes[at];
  if (write.method == fhir::Method::create || write.if_version == 0 || !xds::is_document_id(write.id)) return true;
  const bool goes = write.method == fhir::Method::remove;
  if (goes && write.if_version_planned) return true;
  if (!rule_site.snapshot.read(rule_site.access, *write.type, write.id)) return true;
  constexpr std::uint64_t effort = 1000;  // index rows: there is one entry, or a few
  const auto query = fhir::search::parse(&xds::type_of(xds::Kind::document_entry), {{"location", "Binary/" + write.id}},
                                         rule_site.base, false);
  if (!query) return query.outcome();
  const auto page = rule_site.snapshot.search(rule_site.access, *query, 100, effort);
  if (!page) return page.outcome();
  for (const auto& entry : page->entries) {
    const auto record = xds::decode(entry.version->record);
    if (!record) continue;  // of a DocumentReference that the registry does not know
    if (!goes && xds::same_hash(record->object.value(xds::slot::hash), hash_of(write, rule_site.now))) return true;
    return Outcome(Kind::conflict, "conflict",
                   "Binary/" + write.id + " is the document of DocumentReference/" + entry.version->id +
                       ", which is registered: it stays what it is, and is removed by ITI-86");
  }
  return true;
}

// Writes the documents and sets of the Patient anew of whose records `holds` says that they are concerned.
template <class Concerned>
Result<bool> write_anew(xds::Work& work, const std::string& patient, fhir::Batch& batch, const Concerned& concerned) {
  for (const auto kind : {xds::Kind::document_entry, xds::Kind::submission_set})
    for (const auto* stored : work.registry.of_patients(kind, {patient}))
      if (concerned(stored->record.object)) work.registry.change(stored->record.object.id);
  if (const auto* failure = work.failure()) return *failure;
  if (work.registry.changed().empty()) return true;
  auto made = xds::batch_of(work);
  if (!made) return std::move(made.outcome());
  std::move(made->expect.begin(), made->expect.end(), std::back_inserter(batch.expect));
  std::move(made->writes.begin(), made->writes.end(), std::back_inserter(batch.writes));
  return true;
}

std::string id_in(std::string_view reference) { return std::string(reference.substr(reference.rfind('/') + 1)); }

// Documents of a Patient that another replaces are of that other one from this commit on, and its own again when the
// merge is taken back: their records still say whose they were.
Result<bool> follow_merge(const fhir::RuleSite& rule_site, fhir::Batch& batch, std::size_t at) {
  const auto made = identity::replacement(rule_site, batch.writes[at]);
  if (!made) return made.outcome();
  if (!made->changed) return true;
  const Site site = site_of(rule_site);
  xds::Work work(site);
  const auto self = id_in(made->patient);
  if (made->before.empty()) {
    work.patients.moved(self, id_in(made->now));
    return write_anew(work, self, batch, [](const xds::RegistryObject&) { return true; });
  }
  const auto owner = made->now.empty() ? self : id_in(made->now);
  std::vector<xds::Cx> own{{self, work.patients.own_authority(), {}, {}}};
  for (const auto& id : made->ids) own.push_back({id.value, work.patients.oid_of(id.system), {}, {}});
  for (const auto& cx : own) work.patients.add(cx, owner);
  return write_anew(work, id_in(made->before), batch, [&](const xds::RegistryObject& object) {
    const auto cx = xds::cx_of(xds::patient_id(object));
    return cx && std::any_of(own.begin(), own.end(), [&](const xds::Cx& one) { return one.same(*cx); });
  });
}

}  // namespace
}  // namespace ihe::mhd

namespace fhir::rules {

// In this order: what has become an entry needs not be looked for, and a List that is registered may stay.
extern constinit const Rule put_document_entries{
    .name = "put-document-entries", .types = "DocumentReference List", .run = ihe::mhd::put_entry};

extern constinit const Rule registered_documents{
    .name = "registered-documents", .types = "DocumentReference List", .run = ihe::mhd::keep_registered};

extern constinit const Rule packages_of_documents{
    .name = "packages-of-documents", .types = "List", .run = ihe::mhd::refuse_package};

extern constinit const Rule documents_of_entries{
    .name = "documents-of-entries", .types = "Binary", .run = ihe::mhd::keep_document};

extern constinit const Rule documents_of_merged{
    .name = "documents-of-merged", .types = "Patient", .run = ihe::mhd::follow_merge};

}  // namespace fhir::rules
