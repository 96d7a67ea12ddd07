// A Subscription as the machine reads it: what it is about, whom it tells and how. Two kinds are taken: those of R4,
// whose criteria are a search (http://hl7.org/fhir/R4/subscription.html), and those on a topic, whose criteria are its
// canonical URL (Subscriptions R5 Backport 1.1.0, http://hl7.org/fhir/uv/subscriptions-backport/STU1.1/). One of R4 on
// the channel "message" is told in messages of IHE PMIR, ITI-94.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/format/format.h"
#include "fhir/node.h"
#include "fhir/outcome.h"
#include "fhir/search/query.h"
#include "src/http.h"

namespace alzette::subscription {

inline constexpr std::string_view backport = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/";

// Where subscribers by WebSocket connect: "ws://host:port/ws" of "http://host:port/fhir".
inline constexpr std::string_view websocket_path = "/ws";
std::string websocket_url(std::string_view base);

enum class Status : std::uint8_t { requested, active, error, off };
enum class Channel : std::uint8_t { rest_hook, websocket, message };
enum class Content : std::uint8_t { empty, id_only, full_resource };

std::string_view word_of(Status status);
std::optional<Content> content_of(std::string_view word);

// What a resource of one type must satisfy.
struct Filter {
  const fhir::Type* type = nullptr;
  fhir::search::Query query;
};

struct Subscription {
  std::string id;
  Status status = Status::requested;
  std::string topic;            // canonical, without version; "" = one of R4
  std::string topic_version;    // "" = whichever there is
  std::vector<Filter> filters;  // one of R4 has one; on a topic all those of a type must hold, "" = whatever it tells
  Channel channel = Channel::rest_hook;
  std::string endpoint;
  Headers headers;
  std::optional<fhir::Format> payload;  // of R4: the resource is sent along; on a topic: the form of notifications
  std::string payload_type;             // as given: what Content-Type says
  Content content = Content::empty;     // on a topic
  std::uint32_t heartbeat = 0;          // seconds; 0 = none
  std::uint32_t timeout = 0;            // seconds; 0 = ours
  std::uint32_t max_count = 0;          // events of one notification; 0 = ours
  std::optional<std::int64_t> end;      // milliseconds since 1970 UTC
};

// Refuses what we cannot do, by its place: criteria that are no search of ours, channels, payloads and headers that we
// do not send. The endpoint's address is judged elsewhere (net/egress.h), topics are known elsewhere (topic.h). `base`:
// "http://host:port/fhir", below which absolute references are our own.
fhir::Result<Subscription> read(const fhir::Node& resource, std::string_view base);

// "Patient", "Patient?active=true".
fhir::Result<Filter> read_filter(std::string_view criteria, std::string_view base, std::string place);

}  // namespace alzette::subscription
