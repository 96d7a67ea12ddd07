// ITI-65 and ITI-105. IHE MHD 4.2.
#include "ihe/mhd/provide.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "fhir/definitions.h"
#include "fhir/digest.h"
#include "fhir/format/json.h"
#include "fhir/hex.h"
#include "fhir/value.h"
#include "ihe/door.h"
#include "ihe/identity/identity.h"
#include "ihe/mhd/from_fhir.h"
#include "ihe/settings.h"
#include "ihe/wire/mime.h"
#include "ihe/xds/attribute.h"
#include "ihe/xds/documents.h"
#include "ihe/xds/names.h"
#include "ihe/xds/to_fhir.h"
#include "ihe/xds/words.h"

namespace ihe::mhd {
namespace {

using fhir::Node;
using xds::Document;
using xds::Kind;
using xds::RegistryObject;

std::string_view type_of(const Node* resource) {
  return resource && resource->type ? resource->type->name.view() : std::string_view();
}

// What a document may come as.
bool is_content(const Node* resource) { return type_of(resource) == "Binary" || type_of(resource) == "Bundle"; }

// A profile of MHD whose name holds that.
bool claims(const Node& resource, std::string_view profile) {
  const Node* meta = resource.child("meta");
  if (!meta) return false;
  return std::any_of(meta->begin(), meta->end(), [&](const Node& child) {
    return child.name == "profile" && xds::mhd_names::local(child.text).find(profile) != std::string_view::npos;
  });
}

fhir::Issue issue_of(const xds::RegistryError& error) {
  fhir::Issue issue;
  issue.severity = error.warning ? fhir::Severity::warning : fhir::Severity::error;
  issue.code = "business-rule";
  issue.diagnostics = error.code + ": " + error.context;
  issue.detail_system = "https://profiles.ihe.net/ITI/TF/Volume3";
  issue.detail_code = error.code;
  return issue;
}

// What refuses comes first: many show no more.
fhir::Outcome refusal(const xds::Errors& errors) {
  fhir::Outcome outcome(fhir::Kind::unprocessable);
  for (const bool warnings : {false, true})
    for (const auto& error : errors.list())
      if (error.warning == warnings) outcome.issues.push_back(issue_of(error));
  return outcome;
}

class Providing {
 public:
  Providing(const Site& site, const Node* bundle) : Providing(xds::Patients(site), site, bundle, nullptr) {}
  Providing(xds::Patients patients, const Site& site, const Node* bundle, fhir::WritesByName* beside)
      : work_(site, std::move(patients)),
        bundle_(bundle ? &renamed(*bundle, arena_) : nullptr),
        context_(work_, bundle_, beside) {}

  fhir::Result<Provided> run() {
    if (bundle_->value_of("type") != "transaction")
      work_.errors.add(xds::code::registry_metadata,
                       "A Bundle of documents is a transaction, so that all or nothing of "
                       "it is done (ITI-65): it cannot be a " +
                           std::string(bundle_->value_of("type")));
    for (const auto& child : *bundle_)
      if (child.name == "entry") parts_.push_back({&child, child.child("resource")});
    for (auto& part : parts_) check_request(part);
    for (auto& part : parts_) name(part);
    for (auto& part : parts_) convert(part);
    for (const auto& object : submission_.objects) fresh_.emplace(object.id, object.kind);
    for (auto& part : parts_) relate(part);
    for (const auto& part : parts_) check_patch(part);
    for (const auto& part : parts_)
      if (is_content(part.resource) && !used_.contains(part.resource))
        work_.errors.add(xds::code::missing_document_metadata, "No DocumentReference names " + full_url(part));
    return submit(xds::Submitted::published);
  }

  // One DocumentReference or Folder, in a SubmissionSet of our own making. Its write comes first.
  fhir::Result<Provided> run(const Node& given, const std::string& id) {
    const Node& resource = renamed(given, arena_);
    parts_.push_back({nullptr, &resource});
    name(parts_.front());
    given_id_ = id;
    if (!id.empty()) parts_.front().id = id;
    convert(parts_.front());
    auto& object = submission_.objects.front();
    if (object.kind == Kind::document_entry) attach_alone(parts_.front(), object);
    add_own_set(object);
    relate(parts_.front());
    return own_first(submit(is_simplified(resource) ? xds::Submitted::limited : xds::Submitted::published));
  }

