// The FHIR door. FHIR R4: http://hl7.org/fhir/R4/http.html
//
//   handle -> admit (route, form, body's form) -> plan on the row's lane -> commit -> parts -> finish
//                                                  ^ again after a transient conflict
#include "src/door.h"

#include <algorithm>
#include <atomic>
#include <exception>

#include "fhir/format/json.h"
#include "fhir/terminology/meanings.h"
#include "src/audit.h"
#include "src/clock.h"
#include "src/in_form.h"
#include "src/log.h"
#include "src/negotiate.h"
#include "src/net/egress.h"
#include "src/net/uri.h"
#include "src/obey.h"
#include "src/operation/operation.h"
#include "src/pages.h"
#include "src/rest/binary.h"
#include "src/rest/entry.h"
#include "src/rest/incoming.h"
#include "src/rest/projection.h"
#include "src/rest/reply.h"
#include "src/route.h"
#include "src/spread.h"

namespace alzette {
namespace {

using fhir::Kind;
using fhir::Outcome;
using fhir::Result;

constexpr std::string_view base_path = "/fhir";
constexpr std::size_t parts_at_once = 256;  // writes of a batch that wait for the writer together
constexpr std::size_t long_receipt = 16;    // answered on a worker, not on the writer's thread

// One request on its way.
struct Job {
  Request request;
  Respond respond;
  Route route;
  fhir::search::Parameters parameters;
  std::string base;
  AnswerForm form;
  rest::Projection projection;  // of the answer, where the row does not make it
  fhir::Format body_format = fhir::Format::json;
  std::shared_ptr<rest::Incoming> body;
  bool part = false;  // of a batch: answered in JSON, which is put into the bundle
  unsigned plans = 0;
};

// The parts of a batch or transaction while they run.
struct Gathering {
  std::shared_ptr<Job> job;
  std::shared_ptr<rest::Plan> plan;
  rest::Effect effect;
  std::vector<std::vector<std::size_t>> rounds;  // writes first; those of a round run together
  std::size_t round = 0;
  std::atomic<std::size_t> left{0};
};

bool is_read(std::string_view method) { return method == "GET" || method == "HEAD"; }

std::string allow_text(const std::vector<std::string_view>& methods) {
  std::string text;
  for (const auto method : methods) text.append(method).append(method == "GET" ? ", HEAD, " : ", ");
  return text + "OPTIONS";
}

Response refusal(int status, std::string_view code, std::string text) {
  return rest::json_reply(status, fhir::to_json(Outcome(Kind::unsupported, code, std::move(text))));
}

// Whether the body is the content of a Binary.
bool takes_content(const Job& job) {
  const bool writes = job.request.method == "POST" || job.request.method == "PUT";
  return writes && job.route.type && job.route.type->name.view() == "Binary" && !job.route.operation &&
         !job.route.row->path.ends_with("_search") && rest::is_raw(find(job.request.headers, "Content-Type"));
}

// Refuses a body whose media type the row does not take; adds the parameters of a form.
std::optional<Response> read_body_form(Job& job) {
  const auto& row = *job.route.row;
  const auto content_type = find(job.request.headers, "Content-Type");
  const auto form = body_form(content_type);
  if (form == BodyForm::xml) job.body_format = fhir::Format::xml;
  if (row.method != "POST" && row.method != "PUT") return std::nullopt;
  if (job.route.operation && (job.route.operation->raw || job.request.body.empty())) return std::nullopt;
  if (row.path.ends_with("_search")) {
    if (job.request.body.empty()) return std::nullopt;
    if (form != BodyForm::form)
      return refusal(415, "not-supported", "_search takes a body of application/x-www-form-urlencoded");
    const auto parameters = net::query_parameters(job.request.body);
    if (!parameters) return refusal(400, "invalid", "The form holds a damaged percent-escape or is not UTF-8");
    job.parameters.insert(job.parameters.end(), parameters->begin(), parameters->end());
    return std::nullopt;
  }
  if (form == BodyForm::json || form == BodyForm::xml || takes_content(job)) return std::nullopt;
  return refusal(415, "not-supported",
                 "This server reads application/fhir+json and application/fhir+xml in UTF-8, FHIR version 4.0");
}

// Answered as it is, whatever the client takes of FHIR's forms: files of a bulk export come in one form only.
bool has_own_form(const Route& route) {
  const bool binary = route.type && route.type->name.view() == "Binary" && !route.id.empty();
  return (binary && route.row->method == "GET") || route.row->code == "job-file";
}

bool reads_binary(const Route& route) {
  return route.type && route.type->name.view() == "Binary" && (route.row->code == "read" || route.row->code == "vread");
}

}  // namespace

struct Door::State {
  fhir::Store& store;
  WorkerLane& workers;
  const auth::Seal& seal;
  const fhir::validate::Profiles& profiles;
  fhir::Access access;
  rest::Ids ids;
  const ihe::Settings& settings;
  Limits limits;
  rest::Each each;
  std::string job_folder = {};
  const net::Egress* egress = nullptr;
  ProfilePolicy policy = {};
  Audit audit = {};
  fhir::terminology::Terminology terminology{profiles.canonicals()};
  fhir::terminology::Meanings meanings{terminology};
  KeptStatement statement = {};

