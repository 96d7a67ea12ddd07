#include <doctest/doctest.h>

#include <array>
#include <string>

#include "ihe/wire/soap.h"

using namespace ihe::soap;

namespace {

std::string envelope(std::string_view header, std::string_view body, std::string_view ns = soap12_ns) {
  std::string out = "<s:Envelope xmlns:s='";
  out.append(ns).append("' xmlns:a='").append(wsa_ns).append("' xmlns:o='urn:other'>");
  if (!header.empty()) out.append("<s:Header>").append(header).append("</s:Header>");
  return out.append("<s:Body>").append(body).append("</s:Body></s:Envelope>");
}

bool faults(const std::string& bytes, Fault::Code code, std::string_view subcode = {}) {
  const auto read_as = read(bytes);
  const auto* fault = std::get_if<Fault>(&read_as);
  return fault && fault->code == code && fault->subcode == subcode && !fault->reason.empty();
}

}  // namespace

TEST_CASE("soap: an envelope and its addressing") {
  const auto bytes = envelope(
      "<a:Action s:mustUnderstand='1'> urn:x \n</a:Action><a:MessageID>urn:uuid:1</a:MessageID><a:To>http://h/x</a:To>"
      "<a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address></a:ReplyTo>"
      "<a:From><a:Address>urn:me</a:Address></a:From><a:RelatesTo>urn:uuid:0</a:RelatesTo><o:Thing/>",
      "<o:Question xmlns:q='urn:q'/>");
  const auto read_as = read(bytes);
  const auto* message = std::get_if<Envelope>(&read_as);
  REQUIRE(message);
  CHECK(message->version == Version::v12);
  CHECK(message->addressing.action == "urn:x");
  CHECK(message->addressing.message_id == "urn:uuid:1");
  CHECK(message->addressing.to == "http://h/x");
  CHECK(message->addressing.reply_to.address == anonymous);
  CHECK(message->addressing.relates_to == "urn:uuid:0");
  REQUIRE(message->body);
  CHECK(message->body->is("urn:other", "Question"));
  CHECK(message->security == nullptr);
}

TEST_CASE("soap: the reference parameters of an endpoint stand in what goes there, in their namespaces") {
  const auto bytes = envelope(
      "<a:ReplyTo><a:Address>http://h/x</a:Address><a:ReferenceParameters><o:Ticket o:kind='1 &amp; 2'>7</o:Ticket>"
      "<mark xmlns='urn:default' xmlns:mark='urn:mark'><o:In/></mark></a:ReferenceParameters></a:ReplyTo>"
      "<a:FaultTo><a:Address>http://h/faults</a:Address></a:FaultTo>",
      "<o:x/>");
  const auto asked = read(bytes);
  REQUIRE(std::get_if<Envelope>(&asked));
  const auto& addressing = std::get<Envelope>(asked).addressing;
  CHECK(addressing.fault_to.address == "http://h/faults");
  CHECK(addressing.fault_to.parameters.empty());
  Addressing answer;
  answer.action = "urn:answer";
  answer.blocks = addressing.reply_to.parameters;
  const auto written = write(Version::v12, answer, "<x xmlns='urn:x'/>");
  const auto told = read(written);
  REQUIRE_MESSAGE(std::get_if<Envelope>(&told), written);
  const auto& header = *std::get<Envelope>(told).header;
  const auto* ticket = header.child("urn:other", "Ticket");
  REQUIRE(ticket);
  CHECK(ticket->text == "7");
  REQUIRE(ticket->attribute("urn:other", "kind"));
  CHECK(ticket->attribute("urn:other", "kind")->value == "1 & 2");
  REQUIRE(ticket->attribute(wsa_ns, "IsReferenceParameter"));
  CHECK(ticket->attribute(wsa_ns, "IsReferenceParameter")->value == "true");
  const auto* other = header.child("urn:default", "mark");
  REQUIRE(other);
  CHECK(other->child("urn:other", "In"));
  CHECK(other->attribute(wsa_ns, "IsReferenceParameter"));
  for (const std::string name : {"Action", "MessageID", "To"})
    CHECK(faults(envelope("<a:" + name + ">" + std::string(most_property + 1, 'x') + "</a:" + name + ">", "<o:x/>"),
                 Fault::Code::sender, "InvalidAddressingHeader"));
  const auto too_large = [](const std::string& parameters) {
    return faults(envelope("<a:ReplyTo xmlns:long='" + std::string(most_parameters / 4, 'u') +
                               "'><a:Address>http://h/x</a:Address><a:ReferenceParameters>" + parameters +
                               "</a:ReferenceParameters></a:ReplyTo>",
                           "<o:x/>"),
                  Fault::Code::sender, "InvalidAddressingHeader");
  };
  CHECK(too_large("<o:Ticket>" + std::string(most_parameters, 'x') + "</o:Ticket>"));
  CHECK_FALSE(too_large("<o:Ticket/><o:Ticket/>"));
  CHECK(too_large("<o:Ticket/><o:Ticket/><o:Ticket/><o:Ticket/>"));  // each has the namespaces that it stands in
}