  // What comes to a registered Folder, in the same way.
  fhir::Result<Provided> fill(const Node& given, const std::string& id) {
    const Node& folder = renamed(given, arena_);
    parts_.push_back({nullptr, &folder, id, id});
    if (const auto* stored = work_.registry.find(id)) add_own_set(stored->record.object);
    relate_folder(parts_.front());
    work_.said.emplace(id, &folder);
    return own_first(submit(xds::Submitted::published));
  }

 private:
  struct Part {
    const Node* entry;
    const Node* resource;
    std::string id = {};        // of the object that it is, urn:uuid:…
    std::string existing = {};  // of the object that a PUT or PATCH is about
    std::string patient = {};   // logical id of the Patient that it is
    bool created = true;        // that Patient
  };

  static fhir::Result<Provided> own_first(fhir::Result<Provided> provided) {
    if (!provided) return provided;
    auto& writes = provided->batch.writes;
    std::swap(writes.front(), writes[provided->entries.front().write]);
    provided->entries.front().write = 0;
    return provided;
  }

  static std::string full_url(const Part& part) {
    return part.entry ? std::string(part.entry->value_of("fullUrl")) : std::string();
  }
  static const Node* request(const Part& part) { return part.entry ? part.entry->child("request") : nullptr; }

  // What an entry asks for is what is done: everything is created, a Folder and the Patient may also be updated, and an
  // entry that is replaced patched. Conditions are not taken.
  void check_request(const Part& part) {
    const Node* asked = request(part);
    const auto method = asked ? asked->value_of("method") : std::string_view();
    const bool patch = type_of(part.resource) == "Parameters";
    const bool kept =
        type_of(part.resource) == "Patient" || (type_of(part.resource) == "List" && is_folder(*part.resource));
    if (patch ? method != "PATCH" : method != "POST" && !(kept && method == "PUT"))
      return wrong(part, "its request must be " + std::string(patch ? "PATCH" : kept ? "POST or PUT" : "POST"));
    const auto url = asked ? asked->value_of("url") : std::string_view();
    const auto named = url.substr(url.rfind('/') + 1);
    if (method == "POST" && named != type_of(part.resource) && !(is_content(part.resource) && named == "Binary"))
      wrong(part, "its request.url must be " + std::string(type_of(part.resource)));
    for (const auto* condition : {"ifNoneExist", "ifMatch", "ifNoneMatch", "ifModifiedSince"})
      if (asked->child(condition)) wrong(part, std::string(condition) + " is not taken here");
  }

  void wrong(const Part& part, std::string_view text) {
    work_.errors.add(xds::code::registry_metadata,
                     (part.entry ? full_url(part) : std::string(type_of(part.resource))) + ": " + std::string(text),
                     part.id);
  }

  // What is patched is what the replacement does to the older entry: that, and nothing else.
  void check_patch(const Part& part) {
    if (type_of(part.resource) != "Parameters") return;
    if (!work_.registry.find(part.existing))
      return work_.errors.add(xds::code::unresolved, part.existing + " is not registered", part.existing);
    const auto value_of = [&](std::string_view name) -> std::string_view {
      const Node* operation = part.resource->child("parameter");
      if (operation)
        for (const auto& child : *operation)
          if (child.name == "part" && child.value_of("name") == name)
            return child.value_of(name == "path" ? "valueString" : "valueCode");
      return {};
    };
    const auto is_operation = [](const Node& child) { return child.name == "parameter"; };
    const bool supersedes = std::count_if(part.resource->begin(), part.resource->end(), is_operation) == 1 &&
                            value_of("path") == "DocumentReference.status" && value_of("type") == "replace" &&
                            value_of("value") == "superseded";
    const bool replaced = std::any_of(
        submission_.objects.begin(), submission_.objects.end(),
        [&](const RegistryObject& object) { return xds::replaces(object.type) && object.target == part.existing; });
    if (!supersedes || !replaced) wrong(part, "a patch says that what this Bundle replaces is superseded");
  }

