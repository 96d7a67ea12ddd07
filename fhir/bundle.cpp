// Bundles spliced from stored bytes. FHIR R4: http://hl7.org/fhir/R4/bundle.html
#include "fhir/bundle.h"

#include "fhir/format/json.h"
#include "fhir/value.h"

namespace fhir {
namespace {

// No type and no id holds anything that JSON would escape.
void full_url(std::string_view base, const Version& version, std::string& out) {
  out += R"("fullUrl":)";
  json::write_string(base, out);
  out.back() = '/';
  out.append(version.type->name.view()).append("/").append(version.id).append("\"");
}

// POST and PUT of the first version are both creations; what the client sent is known from the version number.
std::string_view method_text(Method method) {
  switch (method) {
    case Method::create:
      return "POST";
    case Method::update:
      return "PUT";
    case Method::remove:
      return "DELETE";
  }
  return "PUT";
}

std::string_view status_text(const Version& version) {
  if (version.deleted()) return "204 No Content";
  return version.method == Method::create || version.version == 1 ? "201 Created" : "200 OK";
}

void append_etag(std::int64_t version, std::string& out) {
  out += R"("etag":"W/\")";
  out += std::to_string(version);
  out += R"(\"")";
}

}  // namespace

BundleWriter::BundleWriter(std::string_view type, std::optional<std::uint64_t> total, std::span<const Link> links,
                           std::int64_t now) {
  out_ = R"({"resourceType":"Bundle")";
  if (now) out_.append(R"(,"meta":{"lastUpdated":")").append(instant_text(now)).append("\"}");
  out_.append(R"(,"type":")").append(type).append("\"");
  if (total) out_.append(R"(,"total":)").append(std::to_string(*total));
  if (!links.empty()) {
    out_ += R"(,"link":[)";
    for (const auto& link : links) {
      if (&link != &links.front()) out_ += ',';
      out_.append(R"({"relation":")").append(link.relation).append(R"(","url":)");
      json::write_string(link.url, out_);
      out_ += '}';
    }
    out_ += ']';
  }
}

void BundleWriter::open_entry() {
  out_ += any_ ? ",{" : R"(,"entry":[{)";
  any_ = true;
}

void BundleWriter::match(std::string_view base, const Version& version, std::string_view resource, bool match) {
  open_entry();
  full_url(base, version, out_);
  out_.append(R"(,"resource":)").append(resource);
  out_ += match ? R"(,"search":{"mode":"match"}})" : R"(,"search":{"mode":"include"}})";
}

void BundleWriter::resource(std::string_view base, const Version& version) {
  open_entry();
  full_url(base, version, out_);
  out_.append(R"(,"resource":)").append(version.body).append("}");
}

void BundleWriter::outcome(const Outcome& outcome) {
  open_entry();
  out_.append(R"("resource":)").append(to_json(outcome)).append(R"(,"search":{"mode":"outcome"}})");
}

void BundleWriter::history(std::string_view base, const Version& version) {
  open_entry();
  full_url(base, version, out_);
  if (!version.deleted()) out_.append(R"(,"resource":)").append(version.body);
  out_.append(R"(,"request":{"method":")").append(method_text(version.method)).append(R"(","url":")");
  out_.append(version.type->name.view());
  if (version.method != Method::create) out_.append("/").append(version.id);
  out_.append(R"("},"response":{"status":")").append(status_text(version)).append("\",");
  append_etag(version.version, out_);
  out_.append(R"(,"lastModified":")").append(instant_text(version.last_updated)).append("\"}}");
}

void BundleWriter::response(const EntryResponse& response) {
  open_entry();
  if (!response.full_url.empty()) {
    out_ += R"("fullUrl":)";
    json::write_string(response.full_url, out_);
    out_ += ',';
  }
  if (!response.resource.empty()) out_.append(R"("resource":)").append(response.resource).append(",");
  out_.append(R"("response":{"status":")").append(response.status).append("\"");
  if (!response.location.empty()) {
    out_ += R"(,"location":)";
    json::write_string(response.location, out_);
  }
  if (response.version) {
    out_ += ',';
    append_etag(response.version, out_);
  }
  if (response.last_updated)
    out_.append(R"(,"lastModified":")").append(instant_text(response.last_updated)).append("\"");
  if (!response.outcome.empty()) out_.append(R"(,"outcome":)").append(response.outcome);
  out_ += "}}";
}

std::string BundleWriter::finish() && {
  out_ += any_ ? "]}" : "}";
  return std::move(out_);
}

std::string stored_bytes(const Body& body, std::int64_t version, std::int64_t last_updated) {
  std::string out;
  out.reserve(body.bytes.size() + 64);
  out.append(body.bytes, 0, body.meta_at).append(R"("versionId":")").append(std::to_string(version));
  out.append(R"(","lastUpdated":")").append(instant_text(last_updated)).append("\"");
  if (body.bytes[body.meta_at] != '}') out += ',';
  out.append(body.bytes, body.meta_at);
  return out;
}

}  // namespace fhir
