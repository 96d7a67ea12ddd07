#include "src/subscription/subscription.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "fhir/search/clause.h"
#include "fhir/value.h"
#include "src/negotiate.h"
#include "src/net/ascii.h"
#include "src/net/uri.h"

namespace alzette::subscription {
namespace {

using fhir::Kind;
using fhir::Node;
using fhir::Outcome;
using fhir::Result;

constexpr std::array<std::string_view, 4> statuses{"requested", "active", "error", "off"};
constexpr std::array<std::string_view, 3> channels{"rest-hook", "websocket", "message"};
constexpr std::array<std::string_view, 3> contents{"empty", "id-only", "full-resource"};

Outcome refusal(std::string_view code, std::string text, std::string place) {
  return {Kind::unprocessable, code, std::move(text), std::move(place)};
}

template <std::size_t size>
std::optional<std::size_t> position(const std::array<std::string_view, size>& words, std::string_view word) {
  const auto found = std::find(words.begin(), words.end(), word);
  return found == words.end() ? std::nullopt : std::optional<std::size_t>(found - words.begin());
}

const Node* extension_of(const Node* node, std::string_view name) {
  if (!node) return nullptr;
  for (const auto& child : *node) {
    const auto url = child.name == "extension" ? child.value_of("url") : std::string_view();
    if (url.starts_with(backport) && url.substr(backport.size()) == name) return &child;
  }
  return nullptr;
}

// Leaves the number as it is where there is no such extension.
Result<bool> read_number(const Node& channel, std::string_view name, std::string_view value, std::uint32_t& number) {
  const auto* extension = extension_of(&channel, name);
  const auto text = extension ? extension->value_of(value) : std::string_view();
  if (!extension || std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc()) return true;
  return refusal("value", std::string(name) + " is told as " + std::string(value), "Subscription.channel.extension");
}

// A topic is named by an absolute URI.
bool is_topic(std::string_view criteria) {
  const auto colon = criteria.find(':');
  return colon != criteria.npos && colon < criteria.find_first_of("?/");
}

Result<bool> read_filters(const Node& criteria, std::string_view base, Subscription& out) {
  for (const auto& child : criteria) {
    if (child.name != "extension" || child.value_of("url") != std::string(backport) + "backport-filter-criteria")
      continue;
    auto filter = read_filter(child.value_of("valueString"), base, "Subscription.criteria.extension");
    if (!filter) return std::move(filter.outcome());
    out.filters.push_back(std::move(*filter));
  }
  return true;
}

Result<bool> read_criteria(const Node& resource, std::string_view base, Subscription& out) {
  const auto* criteria = resource.child("criteria");
  const auto text = criteria ? criteria->text : std::string_view();
  if (is_topic(text)) {
    const auto bar = std::min(text.find('|'), text.size());
    out.topic = text.substr(0, bar);
    out.topic_version = text.substr(std::min(bar + 1, text.size()));
    return read_filters(*criteria, base, out);
  }
  auto filter = read_filter(text, base, "Subscription.criteria");
  if (!filter) return std::move(filter.outcome());
  out.filters.push_back(std::move(*filter));
  return true;
}

// "Authorization: Bearer …". What frames the message is ours to say.
Result<bool> read_header(std::string_view line, Subscription& out) {
  constexpr std::array<std::string_view, 8> ours{"host",    "content-length", "content-type", "transfer-encoding",
                                                 "upgrade", "connection",     "expect",       "trailer"};
  const auto colon = line.find(':');
  const auto name = line.substr(0, colon);
  const auto value = colon == line.npos ? std::string_view() : net::trim(line.substr(colon + 1));
  const bool token = !name.empty() && std::all_of(name.begin(), name.end(), net::is_token);
  const bool plain = std::all_of(value.begin(), value.end(), [](unsigned char c) { return c >= ' ' && c != 0x7f; });
  if (colon == line.npos || !token || !plain)
    return refusal("value", "A header is a line \"Name: value\"", "Subscription.channel.header");
  if (std::any_of(ours.begin(), ours.end(), [&](auto other) { return net::same_word(name, other); }))
    return refusal("value", "The header " + std::string(name) + " is the server's own to say",
                   "Subscription.channel.header");
  out.headers.emplace_back(name, value);
  return true;
}

Result<bool> read_payload(const Node& channel, Subscription& out) {
  const auto* payload = channel.child("payload");
  if (payload && !payload->text.empty()) {
    const auto form = body_form(payload->text);
    if (form != BodyForm::json && form != BodyForm::xml)
      return refusal("not-supported", "Payloads are application/fhir+json or application/fhir+xml",
                     "Subscription.channel.payload");
    out.payload = form == BodyForm::xml ? fhir::Format::xml : fhir::Format::json;
    out.payload_type = payload->text;
  } else if (!out.topic.empty() || out.channel == Channel::message) {
    out.payload = fhir::Format::json;
    out.payload_type = "application/fhir+json";
  }
  if (out.topic.empty()) return true;
  const auto* extension = extension_of(payload, "backport-payload-content");
  const auto content = content_of(extension ? extension->value_of("valueCode") : "empty");
  if (!content)
    return refusal("not-supported", "The content of a payload is empty, id-only or full-resource",
                   "Subscription.channel.payload.extension");
  out.content = *content;
  return true;
}

Result<bool> read_channel(const Node& channel, Subscription& out) {
  const auto* type = channel.child("type");
  const auto known = type ? position(channels, type->text) : std::nullopt;
  if (!known || extension_of(type, "backport-channel-type"))
    return refusal("not-supported", "This server tells by rest-hook, websocket and message",
                   "Subscription.channel.type");
  out.channel = static_cast<Channel>(*known);
  out.endpoint = channel.value_of("endpoint");
  if (out.channel != Channel::websocket && out.endpoint.empty())
    return refusal("required", "This channel needs an endpoint", "Subscription.channel.endpoint");
  const bool about_patients = out.topic.empty() && out.filters.front().type->name.view() == "Patient";
  if (out.channel == Channel::message && !about_patients)
    return refusal("not-supported", "Messages are sent of patients alone (IHE PMIR), to criteria Patient?…",
                   "Subscription.channel.type");
  for (const auto& child : channel)
    if (child.name == "header")
      if (auto read = read_header(child.text, out); !read) return read;
  auto read = read_number(channel, "backport-heartbeat-period", "valueUnsignedInt", out.heartbeat);
  if (read) read = read_number(channel, "backport-timeout", "valueUnsignedInt", out.timeout);
  if (read) read = read_number(channel, "backport-max-count", "valuePositiveInt", out.max_count);
  return read ? read_payload(channel, out) : read;
}

}  // namespace

std::string websocket_url(std::string_view base) {
  const auto rest = base.substr(std::min(base.find("://"), base.size()));
  return std::string(base.starts_with("https") ? "wss" : "ws")
      .append(rest.substr(0, rest.rfind('/')))
      .append(websocket_path);
}

std::string_view word_of(Status status) { return statuses[static_cast<std::size_t>(status)]; }

std::optional<Content> content_of(std::string_view word) {
  const auto found = position(contents, word);
  return found ? std::optional(static_cast<Content>(*found)) : std::nullopt;
}

Result<Filter> read_filter(std::string_view criteria, std::string_view base, std::string place) {
  const auto question = std::min(criteria.find('?'), criteria.size());
  const auto* type = fhir::definitions().resource(criteria.substr(0, question));
  if (!type)
    return refusal("value", "Criteria are a search on one type, as Observation?code=…, or the canonical URL of a topic",
                   std::move(place));
  const auto parameters = net::query_parameters(criteria.substr(std::min(question + 1, criteria.size())));
  if (!parameters)
    return refusal("value", "The criteria hold a damaged percent-escape or are not UTF-8", std::move(place));
  for (const auto& [name, value] : *parameters)
    if (fhir::search::shapes_answer(name))
      return refusal("value", "\"" + name + "\" has no meaning in criteria", std::move(place));
  auto query = fhir::search::parse(type, *parameters, base, false);
  if (!query) {
    auto& issue = query.outcome().issues.front();
    return refusal(issue.code, issue.diagnostics, std::move(place));
  }
  return Filter{type, std::move(*query)};
}

Result<Subscription> read(const Node& resource, std::string_view base) {
  Subscription out;
  out.id = resource.value_of("id");
  const auto status = position(statuses, resource.value_of("status"));
  if (!status) return refusal("value", "There is no such status", "Subscription.status");
  out.status = static_cast<Status>(*status);
  if (auto done = read_criteria(resource, base, out); !done) return std::move(done.outcome());
  if (const auto* channel = resource.child("channel"))
    if (auto done = read_channel(*channel, out); !done) return std::move(done.outcome());
  if (const auto end = fhir::parse_date_time(resource.value_of("end"))) out.end = end->low;
  return out;
}

}  // namespace alzette::subscription