  void name(Part& part) {
    const auto type = type_of(part.resource);
    const Node* asked = request(part);
    const auto method = asked ? asked->value_of("method") : "POST";
    const auto url = asked ? asked->value_of("url") : std::string_view();
    if (method == "PUT" || method == "PATCH")
      part.existing = std::string(xds::uuid_prefix) + std::string(url.substr(url.rfind('/') + 1));
    if (type == "DocumentReference" || (type == "List" && method == "POST")) {
      const auto claimed = entry_uuid_of(*part.resource);
      part.id = xds::is_uuid(claimed) ? claimed : xds::new_uuid(work_.site);
    } else if (type == "List") {
      part.id = part.existing;
    }
    if (part.id.empty()) return;
    if (!full_url(part).empty()) ids_.emplace(xds::id_of(full_url(part)), part.id);
    if (const auto word = word_for(part); word != part.id) work_.sent_as.emplace(part.id, word);
  }

  // What its sender calls a part: by its place in the Bundle, its entryUUID, or what else it is identified by.
  static std::string word_for(const Part& part) {
    if (!full_url(part).empty()) return full_url(part);
    if (auto claimed = entry_uuid_of(*part.resource); !claimed.empty()) return claimed;
    for (const auto* name : {"masterIdentifier", "identifier"})
      if (const Node* identifier = part.resource->child(name); identifier && !identifier->value_of("value").empty())
        return std::string(identifier->value_of("value"));
    return "without an identifier";
  }

  void convert(Part& part) {
    const auto type = type_of(part.resource);
    if (type == "DocumentReference") {
      if (const auto why = unfit(*part.resource); !why.empty()) wrong(part, why);
      auto object = entry_from(*part.resource, part.id, context_);
      if (claims(*part.resource, ".Minimal.")) mark_limited(object, xds::scheme::limited_entry);
      check_patient(part, object);
      if (part.entry) attach(part, object);
      submission_.objects.push_back(std::move(object));
    } else if (type == "List" && (is_submission_set(*part.resource) || is_folder(*part.resource))) {
      const bool set = is_submission_set(*part.resource);
      if (set) set_ = part.id;
      if (!part.existing.empty()) return;
      auto object = package_from(*part.resource, part.id, context_);
      if (claims(*part.resource, ".Minimal."))
        mark_limited(object, set ? xds::scheme::limited_set : xds::scheme::limited_folder);
      check_patient(part, object);
      submission_.objects.push_back(std::move(object));
    } else if (type == "Bundle" && part.resource->value_of("type") != "document") {
      work_.errors.add("FHIRDocumentNotSupported", full_url(part) + " is a Bundle, but no document");
    } else if (type == "Patient") {
      feed(part);
    } else if (type != "Parameters" && !is_content(part.resource)) {
      wrong(part, "a resource of type " + std::string(type) + " has no meaning here");
    }
  }

  // A subject that leads to no patient would be lost where limited metadata may have none. ITI-105 demands one.
  void check_patient(const Part& part, const RegistryObject& object) {
    if (xds::patient_id(object).empty() && (part.resource->child("subject") || is_simplified(*part.resource)))
      work_.wrong(xds::code::unknown_patient, object, ": its subject is no patient that is known");
  }

  // A Patient that comes along is fed to the index of patients, and known to all that the Bundle brings.
  void feed(Part& part) {
    auto fed = identity::feed(work_.site, {part.resource, nullptr, {}, {}});
    if (!fed)
      return work_.errors.add(xds::code::unknown_patient,
                              full_url(part) + ": " + fed.outcome().issues.front().diagnostics);
    if (!part.existing.empty() && xds::fhir_id(part.existing) != fed->patient)
      return wrong(part, "it is known by its identifiers as Patient/" + fed->patient);
    part.patient = fed->patient;
    part.created = fed->created;
    for (const auto& identifier : *part.resource)
      if (const auto oid = work_.patients.oid_of(identifier.value_of("system"));
          identifier.name == "identifier" && !oid.empty())
        work_.patients.add({std::string(identifier.value_of("value")), oid, {}, {}}, fed->patient);
    work_.others.push_back(std::move(fed->batch));
  }

