// How a job stands, its results, and its end: GET and DELETE [base]/_job/[id], GET [base]/_job/[id]/[file].
// FHIR R4: http://hl7.org/fhir/R4/async.html; Bulk Data Access 2.0: http://hl7.org/fhir/uv/bulkdata/STU2/export.html
#include "src/job/status.h"

#include <fstream>
#include <iterator>

#include "fhir/format/json.h"
#include "src/job/bulk.h"
#include "src/job/job.h"
#include "src/net/date.h"
#include "src/rest/interaction.h"
#include "src/rest/reply.h"

namespace alzette::job {
namespace {

using fhir::Kind;
using fhir::Outcome;
using fhir::Result;
using rest::Call;
using rest::Plan;

constexpr std::string_view json = "application/json";

// Jobs of others are as if they were not.
Result<Job> job_of(const Call& call) {
  auto job = from_text(call.id, call.snapshot.note(room, call.id));
  if (!job || job->access.subject != call.access.subject)
    return Outcome(Kind::absent, "not-found", "There is no such job, or no longer");
  return std::move(*job);
}

Result<std::string> content_of(const Call& call, std::string_view file) {
  std::ifstream in(std::string(call.job_folder) + "/" + call.id + "/" + std::string(file), std::ios::binary);
  if (!in) return Outcome(Kind::absent, "not-found", "There is no such file, or no longer");
  return std::string(std::istreambuf_iterator<char>(in), {});
}

Response plain(int status, std::string_view type, std::string body) {
  Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", type);
  response.body = std::move(body);
  return response;
}

Result<Plan> status(const Call& call) {
  const auto job = job_of(call);
  if (!job) return job.outcome();
  if (!job->finished()) {
    Response response;
    response.status = 202;
    response.headers.emplace_back("X-Progress", job->told.empty() ? "waiting" : job->told);
    response.headers.emplace_back("Retry-After", "1");
    return Plan(std::move(response));
  }
  if (job->state == Job::State::failed) return Plan(rest::json_reply(500, fhir::to_json(job->failure)));
  const bool bulk = job->kind != search_kind;
  auto body = bulk ? Result<std::string>(manifest_of(*job)) : content_of(call, search_result);
  if (!body) return std::move(body.outcome());
  auto response = plain(200, bulk ? json : rest::fhir_json, std::move(*body));
  response.headers.emplace_back("Expires", net::http_date((job->ended + kept_for) / 1000));
  return Plan(std::move(response));
}

Result<Plan> file(const Call& call) {
  const auto job = job_of(call);
  if (!job) return job.outcome();
  // Names of files are looked up, never trusted as paths.
  bool known = false;
  for (const auto& name : files_of(*job)) known = known || name == call.version;
  if (!known || !job->finished()) return Outcome(Kind::absent, "not-found", "There is no such file, or no longer");
  auto body = content_of(call, call.version);
  if (!body) return std::move(body.outcome());
  auto response = plain(200, "application/fhir+ndjson", std::move(*body));
  response.headers.emplace_back("Expires", net::http_date((job->ended + kept_for) / 1000));
  return Plan(std::move(response));
}

Result<Plan> end(const Call& call) {
  const auto job = job_of(call);
  if (!job) return job.outcome();
  Plan plan;
  plan.batch.emplace();
  plan.batch->access = call.access;
  plan.batch->notes.push_back({std::string(room), call.id, std::nullopt});
  plan.reply = [](rest::Effect&) {
    Response response;
    response.status = 202;
    return response;
  };
  return plan;
}

}  // namespace

Result<Plan> kick_off(const Call& call, std::string_view kind, std::string request) {
  Job job;
  job.id = call.ids.next(call.now);
  job.kind = kind;
  job.access = call.access;
  job.base = call.base;
  job.created = call.now;
  job.request = std::move(request);
  auto note = begin(call.snapshot, job);
  if (!note) return std::move(note.outcome());
  Plan plan;
  plan.batch.emplace();
  plan.batch->access = call.access;
  plan.batch->notes.push_back(std::move(*note));
  plan.reply = [where = std::string(call.base) + "/_job/" + job.id](rest::Effect&) {
    auto response = rest::json_reply(
        202, R"({"resourceType":"OperationOutcome","issue":[{"severity":"information","code":"informational",)"
             R"("diagnostics":"Begun; ask how it stands at the address in Content-Location"}]})");
    response.headers.emplace_back("Content-Location", where);
    return response;
  };
  return plan;
}

}  // namespace alzette::job

namespace alzette::rest {

extern constinit const Interaction job_status{.code = "job-status",
                                              .level = Level::system,
                                              .method = "GET",
                                              .path = "_job/[id]",
                                              .lane = Lane::core,
                                              .needs = fhir::Verb::operate,
                                              .run = job::status};

extern constinit const Interaction job_file{.code = "job-file",
                                            .level = Level::system,
                                            .method = "GET",
                                            .path = "_job/[id]/[file]",
                                            .lane = Lane::worker,
                                            .needs = fhir::Verb::operate,
                                            .run = job::file};

extern constinit const Interaction job_end{.code = "job-end",
                                           .level = Level::system,
                                           .method = "DELETE",
                                           .path = "_job/[id]",
                                           .lane = Lane::worker,
                                           .needs = fhir::Verb::operate,
                                           .run = job::end};

}  // namespace alzette::rest