TEST_CASE("soap: version 1.1 is read, others are a VersionMismatch") {
  const auto old = envelope("", "<o:Question/>", soap11_ns);
  const auto read_as = read(old);
  REQUIRE(std::get_if<Envelope>(&read_as));
  CHECK(std::get<Envelope>(read_as).version == Version::v11);
  CHECK(faults(envelope("", "<o:x/>", "urn:soap-of-tomorrow"), Fault::Code::version_mismatch));
  const auto upgrade = write(Version::v12, {}, {Fault::Code::version_mismatch, {}, wsa_ns, "later"});
  CHECK(upgrade.find("<soap:Upgrade><soap:SupportedEnvelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" "
                     "qname=\"s:Envelope\"/>") != std::string::npos);
}

TEST_CASE("soap: what is no envelope is the sender's fault") {
  CHECK(faults("", Fault::Code::sender));
  CHECK(faults("<x/>", Fault::Code::sender));
  CHECK(faults("<!DOCTYPE x><x/>", Fault::Code::sender));
  CHECK(faults("<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'/>", Fault::Code::sender));
  CHECK(faults("<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body/><s:Header/></s:Envelope>",
               Fault::Code::sender));
  CHECK(faults("<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body/><s:Body/></s:Envelope>",
               Fault::Code::sender));
  CHECK(faults(envelope("", "<o:x/><o:y/>"), Fault::Code::sender));
}

TEST_CASE("soap: addressing that is empty or doubled is an InvalidAddressingHeader") {
  CHECK(faults(envelope("<a:Action/>", "<o:x/>"), Fault::Code::sender, "InvalidAddressingHeader"));
  CHECK(faults(envelope("<a:ReplyTo/>", "<o:x/>"), Fault::Code::sender, "InvalidAddressingHeader"));
  CHECK(faults(envelope("<a:Action>a</a:Action><a:Action>a</a:Action>", "<o:x/>"), Fault::Code::sender,
               "InvalidAddressingHeader"));
}