  void mark_limited(RegistryObject& object, std::string_view node) {
    xds::Label label;
    label.id = xds::new_uuid(work_.site);
    label.node = node;
    object.classifications.push_back(std::move(label));
  }

  // The bytes that attachment.url means: a Binary of the bundle or one that is stored, or a FHIR document of the
  // bundle, which is a Binary from here on.
  void attach(Part& part, RegistryObject& object) {
    const Node* content = part.resource->child("content");
    const Node* attachment = content ? content->child("attachment") : nullptr;
    const auto url = attachment ? attachment->value_of("url") : std::string_view();
    Node reference;
    Node text;
    text.name = "reference";
    text.text = url;
    reference.first = &text;
    const Node* found = url.empty() ? nullptr : context_.resolve(*part.resource, reference);
    if (!is_content(found))
      return work_.errors.add(xds::code::missing_document, "attachment.url \"" + std::string(url) + "\" is no Binary",
                              part.id);
    auto& unique_id = used_[found];
    if (type_of(found) == "Bundle") {
      if (object.mime_type.find("xml") != std::string::npos)
        return work_.errors.add("FHIRDocumentNotSupported", "A FHIR document is kept as application/fhir+json",
                                part.id);
      std::string document;
      fhir::json::write(*found, document);
      object.mime_type = "application/fhir+json";
      add_document(object, document);
    } else {
      const auto bytes = fhir::decode_base64(found->value_of("data"));
      add_document(object, bytes ? *bytes : std::string());
      const auto said = found->value_of("contentType");
      if (!mime::same_word(said.substr(0, said.find(';')), object.mime_type.substr(0, object.mime_type.find(';'))))
        work_.warn(
            xds::code::repository_metadata, object,
            ": its Binary is called " + std::string(said) + ", it is kept as its metadata say: " + object.mime_type);
    }
    unique_id = documents_.back().unique_id;
  }

  void attach_alone(Part& part, RegistryObject& object) {
    const Node* content = part.resource->child("content");
    const Node* attachment = content ? content->child("attachment") : nullptr;
    if (!attachment || !attachment->child("data")) return attach_kept(part, object);
    const auto bytes = fhir::decode_base64(attachment->value_of("data"));
    add_document(object, bytes ? *bytes : std::string());
  }

  // A document that is in the repository already, described as it is there: it comes before its entry, and may be part
  // of the same commit. Any other Binary is taken into the repository.
  void attach_kept(Part& part, RegistryObject& object) {
    const Node* content = part.resource->child("content");
    const Node* attachment = content ? content->child("attachment") : nullptr;
    const auto url = attachment ? attachment->value_of("url") : std::string_view();
    const bool described = !object.value(xds::slot::hash).empty() && !object.value(xds::slot::size).empty();
    if (!described || url != "Binary/" + xds::binary_id(xds::unique_id(object))) return attach(part, object);
    object.set(xds::slot::repository_unique_id, work_.site.settings.repository_id);
  }

  void add_document(RegistryObject& object, const std::string& bytes) {
    documents_.push_back(
        {std::string(xds::unique_id(object)), object.mime_type, std::make_shared<fhir::TextContent>(bytes)});
    xds::describe(object, documents_.back(), work_.site.settings, work_.errors);
  }

  // What a reference to a List or DocumentReference means: an object of this bundle, or a registered one.
  std::string target_of(const Part& part, const Node* item) {
    const auto literal = item ? item->value_of("reference") : std::string_view();
    if (const auto found = ids_.find(context_.full(*part.resource, literal)); found != ids_.end()) return found->second;
    return std::string(xds::uuid_prefix) + std::string(literal.substr(literal.rfind('/') + 1));
  }

  void associate(std::string_view type, const std::string& source, const std::string& target,
                 std::string_view set_status = {}) {
    RegistryObject association;
    association.kind = Kind::association;
    association.id = fresh_id(std::string(type) + target);
    association.fresh = true;
    association.type = type;
    association.source = source;
    association.target = target;
    if (!set_status.empty()) association.set(xds::slot::submission_set_status, std::string(set_status));
    submission_.objects.push_back(std::move(association));
  }

