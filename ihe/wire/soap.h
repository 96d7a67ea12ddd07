// The SOAP envelope with WS-Addressing: read from version 1.2 or 1.1, written in the version that was asked with.
// SOAP 1.2 Part 1 (W3C 2007) §5, SOAP 1.1 §4, WS-Addressing 1.0 Core and SOAP Binding; IHE ITI TF-2 Appendix V.3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "fhir/outcome.h"
#include "ihe/wire/mime.h"
#include "ihe/wire/xml.h"

namespace ihe::soap {

inline constexpr std::string_view soap12_ns = "http://www.w3.org/2003/05/soap-envelope";
inline constexpr std::string_view soap11_ns = "http://schemas.xmlsoap.org/soap/envelope/";
inline constexpr std::string_view wsa_ns = "http://www.w3.org/2005/08/addressing";
inline constexpr std::string_view wsse_ns =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
inline constexpr std::string_view anonymous = "http://www.w3.org/2005/08/addressing/anonymous";
inline constexpr std::string_view none = "http://www.w3.org/2005/08/addressing/none";
inline constexpr std::string_view fault_action = "http://www.w3.org/2005/08/addressing/soap/fault";

enum class Version : std::uint8_t { v11, v12 };

// Where answers go. WS-Addressing Core 2.
struct Endpoint {
  std::string address = {};     // "": not given
  std::string parameters = {};  // its reference parameters, as the header blocks that they are in an answer
};

// Message addressing properties; "" is absent.
struct Addressing {
  std::string action = {};
  std::string message_id = {};
  std::string relates_to = {};
  std::string to = {};
  Endpoint reply_to = {};  // a request without one means anonymous
  Endpoint fault_to = {};
  std::string blocks = {};  // of a message to be written: header blocks that are XML already
};

inline constexpr std::size_t most_property = 16u << 10;    // bytes of an action, id or address
inline constexpr std::size_t most_parameters = 16u << 10;  // bytes of the parameters of one endpoint, as header blocks

struct Envelope {
  Version version = Version::v12;
  xml::Document document;
  Addressing addressing;
  const xml::Element* header = nullptr;    // null when there is none
  const xml::Element* body = nullptr;      // the one element in Body; null when it is empty
  const xml::Element* security = nullptr;  // wsse:Security
};

// What a handler is given: the envelope, and the documents that came beside it (mtom.h: Attachments).
struct Message {
  std::string bytes;  // that the envelope was read from
  Envelope envelope;
  std::vector<mime::Part> parts;
  bool packaged = false;  // it came as MTOM
};

struct Fault {
  enum class Code : std::uint8_t { sender, receiver, must_understand, version_mismatch };
  Code code = Code::sender;
  std::string_view subcode = {};  // local name, of WS-Addressing or (by `subcode_ns`) another; static text
  std::string_view subcode_ns = wsa_ns;
  std::string reason;
  std::vector<std::pair<std::string, std::string>> not_understood = {};  // namespace and name of header blocks
  // Of the message that is at fault, as far as it was read.
  Version version = Version::v12;
  std::string message_id = {};
  std::string detail = {};            // XML, which may use the prefix wsa
  int status(Version version) const;  // of HTTP: SOAP 1.2 Part 2 §7.5.2, SOAP 1.1 §6.2
};

// The fault that tells a Kind: Sender for what must be corrected, Receiver for what may be sent again.
Fault fault_of(const fhir::Outcome& outcome);

// `bytes` must outlive the envelope. A header block that must be understood has to be WS-Addressing's or of one of the
// namespaces in `understood`.
std::variant<Envelope, Fault> read(std::string_view bytes, std::span<const std::string_view> understood = {});

// An answer or a request: `body` is XML already, and becomes the text of the envelope.
std::string write(Version version, const Addressing& addressing, std::string body);
std::string write(Version version, const Addressing& addressing, const Fault& fault);

// "application/soap+xml; charset=UTF-8; action=…", or 1.1's text/xml.
std::string content_type(Version version, std::string_view action);

}  // namespace ihe::soap