  // The job, or the answer that it need not be run for.
  std::optional<Response> admit(Job& job) {
    const auto [path, query] = net::split_target(job.request.target);
    const auto segments = net::path_segments(path);
    auto parameters = net::query_parameters(query);
    if (!segments || !parameters)
      return refusal(400, "invalid", "The address holds a damaged percent-escape or is not UTF-8");
    job.parameters = std::move(*parameters);
    const auto form = negotiate(job.request, job.parameters);
    if (form) job.form = *form;
    if (job.part) job.form = {rest::fhir_json};
    const bool head = job.request.method == "HEAD";
    auto routing = find_route(head ? "GET" : std::string_view(job.request.method), *segments);
    if (!routing) return rest::refuse(routing.outcome());
    job.route = std::move(routing->route);
    if (job.request.method == "OPTIONS") {
      Response response;
      response.status = 204;
      response.headers.emplace_back("Allow", allow_text(routing->allow));
      return response;
    }
    if (!job.route.row) {
      auto response = refusal(405, "not-supported", job.request.method + " has no meaning at this address");
      response.headers.emplace_back("Allow", allow_text(routing->allow));
      return response;
    }
    if (!form && !job.part) {
      if (!has_own_form(job.route)) return rest::json_reply(406, fhir::to_json(form.outcome()));
      job.form.fhir = false;
    }
    if (!job.route.row->projects) {
      auto projection = rest::take_projection(job.parameters, job.base, job.route.operation);
      if (!projection) return rest::refuse(projection.outcome());
      job.projection = std::move(*projection);
    }
    if (job.request.spooled && !takes_content(job)) {
      constexpr std::uint64_t most = fhir::json::Limits{}.bytes;
      if (job.request.spooled->size() > most)
        return refusal(413, "too-long", "A resource may have " + std::to_string(most >> 20) + " MiB");
      job.request.body = job.request.spooled->text();
      job.request.spooled = nullptr;
    }
    if (auto refused = read_body_form(job)) return refused;
    const auto type = job.route.type ? job.route.type->name.view() : std::string_view("*");
    if (job.route.row->level != rest::Level::system && !access.may(job.route.row->needs, type)) {
      const Outcome outcome(Kind::forbidden, "forbidden", "Not allowed on " + std::string(type));
      record_refusal(job, outcome);
      return rest::refuse(outcome);
    }
    return std::nullopt;
  }

  rest::Call call_of(const Job& job, fhir::Snapshot& snapshot, std::uint64_t effort) {
    return {.request = job.request,
            .type = job.route.type,
            .id = job.route.id,
            .compartment = job.route.compartment,
            .version = job.route.version,
            .parameters = job.parameters,
            .snapshot = snapshot,
            .access = access,
            .base = job.base,
            .now = clock::wall_ms(),
            .effort = effort,
            .ids = ids,
            .settings = settings,
            .seal = seal,
            .canonicals = profiles.canonicals(),
            .profiles = profiles,
            .terminology = terminology,
            .each = each,
            .meanings = &meanings,
            .egress = egress,
            .job_folder = job_folder,
            .operation = job.route.operation,
            .format = job.body_format,
            .raw = !job.form.fhir && reads_binary(job.route),
            .body = job.body};
  }