  bool is_folder_id(const std::string& id) {
    if (const auto fresh = fresh_.find(id); fresh != fresh_.end()) return fresh->second == Kind::folder;
    const auto* stored = work_.registry.find(id);
    return stored && stored->record.object.kind == Kind::folder;
  }

  void relate(const Part& part) {
    const auto type = type_of(part.resource);
    if (type == "DocumentReference") {
      for (const auto& child : *part.resource) {
        if (child.name != "relatesTo") continue;
        const auto target = target_of(part, child.child("target"));
        meet(part, child.child("target"), target);
        associate(association_type(child.value_of("code")), part.id, target);
      }
    } else if (type == "List" && part.id == set_) {
      for (const auto& child : *part.resource) {
        if (child.name != "entry") continue;
        const auto target = target_of(part, child.child("item"));
        if (is_folder_id(target)) continue;  // below
        if (!members_.emplace(set_, target).second) continue;
        associate(xds::relation::has_member, set_, target, fresh_.contains(target) ? "Original" : "Reference");
      }
    } else if (type == "List" && !part.id.empty()) {
      relate_folder(part);
    }
  }

  // An entry that the same commit registers by a write of its own, whichever of them comes first.
  // FHIR R4: http://hl7.org/fhir/R4/http.html#trules
  void meet(const Part& part, const Node* target, const std::string& id) {
    const auto* write = context_.written("DocumentReference", xds::fhir_id(id));
    if (!write || !xds::is_uuid(id) || submission_.beside.contains(id)) return;
    if (auto record = xds::decode(write->record))
      submission_.beside.emplace(id, std::move(record->object));
    else if (const Node* other = context_.resolve(*part.resource, *target); other && is_entry(*other))
      submission_.beside.emplace(id, entry_from(renamed(*other, arena_), id, context_));
  }

  // A registered folder gets members, and nothing else of it changes.
  void check_folder(const Part& part, const xds::Record& registered) {
    const auto& site = work_.site;
    const auto kept = site.snapshot.read(site.access, *part.resource->type, std::string(xds::fhir_id(part.existing)));
    const auto before = kept ? fhir::receive(kept->body) : fhir::Result<fhir::Incoming>(kept.outcome());
    if (!before || !same_metadata(*before->resource, *part.resource, part.existing, context_))
      wrong(part, "the metadata of a registered Folder are changed by ITI-57");
    std::set<std::string> wanted;
    for (const auto& child : *part.resource)
      if (child.name == "entry") wanted.insert(target_of(part, child.child("item")));
    for (const auto& member : registered.associations)
      if (xds::holds(registered, member.target) && !wanted.contains(member.target))
        return wrong(part, member.target + " is a member of the Folder, and leaves it by ITI-57 or ITI-62");
  }

  // A new folder is a member of the set, and so is each membership that comes to a folder (TF-3 4.2.2.1.3).
  void relate_folder(const Part& part) {
    const auto* stored = part.existing.empty() ? nullptr : work_.registry.find(part.existing);
    if (!part.existing.empty() && !stored)
      return work_.errors.add(xds::code::unresolved, "The Folder " + part.existing + " is not registered",
                              part.existing);
    if (stored)
      check_folder(part, stored->record);
    else
      associate(xds::relation::has_member, set_, part.id);
    for (const auto& child : *part.resource) {
      if (child.name != "entry") continue;
      const auto target = target_of(part, child.child("item"));
      if (!members_.emplace(part.id, target).second || (stored && xds::holds(stored->record, target))) continue;
      meet(part, child.child("item"), target);
      associate(xds::relation::has_member, part.id, target);
      associate(xds::relation::has_member, set_, std::string(submission_.objects.back().id));
    }
  }

  // An entry that is put under its id again meets what was made for it before: so it is when a load is repeated. Only
  // the end of the id is another one than the entry's, so that what comes together lies together in the store.
  std::string fresh_id(const std::string& what) const {
    if (given_id_.empty()) return xds::new_uuid(work_.site);
    constexpr std::size_t own = 12;  // digits
    auto id =
        given_id_.substr(0, given_id_.size() - own) + fhir::to_hex(fhir::sha256(given_id_ + " " + what)).substr(0, own);
    id[xds::uuid_prefix.size() + 14] = id[xds::uuid_prefix.size() + 19] = '8';  // RFC 9562 5.8
    return id;
  }

