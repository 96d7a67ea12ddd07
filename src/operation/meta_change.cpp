// meta-add and meta-delete: profiles, tags and security labels of a resource, each of them once. Versions are never
// changed once they are stored: what changes something makes a new version.
// FHIR R4: http://hl7.org/fhir/R4/resource-operation-meta-add.html, …-meta-delete.html
#include "fhir/bundle.h"
#include "fhir/format/json.h"
#include "fhir/value.h"
#include "src/operation/meta.h"
#include "src/operation/operation.h"
#include "src/operation/refusal.h"
#include "src/rest/incoming.h"
#include "src/rest/reply.h"

namespace alzette::operation {
namespace {

using fhir::Node;

bool is_set(const Node& node) { return node.name == "profile" || node.name == "security" || node.name == "tag"; }

bool same(const Node& a, const Node& b) { return a.name == b.name && identity_of(a) == identity_of(b); }

void add(StoredMeta& stored, const Node& wanted) {
  Node** link = &stored.meta->first;
  Node** end = nullptr;  // behind the last of its name, which a list has to stay together for
  for (; *link; link = &(*link)->next) {
    if (same(**link, wanted)) return;
    if ((*link)->name == wanted.name) end = &(*link)->next;
  }
  if (!end) end = link;
  Node* copy = stored.arena.make<Node>(wanted);
  copy->next = *end;
  *end = copy;
}

void remove(StoredMeta& stored, const Node& unwanted) {
  for (Node** link = &stored.meta->first; *link;) {
    if (same(**link, unwanted))
      *link = (*link)->next;
    else
      link = &(*link)->next;
  }
}

// The Meta of a stored body, with the version and time that it got.
std::string meta_of(const fhir::Body& body, const fhir::Written& written) {
  const auto text = fhir::stored_bytes(body, written.version, written.last_updated);
  const StoredMeta stored(text);
  std::string out;
  if (stored.meta) fhir::json::write(*stored.meta, out);
  return out;
}

fhir::Result<rest::Plan> change(const rest::Call& call, const Input& input, void (*apply)(StoredMeta&, const Node&)) {
  const Node* given = input.value("meta");
  if (!given)
    return fhir::Outcome(fhir::Kind::malformed, "required", "The parameter meta needs a valueMeta", place_of("meta"));
  auto version = call.snapshot.read(call.access, *call.type, call.id);
  if (!version) return std::move(version.outcome());
  if (!call.access.may(fhir::Verb::update, call.type->name))
    return fhir::Outcome(fhir::Kind::forbidden, "forbidden", "Not allowed on " + std::string(call.type->name.view()));
  StoredMeta stored(version->body);
  if (!stored.meta) return fhir::Outcome(fhir::Kind::internal, "exception", "The stored resource has no meta");
  for (const Node& entry : *given)
    if (is_set(entry)) apply(stored, entry);
  auto write = rest::prepare(*stored.resource, call.id, fhir::Method::update, call.base);
  if (!write) return std::move(write.outcome());
  write->if_version = version->version;
  write->if_version_planned = true;
  rest::Plan plan;
  plan.shown = 1;
  plan.reply = [](rest::Effect& effect) { return meta_reply(meta_of(effect.bodies.front(), effect.receipt.front())); };
  plan.batch = fhir::Batch{call.access, {}, {}};
  plan.batch->writes.push_back(std::move(*write));
  return plan;
}

fhir::Result<rest::Plan> run_add(const rest::Call& call, const Input& input) { return change(call, input, add); }
fhir::Result<rest::Plan> run_delete(const rest::Call& call, const Input& input) { return change(call, input, remove); }

}  // namespace

extern constinit const Operation meta_add{.code = "meta-add",
                                          .definition = "http://hl7.org/fhir/OperationDefinition/Resource-meta-add",
                                          .levels = on_instance,
                                          .types = "",
                                          .lane = rest::Lane::worker,
                                          .affects_state = true,
                                          .run = run_add};

extern constinit const Operation meta_delete{
    .code = "meta-delete",
    .definition = "http://hl7.org/fhir/OperationDefinition/Resource-meta-delete",
    .levels = on_instance,
    .types = "",
    .lane = rest::Lane::worker,
    .affects_state = true,
    .run = run_delete};

}  // namespace alzette::operation
