#include "src/subscription/record.h"

#include <charconv>

#include "fhir/feed.h"
#include "fhir/format/json.h"
#include "src/job/job.h"

namespace alzette::subscription {
namespace {

constexpr std::string_view owner_room = "subscription";
constexpr std::string_view events_room = "subscription-events";
constexpr std::string_view told_room = "subscription-told";
constexpr std::string_view cursor_room = "subscription-cursor";
constexpr std::string_view cursor_name = "cursor";

std::string event_room(std::string_view id) { return "subscription-event/" + std::string(id); }

// Names are read in their order: sixteen digits.
std::string name_of(std::uint64_t number) {
  auto digits = std::to_string(number);
  constexpr std::size_t width = 16;
  return std::string(width - std::min(width, digits.size()), '0') + digits;
}

template <class Number>
Number number_of(std::string_view text) {
  Number number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

fhir::Note note(std::string_view room, std::string_view name, std::optional<std::string> text) {
  return {std::string(room), std::string(name), std::move(text)};
}

}  // namespace

fhir::Note owner_note(std::string_view id, const Owner& owner) {
  std::string text = R"({"base":)";
  fhir::json::write_string(owner.base, text);
  return note(owner_room, id, text.append(R"(,"access":)").append(job::text_of(owner.access)).append("}"));
}

std::optional<Owner> owner_of(fhir::Snapshot& snapshot, std::string_view id) {
  const auto text = snapshot.note(owner_room, id);
  if (!text) return std::nullopt;
  fhir::Arena arena;
  const auto root = fhir::json::parse(*text, arena);
  const auto* access = root ? (*root)->child("access") : nullptr;
  if (!access) return std::nullopt;
  return Owner{std::string((*root)->value_of("base")), job::access_of(*access)};
}

fhir::Note counted_note(std::string_view id, const Counted& counted) {
  return note(events_room, id, std::to_string(counted.events) + " " + std::to_string(counted.from));
}

std::optional<Counted> counted_of(fhir::Snapshot& snapshot, std::string_view id) {
  const auto text = snapshot.note(events_room, id);
  if (!text) return std::nullopt;
  const auto blank = std::min(text->find(' '), text->size() - 1);
  return Counted{number_of<std::uint64_t>(*text), number_of<fhir::Key>(std::string_view(*text).substr(blank + 1))};
}

fhir::Note told_note(std::string_view id, std::uint64_t event) { return note(told_room, id, std::to_string(event)); }

std::uint64_t told_of(fhir::Snapshot& snapshot, std::string_view id) {
  const auto text = snapshot.note(told_room, id);
  return text ? number_of<std::uint64_t>(*text) : 0;
}

fhir::Note event_note(std::string_view id, const Event& event) {
  return note(event_room(id), name_of(event.number), std::to_string(event.key));
}

fhir::Note forgotten_event(std::string_view id, std::uint64_t number) {
  return note(event_room(id), name_of(number), std::nullopt);
}

std::vector<Event> events_of(fhir::Snapshot& snapshot, std::string_view id, std::uint64_t from, std::uint32_t at_most) {
  std::vector<Event> events;
  for (const auto& one : fhir::feed_of(snapshot).notes_from(event_room(id), name_of(from), at_most))
    if (one.text) events.push_back({number_of<std::uint64_t>(one.name), number_of<fhir::Key>(*one.text)});
  return events;
}

fhir::Note cursor_note(fhir::Key key) { return note(cursor_room, cursor_name, std::to_string(key)); }

std::optional<fhir::Key> cursor_of(fhir::Snapshot& snapshot) {
  const auto text = snapshot.note(cursor_room, cursor_name);
  return text ? std::optional(number_of<fhir::Key>(*text)) : std::nullopt;
}

std::vector<fhir::Note> forgotten(std::string_view id) {
  return {note(owner_room, id, std::nullopt), note(events_room, id, std::nullopt), note(told_room, id, std::nullopt)};
}

std::optional<fhir::Version> version_of(fhir::Snapshot& snapshot, const fhir::Access& access, fhir::Key key) {
  static const auto all = [] {
    std::vector<const fhir::Type*> types;
    for (const auto& type : fhir::definitions().types)
      if (type.kind == fhir::TypeKind::resource && !type.abstract) types.push_back(&type);
    return types;
  }();
  auto changes = fhir::feed_of(snapshot).changes(access, key - 1, all, 1);
  if (!changes || changes->versions.empty() || changes->versions.front().key != key) return std::nullopt;
  return std::move(changes->versions.front());
}

}  // namespace alzette::subscription
