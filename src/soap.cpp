#include "src/soap.h"

#include <exception>

#include "ihe/door.h"
#include "src/auth/seal.h"
#include "src/clock.h"
#include "src/log.h"
#include "src/net/ascii.h"
#include "src/net/uri.h"

namespace alzette {
namespace {

using fhir::Kind;
using fhir::Outcome;

Response plain(int status, std::string_view text) {
  Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  response.body.append(text).append("\n");
  response.route = "soap";
  return response;
}

Response response_of(ihe::SoapReply reply, std::string_view route) {
  Response response;
  response.status = reply.status;
  response.route = route;
  if (reply.size() == 0) return response;
  response.headers.emplace_back("Content-Type", std::move(reply.content_type));
  constexpr std::uint64_t small = 64u << 10;
  if (!reply.content)
    response.body = std::move(reply.envelope);
  else if (reply.content->size() <= small || !reply.content->in_memory().empty())
    response.body = reply.content->text();
  else
    response.content = std::move(reply.content);
  return response;
}

// SOAP 1.1 quotes it.
std::string unquoted(std::string_view text) {
  text = net::trim(text);
  if (text.size() > 1 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  return std::string(text);
}

bool is_known(std::string_view alias) {
  for (const auto* row : ihe::transactions())
    if (row->door == ihe::Door::soap && row->id == alias) return true;
  return false;
}

}  // namespace

struct SoapDoor::Job {
  ihe::SoapRequest request;
  std::string origin;  // "http://host:port"
  std::string id;
  std::string peer;
  std::string token = auth::random_token();  // of the answer
  Respond respond;
  ihe::SoapCall call{};
};

bool SoapDoor::takes(std::string_view target) {
  if (!target.starts_with(path)) return false;
  target.remove_prefix(path.size());
  return target.empty() || target.front() == '/' || target.front() == '?';
}

void SoapDoor::handle(Request request, Respond respond) {
  const auto [full, query] = net::split_target(request.target);
  auto alias = full.substr(path.size());
  if (alias.starts_with('/')) alias.remove_prefix(1);
  if (!alias.empty() && !is_known(alias)) return respond(plain(404, "No SOAP transaction has this address"));
  auto job = std::make_shared<Job>();
  job->origin = (request.secure ? "https://" : "http://") + std::string(find(request.headers, "Host"));
  if (request.method == "GET" && net::same_word(query, "wsdl")) {
    auto response = plain(200, {});
    response.headers.front().second = "text/xml; charset=utf-8";
    response.body = ihe::wsdl(job->origin + std::string(full), alias);
    return respond(std::move(response));
  }
  if (request.method != "POST") {
    auto response = plain(405, "SOAP messages come by POST; GET ?wsdl describes what is taken");
    response.headers.emplace_back("Allow", "GET, POST");
    return respond(std::move(response));
  }
  job->request = {std::move(request.spooled), std::string(find(request.headers, "Content-Type")),
                  unquoted(find(request.headers, "SOAPAction")), std::string(alias)};
  if (!job->request.body) job->request.body = std::make_shared<fhir::TextContent>(std::move(request.body));
  job->id = std::move(request.id);
  job->peer = std::move(request.peer);
  job->respond = std::move(respond);
  if (workers_.post([this, job] { receive(job); })) return;
  auto response = plain(503, "The server has more work than it can do now: try again");
  response.headers.emplace_back("Retry-After", "1");
  job->respond(std::move(response));
}

// Nothing when an answer may be sent to `url`, now as far as can be seen.
std::optional<std::string> SoapDoor::refuse_elsewhere(const std::string& url) const {
  const auto endpoint = egress_.judge_secure(url);
  if (!endpoint) return endpoint.outcome().issues.front().diagnostics;
  const auto address = egress_.resolve(url);
  if (!address) return address.outcome().issues.front().diagnostics;
  return std::nullopt;
}

// Answers that wait are held in memory, so documents of any size are given on the connection alone.
void SoapDoor::send_elsewhere(const Job& job, ihe::SoapReply reply) {
  if (!outbox_.takes(reply.size()))
    reply = ihe::fault(job.call,
                       {Kind::too_large, "too-long",
                        "the answer of " + std::to_string(reply.size()) +
                            " bytes is too large to be sent elsewhere; ask for it without ReplyTo"},
                       auth::random_token());
  outbox_.post({job.call.reply_to, std::move(reply.content_type),
                reply.content ? reply.content->text() : std::move(reply.envelope)});
}

void SoapDoor::receive(const std::shared_ptr<Job>& job) try {
  auto received = ihe::receive(job->request, job->token);
  if (auto* fault = std::get_if<ihe::SoapReply>(&received)) return job->respond(response_of(std::move(*fault), "soap"));
  job->call = std::move(std::get<ihe::SoapCall>(received));
  job->call.message.peer = job->peer;
  const auto route = job->call.exchanged.transaction->id;
  const auto refuse = [&](const Outcome& why) {
    job->respond(response_of(ihe::fault(job->call, why, job->token), route));
  };
  const auto& transaction = *job->call.exchanged.transaction;
  if (const auto& why = job->call.refused)
    return exchange_.refuse_here(transaction, job->call.message, job->origin + "/fhir", *why,
                                 [job, route](const fhir::Result<ihe::Answer>& answer) {
                                   const auto& refusal = answer.outcome();
                                   job->respond(response_of(ihe::fault(job->call, refusal, job->token), route));
                                 });
  const auto [ns, name] = ihe::body_of(job->call);
  if (const auto file = schemas_.file_of(ns, name); !file.empty())
    if (auto wrong = ihe::schema_fault(job->call, file)) return refuse(*wrong);
  const bool elsewhere = !job->call.reply_to.empty();
  if (elsewhere) {
    if (auto why = refuse_elsewhere(job->call.reply_to)) return refuse({Kind::unprocessable, "value", std::move(*why)});
    if (!outbox_.has_room()) return refuse({Kind::busy, "transient", "too many answers wait to be sent: try again"});
  }
  const bool accepted = elsewhere || job->call.silent;
  const auto answered = [this, job, route, accepted](fhir::Result<ihe::Answer> answer) {
    auto reply = ihe::reply_to(job->call, std::move(answer), job->token, clock::wall_ms());
    if (!accepted) return job->respond(response_of(std::move(reply), route));
    if (job->call.silent) return;
    // The disk is waited for, which the store's writer must not, unless nobody else is left.
    const auto shared = std::make_shared<ihe::SoapReply>(std::move(reply));
    const auto send = [this, job, shared] { send_elsewhere(*job, std::move(*shared)); };
    if (!workers_.post(send)) send();
  };
  if (!accepted) return exchange_.run_here(transaction, job->call.message, job->origin + "/fhir", answered);
  exchange_.run(transaction, job->call.message, job->origin + "/fhir", answered);
  job->respond(response_of({202, {}, {}}, route));
} catch (const std::exception& error) {
  log::write(log::Level::error, "internal error", {{"id", job->id}, {"reason", error.what()}});
  job->respond(plain(500, "The server failed; its log tells more under the id of this answer"));
}

}  // namespace alzette
