#include "ihe/wire/soap.h"

#include <algorithm>
#include <set>

#include "fhir/format/xml_escape.h"

namespace ihe::soap {
namespace {

using fhir::Kind;
using fhir::Outcome;
using xml::Element;

Fault sender(std::string reason) { return {Fault::Code::sender, {}, wsa_ns, std::move(reason), {}}; }
Fault bad_addressing(const std::string& header, std::string_view reason) {
  Fault fault{Fault::Code::sender, "InvalidAddressingHeader", wsa_ns, header + std::string(reason)};
  fault.detail = "<wsa:ProblemHeaderQName>" + header + "</wsa:ProblemHeaderQName>";
  return fault;
}

// Whether a block is meant for us, who are the ultimate receiver and also the next one.
bool ours(const Element& block, Version version) {
  const auto* role = version == Version::v12 ? block.attribute(soap12_ns, "role") : block.attribute(soap11_ns, "actor");
  return !role || role->value.empty() || role->value.ends_with("/role/next") || role->value.ends_with("/actor/next") ||
         role->value.ends_with("/role/ultimateReceiver");
}

bool must_be_understood(const Element& block, Version version) {
  const auto* must = block.attribute(version == Version::v12 ? soap12_ns : soap11_ns, "mustUnderstand");
  return must && (must->value == "1" || must->value == "true");
}

std::string_view address_of(const Element& endpoint) {
  const auto* address = endpoint.child("Address");
  return address ? address->word() : std::string_view();
}

// A reference parameter as a header block of its own: with the namespaces that it stands in, and marked as what it is.
// WS-Addressing SOAP Binding 3.
std::string block_of(const Element& parameter) {
  const auto name = parameter.source.substr(0, parameter.source.find_first_of(" \t\r\n/>"));
  std::string out(name);
  std::set<std::string_view> known;
  const auto declare = [&](std::string_view prefix, std::string_view uri) {
    out.append(prefix.empty() ? " xmlns" : " xmlns:").append(prefix).append("=\"");
    fhir::xml::escape(uri, fhir::xml::Place::attribute, out);
    out += '"';
  };
  for (const auto* scope = &parameter; scope; scope = scope->parent)
    for (const auto* declared = scope->declared; declared; declared = declared->next)
      if (known.insert(declared->prefix).second && scope != &parameter) declare(declared->prefix, declared->uri);
  if (!parameter.attribute(wsa_ns, "IsReferenceParameter")) {
    std::string prefix = "mark";
    while (known.contains(prefix)) prefix += '_';
    declare(prefix, wsa_ns);
    out += " " + prefix + ":IsReferenceParameter=\"true\"";
  }
  return out.append(parameter.source.substr(name.size()));
}

// Null for a block that WS-Addressing does not define or that we do not act on.
std::string* slot_of(const Element& block, Addressing& addressing) {
  if (block.name == "Action") return &addressing.action;
  if (block.name == "MessageID") return &addressing.message_id;
  if (block.name == "RelatesTo") return &addressing.relates_to;
  if (block.name == "To") return &addressing.to;
  if (block.name == "ReplyTo") return &addressing.reply_to.address;
  if (block.name == "FaultTo") return &addressing.fault_to.address;
  return nullptr;
}

std::optional<Fault> read_addressing(const Element& block, Addressing& addressing) {
  auto* slot = slot_of(block, addressing);
  if (!slot) return std::nullopt;
  const bool endpoint = block.name == "ReplyTo" || block.name == "FaultTo";
  const auto value = endpoint ? address_of(block) : block.word();
  const auto name = "wsa:" + std::string(block.name);
  if (value.empty()) return bad_addressing(name, " is empty");
  if (value.size() > most_property)
    return bad_addressing(name, " is longer than " + std::to_string(most_property) + " bytes");
  if (!slot->empty() && block.name != "RelatesTo") return bad_addressing(name, " stands there twice");
  *slot = value;
  const auto* parameters = endpoint ? block.child("ReferenceParameters") : nullptr;
  if (!parameters) return std::nullopt;
  auto& kept = block.name == "ReplyTo" ? addressing.reply_to.parameters : addressing.fault_to.parameters;
  for (const auto& parameter : *parameters) {
    kept += block_of(parameter);
    if (kept.size() > most_parameters)
      return bad_addressing(name, " has reference parameters that make header blocks of more than " +
                                      std::to_string(most_parameters) +
                                      " bytes, the namespaces that they stand in included");
  }
  return std::nullopt;
}

std::optional<Fault> read_header(Envelope& envelope, std::span<const std::string_view> understood) {
  Fault misunderstood{Fault::Code::must_understand, {}, wsa_ns, "a header block is not understood", {}};
  for (const auto& block : *envelope.header) {
    if (!ours(block, envelope.version)) continue;
    const bool addressing = block.ns == wsa_ns && (slot_of(block, envelope.addressing) || block.name == "From");
    if (addressing) {
      if (auto fault = read_addressing(block, envelope.addressing)) return fault;
    } else if (must_be_understood(block, envelope.version) &&
               std::find(understood.begin(), understood.end(), block.ns) == understood.end()) {
      misunderstood.not_understood.emplace_back(block.ns, block.name);
    }
    if (block.is(wsse_ns, "Security")) {
      if (envelope.security) return sender("two wsse:Security headers are meant for the same receiver");
      envelope.security = &block;
    }
  }
  if (misunderstood.not_understood.empty()) return std::nullopt;
  return misunderstood;
}

std::optional<Fault> read_parts(Envelope& envelope) {
  const auto& root = *envelope.document.root;
  const Element* body = nullptr;
  for (const auto& part : root) {
    if (part.is(root.ns, "Header") && !envelope.header && !body)
      envelope.header = &part;
    else if (part.is(root.ns, "Body") && !body)
      body = &part;
    else
      return sender("the Envelope holds a <" + std::string(part.name) + "> that is out of place");
  }
  if (!body) return sender("the Envelope has no Body");
  envelope.body = body->first;
  if (envelope.body && envelope.body->next) return sender("the Body must hold one element");
  return std::nullopt;
}

void write_address(xml::Writer& writer, std::string_view name, std::string_view address) {
  if (address.empty()) return;
  writer.open(name).element("wsa:Address", address).close();
}

void begin(xml::Writer& writer, Version version, const Addressing& addressing, const Fault* fault) {
  writer.raw(xml::Writer::declaration).open("soap:Envelope");
  writer.attribute("xmlns:soap", version == Version::v12 ? soap12_ns : soap11_ns).attribute("xmlns:wsa", wsa_ns);
  writer.open("soap:Header");
  if (!addressing.action.empty())
    writer.open("wsa:Action").attribute("soap:mustUnderstand", "1").text(addressing.action).close();
  if (!addressing.to.empty()) writer.open("wsa:To").attribute("soap:mustUnderstand", "1").text(addressing.to).close();
  if (!addressing.message_id.empty()) writer.element("wsa:MessageID", addressing.message_id);
  if (!addressing.relates_to.empty()) writer.element("wsa:RelatesTo", addressing.relates_to);
  write_address(writer, "wsa:ReplyTo", addressing.reply_to.address);
  writer.raw(addressing.blocks);
  if (fault && version == Version::v12)
    for (const auto& [ns, name] : fault->not_understood) {
      // A prefix cannot stand for no namespace.
      writer.open("soap:NotUnderstood").attribute_if("xmlns:q", ns);
      writer.attribute("qname", ns.empty() ? name : "q:" + name).close();
    }
  if (fault && fault->code == Fault::Code::version_mismatch) {
    writer.open("soap:Upgrade");
    for (const auto ns : {soap12_ns, soap11_ns})
      writer.open("soap:SupportedEnvelope").attribute("xmlns:s", ns).attribute("qname", "s:Envelope").close();
    writer.close();
  }
  writer.close().open("soap:Body");
}

std::string_view code_of(Fault::Code code, Version version) {
  const bool v12 = version == Version::v12;
  switch (code) {
    case Fault::Code::sender:
      return v12 ? "soap:Sender" : "soap:Client";
    case Fault::Code::receiver:
      return v12 ? "soap:Receiver" : "soap:Server";
    case Fault::Code::must_understand:
      return "soap:MustUnderstand";
    case Fault::Code::version_mismatch:
      return "soap:VersionMismatch";
  }
  return "soap:Receiver";
}

}  // namespace

int Fault::status(Version in) const { return in == Version::v12 && code == Code::sender ? 400 : 500; }

Fault fault_of(const Outcome& outcome) {
  Fault fault;
  for (const auto& issue : outcome.issues) {
    if (!fault.reason.empty()) fault.reason += "; ";
    fault.reason += issue.diagnostics;
  }
  switch (outcome.kind) {
    case Kind::busy:
    case Kind::timeout:
    case Kind::internal:
      fault.code = Fault::Code::receiver;
      break;
    case Kind::unauthenticated:
      fault.subcode = "UnsupportedSecurityToken";
      fault.subcode_ns = wsse_ns;
      break;
    case Kind::forbidden:
      fault.subcode = "FailedAuthentication";
      fault.subcode_ns = wsse_ns;
      break;
    case Kind::malformed:
    case Kind::unprocessable:
    case Kind::absent:
    case Kind::gone:
    case Kind::unsupported:
    case Kind::conflict:
    case Kind::duplicate:
    case Kind::precondition:
    case Kind::too_large:
    case Kind::too_costly:
      break;
  }
  return fault;
}

std::variant<Envelope, Fault> read(std::string_view bytes, std::span<const std::string_view> understood) {
  auto document = xml::parse(bytes);
  if (!document) return fault_of(document.outcome());
  Envelope envelope;
  envelope.document = std::move(*document);
  const auto& root = *envelope.document.root;
  if (root.name != "Envelope") return sender("the document is not a SOAP envelope");
  if (root.ns != soap12_ns && root.ns != soap11_ns)
    return Fault{Fault::Code::version_mismatch, {}, wsa_ns, "SOAP 1.2 and 1.1 are understood", {}};
  envelope.version = root.ns == soap12_ns ? Version::v12 : Version::v11;
  auto fault = read_parts(envelope);
  if (!fault && envelope.header) fault = read_header(envelope, understood);
  if (!fault) return envelope;
  fault->version = envelope.version;
  fault->message_id = envelope.addressing.message_id;
  return std::move(*fault);
}

std::string write(Version version, const Addressing& addressing, std::string body) {
  std::string around;
  xml::Writer writer(around);
  begin(writer, version, addressing, nullptr);
  const auto inside = around.size() + 1;  // behind the start tag of the Body, where a blank keeps the place
  writer.raw(" ").close().close();
  body.insert(0, around, 0, inside);
  body.append(around, inside + 1);
  return body;
}

std::string write(Version version, const Addressing& addressing, const Fault& fault) {
  std::string out;
  xml::Writer writer(out);
  begin(writer, version, addressing, &fault);
  writer.open("soap:Fault");
  const auto code = code_of(fault.code, version);
  if (version == Version::v11) {
    writer.element("faultcode", code).element("faultstring", fault.reason);
  } else {
    writer.open("soap:Code").element("soap:Value", code);
    if (!fault.subcode.empty())
      writer.open("soap:Subcode")
          .open("soap:Value")
          .attribute("xmlns:sub", fault.subcode_ns)
          .text("sub:" + std::string(fault.subcode))
          .close()
          .close();
    writer.close().open("soap:Reason").open("soap:Text").attribute("xml:lang", "en").text(fault.reason);
    writer.close().close();
    if (!fault.detail.empty()) writer.open("soap:Detail").raw(fault.detail).close();
  }
  writer.close().close().close();
  return out;
}

std::string content_type(Version version, std::string_view action) {
  if (version == Version::v11) return "text/xml; charset=UTF-8";
  std::string type = "application/soap+xml; charset=UTF-8";
  if (!action.empty()) type.append("; action=\"").append(action).append("\"");
  return type;
}

}  // namespace ihe::soap
