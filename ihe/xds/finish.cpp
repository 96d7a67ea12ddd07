// The end of every transaction that writes.
#include "ihe/xds/finish.h"

#include <iterator>

#include "ihe/wire/ebxml.h"
#include "ihe/xds/response.h"
#include "ihe/xds/to_fhir.h"

namespace ihe::xds {

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
  return plan;
}

}  // namespace ihe::xds
