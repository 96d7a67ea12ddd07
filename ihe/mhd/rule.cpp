// What DocumentReference, List and Patient obey because registry objects are seen through them: a plain FHIR write
// changes no more of a registered object than its status, ends none, and a merge takes the documents along.
// IHE MHD 4.2 (Volume 1, 33.6); ITI TF-2a 3.8.4.2.4.
#include "fhir/rule.h"

#include <algorithm>
#include <iterator>

#include "fhir/bundle.h"
#include "fhir/incoming.h"
#include "ihe/identity/identity.h"
#include "ihe/mhd/from_fhir.h"
#include "ihe/mhd/provide.h"
#include "ihe/xds/attribute.h"
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

// What two views of one object must agree in: all but what is ours alone, and the status.
xds::RegistryObject comparable(const Node& resource, const std::string& id, Context& context) {
  auto object = resource.type->name.view() == "DocumentReference" ? entry_from(resource, id, context)
                                                                  : package_from(resource, id, context);
  for (auto* labels : {&object.classifications, &object.identifiers})
    for (auto& label : *labels) label.id.clear();
  return object;
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

// A DocumentReference that claims a profile of MHD, put under its entryUUID, is registered: by the rules that ITI-65
// has, and what is stored is the view of its entry.
Result<bool> put_entry(const fhir::RuleSite& rule_site, fhir::Batch& batch, std::size_t at) {
  const auto& write = batch.writes[at];
  if (!write.record.empty() || write.method == fhir::Method::remove) return true;
  if (!xds::is_uuid(std::string(xds::uuid_prefix) + write.id)) return true;
  if (write.body.bytes.find(xds::mhd_names::base) == std::string::npos) return true;
  const auto before = rule_site.snapshot.read(rule_site.access, *write.type, write.id);
  if (before && !before->record.empty()) return true;  // keep_registered
  const auto bytes = fhir::stored_bytes(write.body, 1, rule_site.now);
  auto received = fhir::receive(bytes);
  if (!received) return std::move(received.outcome());
  if (!is_entry(*received->resource)) return true;
  const Site site = site_of(rule_site);
  auto provided = publish(site, *received->resource, std::string(xds::uuid_prefix) + write.id);
  if (!provided) return std::move(provided.outcome());
  auto& made = provided->batch;  // it expects nothing but that the set of our own making is new
  const auto own = provided->entries.front().write;
  const auto condition = write.if_version;
  made.writes[own].if_version_planned = !condition;
  made.writes[own].if_version = condition ? condition : before ? before->version : 0;
  if (before) made.writes[own].method = fhir::Method::update;
  for (std::size_t i = 0; i < made.writes.size(); ++i)
    if (i != own) batch.writes.push_back(std::move(made.writes[i]));
  batch.writes[at] = std::move(made.writes[own]);
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
    const bool ours = std::any_of(batch.writes.begin(), batch.writes.end(),
                                  [&](const fhir::Write& other) { return !other.record.empty(); });
    if (ours || write.if_version_planned) return true;  // by ITI-62
    return Outcome(Kind::conflict, "conflict",
                   name + " is registered: deprecate it (status), or remove it with all that refers to it by ITI-62");
  }
  const auto bytes = fhir::stored_bytes(write.body, 1, rule_site.now);
  auto received = fhir::receive(bytes);
  if (!received) return std::move(received.outcome());
  fhir::Arena arena;
  const Node& before = xds::to_fhir(arena, *stored, work);
  Context context(work, nullptr);
  const Node& after = *received->resource;
  if (!(comparable(before, id, context) == comparable(after, id, context)))
    return Outcome(Kind::unprocessable, "business-rule",
                   name + " is registered: its metadata is changed by ITI-57 or ITI-92, here only its status");
  work.registry.change(id).record.object.status = status_of(after);
  return replace(work, batch, at);
}

// Documents of a Patient that another replaces are of that other one from this commit on.
Result<bool> follow_merge(const fhir::RuleSite& rule_site, fhir::Batch& batch, std::size_t at) {
  const auto& write = batch.writes[at];
  if (write.method == fhir::Method::remove || write.body.bytes.find("replaced-by") == std::string::npos) return true;
  const auto bytes = fhir::stored_bytes(write.body, 1, rule_site.now);
  auto received = fhir::receive(bytes);
  if (!received) return std::move(received.outcome());
  const auto survivor = identity::replaced_by(*received->resource);
  if (survivor.empty() || survivor.find('/') == std::string_view::npos) return true;
  const std::string from = write.id;
  const Site site = site_of(rule_site);
  xds::Work work(site);
  work.patients.moved(from, std::string(survivor.substr(survivor.rfind('/') + 1)));
  for (const auto kind : {xds::Kind::document_entry, xds::Kind::submission_set})
    for (const auto* stored : work.registry.of_patients(kind, {from})) work.registry.change(stored->record.object.id);
  if (work.registry.changed().empty()) return true;
  auto made = xds::batch_of(work);
  if (!made) return std::move(made.outcome());
  std::move(made->expect.begin(), made->expect.end(), std::back_inserter(batch.expect));
  std::move(made->writes.begin(), made->writes.end(), std::back_inserter(batch.writes));
  return true;
}

}  // namespace
}  // namespace ihe::mhd

namespace fhir::rules {

extern constinit const Rule registered_documents{
    .name = "registered-documents", .types = "DocumentReference List", .run = ihe::mhd::keep_registered};

extern constinit const Rule put_document_entries{
    .name = "put-document-entries", .types = "DocumentReference", .run = ihe::mhd::put_entry};

extern constinit const Rule documents_of_merged{
    .name = "documents-of-merged", .types = "Patient", .run = ihe::mhd::follow_merge};

}  // namespace fhir::rules