  void add_own_set(const RegistryObject& object) {
    RegistryObject set;
    set.kind = Kind::submission_set;
    set.id = set_ = fresh_id("set");
    set.fresh = true;
    const auto label = [&](std::string_view scheme, std::string_view node, std::string value) {
      xds::Label made;
      made.id = xds::new_uuid(work_.site);
      made.scheme = scheme;
      made.node = node;
      made.value = std::move(value);
      return made;
    };
    set.classifications.push_back(label({}, xds::scheme::submission_set_node, {}));
    const bool folder = object.kind == Kind::folder;
    if (const auto* code = object.classification(folder ? xds::scheme::code_list : xds::scheme::type_code)) {
      set.classifications.push_back(*code);
      set.classifications.back().id = xds::new_uuid(work_.site);
      set.classifications.back().scheme = xds::scheme::content_type_code;
    }
    set.set(xds::slot::submission_time, xds::dtm_text(work_.site.now));
    set.identifiers.push_back(label(xds::scheme::set_unique_id, {}, set_));
    set.identifiers.push_back(label(xds::scheme::source_id, {}, work_.site.settings.home_id));
    if (const auto patient = xds::patient_id(object); !patient.empty())
      set.identifiers.push_back(label(xds::scheme::set_patient_id, {}, std::string(patient)));
    mark_limited(set, xds::scheme::limited_set);
    const std::string id = object.id;
    submission_.objects.push_back(std::move(set));
    if (!folder) associate(xds::relation::has_member, set_, id, "Original");
  }

  fhir::Result<Provided> submit(xds::Submitted how) {
    if (how == xds::Submitted::limited)  // ITI-105 asks for less
      for (auto& object : submission_.objects)
        if (object.kind == Kind::document_entry && !xds::is_limited(object))
          mark_limited(object, xds::scheme::limited_entry);
    xds::submit(work_, std::move(submission_), xds::Submitted::published, xds::code::registry_metadata);
    if (const auto* failure = work_.failure()) return *failure;
    if (work_.errors.failed()) return refusal(work_.errors);
    for (const auto& part : parts_) {
      if (!part.id.empty() && part.existing.empty()) work_.said.emplace(part.id, part.resource);
      if (!full_url(part).empty() && !id_of(part).empty())
        work_.leads.emplace(
            xds::id_of(full_url(part)),
            std::string(is_content(part.resource) ? "Binary" : type_of(part.resource)) + "/" + id_of(part));
    }
    auto batch = xds::batch_of(work_);
    if (!batch) return std::move(batch.outcome());
    for (const auto& document : documents_) {
      auto write = xds::write_of(document, work_);
      if (!write) return std::move(write.outcome());
      batch->writes.push_back(std::move(*write));
    }
    return answer(std::move(*batch));
  }

  std::string id_of(const Part& part) const {
    if (!part.patient.empty()) return part.patient;
    if (const auto found = used_.find(part.resource); found != used_.end()) return xds::binary_id(found->second);
    return std::string(xds::fhir_id(part.id.empty() ? part.existing : part.id));
  }

  std::vector<fhir::Issue> warnings_of(const Part& part) {
    std::vector<fhir::Issue> warnings;
    if (part.id.empty()) return warnings;
    for (const auto& error : work_.errors.list())
      if (error.object == part.id) warnings.push_back(issue_of(error));
    return warnings;
  }

  Provided answer(fhir::Batch batch) {
    Provided provided;
    std::unordered_map<std::string_view, std::size_t> writes;
    for (std::size_t i = 0; i < batch.writes.size(); ++i) writes[batch.writes[i].id] = i;
    for (const auto& part : parts_) {
      Provided::Entry entry;
      const auto id = id_of(part);
      entry.id = id;
      entry.created = part.patient.empty() ? part.existing.empty() : part.created;
      if (const auto found = writes.find(id); found != writes.end()) entry.write = found->second;
      entry.warnings = warnings_of(part);
      entry.type = batch.writes[entry.write].type;
      provided.entries.push_back(std::move(entry));
    }
    provided.batch = std::move(batch);
    return provided;
  }

