// ITI-10 PIX Update Notification (HL7 v2.5): what a consumer is told when the identifiers of a person change: all of
// them that are of the domains it cares for. IHE ITI TF-2 3.10. A consumer with a url is told by ITI-46 instead.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/outcome.h"
#include "fhir/store.h"
#include "ihe/atna/event.h"
#include "ihe/identity/domains.h"
#include "ihe/identity/identity.h"
#include "ihe/transaction.h"

namespace ihe::pix {

struct Consumer {
  std::string address;                // "host:port" of its MLLP door
  std::string ca;                     // PEM file of who vouches for that door; it speaks TLS then
  std::string url;                    // of its SOAP door, http; instead of `address`
  std::string device;                 // OID of the receiver in HL7 v3
  std::string application, facility;  // MSH-5, MSH-6
  std::vector<std::string> domains;   // URIs
};

// The file of consumers:
// [{"address":"10.0.0.7:2575","application":"APP","facility":"HOSPITAL","domains":["A","1.2.3"],"ca":"ca.pem"},
//  {"url":"http://10.0.0.7/pix","device":"1.2.4","domains":["A"]}].
fhir::Result<std::vector<Consumer>> read_consumers(std::string_view text, const identity::Domains& domains);

// The identifiers to be told of a person, those of one domain adjacent.
struct News {
  std::vector<identity::Id> ids;
  identity::Record record;
};

// What a Patient version that was stored changed: the identifiers of its person, and of those who were of one person
// with it and are no more. Nothing where its identifiers and links are those of the version before, or none is of the
// consumer's domains.
fhir::Result<std::vector<News>> news_of(const Site& site, const Consumer& consumer, const fhir::Version& version);

// A message to a consumer, and the audit record of its having been told: ITI TF-2 3.10.5.1, 3.46.5.1.
struct Notification {
  std::string message;
  atna::Record record;
};
// The record of these identifiers. `at`: "host:port" of the consumer.
atna::Record record_of(std::string_view transaction, std::string_view name, std::string consumer, std::string_view at,
                       const std::vector<identity::Id>& ids);

// An ADT^A31 for each of the news. `control_id` gives an MSH-10.
fhir::Result<std::vector<Notification>> notifications(const Site& site, const Consumer& consumer,
                                                      const fhir::Version& version,
                                                      const std::function<std::string()>& control_id);

}  // namespace ihe::pix
