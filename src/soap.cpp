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
  Respond respond;                           // null once it was called
  std::string_view route = "soap";
  ihe::SoapCall call{};

  void accept();
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

// Nothing when answers may be sent to these, now as far as can be seen.
std::optional<Outcome> SoapDoor::refuse_elsewhere(std::initializer_list<const ihe::Destination*> places) const {
  bool any = false;
  for (const auto* place : places) {
    if (place->address.empty()) continue;
    any = true;
    const auto endpoint = egress_.judge_secure(place->address);
    if (!endpoint) return Outcome(Kind::unprocessable, "value", endpoint.outcome().issues.front().diagnostics);
    const auto address = egress_.resolve(place->address);
    if (!address) return Outcome(Kind::unprocessable, "value", address.outcome().issues.front().diagnostics);
  }
  if (any && !outbox_.has_room())
    return Outcome(Kind::busy, "transient", "too many answers wait to be sent: try again");
  return std::nullopt;
}

// Tells the connection that nothing more comes on it, once.
void SoapDoor::Job::accept() {
  if (respond) respond(response_of({202, {}, {}}, route));
  respond = nullptr;
}

// Answers that wait are held in memory, so documents of any size are given on the connection alone.
void SoapDoor::deliver(const std::shared_ptr<Job>& job, ihe::SoapReply reply) {
  if (reply.to.here) return job->respond(response_of(std::move(reply), job->route));
  if (reply.to.address.empty()) return job->accept();
  if (!outbox_.takes(reply.size()))
    return deliver(job, ihe::fault(job->call,
                                   {Kind::too_large, "too-long",
                                    "the answer of " + std::to_string(reply.size()) +
                                        " bytes is too large to be sent elsewhere; ask for it without ReplyTo"},
                                   auth::random_token()));
  // The disk is waited for, which the store's writer must not, unless nobody else is left.
  const auto shared = std::make_shared<ihe::SoapReply>(std::move(reply));
  const auto send = [this, job, shared] {
    outbox_.post({shared->to.address, std::move(shared->content_type),
                  shared->content ? shared->content->text() : std::move(shared->envelope)});
    job->accept();
  };
  if (!workers_.post(send)) send();
}

void SoapDoor::receive(const std::shared_ptr<Job>& job) try {
  auto received = ihe::receive(job->request, job->token);
  if (auto* fault = std::get_if<ihe::SoapReply>(&received)) {
    if (refuse_elsewhere({&fault->to}) || !outbox_.takes(fault->size())) fault->to = {};
    return deliver(job, std::move(*fault));
  }
  job->call = std::move(std::get<ihe::SoapCall>(received));
  auto& call = job->call;
  call.message.peer = job->peer;
  const auto& transaction = *call.exchanged.transaction;
  job->route = transaction.id;
  const auto fail_here = [this, job](const Outcome& why) {
    auto fault = ihe::fault(job->call, why, job->token);
    fault.to = {};
    deliver(job, std::move(fault));
  };
  // Nothing is sent where one says of whom nothing is known.
  if (const auto& why = call.refused)
    return exchange_.refuse_here(transaction, call.message, job->origin + "/fhir", *why,
                                 [fail_here](const fhir::Result<ihe::Answer>& answer) { fail_here(answer.outcome()); });
  if (const auto why = refuse_elsewhere({&call.answers, &call.faults})) return fail_here(*why);
  const auto [ns, name] = ihe::body_of(call);
  if (const auto file = schemas_.file_of(ns, name); !file.empty())
    if (const auto wrong = ihe::schema_fault(call, file)) return deliver(job, ihe::fault(call, *wrong, job->token));
  const auto answered = [this, job](fhir::Result<ihe::Answer> answer) {
    deliver(job, ihe::reply_to(job->call, std::move(answer), job->token, clock::wall_ms()));
  };
  if (call.answers.here || call.faults.here)
    return exchange_.run_here(transaction, call.message, job->origin + "/fhir", answered);
  job->accept();
  exchange_.run(transaction, call.message, job->origin + "/fhir", answered);
} catch (const std::exception& error) {
  log::write(log::Level::error, "internal error", {{"id", job->id}, {"reason", error.what()}});
  if (job->respond) job->respond(plain(500, "The server failed; its log tells more under the id of this answer"));
}

}  // namespace alzette
