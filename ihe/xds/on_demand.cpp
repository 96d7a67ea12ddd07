// Content of on-demand entries: see on_demand.h. FHIR R4: http://hl7.org/fhir/R4/documents.html
#include "ihe/xds/on_demand.h"

#include <algorithm>

#include "fhir/bundle.h"
#include "fhir/digest.h"
#include "fhir/format/json.h"
#include "fhir/value.h"
#include "ihe/xds/attribute.h"
#include "ihe/xds/names.h"

namespace ihe::xds {
namespace {

constexpr std::string_view media_type = "application/fhir+json";
constexpr std::uint64_t effort = 1'000'000;  // index rows that one section may read
constexpr std::uint32_t most_of_a_section = 500;

struct Section {
  std::string_view type;
  std::string_view code;  // LOINC
  std::string_view title;
};
constexpr Section sections[] = {{"AllergyIntolerance", "48765-2", "Allergies and adverse reactions"},
                                {"Condition", "11450-4", "Problem list"},
                                {"MedicationStatement", "10160-0", "Medication use"},
                                {"Immunization", "11369-6", "Immunizations"},
                                {"Procedure", "47519-4", "Procedures"}};

// The first 128 bits of a hash as an OID that needs no registration. ITU-T X.667 (2.25).
std::string oid_of(std::string_view hash) {
  unsigned __int128 number = 0;
  for (std::size_t at = 0; at < 16; ++at) number = number << 8 | static_cast<std::uint8_t>(hash[at]);
  std::string digits;
  for (; number > 0; number /= 10) digits += static_cast<char>('0' + static_cast<int>(number % 10));
  std::reverse(digits.begin(), digits.end());
  return "2.25." + (digits.empty() ? "0" : digits);
}

class Summary {
 public:
  Summary(Work& work, const KnownPatient& patient) : work_(work), patient_(patient) {}

  // The resources of the document behind its Composition, and the sections that name them.
  fhir::Result<bool> gather() {
    auto patient = work_.site.snapshot.read(work_.site.access, *fhir::definitions().resource("Patient"), patient_.id);
    if (!patient) return std::move(patient.outcome());
    add(*patient);
    for (const auto& section : sections)
      if (auto done = gather(section); !done) return done;
    return true;
  }

  std::string composition(std::string_view title) const {
    std::string text = R"({"resourceType":"Composition","status":"final","type":{"coding":[{"system":)";
    text += R"("http://loinc.org","code":"60591-5","display":"Patient summary Document"}]},"subject":{"reference":)";
    fhir::json::write_string("Patient/" + patient_.id, text);
    text +=
        R"(},"date":")" + fhir::instant_text(latest_) + R"(","author":[{"display":"Document repository"}],"title":)";
    fhir::json::write_string(title, text);
    return text + (sections_.empty() ? "" : R"(,"section":[)" + sections_ + "]") + "}";
  }

  // `unique_id`: what the document is called, "" while that is not known.
  std::string document(std::string_view title, const std::string& unique_id) const {
    std::string text = R"({"resourceType":"Bundle",)";
    if (!unique_id.empty())
      text += R"("identifier":{"system":"urn:ietf:rfc:3986","value":"urn:oid:)" + unique_id + R"("},)";
    text += R"("type":"document","timestamp":")" + fhir::instant_text(latest_) + R"(","entry":[{"fullUrl":)";
    fhir::json::write_string(std::string(work_.site.base) + "/Composition/" + patient_.id, text);
    return text + R"(,"resource":)" + composition(title) + "}" + entries_ + "]}";
  }

 private:
  fhir::Result<bool> gather(const Section& section) {
    fhir::search::Query query;
    query.type = fhir::definitions().resource(section.type);
    fhir::search::Clause clause;
    clause.parameter = query.type->parameter("patient");
    for (const auto& id : work_.patients.all_of(patient_)) {
      fhir::search::Term term;
      term.value.kind = fhir::search::IndexKind::reference;
      term.value.type = "Patient";
      term.value.text = id;
      clause.any_of.push_back(std::move(term));
    }
    query.all_of.push_back(std::move(clause));
    auto page = work_.site.snapshot.search(work_.site.access, query, most_of_a_section, effort);
    if (!page) return std::move(page.outcome());
    if (page->entries.empty()) return true;
    std::string references;
    for (const auto& entry : page->entries) {
      add(*entry.version);
      references += references.empty() ? "" : ",";
      references += R"({"reference":")" + name_of(*entry.version) + R"("})";
    }
    sections_ += sections_.empty() ? "" : ",";
    sections_.append(R"({"title":")").append(section.title);
    sections_.append(R"(","code":{"coding":[{"system":"http://loinc.org","code":")").append(section.code);
    sections_.append(R"("}]},"entry":[)").append(references).append("]}");
    return true;
  }

  static std::string name_of(const fhir::Version& version) {
    return std::string(version.type->name.view()) + "/" + version.id;
  }

