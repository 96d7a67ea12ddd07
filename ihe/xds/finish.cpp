// The end of every transaction that writes.
#include "ihe/xds/finish.h"

#include <iterator>

#include "ihe/wire/ebxml.h"
#include "ihe/xds/attribute.h"
#include "ihe/xds/response.h"
#include "ihe/xds/to_fhir.h"

namespace ihe::xds {

namespace {

// The SubmissionSet that came, or what was removed.
std::vector<AuditedObject> exchanged(const Work& work) {
  std::vector<AuditedObject> all;
  const auto add = [&](const Stored& stored) {
    const auto& object = stored.record.object;
    const auto reference = std::string(type_of(object.kind).name.view()) + "/" + std::string(fhir_id(object.id));
    const auto role = object.kind == Kind::document_entry ? "3" : object.kind == Kind::submission_set ? "20" : "4";
    all.push_back({role, reference, {}, std::string(unique_id(object))});
  };
  for (const auto& [id, stored] : work.registry.changed())
    if (stored->version == 0 && stored->record.object.kind == Kind::submission_set) add(*stored);
  for (const auto& [id, stored] : work.registry.removed()) add(*stored);
  return all;
}

}  // namespace

std::optional<Submission> open(Work& work, const xml::Element& request, std::string_view metadata_code) {
  auto submission = ebxml::read(request);
  if (submission) return std::move(*submission);
  work.errors.add(metadata_code, submission.outcome().issues.front().diagnostics);
  return std::nullopt;
}

Plan finish(Work& work, std::vector<fhir::Write> documents, bool repository) {
  Plan plan;
  if (const auto* failure = work.failure()) add_failure(work.errors, *failure, repository);
  if (!work.errors.failed()) {
    auto batch = batch_of(work);
    if (batch) {
      std::move(documents.begin(), documents.end(), std::back_inserter(batch->writes));
      plan.batch = std::move(*batch);
    } else {
      add_failure(work.errors, batch.outcome(), repository);
    }
  }
  plan.answer.bytes = registry_response(work.errors);
  plan.audited.patients = work.patients.seen();
  plan.audited.objects = exchanged(work);
  return plan;
}

}  // namespace ihe::xds
