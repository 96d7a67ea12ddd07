#include "ihe/wire/hl7v3.h"

#include "fhir/value.h"

namespace ihe::hl7v3 {
namespace {

using fhir::Kind;
using fhir::Outcome;
using xml::Element;
using xml::Writer;

Outcome fault(std::string place, std::string text) {
  return {Kind::unprocessable, "structure", std::move(text), std::move(place)};
}

std::string root_of(const Element* entity) {
  const auto* id = entity ? entity->child("id") : nullptr;
  return id ? std::string(id->value_of("root")) : std::string();
}

std::string sender_of(const Element& message) {
  const auto* device = message.at({"sender", "device"});
  if (!device) return {};
  return root_of(device) + "|" + root_of(device->at({"asAgent", "representedOrganization"}));
}

void write_ids(Writer& writer, const Element* entity) {
  bool any = false;
  for (const auto* id = entity ? entity->child("id") : nullptr; id; id = id->again()) {
    if (!id->has("root")) continue;
    write_id(writer, "id", id->value_of("root"), {});
    any = true;
  }
  if (!any) writer.open("id").attribute("nullFlavor", "NI").close();
}

// The device of one side of the request as the other side of the answer.
void write_device(Writer& writer, std::string_view side, std::string_view type_code, const Element* device) {
  writer.open(side).attribute("typeCode", type_code);
  writer.open("device").attribute("classCode", "DEV").attribute("determinerCode", "INSTANCE");
  write_ids(writer, device);
  const auto* organization = device ? device->at({"asAgent", "representedOrganization"}) : nullptr;
  if (organization) {
    writer.open("asAgent").attribute("classCode", "AGNT").open("representedOrganization");
    writer.attribute("classCode", "ORG").attribute("determinerCode", "INSTANCE");
    write_ids(writer, organization);
    writer.close().close();
  }
  writer.close().close();
}

std::string_view code_of(Acknowledgement acknowledgement) {
  switch (acknowledgement) {
    case Acknowledgement::aa:
      return "AA";
    case Acknowledgement::ae:
      return "AE";
    case Acknowledgement::ar:
      return "AR";
    case Acknowledgement::ca:
      return "CA";
    case Acknowledgement::ce:
      return "CE";
  }
  return "AE";
}

void write_acknowledgement(Writer& writer, const Element& asked, Acknowledgement acknowledgement,
                           const std::vector<Detail>& details) {
  writer.open("acknowledgement").open("typeCode").attribute("code", code_of(acknowledgement)).close();
  writer.open("targetMessage");
  const auto* id = asked.child("id");
  if (has_value(id))
    copy(writer, *id);
  else
    writer.open("id").attribute("nullFlavor", "NI").close();
  writer.close();
  for (const auto& detail : details) {
    writer.open("acknowledgementDetail").attribute("typeCode", detail.warns ? "W" : "E");
    writer.open("code").attribute("code", detail.code).attribute("codeSystem", "2.16.840.1.113883.12.357").close();
    writer.element("text", detail.text);
    if (!detail.location.empty()) writer.element("location", detail.location);
    writer.close();
  }
  writer.close();
}

bool is_processing_code(std::string_view code) { return code == "P" || code == "T" || code == "D"; }

}  // namespace

fhir::Result<Asked> read(const soap::Message& message) {
  Asked asked;
  asked.message = message.envelope.body;
  const auto& root = *asked.message;
  if (root.ns != ns) return fault("/", "The message is not of the namespace urn:hl7-org:v3");
  const auto* interaction = root.child("interactionId");
  const auto named = interaction ? interaction->value_of("extension") : std::string_view();
  // The cancellation has an element of its own name.
  if (named.empty() || !root.name.starts_with(named))
    return fault("/interactionId", "interactionId must name this message, " + std::string(root.name));
  if (!has_value(root.child("id"))) return fault("/id", "The message has no id");
  const auto* receiver = root.child("receiver");
  if (!receiver || receiver->again() || !receiver->child("device"))
    return fault("/receiver", "A message has one receiver, a device");
  if (!root.at({"sender", "device"})) return fault("/sender", "A message has a sender, a device");
  asked.control = root.child("controlActProcess");
  if (!asked.control) return fault("/controlActProcess", "The message has no control act");
  asked.query = asked.control->child("queryByParameter");
  asked.sender = sender_of(root);
  return asked;
}

bool has_value(const Element* ii) { return ii && ii->has("root") && !ii->has("nullFlavor"); }

void write_id(Writer& writer, std::string_view name, std::string_view root, std::string_view extension,
              std::string_view authority) {
  writer.open(name).attribute("root", root).attribute_if("extension", extension);
  writer.attribute_if("assigningAuthorityName", authority).close();
}

void open_answer(Writer& writer, const Element& asked, const Stamp& stamp, std::string_view interaction,
                 Acknowledgement acknowledgement, const std::vector<Detail>& details) {
  writer.open(interaction).attribute("xmlns", ns).attribute("xmlns:xsi", xml::xsi_ns);
  writer.attribute("ITSVersion", "XML_1.0");
  const auto* receiver = asked.at({"receiver", "device"});
  const auto own_root = root_of(receiver);
  write_id(writer, "id", own_root.empty() ? interaction_ids : std::string_view(own_root), stamp.id);
  writer.open("creationTime").attribute("value", timestamp(stamp.now)).close();
  write_id(writer, "interactionId", interaction_ids, interaction);
  const auto* processing = asked.child("processingCode");
  const auto code = processing ? processing->value_of("code") : std::string_view();
  writer.open("processingCode").attribute("code", is_processing_code(code) ? code : "P").close();
  writer.open("processingModeCode").attribute("code", "T").close();
  writer.open("acceptAckCode").attribute("code", "NE").close();
  write_device(writer, "receiver", "RCV", asked.at({"sender", "device"}));
  write_device(writer, "sender", "SND", receiver);
  write_acknowledgement(writer, asked, acknowledgement, details);
}

std::string acknowledge(const Element& asked, const Stamp& stamp, Acknowledgement acknowledgement,
                        const std::vector<Detail>& details) {
  std::string out;
  Writer writer(out);
  open_answer(writer, asked, stamp, "MCCI_IN000002UV01", acknowledgement, details);
  writer.close();
  return out;
}

std::vector<Detail> details_of(const Outcome& outcome) {
  std::vector<Detail> details;
  for (const auto& issue : outcome.issues) {
    std::string code = "207";  // application error
    if (issue.code == "required") code = "101";
    if (issue.code == "not-found") code = "204";
    if (issue.code == "structure" || issue.code == "invalid") code = "102";
    if (issue.code == "duplicate") code = "205";
    details.push_back({std::move(code), issue.diagnostics, issue.expression});
  }
  return details;
}

std::string refuse(const soap::Message& message, const Stamp& stamp, const Outcome& outcome) {
  const bool again = outcome.kind == Kind::busy || outcome.kind == Kind::timeout || outcome.kind == Kind::internal;
  return acknowledge(*message.envelope.body, stamp, again ? Acknowledgement::ar : Acknowledgement::ae,
                     details_of(outcome));
}

void copy(Writer& writer, const Element& element) {
  writer.open(element.name);
  for (const auto* a = element.attributes; a; a = a->next) {
    if (a->ns.empty())
      writer.attribute(a->name, a->value);
    else if (a->ns == xml::xsi_ns && a->name == "type")  // a QName, whose prefix is not declared here
      writer.attribute("xsi:type", a->value.substr(a->value.find(':') + 1));
  }
  // Only values (a name, an address) may mix text with parts.
  if (!element.first)
    writer.text(element.text);
  else if (element.name == "value")
    writer.text(element.word());
  for (const auto& child : element)
    if (child.ns == ns) copy(writer, child);
  writer.close();
}

std::string timestamp(std::int64_t milliseconds) {
  std::string text = fhir::instant_text(milliseconds);  // 2026-01-02T03:04:05.678Z
  std::string digits;
  for (const char c : std::string_view(text).substr(0, 19))
    if (c >= '0' && c <= '9') digits += c;
  return digits + "+0000";
}

void open_control(Writer& writer, std::string_view trigger) {
  writer.open("controlActProcess").attribute("classCode", "CACT").attribute("moodCode", "EVN");
  writer.open("code").attribute("code", trigger).attribute("codeSystem", interaction_ids).close();
}

void write_query_ack(Writer& writer, const Element* query_id, const QueryAck& ack) {
  writer.open("queryAck");
  if (query_id) copy(writer, *query_id);
  writer.open("statusCode").attribute("code", ack.response == "AE" ? "aborted" : "deliveredResponse").close();
  writer.open("queryResponseCode").attribute("code", ack.response).close();
  if (ack.counted) {
    writer.open("resultTotalQuantity").attribute("value", std::to_string(ack.total)).close();
    writer.open("resultCurrentQuantity").attribute("value", std::to_string(ack.current)).close();
    writer.open("resultRemainingQuantity").attribute("value", std::to_string(ack.remaining)).close();
  }
  writer.close();
}

}  // namespace ihe::hl7v3