  Result<rest::Plan> plan(const Job& job, std::uint64_t effort) {
    const auto snapshot = store.snapshot();
    const auto call = call_of(job, *snapshot, effort);
    auto made = job.route.row->run(call);
    if (!made) return made;
    const ihe::Site site{*snapshot, access, settings, job.base, call.now, ids};
    const Audit::Asked asked{job.request, job.route, job.parameters};
    if (auto done = Audit::admit(site, asked, *made); !done) return std::move(done.outcome());
    if (auto done = audit.carried_out(site, asked, *made); !done) return std::move(done.outcome());
    auto& batch = made->batch;
    if (!batch) return made;
    if (auto done = obey({*snapshot, access, job.base, call.now, ids, settings, may_send()}, *batch); !done)
      return std::move(done.outcome());
    auto faults = judge(job, {*snapshot, access, job.base, profiles, terminology}, made->claims_profile, *batch);
    if (!faults) return std::move(faults.outcome());
    for (std::size_t i = 0; i < made->shown; ++i) made->bodies.push_back(batch->writes[i].body);
    return warned(std::move(*made), *faults);
  }

  // Unset where nothing says what lies outside.
  fhir::MaySend may_send() const {
    if (!egress) return nullptr;
    return [this](std::string_view url) { return egress->may_send(url); };
  }

  // A message may come as the parameter of $process-message.
  static const fhir::Node& bundle_of(const fhir::Node& sent) {
    for (const auto& parameter : sent)
      if (parameter.name == "parameter" && parameter.value_of("name") == "content")
        if (const auto* content = parameter.child("resource")) return *content;
    return sent;
  }

  // What profiles say of a change: of what it writes, and of the Bundle of a transaction or message, which is not
  // written.
  Result<std::vector<fhir::Issue>> judge(const Job& job, const JudgeSite& site, bool claims_profile,
                                         const fhir::Batch& batch) const {
    std::vector<fhir::Issue> all;
    if (policy.on_write == OnWrite::off) return all;
    if (claims_profile) {  // planning has changed the Bundle that was read: what was sent is read again
      const auto sent = rest::receive(job.request.body, job.body_format);
      if (!sent) return sent.outcome();
      auto faults = judge_bundle(policy, site, bundle_of(*sent->resource));
      if (!faults) return faults;
      all = std::move(*faults);
    }
    auto faults = judge_writes(policy, site, batch);
    if (faults) std::move(faults->begin(), faults->end(), std::back_inserter(all));
    return faults ? Result<std::vector<fhir::Issue>>(std::move(all)) : std::move(faults);
  }

  // The client learns from a header that what it wrote breaks a profile; the log has the places, never the values.
  static rest::Plan warned(rest::Plan plan, const std::vector<fhir::Issue>& faults) {
    std::size_t count = 0;
    for (const auto& fault : faults) {
      if (!fault.refuses()) continue;
      ++count;
      log::write(log::Level::warning, "profile_broken", {{"code", fault.code}, {"at", fault.expression}});
    }
    if (count == 0 || !plan.reply) return plan;
    plan.reply = [reply = std::move(plan.reply), count](rest::Effect& effect) {
      auto response = reply(effect);
      response.headers.emplace_back(
          "Warning", "299 alzette \"faults by profiles: " + std::to_string(count) + "; $validate tells them\"");
      return response;
    };
    return plan;
  }

  void start(Job job) {
    if (auto answer = admit(job)) return finish(job, std::move(*answer));
    const auto shared = std::make_shared<Job>(std::move(job));
    guarded(*shared, [&] {
      if (!on_core(*shared)) return to_worker(shared);
      auto made = plan(*shared, limits.core_effort);
      if (!made && made.outcome().kind == Kind::too_costly) return to_worker(shared);
      carry_out(shared, std::move(made));
    });
  }

  bool on_core(const Job& job) const {
    const auto lane = job.route.lane();
    if (policy.on_write != OnWrite::off && !is_read(job.route.row->method)) return false;
    const bool small = job.request.body.size() <= limits.core_body && !job.request.spooled;
    return lane == rest::Lane::core || (lane == rest::Lane::by_size && small);
  }

  void to_worker(const std::shared_ptr<Job>& job) {
    if (workers.post([this, job] { work(job); })) return;
    finish(*job, rest::refuse({Kind::busy, "transient", "The server has more work than it can do now: try again"}));
  }

  void work(const std::shared_ptr<Job>& job) {
    guarded(*job, [&] { carry_out(job, plan(*job, limits.worker_effort)); });
  }

  void carry_out(const std::shared_ptr<Job>& job, Result<rest::Plan> made) {
    ++job->plans;
    if (!made) return refuse(*job, made.outcome());
    if (!made->batch && made->parts.empty() && !made->reply) return finish(*job, std::move(made->response));
    const auto plan = std::make_shared<rest::Plan>(std::move(*made));
    for (const auto& part : plan->parts)
      if (!part.place.empty())
        if (const auto refused = rehearse(*job, part)) return refuse(*job, *refused);
    if (auto& batch = plan->batch) return commit(job, plan, std::move(*batch));
    if (!plan->parts.empty()) return gather(job, plan, {});
    rest::Effect nothing;
    finish(*job, plan->reply(nothing));
  }

