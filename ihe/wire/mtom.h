// MTOM: a SOAP envelope with its documents beside it, as parts of one MIME message. Read leniently, written strictly.
// SOAP MTOM and XOP (W3C 2005), RFC 2387 multipart/related; IHE ITI TF-2 Appendix V.3, V.8.
//
//   --b CRLF headers CRLF CRLF envelope CRLF --b CRLF headers (Content-ID: <x>) CRLF CRLF bytes CRLF --b-- CRLF
//   envelope: … <Document><xop:Include href="cid:x"/></Document> …
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/content.h"
#include "fhir/outcome.h"
#include "ihe/wire/mime.h"
#include "ihe/wire/soap.h"
#include "ihe/wire/xml.h"

namespace ihe::mtom {

inline constexpr std::string_view xop_ns = "http://www.w3.org/2004/08/xop/include";

struct Message {
  std::string root;               // the envelope
  std::string root_type;          // its Content-Type
  std::vector<mime::Part> parts;  // what is beside it
  bool packaged = false;          // it came as multipart/related
};

struct Limits {
  mime::Limits parts;
  std::size_t root_bytes = 32u << 20;
};

// A body under its Content-Type: multipart/related, or the bare envelope. Documents stay where the body lies.
// Kind::unsupported: another media type or character set than these.
fhir::Result<Message> read(const std::shared_ptr<const fhir::Content>& body, std::string_view content_type,
                           const Limits& limits = {});

// The bytes of base64Binary elements of one message: inline base64, or the part that an xop:Include names. Nothing but
// `cid:` is ever followed, and each part is taken once (bad input B46). Kind::absent: there is no such part.
class Attachments {
 public:
  explicit Attachments(std::vector<mime::Part> parts) : parts_(std::move(parts)), taken_(parts_.size()) {}

  fhir::Result<std::shared_ptr<const fhir::Content>> bytes_of(const xml::Element& element);
  std::vector<std::string> left() const;  // Content-IDs of parts that no element has named so far

 private:
  std::vector<mime::Part> parts_;
  std::vector<bool> taken_;
};

// A message to be sent.
struct Written {
  std::string content_type;
  std::shared_ptr<const fhir::Content> content;
};

// `action` goes into the Content-Type, as IHE's peers write it; `boundary` is a token that occurs in no part.
Written write(std::string_view envelope, soap::Version version, std::string_view action,
              const std::vector<mime::Part>& parts, std::string_view boundary);

// Into an element that is open: `<xop:Include href="cid:…"/>`.
void include(xml::Writer& writer, std::string_view id);

}  // namespace ihe::mtom
