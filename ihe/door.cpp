#include "ihe/door.h"

#include <algorithm>

#include "ihe/wire/mtom.h"
#include "ihe/wire/schema.h"
#include "ihe/wire/soap.h"

namespace ihe {
namespace {

using fhir::Kind;
using fhir::Outcome;
using soap::Fault;

// Faults go where answers go unless FaultTo says otherwise. WS-Addressing Core 3.4.
const soap::Endpoint& faults_of(const soap::Addressing& addressing) {
  return addressing.fault_to.address.empty() ? addressing.reply_to : addressing.fault_to;
}

Destination destination_of(const soap::Endpoint& endpoint) {
  if (endpoint.address == soap::none) return {false};
  if (endpoint.address.empty() || endpoint.address == soap::anonymous) return {};
  return {false, endpoint.address};
}

// The properties of what goes to `endpoint`.
soap::Addressing addressed(const soap::Endpoint& endpoint, std::string action, std::string_view token) {
  soap::Addressing addressing;
  addressing.action = std::move(action);
  addressing.message_id = uuid_of(token);
  addressing.to = destination_of(endpoint).address;
  addressing.blocks = endpoint.parameters;
  return addressing;
}

SoapReply packaged(std::string_view envelope, soap::Version version, std::string_view action,
                   const std::vector<mime::Part>& parts, std::string_view token) {
  auto written = mtom::write(envelope, version, action, parts, "MIME-" + std::string(token));
  return {200, std::move(written.content_type), {}, std::move(written.content)};
}

// `asked` is null for what was no message. Who asked in MTOM is answered in it (Appendix V.8.1).
SoapReply fault_reply(const Fault& fault, const soap::Message* asked, bool in_package, std::string_view token) {
  const auto version = asked ? asked->envelope.version : fault.version;
  const auto to = asked ? faults_of(asked->envelope.addressing) : soap::Endpoint();
  auto addressing = addressed(to,
                              fault.subcode_ns == soap::wsa_ns && !fault.subcode.empty()
                                  ? "http://www.w3.org/2005/08/addressing/fault"
                                  : std::string(soap::fault_action),
                              token);
  addressing.relates_to = asked ? asked->envelope.addressing.message_id : fault.message_id;
  auto envelope = soap::write(version, addressing, fault);
  auto reply = in_package ? packaged(envelope, version, addressing.action, {}, token)
                          : SoapReply{200, soap::content_type(version, addressing.action), std::move(envelope)};
  reply.status = fault.status(version);
  reply.to = destination_of(to);
  return reply;
}

SoapReply fault_reply(const Fault& fault, const soap::Message& asked, std::string_view token) {
  return fault_reply(fault, &asked, asked.packaged, token);
}

// The `index`th of a list of words separated by one space; the last one stands for those that are missing.
std::string_view word(std::string_view list, std::size_t index) {
  for (;;) {
    const auto end = list.find(' ');
    if (index == 0 || end == std::string_view::npos) return list.substr(0, end);
    list.remove_prefix(end + 1);
    --index;
  }
}

// All messages of the SOAP rows.
const std::vector<Exchanged>& all_messages() {
  static const std::vector<Exchanged> all = [] {
    std::vector<Exchanged> list;
    for (const auto* row : transactions())
      if (row->door == Door::soap)
        for (auto& message : messages_of(*row)) list.push_back(std::move(message));
    return list;
  }();
  return all;
}

bool holds(const Exchanged& message, const xml::Element& body) {
  return message.body == body.name && (message.transaction->ns.empty() || message.transaction->ns == body.ns);
}

Fault sender(std::string_view subcode, std::string reason) {
  return {Fault::Code::sender, subcode, soap::wsa_ns, std::move(reason), {}};
}

Fault unsupported(std::string_view action) {
  auto fault = sender("ActionNotSupported", "the action " + std::string(action) + " is not served here");
  xml::Writer(fault.detail).open("wsa:ProblemAction").element("wsa:Action", action).close();
  return fault;
}

Fault missing(std::string_view header, std::string_view why) {
  auto fault = sender("MessageAddressingHeaderRequired", std::string(header) + std::string(why));
  xml::Writer(fault.detail).element("wsa:ProblemHeaderQName", header);
  return fault;
}

// The message that action and body agree on. Without an action the body decides, for what only asks.
std::variant<Exchanged, Fault> find_message(const soap::Envelope& envelope, std::string_view action,
                                            std::string_view alias) {
  if (!envelope.body) return sender({}, "the Body is empty");
  const auto& body = *envelope.body;
  bool known_action = false;
  for (const auto& message : all_messages()) {
    if (!alias.empty() && message.transaction->id != alias) continue;
    known_action = known_action || message.action == action;
    if (message.action == action && holds(message, body)) return message;
  }
  const auto element = "<" + std::string(body.name) + ">";
  if (known_action)
    return sender("InvalidAddressingHeader", "the action " + std::string(action) + " does not go with " + element);
  if (!action.empty()) return unsupported(action);
  for (const auto& message : all_messages()) {
    if (!holds(message, body) || (!alias.empty() && message.transaction->id != alias)) continue;
    const auto needs = message.transaction->needs;
    if (needs == fhir::Verb::read || needs == fhir::Verb::search) return message;
    return missing("wsa:Action", " is missing");
  }
  return sender({}, element + " belongs to no transaction that is served here");
}

// Nobody verifies a token here: then it must not be taken as if somebody had. A time stamp alone vouches for nothing.
std::optional<Outcome> judge_security(const soap::Envelope& envelope) {
  if (!envelope.security) return std::nullopt;
  const auto& blocks = *envelope.security;
  const bool harmless =
      std::all_of(blocks.begin(), blocks.end(), [](const xml::Element& block) { return block.name == "Timestamp"; });
  if (harmless) return std::nullopt;
  return Outcome(Kind::unauthenticated, "security",
                 "this server does not verify WS-Security tokens; send the message without them");
}

constexpr std::string_view understood[] = {soap::wsse_ns};

}  // namespace

std::string uuid_of(std::string_view token) {
  std::string id = "urn:uuid:";
  for (std::size_t i = 0; i < 32 && i < token.size(); ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) id += '-';
    id += i == 12 ? '4' : i == 16 ? "89ab"[token[i] & 3] : token[i];
  }
  return id;
}

