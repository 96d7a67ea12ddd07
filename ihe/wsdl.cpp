// The WSDL of the SOAP door, made from the rows: one port type, binding and port for each actor. Bodies are named, not
// typed: IHE's schemas are not ours to give away, so what an element holds is left open.
// WSDL 1.1 (W3C Note 2001), its SOAP 1.2 binding, WS-Addressing 1.0 WSDL Binding; IHE ITI TF-2 Appendix V.2, W.
#include <algorithm>
#include <map>
#include <set>

#include "ihe/door.h"
#include "ihe/wire/xml.h"

namespace ihe {
namespace {

constexpr std::string_view target = "urn:alzette:wsdl";

struct Operation {
  std::string name;
  Exchanged message;
};
using Actors = std::map<std::string, std::vector<Operation>>;

std::string joined(std::string_view words) {
  std::string out;
  for (const char c : words)
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-') out += c;
  return out;
}

std::string_view answer_ns(const Transaction& row) { return row.answer_ns.empty() ? row.ns : row.answer_ns; }

Actors actors_of(std::string_view alias) {
  Actors actors;
  for (const auto* row : transactions()) {
    if (row->door != Door::soap || row->ns.empty() || (!alias.empty() && row->id != alias)) continue;
    const auto messages = messages_of(*row);
    for (const auto& message : messages) {
      auto name = joined(row->id) + "_" + joined(row->name);
      if (messages.size() > 1) name.append("_").append(message.body);
      actors[joined(row->actor)].push_back({std::move(name), message});
    }
  }
  return actors;
}

void write_types(xml::Writer& w, const Actors& actors) {
  std::map<std::string_view, std::set<std::string_view>> elements;
  for (const auto& [actor, operations] : actors)
    for (const auto& [name, message] : operations) {
      elements[message.transaction->ns].insert(message.body);
      elements[answer_ns(*message.transaction)].insert(message.answer_body);
    }
  w.open("wsdl:types");
  for (const auto& [ns, names] : elements) {
    w.open("xsd:schema").attribute("targetNamespace", ns).attribute("elementFormDefault", "qualified");
    for (const auto name : names) {
      w.open("xsd:element").attribute("name", name).open("xsd:complexType").open("xsd:sequence").open("xsd:any");
      w.attribute("minOccurs", "0").attribute("maxOccurs", "unbounded").attribute("processContents", "lax").close();
      w.close().open("xsd:anyAttribute").attribute("processContents", "lax").close().close().close();
    }
    w.close();
  }
  w.close();
}

void write_message(xml::Writer& w, const std::string& name, std::string_view ns, std::string_view element) {
  w.open("wsdl:message").attribute("name", name).open("wsdl:part").attribute("name", "Body");
  w.attribute("xmlns:b", ns).attribute("element", "b:" + std::string(element)).close().close();
}

void write_port_type(xml::Writer& w, const std::string& actor, const std::vector<Operation>& operations) {
  w.open("wsdl:portType").attribute("name", actor + "_PortType");
  for (const auto& [name, message] : operations) {
    w.open("wsdl:operation").attribute("name", name);
    w.open("wsdl:input").attribute("message", "tns:" + name + "_Request").attribute("wsaw:Action", message.action);
    w.close().open("wsdl:output").attribute("message", "tns:" + name + "_Answer");
    w.attribute("wsaw:Action", message.answer_action).close().close();
  }
  w.close();
}

void write_binding(xml::Writer& w, const std::string& actor, const std::vector<Operation>& operations) {
  w.open("wsdl:binding").attribute("name", actor + "_Binding").attribute("type", "tns:" + actor + "_PortType");
  w.open("soap12:binding").attribute("style", "document");
  w.attribute("transport", "http://schemas.xmlsoap.org/soap/http").close();
  w.open("wsaw:UsingAddressing").attribute("wsdl:required", "true").close();
  for (const auto& [name, message] : operations) {
    w.open("wsdl:operation").attribute("name", name);
    w.open("soap12:operation").attribute("soapAction", message.action).close();
    for (const auto* direction : {"wsdl:input", "wsdl:output"})
      w.open(direction).open("soap12:body").attribute("use", "literal").close().close();
    w.close();
  }
  w.close();
}

}  // namespace

std::string wsdl(std::string_view address, std::string_view alias) {
  const auto actors = actors_of(alias);
  if (actors.empty()) return {};
  std::string out;
  xml::Writer w(out);
  w.raw(xml::Writer::declaration).open("wsdl:definitions").attribute("name", "Alzette");
  w.attribute("targetNamespace", target).attribute("xmlns:tns", target);
  w.attribute("xmlns:wsdl", "http://schemas.xmlsoap.org/wsdl/");
  w.attribute("xmlns:soap12", "http://schemas.xmlsoap.org/wsdl/soap12/");
  w.attribute("xmlns:wsaw", "http://www.w3.org/2006/05/addressing/wsdl");
  w.attribute("xmlns:xsd", "http://www.w3.org/2001/XMLSchema");
  write_types(w, actors);
  for (const auto& [actor, operations] : actors)
    for (const auto& [name, message] : operations) {
      write_message(w, name + "_Request", message.transaction->ns, message.body);
      write_message(w, name + "_Answer", answer_ns(*message.transaction), message.answer_body);
    }
  for (const auto& [actor, operations] : actors) write_port_type(w, actor, operations);
  for (const auto& [actor, operations] : actors) write_binding(w, actor, operations);
  w.open("wsdl:service").attribute("name", "Alzette");
  for (const auto& [actor, operations] : actors) {
    w.open("wsdl:port").attribute("name", actor).attribute("binding", "tns:" + actor + "_Binding");
    w.open("soap12:address").attribute("location", address).close().close();
  }
  w.close().close();
  return out;
}

}  // namespace ihe
