// $process-message: takes the patient feed of PMIR, a message whose history Bundle is carried out as one transaction.
// A patient keeps the id that its source gave it, so that later messages speak of the same one.
// IHE PMIR ITI-93, https://profiles.ihe.net/ITI/PMIR/ITI-93.html; http://hl7.org/fhir/R4/messaging.html
#include <algorithm>

#include "fhir/build.h"
#include "fhir/format/json.h"
#include "ihe/identity/replacement.h"
#include "src/operation/operation.h"
#include "src/rest/reply.h"
#include "src/rest/transact.h"

namespace alzette::operation {
namespace {

using fhir::Kind;
using fhir::Node;
using fhir::Outcome;

constexpr std::ptrdiff_t most_changes = 20'000;  // of one message: its audit record names every patient
constexpr std::string_view patient_feed = "urn:ihe:iti:pmir:2019:patient-feed";
constexpr std::string_view feed_response = "urn:ihe:iti:pmir:2019:patient-feed-response";
constexpr std::string_view response_definition =
    "https://profiles.ihe.net/ITI/PMIR/StructureDefintion/IHE.PMIR.MessageDefinition.Response";  // as PMIR spells it

Outcome refusal(std::string_view code, std::string text, std::string place) {
  return {Kind::unprocessable, code, std::move(text), std::move(place)};
}

const Node* resource_of(const Node* entry) { return entry ? entry->child("resource") : nullptr; }

bool is(const Node* resource, std::string_view type) {
  return resource && resource->type && resource->type->name == type;
}

struct Message {
  const Node* header = nullptr;
  const Node* history = nullptr;
};

fhir::Result<Message> read_message(const Node* bundle) {
  if (!bundle || bundle->value_of("type") != "message")
    return refusal("value", "The content must be a Bundle of type message", "Bundle.type");
  const auto* first = bundle->child("entry");
  Message message{resource_of(first), nullptr};
  if (!is(message.header, "MessageHeader"))
    return refusal("structure", "The first entry must be a MessageHeader", "Bundle.entry[0]");
  if (message.header->value_of("eventUri") != patient_feed)
    return refusal("not-supported", "The one event taken is " + std::string(patient_feed),
                   "Bundle.entry[0].resource.eventUri");
  for (const auto* entry = first->next; entry && !message.history; entry = entry->next)
    if (is(resource_of(entry), "Bundle")) message.history = resource_of(entry);
  if (!message.history || message.history->value_of("type") != "history")
    return refusal("structure", "A patient feed carries a Bundle of type history", "Bundle.entry[1]");
  if (std::count_if(message.history->begin(), message.history->end(),
                    [](const Node& child) { return child.name == "entry"; }) > most_changes)
    return Outcome(Kind::too_large, "too-long",
                   "A message may tell of " + std::to_string(most_changes) + " changes: divide it", "Bundle.entry[1]");
  return message;
}

// What the source created has an id already.
void keep_id(fhir::Arena& arena, Node& entry) {
  auto* request = const_cast<Node*>(entry.child("request"));
  const auto* resource = entry.child("resource");
  if (!request || !resource || request->value_of("method") != "POST" || resource->value_of("id").empty()) return;
  const auto url = std::string(resource->type->name.view()) + "/" + std::string(resource->value_of("id"));
  fhir::build::set(arena, *request, "method", "PUT");
  fhir::build::set(arena, *request, "url", url);
}

Node& as_transaction(fhir::Arena& arena, const Node& history) {
  auto& bundle = fhir::build::copy(arena, history);
  fhir::build::set(arena, bundle, "type", "transaction");
  for (auto* entry = bundle.first; entry; entry = entry->next) {
    if (entry->name != "entry") continue;
    fhir::build::remove(*entry, "response");
    keep_id(arena, *entry);
  }
  return bundle;
}

void write_text(std::string_view name, std::string_view value, std::string& out) {
  out.append(",\"").append(name).append("\":");
  fhir::json::write_string(value, out);
}

std::string answer_to(const Node& header, const rest::Call& call) {
  const auto id = call.ids.next(call.now);
  std::string out = R"({"resourceType":"Bundle","type":"message")";
  out += R"(,"entry":[{)";
  std::string url;
  fhir::json::write_string(std::string(call.base) + "/MessageHeader/" + id, url);
  out.append("\"fullUrl\":").append(url).append(R"(,"resource":{"resourceType":"MessageHeader")");
  write_text("id", id, out);
  write_text("eventUri", feed_response, out);
  out += R"(,"source":{"name":"Alzette")";
  write_text("endpoint", std::string(call.base) + "/$process-message", out);
  out += R"(},"response":{"code":"ok")";
  const auto asked = header.value_of("id");
  write_text("identifier", asked.empty() ? std::string_view("unknown") : asked, out);
  out += '}';
  write_text("definition", response_definition, out);
  return out += "}}]}";
}

// A merge is for good in PMIR: what takes a replaced-by back is not allowed (ITI-93, 405).
bool undoes_a_merge(const rest::Call& call, const fhir::Batch& batch) {
  const ihe::Site site{call.snapshot, call.access, call.settings, call.base, call.now, call.ids};
  return std::any_of(batch.writes.begin(), batch.writes.end(), [&](const fhir::Write& write) {
    return write.type->name.view() == "Patient" && ihe::identity::takes_back_merge(site, write);
  });
}

fhir::Result<rest::Plan> run(const rest::Call& call, const Input& input) {
  const auto* content = input.resource("content");
  const auto message = read_message(content);
  if (!message) return message.outcome();
  fhir::Arena arena;
  auto& bundle = as_transaction(arena, *message->history);
  auto transaction = rest::transact(
      bundle, arena, {call.snapshot, call.access, call.base, call.now, call.ids, call.each, call.meanings});
  if (!transaction) return std::move(transaction.outcome());
  for (const auto& entry : transaction->entries)
    if (entry.act == rest::TransactionEntry::Act::read)
      return refusal("not-supported", "A feed changes patients; it does not read", "Bundle.entry[1]");
  if (undoes_a_merge(call, transaction->batch))
    return rest::Plan(rest::json_reply(
        405, fhir::to_json(Outcome(Kind::unsupported, "business-rule",
                                   "A patient that was merged stays so: its link replaced-by cannot be taken back",
                                   "Bundle.entry[1]"))));
  auto response = rest::json_reply(200, answer_to(*message->header, call));
  if (transaction->batch.writes.empty()) return rest::Plan(std::move(response));
  rest::Plan plan;
  plan.batch = std::move(transaction->batch);
  const auto* meta = content->child("meta");
  plan.claims_profile = meta && meta->child("profile");
  plan.reply = [response = std::move(response)](rest::Effect&) { return response; };
  return plan;
}

}  // namespace

extern constinit const Operation process_message{
    .code = "process-message",
    .definition = "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message",
    .levels = on_system,
    .types = "",
    .lane = rest::Lane::worker,
    .affects_state = true,
    .run = run};

}  // namespace alzette::operation