  void commit(const std::shared_ptr<Job>& job, const std::shared_ptr<rest::Plan>& plan, fhir::Batch batch) {
    store.commit(std::move(batch), [this, job, plan](Result<fhir::Receipt> receipt) {
      if (!receipt || receipt->size() > long_receipt || !plan->parts.empty()) {
        const auto shared = std::make_shared<Result<fhir::Receipt>>(std::move(receipt));
        return on_worker([this, job, plan, shared] { committed(job, plan, std::move(*shared)); });
      }
      committed(job, plan, std::move(receipt));
    });
  }

  void committed(const std::shared_ptr<Job>& job, const std::shared_ptr<rest::Plan>& plan,
                 Result<fhir::Receipt> receipt) {
    guarded(*job, [&] {
      if (receipt) {
        rest::Effect effect{std::move(*receipt), {}, std::move(plan->bodies)};
        if (!plan->parts.empty()) return gather(job, plan, std::move(effect));
        return finish(*job, plan->reply(effect));
      }
      const auto& outcome = receipt.outcome();
      const bool transient =
          outcome.kind == Kind::conflict && !outcome.issues.empty() && outcome.issues.front().code == "transient";
      if (transient && job->plans < limits.plans) return to_worker(job);
      refuse(*job, outcome);
    });
  }

  void record_refusal(const Job& job, const Outcome& outcome) {
    const auto snapshot = store.snapshot();
    audit.refused({*snapshot, access, settings, job.base, clock::wall_ms(), ids},
                  {job.request, job.route, job.parameters}, outcome);
  }

  void refuse(Job& job, const Outcome& outcome) {
    record_refusal(job, outcome);
    finish(job, rest::refuse(outcome));
  }

  // What follows a commit must be done even when the lane is full: then the caller's thread does it.
  void on_worker(std::function<void()> rest) {
    const auto shared = std::make_shared<std::function<void()>>(std::move(rest));
    if (!workers.post([shared] { (*shared)(); })) (*shared)();
  }

  void gather(const std::shared_ptr<Job>& job, const std::shared_ptr<rest::Plan>& plan, rest::Effect effect) {
    const auto gathering = std::make_shared<Gathering>();
    gathering->job = job;
    gathering->plan = plan;
    gathering->effect = std::move(effect);
    gathering->effect.parts.resize(plan->parts.size());
    for (const bool reads : {false, true}) {
      gathering->rounds.emplace_back();
      for (std::size_t i = 0; i < plan->parts.size(); ++i) {
        if (is_read(plan->parts[i].request.method) != reads) continue;
        if (gathering->rounds.back().size() == parts_at_once) gathering->rounds.emplace_back();
        gathering->rounds.back().push_back(i);
      }
    }
    run_round(gathering);
  }

  void run_round(const std::shared_ptr<Gathering>& gathering) {
    while (gathering->round < gathering->rounds.size() && gathering->rounds[gathering->round].empty())
      ++gathering->round;
    if (gathering->round == gathering->rounds.size())
      return guarded(*gathering->job, [&] { finish(*gathering->job, gathering->plan->reply(gathering->effect)); });
    const auto& round = gathering->rounds[gathering->round++];
    gathering->left = round.size();
    for (const auto i : round) run_part(gathering, i);
  }

  // Why a part of a transaction would be refused as things are. It leaves no audit record: carrying it out does.
  std::optional<Outcome> rehearse(const Job& whole, const rest::Part& part) {
    Job job;
    job.request = part.request;
    job.base = whole.base;
    job.part = true;
    std::optional<Outcome> refused;
    if (const auto answer = admit(job)) {
      refused = Outcome(Kind::unsupported, "not-supported",
                        "This would be answered with " + std::to_string(answer->status) + " " +
                            std::string(reason_phrase(answer->status)));
    } else {
      const auto snapshot = store.snapshot();
      if (const auto made = job.route.row->run(call_of(job, *snapshot, limits.worker_effort)); !made)
        refused = made.outcome();
    }
    if (refused) return rest::at(part.place, std::move(*refused));
    return std::nullopt;
  }

