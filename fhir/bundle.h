// Bundles spliced from stored bytes: resources are copied into place and never parsed.
// FHIR R4: http://hl7.org/fhir/R4/bundle.html
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "fhir/outcome.h"
#include "fhir/store.h"

namespace fhir {

struct Link {
  std::string_view relation;  // "self", "next"
  std::string url;
};

// What Bundle.entry.response says of one entry of a batch or transaction.
struct EntryResponse {
  std::string_view status;        // "201 Created"
  std::string location;           // "Patient/1/_history/1", "" for none
  std::int64_t version = 0;       // 0: no etag
  std::int64_t last_updated = 0;  // 0: none
  std::string_view resource;      // JSON, "" for none
  std::string_view outcome;       // JSON of an OperationOutcome, "" for none
  std::string_view full_url;      // "" for none
};

class BundleWriter {
 public:
  // `type`: "searchset", "history", "collection", "batch-response", "transaction-response". `now` becomes
  // meta.lastUpdated, 0 = none.
  BundleWriter(std::string_view type, std::optional<std::uint64_t> total, std::span<const Link> links,
               std::int64_t now = 0);

  // searchset: `resource` is version.body or its projection.
  void match(std::string_view base, const Version& version, std::string_view resource, bool match);
  void resource(std::string_view base, const Version& version);  // collection
  void outcome(const Outcome& outcome);                          // searchset: an entry of mode "outcome"
  void history(std::string_view base, const Version& version);
  void response(const EntryResponse& response);

  void reserve(std::size_t bytes) { out_.reserve(out_.size() + bytes); }
  std::string finish() &&;

 private:
  void open_entry();
  std::string out_;
  bool any_ = false;
};

// The resource as stored and sent: version and time put into the body at its mark.
std::string stored_bytes(const Body& body, std::int64_t version, std::int64_t last_updated);

}  // namespace fhir
