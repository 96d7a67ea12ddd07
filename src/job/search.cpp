// A search with `Prefer: respond-async`: the request is made through the door as any other, only later; its answer is
// kept as a batch-response. FHIR R4: http://hl7.org/fhir/R4/async.html
#include <fstream>

#include "fhir/bundle.h"
#include "fhir/format/json.h"
#include "src/job/job.h"
#include "src/job/status.h"

namespace alzette::job {
namespace {

fhir::Result<Step> step(const Work& work, Job& job) {
  fhir::Arena arena;
  const auto root = fhir::json::parse(job.request, arena);
  if (!root) return fhir::Outcome(fhir::Kind::internal, "exception", "The job cannot be read");
  const auto& node = **root;
  Request request;
  request.method = node.value_of("method");
  request.target = node.value_of("target");
  request.body = node.value_of("body");
  request.headers.emplace_back("Host", node.value_of("host"));
  request.secure = node.value_of("secure") == "true";
  for (const std::string_view name : {"Content-Type", "Prefer"})
    if (!node.value_of(name).empty()) request.headers.emplace_back(name, node.value_of(name));
  const auto answer = work.request(std::move(request));
  const std::string status = std::to_string(answer.status) + " " + std::string(reason_phrase(answer.status));
  fhir::BundleWriter bundle("batch-response", std::nullopt, {}, work.now);
  const bool good = answer.status < 400;
  bundle.response({.status = status,
                   .location = {},
                   .version = 0,
                   .last_updated = 0,
                   .resource = good ? std::string_view(answer.body) : std::string_view(),
                   .outcome = good ? std::string_view() : std::string_view(answer.body),
                   .full_url = {}});
  std::ofstream out(work.folder + "/" + std::string(search_result), std::ios::binary | std::ios::trunc);
  out << std::move(bundle).finish();
  out.close();
  if (!out) return fhir::Outcome(fhir::Kind::internal, "no-store", "The answer cannot be written");
  return Step{{}, true};
}

}  // namespace

extern constinit const JobKind search_job{.name = search_kind, .step = step};

}  // namespace alzette::job