  void run_part(const std::shared_ptr<Gathering>& gathering, std::size_t i) {
    auto& part = gathering->plan->parts[i];
    const auto job = std::make_shared<Job>();
    job->request = std::move(part.request);
    job->body = std::move(part.body);
    job->base = gathering->job->base;
    job->part = true;
    const bool head = job->request.method == "HEAD";
    job->respond = [this, gathering, i, head](Response response) {
      if (!make_whole(response)) response = too_large_for_form();
      if (head) response.body.clear();
      gathering->effect.parts[i] = std::move(response);
      if (gathering->left.fetch_sub(1) == 1) on_worker([this, gathering] { run_round(gathering); });
    };
    guarded(*job, [&] {
      if (auto answer = admit(*job)) return finish(*job, std::move(*answer));
      if (job->route.row->level == rest::Level::system && job->route.row->method == "POST" &&
          job->route.row->path.empty())
        return finish(*job, refusal(400, "not-supported", "A batch or transaction cannot stand inside another"));
      work(job);
    });
  }

  // An exception is our fault or exhaustion: the client learns an id, the log the reason.
  template <class Work>
  void guarded(Job& job, const Work& work) {
    try {
      work();
    } catch (const std::exception& error) {
      fail(job, error.what());
    } catch (...) {
      fail(job, "unknown exception");
    }
  }

  void fail(Job& job, std::string_view reason) {
    const auto id = job.request.id.empty() ? ids.next(clock::wall_ms()) : job.request.id;
    log::write(log::Level::error, "internal error", {{"id", id}, {"reason", reason}});
    if (job.respond)
      finish(job, rest::refuse({Kind::internal, "exception", "The server failed; the log tells more under id " + id}));
  }

  void finish(Job& job, Response response) {
    if (job.route.row) response.route = job.route.row->code;
    response = rest::project(std::move(response), job.projection);
    auto respond = std::exchange(job.respond, nullptr);
    if (!job.form.fhir && job.route.row && reads_binary(job.route)) return respond(std::move(response));
    const auto size = response.content ? response.content->size() : response.body.size();
    if (job.form.format != fhir::Format::xml || size <= limits.core_body)
      return respond(in_form(std::move(response), job.form));
    const auto shared = std::make_shared<Response>(std::move(response));
    if (job.route.row && job.route.row->code == "capabilities")
      return on_worker(
          [this, respond, form = job.form, shared] { respond(statement.in_form(std::move(*shared), form)); });
    on_worker([respond, form = job.form, shared] { respond(in_form(std::move(*shared), form)); });
  }
};

Door::Door(fhir::Store& store, WorkerLane& workers, const auth::Seal& seal, const fhir::validate::Profiles& profiles,
           fhir::Access access, std::uint32_t salt, const ihe::Settings& settings)
    : Door(store, workers, seal, profiles, std::move(access), salt, settings, Limits{}) {}

Door::Door(fhir::Store& store, WorkerLane& workers, const auth::Seal& seal, const fhir::validate::Profiles& profiles,
           fhir::Access access, std::uint32_t salt, const ihe::Settings& settings, Limits limits)
    : state_(new State{store, workers, seal, profiles, std::move(access), rest::Ids(salt), settings, limits,
                       spread_over(workers, std::max(1U, std::thread::hardware_concurrency()) - 1)}) {}

Door::~Door() = default;

void Door::take_jobs(std::string folder, const net::Egress& egress) {
  state_->job_folder = std::move(folder);
  state_->egress = &egress;
}

void Door::take_trail(Trail& trail, bool asking) { state_->audit = Audit(state_->store, trail, asking); }

const fhir::search::Meanings& Door::meanings() const { return state_->meanings; }

void Door::take_profiles(ProfilePolicy policy) { state_->policy = std::move(policy); }

void Door::handle(Request request, Respond respond) {
  const auto [path, query] = net::split_target(request.target);
  if (auto answer = page(request.method, path, state_->store)) return respond(std::move(*answer));
  const bool below = path.starts_with(base_path) && (path.size() == base_path.size() || path[base_path.size()] == '/');
  if (!below) return respond(refusal(404, "not-found", "There is nothing at this address; the FHIR base is /fhir"));
  Job job;
  job.respond = std::move(respond);
  job.base = request.secure ? "https://" : "http://";
  job.base.append(find(request.headers, "Host")).append(base_path);
  request.target.erase(0, base_path.size());
  if (!request.target.starts_with('/')) request.target.insert(0, 1, '/');
  job.request = std::move(request);
  state_->guarded(job, [&] { state_->start(std::move(job)); });
}

}  // namespace alzette
