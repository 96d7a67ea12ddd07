#include "src/subscription/delivery.h"

#include <algorithm>

#include "fhir/format/xml.h"
#include "src/auth/seal.h"

namespace alzette::subscription {
namespace {

constexpr std::uint32_t most_events = 50;     // of one notification, unless fewer are asked for
constexpr std::size_t most_bytes = 1u << 20;  // of the resources in it, but for one
constexpr std::chrono::seconds patience{10}, most_patience{60};

std::chrono::seconds patience_of(const Live& live) {
  return live.wanted.timeout ? std::min(std::chrono::seconds(live.wanted.timeout), most_patience) : patience;
}

net::Outgoing addressed(const Live& live, std::string method, std::string url) {
  net::Outgoing outgoing;
  outgoing.url = std::move(url);
  outgoing.method = std::move(method);
  outgoing.headers = live.wanted.headers;
  outgoing.patience = patience_of(live);
  return outgoing;
}

void fill(const Live& live, std::string json, net::Outgoing& outgoing) {
  const bool xml = live.wanted.payload == fhir::Format::xml;
  outgoing.headers.emplace_back("Content-Type", live.wanted.payload_type);
  outgoing.body = xml ? fhir::xml::from_json(json) : std::move(json);
}

Standing standing_of(const Live& live, std::string_view type) {
  Standing standing{live.owner.base, live.id(), live.topic.url, live.wanted.status, type, live.counted.events};
  if (live.wanted.content == Content::empty) standing.topic = {};
  return standing;
}

// The resource, put where the endpoint keeps such: http://hl7.org/fhir/R4/subscription.html#channels
std::string place_below(const std::string& endpoint, const fhir::Version& version) {
  const auto end = std::min(endpoint.find_first_of("?#"), endpoint.size());
  auto url = endpoint.substr(0, end);
  while (url.ends_with('/')) url.pop_back();
  url.append("/").append(version.type->name.view()).append("/").append(version.id);
  return url + endpoint.substr(end);
}

// Who is told, without what may be a secret.
std::string shown(std::string_view endpoint) {
  endpoint = endpoint.substr(0, endpoint.find_first_of("?#"));
  const auto start = endpoint.find("://") == std::string_view::npos ? 0 : endpoint.find("://") + 3;
  const auto user = endpoint.substr(start, endpoint.find('/', start) - start).rfind('@');
  const auto host = user == std::string_view::npos ? start : start + user + 1;
  return std::string(endpoint.substr(0, start)).append(endpoint.substr(host));
}

// ITI-93, 3.93.5.1. `id`: of the message.
ihe::atna::Record record_of(const Live& live, const fhir::Version& patient, const std::string& id) {
  ihe::atna::Record record{"ITI-93", "Mobile Patient Identity Feed", {"110110", 'E'}};
  record.sends = true;
  record.address = live.owner.base;
  record.sender = shown(live.wanted.endpoint);
  const auto start = record.sender.find("://") + 3;
  const auto from = record.sender.substr(start, 1) == "[" ? record.sender.find(']', start) : start;  // IPv6
  record.peer = record.sender.substr(start, record.sender.find_first_of(":/", from) - start);
  record.told.patients.push_back("Patient/" + patient.id);
  record.told.objects.push_back({"MessageHeader", "MessageHeader/" + message_header_of(id), patient_feed});
  return record;
}

Delivery plain_delivery(const Live& live, const Told& told, std::int64_t now) {
  Delivery delivery;
  delivery.last = told.number;
  delivery.silent = !told.version;
  const auto& endpoint = live.wanted.endpoint;
  if (live.wanted.channel == Channel::websocket) {
    delivery.outgoing.body = "ping " + live.id();
  } else if (delivery.silent) {
    return delivery;
  } else if (live.wanted.channel == Channel::message) {
    delivery.outgoing = addressed(live, "POST", endpoint);
    const auto id = make_uuid();
    fill(live, patient_message(*told.version, live.owner.base, endpoint, id, now), delivery.outgoing);
    delivery.record = record_of(live, *told.version, id);
  } else if (live.wanted.payload) {
    delivery.outgoing = addressed(live, "PUT", place_below(endpoint, *told.version));
    fill(live, told.version->body, delivery.outgoing);
  } else {
    delivery.outgoing = addressed(live, "POST", endpoint);
  }
  return delivery;
}

}  // namespace

std::string make_uuid() {
  auto text = auth::random_token();
  text[12] = '4';
  text[16] = "89ab"[static_cast<std::size_t>(text[16]) & 3];
  for (const std::size_t at : {8, 13, 18, 23}) text.insert(at, 1, '-');
  return text;
}

Delivery greeting(const Live& live, std::string_view type, std::int64_t now) {
  Delivery delivery;
  delivery.last = live.told;
  delivery.outgoing = addressed(live, "POST", live.wanted.endpoint);
  fill(live, notification(standing_of(live, type), {}, live.wanted.content, make_uuid(), now), delivery.outgoing);
  return delivery;
}

std::vector<Told> told_of(fhir::Snapshot& snapshot, const fhir::Access& access, const std::vector<Event>& events,
                          std::size_t bytes) {
  std::vector<Told> told;
  for (const auto& event : events) {
    told.push_back({event.number, 0, version_of(snapshot, access, event.key)});
    const auto& version = told.back().version;
    if (!version) continue;
    told.back().time = version->last_updated;
    const auto size = version->body.size();
    if (size > bytes && told.size() > 1) {
      told.pop_back();
      break;
    }
    bytes -= std::min(bytes, size);
  }
  return told;
}

std::optional<Delivery> next_delivery(fhir::Snapshot& snapshot, const Live& live, std::int64_t now) {
  const auto& wanted = live.wanted;
  const auto count = live.on_topic() ? wanted.max_count ? std::min(wanted.max_count, most_events) : most_events : 1;
  const auto events = events_of(snapshot, live.id(), live.told + 1, count);
  const auto told = told_of(snapshot, live.owner.access, events, most_bytes);
  if (told.empty()) return std::nullopt;
  if (!live.on_topic()) return plain_delivery(live, told.front(), now);
  Delivery delivery;
  delivery.last = told.back().number;
  delivery.outgoing = addressed(live, "POST", wanted.endpoint);
  fill(live, notification(standing_of(live, "event-notification"), told, wanted.content, make_uuid(), now),
       delivery.outgoing);
  return delivery;
}

}  // namespace alzette::subscription
