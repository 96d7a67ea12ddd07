// Jobs as text: one JSON object.
#include "src/job/job.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "fhir/format/json.h"

namespace alzette::job {
namespace {

constexpr std::array<std::string_view, 4> states{"waiting", "running", "done", "failed"};
constexpr std::array<std::string_view, 6> verbs{"read", "search", "create", "update", "remove", "operate"};

void add(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  out.append(out.size() > 1 ? ",\"" : "\"").append(name).append("\":");
  fhir::json::write_string(text, out);
}

std::int64_t number(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

std::string text_of(const fhir::Access& access) {
  std::string out = "{";
  add(out, "subject", access.subject);
  add(out, "role", access.role);
  add(out, "purpose", access.purpose);
  for (const auto& grant : access.grants) {
    std::string list;
    for (const auto verb : grant.verbs) (list += list.empty() ? "" : " ") += verbs[static_cast<std::size_t>(verb)];
    out.append(&grant == access.grants.data() ? R"(,"grant":[{"type":)" : R"(,{"type":)");
    fhir::json::write_string(grant.type, out);
    out.append(",\"verbs\":");
    fhir::json::write_string(list, out);
    out.append("}");
  }
  return out + (access.grants.empty() ? "}" : "]}");
}

fhir::Access access_of(const fhir::Node& node) {
  fhir::Access access;
  access.subject = node.value_of("subject");
  access.role = node.value_of("role");
  access.purpose = node.value_of("purpose");
  for (const auto& grant : node) {
    if (grant.name != "grant") continue;
    auto& one = access.grants.emplace_back();
    one.type = grant.value_of("type");
    const auto list = grant.value_of("verbs");
    for (std::size_t at = 0; at < list.size();) {
      const auto end = std::min(list.find(' ', at), list.size());
      const auto verb = std::find(verbs.begin(), verbs.end(), list.substr(at, end - at));
      if (verb != verbs.end()) one.verbs.push_back(static_cast<fhir::Verb>(verb - verbs.begin()));
      at = end + 1;
    }
  }
  return access;
}

std::string to_text(const Job& job) {
  std::string out = "{";
  add(out, "kind", job.kind);
  add(out, "state", states[static_cast<std::size_t>(job.state)]);
  add(out, "base", job.base);
  add(out, "created", std::to_string(job.created));
  add(out, "ended", std::to_string(job.ended));
  add(out, "request", job.request);
  add(out, "progress", job.progress);
  add(out, "told", job.told);
  if (!job.failure.issues.empty()) {
    add(out, "code", job.failure.issues.front().code);
    add(out, "failure", job.failure.issues.front().diagnostics);
  }
  return out.append(",\"access\":").append(text_of(job.access)).append("}");
}

std::optional<Job> from_text(std::string_view id, const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  fhir::Arena arena;
  const auto root = fhir::json::parse(*text, arena);
  if (!root) return std::nullopt;
  const auto& node = **root;
  Job job;
  job.id = id;
  job.kind = node.value_of("kind");
  const auto state = std::find(states.begin(), states.end(), node.value_of("state"));
  if (state == states.end()) return std::nullopt;
  job.state = static_cast<Job::State>(state - states.begin());
  job.base = node.value_of("base");
  job.created = number(node.value_of("created"));
  job.ended = number(node.value_of("ended"));
  job.request = node.value_of("request");
  job.progress = node.value_of("progress");
  job.told = node.value_of("told");
  if (!node.value_of("failure").empty())
    job.failure = fhir::Outcome(fhir::Kind::internal, node.value_of("code"), std::string(node.value_of("failure")));
  if (const auto* access = node.child("access")) job.access = access_of(*access);
  return job;
}

fhir::Result<fhir::Note> begin(fhir::Snapshot& snapshot, const Job& job) {
  std::size_t unfinished = 0;
  for (const auto& note : snapshot.notes(room)) {
    const auto other = from_text(note.name, note.text);
    unfinished += other && !other->finished() ? 1 : 0;
  }
  if (unfinished >= most_unfinished)
    return fhir::Outcome(fhir::Kind::busy, "throttled",
                         "There are " + std::to_string(unfinished) +
                             " jobs at work already: wait for one of them to end, or cancel one");
  return fhir::Note{std::string(room), job.id, to_text(job)};
}

}  // namespace alzette::job