  fhir::Arena arena_;
  xds::Work work_;
  const Node* bundle_;
  Context context_;
  std::vector<Part> parts_;
  std::map<std::string, std::string, std::less<>> ids_;  // fullUrl -> id of the object
  std::map<std::string, Kind> fresh_;                    // entries, folders and the set that come, by id
  std::string set_;
  std::string given_id_;  // of an entry that comes alone, "" when it takes a new one
  xds::Submission submission_;
  std::vector<Document> documents_;
  std::map<const Node*, std::string> used_;                // what documents came as, and their uniqueIds
  std::set<std::pair<std::string, std::string>> members_;  // sets and folders, and what is in them: once, in XDS
};

}  // namespace

bool is_document_bundle(const Node& bundle) {
  return claims(bundle, ".ProvideBundle") || std::any_of(bundle.begin(), bundle.end(), [](const Node& entry) {
           const Node* resource = entry.name == "entry" ? entry.child("resource") : nullptr;
           const Node* request = resource ? entry.child("request") : nullptr;
           return type_of(resource) == "List" && is_submission_set(*resource) && request &&
                  request->value_of("method") == "POST";
         });
}

fhir::Result<Provided> provide(const Site& site, const Node& bundle) { return Providing(site, &bundle).run(); }

bool is_package(const Node& list) {
  return is_submission_set(list) || is_folder(list) || claims(list, ".SubmissionSet") || claims(list, ".Folder");
}

bool is_simplified(const Node& reference) { return claims(reference, "SimplifiedPublish.DocumentReference"); }

bool is_entry(const Node& resource) {
  const auto type = type_of(&resource);
  return type == "List" ? is_folder(resource) : type == "DocumentReference" && claims(resource, ".DocumentReference");
}

std::string entry_id(const Node& resource, fhir::Ids& ids, std::int64_t now) {
  const auto claimed = entry_uuid_of(resource);
  return std::string(
      xds::fhir_id(xds::is_uuid(claimed) ? claimed : uuid_of(fhir::to_hex(fhir::sha256(ids.next(now))))));
}

fhir::Result<Provided> publish(const Site& site, const Node& resource) {
  return Providing(site, nullptr).run(resource, {});
}

fhir::Result<fhir::Batch> fill(const Site& site, const Node& folder, const std::string& uuid,
                               fhir::WritesByName* beside) {
  auto provided = Providing(xds::Patients(site), site, nullptr, beside).fill(folder, uuid);
  if (!provided) return std::move(provided.outcome());
  return std::move(provided->batch);
}

fhir::Result<std::optional<fhir::Batch>> Entries::put(const Site& site, const Node& resource, const std::string& id,
                                                      std::optional<std::int64_t> if_version,
                                                      fhir::WritesByName* beside) {
  const auto uuid = std::string(xds::uuid_prefix) + id;
  if (!is_entry(resource) || !xds::is_uuid(xds::id_of(uuid))) return std::optional<fhir::Batch>();
  if (!xds::is_uuid(uuid))  // logical ids of FHIR differ by case, UUIDs do not
    return fhir::Outcome(
        fhir::Kind::unprocessable, "value",
        "The logical id of an entry is its UUID in lower case: " + std::string(xds::fhir_id(xds::id_of(uuid))));
  const auto before = site.snapshot.read(site.access, *resource.type, id);
  if (before && !before->record.empty()) return std::optional<fhir::Batch>();
  auto provided = Providing(xds::Patients(site, known_), site, nullptr, beside).run(resource, uuid);
  if (!provided) return std::move(provided.outcome());
  auto& own = provided->batch.writes.front();
  own.if_version_planned = !if_version;
  own.if_version = if_version ? if_version : before ? before->version : 0;
  if (before) own.method = fhir::Method::update;
  return std::optional(std::move(provided->batch));
}

}  // namespace ihe::mhd