  void add(const fhir::Version& version) {
    latest_ = std::max(latest_, version.last_updated);
    entries_ += R"(,{"fullUrl":)";
    fhir::json::write_string(std::string(work_.site.base) + "/" + name_of(version), entries_);
    entries_ += R"(,"resource":)" + version.body + "}";
  }

  Work& work_;
  const KnownPatient& patient_;
  std::string entries_, sections_;
  std::int64_t latest_ = 0;  // the document is as old as the youngest thing in it
};

Label label(Work& work, std::string_view scheme, std::string value) {
  Label made;
  made.id = new_uuid(work.site);
  made.scheme = scheme;
  made.value = std::move(value);
  return made;
}

RegistryObject association(Work& work, std::string_view type, std::string source, std::string target) {
  RegistryObject made;
  made.kind = Kind::association;
  made.id = new_uuid(work.site);
  made.type = type;
  made.source = std::move(source);
  made.target = std::move(target);
  return made;
}

// Under the name that its patient has now.
RegistryObject stable_of(Work& work, const RegistryObject& entry, const KnownPatient& patient,
                         const std::string& unique) {
  auto stable = entry;
  stable.id = new_uuid(work.site);
  stable.lid = stable.version = stable.home = {};
  stable.registered = 0;
  stable.object_type = scheme::stable;
  stable.set(slot::creation_time, dtm_text(work.site.now));
  for (auto* labels : {&stable.classifications, &stable.identifiers})
    for (auto& each : *labels) each.id = new_uuid(work.site);
  for (auto& each : stable.identifiers)
    if (each.scheme == scheme::entry_unique_id) each.value = unique;
  set_patient_id(stable, patient.cx.text());
  return stable;
}

RegistryObject set_of(Work& work, const RegistryObject& entry, const KnownPatient& patient) {
  RegistryObject set;
  set.kind = Kind::submission_set;
  set.id = new_uuid(work.site);
  set.classifications.push_back(label(work, {}, {}));
  set.classifications.back().node = scheme::submission_set_node;
  for (const auto& type : entry.classifications) {
    if (type.scheme != scheme::type_code) continue;
    set.classifications.push_back(type);
    set.classifications.back().id = new_uuid(work.site);
    set.classifications.back().scheme = scheme::content_type_code;
  }
  set.set(slot::submission_time, dtm_text(work.site.now));
  set.identifiers.push_back(label(work, scheme::set_unique_id, oid_of(fhir::sha256(set.id))));
  set.identifiers.push_back(label(work, scheme::source_id, work.site.settings.repository_id));
  set.identifiers.push_back(label(work, scheme::set_patient_id, patient.cx.text()));
  return set;
}

// The approved snapshot before this one, which it replaces.
const Stored* former_snapshot(Work& work, const std::string& entry) {
  for (const auto* holder : work.registry.pointing_at(entry))
    for (const auto& one : holder->record.associations)
      if (one.target == entry && one.type == relation::is_snapshot_of && holder->record.object.approved())
        return holder;
  return nullptr;
}

}  // namespace

fhir::Result<Document> make_content(Work& work, const Stored& entry, std::vector<fhir::Write>& writes) {
  const auto on_demand = entry.record.object;
  const auto cx = cx_of(patient_id(on_demand));
  const auto* patient = cx ? work.patients.find(*cx) : nullptr;
  if (on_demand.mime_type != media_type || !patient)
    return fhir::Outcome(fhir::Kind::unsupported, "not-supported", "nobody makes the content of this entry");
  Summary summary(work, *patient);
  if (auto done = summary.gather(); !done) return std::move(done.outcome());
  const std::string title = on_demand.name.empty() ? "Patient summary" : on_demand.name.front().value;
  const auto unique = oid_of(fhir::sha256(on_demand.id + summary.document(title, {})));
  Document document{unique, std::string(media_type),
                    std::make_shared<fhir::TextContent>(summary.document(title, unique))};
  const auto* former = former_snapshot(work, on_demand.id);
  if (former && unique_id(former->record.object) == unique) return document;

  Submission submission;
  auto stable = stable_of(work, on_demand, *patient, unique);
  const auto set = set_of(work, on_demand, *patient);
  auto member = association(work, relation::has_member, set.id, stable.id);
  member.set(slot::submission_set_status, "Original");
  submission.objects = {set, member, association(work, relation::is_snapshot_of, stable.id, on_demand.id)};
  if (former) submission.objects.push_back(association(work, relation::rplc, stable.id, former->record.object.id));
  describe(stable, document, work.site.settings, work.errors);
  submission.objects.push_back(std::move(stable));
  submit(work, std::move(submission), Submitted::provided, code::repository);
  if (work.errors.failed()) return fhir::Outcome(fhir::Kind::absent, "not-found", "the content cannot be registered");
  auto write = write_of(document, work);
  if (!write) return std::move(write.outcome());
  writes.push_back(std::move(*write));
  return document;
}

}  // namespace ihe::xds
