// Whether a change is an event of a subscription: its topic triggers, its filters hold, its owner may see it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fhir/access.h"
#include "fhir/incoming.h"
#include "fhir/search/index.h"
#include "fhir/store.h"
#include "src/subscription/live.h"

namespace alzette::subscription {

// A version that was stored, with what is compared of it; read when it is needed, once for all subscriptions.
class Change {
 public:
  // `access`: the server's own.
  Change(fhir::Snapshot& snapshot, const fhir::Access& access, const fhir::Version& version)
      : snapshot_(snapshot), access_(access), version_(version) {}

  using Rows = std::vector<fhir::search::IndexRow>;
  const fhir::Version& version() const { return version_; }
  fhir::Method method() const;
  bool removed() const { return version_.deleted(); }
  // Of the version itself; of a removal those of what was removed. `base`: below which references are our own.
  const Rows& rows(const std::string& base);
  const Rows& previous_rows(const std::string& base);  // of the version before; empty when there is none
  const fhir::Node* current();                         // null: it was removed
  const fhir::Node* previous();                        // null: there was none
  fhir::Snapshot& snapshot() { return snapshot_; }

 private:
  struct Read {
    bool done = false;
    fhir::Version version;  // what the tree was parsed from
    std::optional<fhir::Incoming> incoming;
    std::map<std::string, Rows> rows;
  };
  static const fhir::Node* tree(Read& read, const fhir::Version& version);
  static const Rows& rows_of(Read& read, const fhir::Node* tree, const std::string& base, std::int64_t updated);

  fhir::Snapshot& snapshot_;
  const fhir::Access& access_;
  const fhir::Version& version_;
  Read now_, before_;
};

bool is_event(const Live& live, Change& change);

}  // namespace alzette::subscription
