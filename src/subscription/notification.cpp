#include "src/subscription/notification.h"

#include "fhir/bundle.h"
#include "fhir/format/json.h"
#include "fhir/value.h"

namespace alzette::subscription {
namespace {

using fhir::Method;
using fhir::Version;

void text(std::string_view name, std::string_view value, std::string& out) {
  out.append("\"").append(name).append("\":");
  fhir::json::write_string(value, out);
}

// {"name":"status","valueCode":"active"}
void parameter(std::string_view name, std::string_view type, std::string_view value, std::string& out) {
  out += out.ends_with('[') ? "{" : ",{";
  text("name", name, out);
  out += ',';
  text("value" + std::string(type), value, out);
  out += '}';
}

void reference(std::string_view name, const std::string& value, std::string& out) {
  out += out.ends_with('[') ? "{" : ",{";
  text("name", name, out);
  out += R"(,"valueReference":{)";
  text("reference", value, out);
  out += "}}";
}

std::string url_of(std::string_view base, const Version& version) {
  return std::string(base).append("/").append(version.type->name.view()).append("/").append(version.id);
}

std::string_view method_of(const Version& version) {
  constexpr std::string_view words[] = {"POST", "PUT", "DELETE"};
  return words[static_cast<std::size_t>(version.method)];
}

void event(const Told& told, std::string_view base, Content content, std::string& out) {
  out += R"(,{"name":"notification-event","part":[)";
  parameter("event-number", "String", std::to_string(told.number), out);
  if (told.time) parameter("timestamp", "Instant", fhir::instant_text(told.time), out);
  if (content != Content::empty && told.version) reference("focus", url_of(base, *told.version), out);
  out += "]}";
}

void entry(const Version& version, std::string_view base, std::string& out) {
  out += ",{";
  text("fullUrl", url_of(base, version), out);
  if (!version.deleted()) out.append(R"(,"resource":)").append(version.body);
  out.append(R"(,"request":{"method":")").append(method_of(version)).append("\",");
  std::string place(version.type->name.view());
  if (version.method != Method::create) place += "/" + version.id;
  text("url", place, out);
  const bool created = version.method == Method::create || version.version == 1;
  out.append(R"(},"response":{"status":")").append(version.deleted() ? "204" : created ? "201" : "200");
  out.append(R"(","etag":"W/\")").append(std::to_string(version.version)).append(R"(\"","lastModified":")");
  out.append(fhir::instant_text(version.last_updated)).append("\"}}");
}

void status_entry(std::string_view parameters, std::string_view uuid, const Standing& standing, std::string& out) {
  out += R"("entry":[{)";
  text("fullUrl", "urn:uuid:" + std::string(uuid), out);
  out.append(R"(,"resource":)").append(parameters).append(R"(,"request":{"method":"GET",)");
  const auto url = std::string(standing.base) + "/Subscription/" + std::string(standing.id) + "/$status";
  text("url", url, out);
  out += R"(},"response":{"status":"200"}})";
}

}  // namespace

std::string status_parameters(const Standing& standing, std::span<const Told> events, Content content,
                              std::string_view id) {
  std::string out = R"({"resourceType":"Parameters",)";
  if (!id.empty()) {
    text("id", id, out);
    out += ',';
  }
  out.append(R"("meta":{"profile":[")").append(backport).append(R"(backport-subscription-status-r4"]},"parameter":[)");
  reference("subscription", std::string(standing.base) + "/Subscription/" + std::string(standing.id), out);
  if (!standing.topic.empty()) parameter("topic", "Canonical", standing.topic, out);
  parameter("status", "Code", word_of(standing.status), out);
  parameter("type", "Code", standing.type, out);
  parameter("events-since-subscription-start", "String", std::to_string(standing.events), out);
  for (const auto& told : events) event(told, standing.base, content, out);
  if (!standing.error.empty()) {
    out += R"(,{"name":"error","valueCodeableConcept":{)";
    if (standing.error != topic_lost) {
      out += R"("coding":[{"system":"http://terminology.hl7.org/CodeSystem/subscription-error",)";
      text("code", standing.error.starts_with(bad_answer) ? "error-response" : "no-response", out);
      out += "}],";
    }
    text("text", standing.error, out);
    out += "}}";
  }
  return out + "]}";
}

std::string notification(const Standing& standing, std::span<const Told> events, Content content, std::string_view id,
                         std::int64_t now) {
  std::string out = R"({"resourceType":"Bundle",)";
  text("id", id, out);
  out.append(R"(,"meta":{"profile":[")").append(backport).append("backport-subscription-notification-r4\"]},");
  out.append(R"("type":"history","timestamp":")").append(fhir::instant_text(now)).append("\",");
  status_entry(status_parameters(standing, events, content, id), id, standing, out);
  if (content == Content::full_resource)
    for (const auto& told : events)
      if (told.version) entry(*told.version, standing.base, out);
  return out + "]}";
}

std::string status_bundle(std::span<const std::string> parameters, std::string_view self) {
  std::string out = R"({"resourceType":"Bundle","type":"searchset","total":)" + std::to_string(parameters.size());
  out += R"(,"link":[{"relation":"self",)";
  text("url", self, out);
  out += "}]";
  for (const auto& one : parameters) {
    out += &one == parameters.data() ? R"(,"entry":[{"resource":)" : R"(,{"resource":)";
    out.append(one).append(R"(,"search":{"mode":"match"}})");
  }
  return out + (parameters.empty() ? "}" : "]}");
}

std::string message_header_of(std::string_view message) { return std::string(message) + "-1"; }

std::string patient_message(const Version& version, std::string_view base, std::string_view endpoint,
                            std::string_view id, std::int64_t now) {
  constexpr std::string_view profiles = "https://profiles.ihe.net/ITI/PMIR/StructureDefinition/";
  fhir::BundleWriter history("history", 1, {}, now);
  history.history(base, version);
  const auto bundle_url = "urn:uuid:" + std::string(id);
  std::string out = R"({"resourceType":"Bundle",)";
  text("id", id, out);
  out.append(R"(,"meta":{"profile":[")").append(profiles).append("IHE.PMIR.Bundle\"]},");
  out.append(R"("type":"message","timestamp":")").append(fhir::instant_text(now)).append(R"(","entry":[{)");
  const auto header_id = message_header_of(id);
  text("fullUrl", std::string(base) + "/MessageHeader/" + header_id, out);
  out += R"(,"resource":{"resourceType":"MessageHeader",)";
  text("id", header_id, out);
  out.append(R"(,"meta":{"profile":[")").append(profiles).append("IHE.PMIR.MessageHeader\"]},");
  out += R"("eventUri":)";
  fhir::json::write_string(patient_feed, out);
  out += R"(,"destination":[{)";
  text("endpoint", endpoint, out);
  out += R"(}],"source":{"name":"Alzette",)";
  text("endpoint", std::string(base) + "/$process-message", out);
  out += R"(},"focus":[{)";
  text("reference", bundle_url, out);
  out += R"(}],"definition":"https://profiles.ihe.net/ITI/PMIR/MessageDefinition/IHE.PMIR.MessageDefinition"}},{)";
  text("fullUrl", bundle_url, out);
  return out.append(R"(,"resource":)").append(std::move(history).finish()).append("}]}");
}

}  // namespace alzette::subscription