TEST_CASE("soap: B48 a header block that must be understood and is not") {
  for (const auto* must : {"1", "true"}) {
    const auto bytes = envelope("<o:Fee s:mustUnderstand='" + std::string(must) + "'/>", "<o:x/>");
    const auto read_as = read(bytes);
    const auto* fault = std::get_if<Fault>(&read_as);
    REQUIRE(fault);
    CHECK(fault->code == Fault::Code::must_understand);
    CHECK(fault->status(Version::v12) == 500);
    const auto text = write(Version::v12, {.action = std::string(fault_action)}, *fault);
    CHECK(text.find("<soap:Value>soap:MustUnderstand</soap:Value>") != std::string::npos);
    CHECK(text.find("<soap:NotUnderstood xmlns:q=\"urn:other\" qname=\"q:Fee\"/>") != std::string::npos);
    constexpr std::array<std::string_view, 1> known{"urn:other"};
    const auto understood = read(bytes, known);
    CHECK(std::get_if<Envelope>(&understood));
  }
  CHECK(faults(envelope("<a:Future s:mustUnderstand='1'/>", "<o:x/>"), Fault::Code::must_understand));
  // The answer knows what it answers.
  const auto old =
      read(envelope("<o:Fee s:mustUnderstand='1'/><a:MessageID>urn:uuid:1</a:MessageID>", "<o:x/>", soap11_ns));
  REQUIRE(std::get_if<Fault>(&old));
  CHECK(std::get<Fault>(old).version == Version::v11);
  CHECK(std::get<Fault>(old).message_id == "urn:uuid:1");
  const auto bare = read(envelope("<Fee s:mustUnderstand='1'/>", "<o:x/>"));
  REQUIRE(std::get_if<Fault>(&bare));
  const auto told = write(Version::v12, {.action = std::string(fault_action)}, *std::get_if<Fault>(&bare));
  CHECK(told.find("<soap:NotUnderstood qname=\"Fee\"/>") != std::string::npos);
  const auto for_another = envelope("<o:Fee s:mustUnderstand='1' s:role='urn:a-gateway'/>", "<o:x/>");
  const auto read_as = read(for_another);
  CHECK(std::get_if<Envelope>(&read_as));
  const auto optional_block = envelope("<o:Fee s:mustUnderstand='0'/>", "<o:x/>");
  const auto read_too = read(optional_block);
  CHECK(std::get_if<Envelope>(&read_too));
}

TEST_CASE("soap: what is written is read again") {
  Addressing addressing;
  addressing.action = "urn:answer";
  addressing.message_id = "urn:uuid:2";
  addressing.relates_to = "urn:uuid:1";
  addressing.to = "http://peer/answers?a=1&b=2";
  for (const auto version : {Version::v11, Version::v12}) {
    const auto bytes = write(version, addressing, "<x xmlns='urn:x'/>");
    const auto read_as = read(bytes);
    const auto* message = std::get_if<Envelope>(&read_as);
    REQUIRE(message);
    CHECK(message->version == version);
    CHECK(message->addressing.action == addressing.action);
    CHECK(message->addressing.relates_to == addressing.relates_to);
    CHECK(message->addressing.to == addressing.to);
    REQUIRE(message->body);
    CHECK(message->body->is("urn:x", "x"));
  }
}

TEST_CASE("soap: faults in the order and words of each version") {
  const Fault fault{Fault::Code::sender, "ActionNotSupported", wsa_ns, "a < b", {}};
  const auto text = write(Version::v12, {}, fault);
  CHECK(text.find("<soap:Fault><soap:Code><soap:Value>soap:Sender</soap:Value><soap:Subcode>"
                  "<soap:Value xmlns:sub=\"http://www.w3.org/2005/08/addressing\">sub:ActionNotSupported</soap:Value>"
                  "</soap:Subcode></soap:Code><soap:Reason><soap:Text xml:lang=\"en\">a &lt; b</soap:Text>"
                  "</soap:Reason></soap:Fault>") != std::string::npos);
  auto detailed = fault;
  detailed.detail = "<wsa:ProblemAction/>";
  CHECK(write(Version::v12, {}, detailed).find("</soap:Reason><soap:Detail><wsa:ProblemAction/></soap:Detail>") !=
        std::string::npos);
  const auto old = write(Version::v11, {}, fault);
  CHECK(old.find("<soap:Fault><faultcode>soap:Client</faultcode><faultstring>a &lt; b</faultstring></soap:Fault>") !=
        std::string::npos);
  CHECK(fault.status(Version::v12) == 400);
  CHECK(fault.status(Version::v11) == 500);
}

TEST_CASE("soap: kinds of refusal as faults") {
  using fhir::Kind;
  CHECK(fault_of({Kind::malformed, "structure", "why"}).code == Fault::Code::sender);
  CHECK(fault_of({Kind::malformed, "structure", "why"}).reason == "why");
  CHECK(fault_of({Kind::busy, "transient", "later"}).code == Fault::Code::receiver);
  CHECK(fault_of({Kind::internal, "exception", "x"}).status(Version::v12) == 500);
  CHECK(fault_of({Kind::forbidden, "forbidden", "x"}).subcode == "FailedAuthentication");
}
