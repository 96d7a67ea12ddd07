// What is remembered of a subscription beside its resource, as notes of the store, so that it is as durable as what it
// speaks of. Events are numbered from 1 without gaps; each is a note that names the version it is about. A cursor says
// up to which version events were looked for: it is committed with the events found, so that none is found twice.
//
//   room subscription           name id            the owner, written with the resource: base, access
//   room subscription-events    name id            how many there were, and the key behind which it looks for them
//   room subscription-event/ID  name number        the key of the version
//   room subscription-told      name id            the last event that was delivered
//   room subscription-cursor    name "cursor"      the key
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/access.h"
#include "fhir/store.h"

namespace alzette::subscription {

struct Owner {
  std::string base;  // as the client addressed us: what is told refers to it
  fhir::Access access;
};

fhir::Note owner_note(std::string_view id, const Owner& owner);
std::optional<Owner> owner_of(fhir::Snapshot& snapshot, std::string_view id);

struct Counted {
  std::uint64_t events = 0;
  fhir::Key from = 0;  // versions behind this one are looked at
};
fhir::Note counted_note(std::string_view id, const Counted& counted);
std::optional<Counted> counted_of(fhir::Snapshot& snapshot, std::string_view id);

fhir::Note told_note(std::string_view id, std::uint64_t event);
std::uint64_t told_of(fhir::Snapshot& snapshot, std::string_view id);

struct Event {
  std::uint64_t number = 0;
  fhir::Key key = 0;
};
fhir::Note event_note(std::string_view id, const Event& event);
fhir::Note forgotten_event(std::string_view id, std::uint64_t number);
std::vector<Event> events_of(fhir::Snapshot& snapshot, std::string_view id, std::uint64_t from, std::uint32_t at_most);

fhir::Note cursor_note(fhir::Key key);
std::optional<fhir::Key> cursor_of(fhir::Snapshot& snapshot);

// All that is remembered but the events.
std::vector<fhir::Note> forgotten(std::string_view id);

// The version that an event is about, as one may see it who has this access; nothing when that is hidden. Of a removal
// it is the removal.
std::optional<fhir::Version> version_of(fhir::Snapshot& snapshot, const fhir::Access& access, fhir::Key key);

}  // namespace alzette::subscription