std::vector<Exchanged> messages_of(const Transaction& transaction) {
  std::vector<Exchanged> list;
  const auto count = 1 + static_cast<std::size_t>(std::count(transaction.body.begin(), transaction.body.end(), ' '));
  for (std::size_t i = 0; i < count; ++i) {
    Exchanged message{
        &transaction, word(transaction.action, i), word(transaction.body, i), {}, word(transaction.answer_body, i)};
    message.answer_action = word(transaction.answers, i);
    if (message.answer_action.empty()) message.answer_action = std::string(message.action) + "Response";
    list.push_back(std::move(message));
  }
  return list;
}

std::variant<SoapCall, SoapReply> receive(const SoapRequest& request, std::string_view token) {
  auto package = mtom::read(request.body, request.content_type);
  if (!package) {
    auto reply = fault_reply(soap::fault_of(package.outcome()), nullptr, false, token);
    if (package.outcome().kind == Kind::unsupported) reply.status = 415;
    return reply;
  }
  const auto asked = std::make_shared<soap::Message>();
  asked->bytes = std::move(package->root);
  asked->parts = std::move(package->parts);
  asked->packaged = package->packaged;
  auto envelope = soap::read(asked->bytes, understood);
  if (const auto* fault = std::get_if<Fault>(&envelope)) return fault_reply(*fault, nullptr, asked->packaged, token);
  asked->envelope = std::move(std::get<soap::Envelope>(envelope));

  auto& addressing = asked->envelope.addressing;
  std::string action = addressing.action;
  if (action.empty()) action = request.soap_action;
  if (action.empty()) action = mime::read_media(request.content_type).parameter("action");
  auto found = find_message(asked->envelope, action, request.alias);
  if (const auto* fault = std::get_if<Fault>(&found)) return fault_reply(*fault, *asked, token);

  SoapCall call;
  call.exchanged = std::move(std::get<Exchanged>(found));
  call.answers = destination_of(addressing.reply_to);
  call.faults = destination_of(faults_of(addressing));
  if (addressing.message_id.empty() && !(call.answers.address.empty() && call.faults.address.empty())) {
    auto reply = fault_reply(missing("wsa:MessageID", " is missing, which an answer elsewhere needs"), *asked, token);
    reply.to = {};
    return reply;
  }
  call.message.soap = asked;
  call.message.id = addressing.message_id;
  call.message.sender = call.answers.address;  // TF-2a 3.18.5.1.2, and so the others: who is answered elsewhere
  call.refused = judge_security(asked->envelope);
  return call;
}

SoapReply fault(const SoapCall& call, const Outcome& outcome, std::string_view token) {
  return fault_reply(soap::fault_of(outcome), *call.message.soap, token);
}

std::pair<std::string_view, std::string_view> body_of(const SoapCall& call) {
  const auto& body = *call.message.soap->envelope.body;
  return {body.ns, body.name};
}

std::optional<Outcome> schema_fault(const SoapCall& call, const std::string& schema_file) {
  return xml::schema_fault(call.message.soap->bytes, schema_file);
}

SoapReply reply_to(const SoapCall& call, fhir::Result<Answer> answer, std::string_view token, std::int64_t now) {
  const auto& asked = *call.message.soap;
  const auto& row = *call.exchanged.transaction;
  if (!answer) {
    if (!row.refuse) return fault_reply(soap::fault_of(answer.outcome()), asked, token);
    answer = row.refuse(call.message, answer.outcome(), {now, std::string(token)});
  }
  const auto version = asked.envelope.version;
  auto addressing = addressed(asked.envelope.addressing.reply_to, call.exchanged.answer_action, token);
  addressing.relates_to = asked.envelope.addressing.message_id;
  auto envelope = soap::write(version, addressing, std::move(answer->bytes));
  if (!row.mtom && !asked.packaged && answer->parts.empty())
    return {200, soap::content_type(version, addressing.action), std::move(envelope), nullptr, call.answers};
  std::vector<mime::Part> parts;
  for (auto& part : answer->parts)
    parts.push_back({std::move(part.id), std::move(part.media_type), std::move(part.content)});
  auto reply = packaged(envelope, version, addressing.action, parts, token);
  reply.to = call.answers;
  return reply;
}

}  // namespace ihe
