// Patches by media type. FHIR R4: http://hl7.org/fhir/R4/http.html#patch
#include "src/rest/patched.h"

#include <algorithm>

#include "fhir/build.h"
#include "fhir/format/json.h"
#include "fhir/format/xml.h"
#include "fhir/patch/patch.h"
#include "fhir/utf8.h"
#include "fhir/value.h"
#include "src/net/ascii.h"

namespace alzette::rest {
namespace {

using fhir::Kind;
using fhir::Node;
using fhir::Outcome;
using fhir::Result;

enum class Form : std::uint8_t { json, xml, fhirpath, fhirpath_xml, other };

Form form_of(std::string_view content_type) {
  const auto type = net::trim(content_type.substr(0, content_type.find(';')));
  if (net::same_word(type, "application/json-patch+json")) return Form::json;
  if (net::same_word(type, "application/xml-patch+xml")) return Form::xml;
  if (net::same_word(type, "application/fhir+json") || net::same_word(type, "application/json")) return Form::fhirpath;
  if (net::same_word(type, "application/fhir+xml") || net::same_word(type, "application/xml"))
    return Form::fhirpath_xml;
  return Form::other;
}

Outcome not_a_patch(std::string_view content_type) {
  return {
      Kind::malformed, "not-supported",
      "\"" + fhir::shortened(content_type, 100) + "\" is no form of a patch; known are " + std::string(patch_forms)};
}

// What a patch may not change. The server sets version and time: a patch may drop them, as it may drop all of meta.
Result<bool> keeps_identity(const Node& before, const Node& after) {
  const auto refuse = [&](std::string_view what) {
    return Outcome(Kind::unprocessable, "business-rule", "A patch cannot change the " + std::string(what),
                   std::string(before.type->name.view()));
  };
  if (after.type != before.type) return refuse("type of a resource");
  if (after.value_of("id") != before.value_of("id")) return refuse("id");
  const Node* meta = after.child("meta");
  const Node* old = before.child("meta");
  for (const auto* name : {"versionId", "lastUpdated"})
    if (const Node* given = meta ? meta->child(name) : nullptr; given && old && given->text != old->value_of(name))
      return refuse(name);
  return true;
}

// All but narrative and meta, as text.
std::string data_of(const Node& resource) {
  fhir::Arena arena;
  auto& data = fhir::build::copy(arena, resource);
  for (const auto* name : {"text", "meta"}) fhir::build::remove(data, name);
  std::string out;
  fhir::json::write(data, out);
  return out;
}

// The server SHALL ensure that the narrative is not clinically unsafe after a patch (http.html#patch): one that was
// generated from data which the patch has changed is left out, for who generates it to make it anew.
void drop_stale_narrative(const Node& before, Node& after) {
  const Node* was = before.child("text");
  const Node* is = after.child("text");
  if (!was || !is) return;
  const auto status = is->value_of("status");
  const bool generated = status == "generated" || status == "extensions";
  const bool kept = was->value_of("status") == status && was->value_of("div") == is->value_of("div");
  if (generated && kept && data_of(before) != data_of(after)) fhir::build::remove(after, "text");
}

Result<Incoming> accept(const Node& before, std::string text, fhir::Format format = fhir::Format::json) {
  auto kept = std::make_shared<std::string>(std::move(text));
  auto after = fhir::receive(*kept, format);
  if (!after) return of_result(std::move(after.outcome()));
  after->keeps = kept;
  if (auto done = keeps_identity(before, *after->resource); !done) return std::move(done.outcome());
  drop_stale_narrative(before, *after->resource);
  return after;
}

Result<Incoming> by_parameters(Incoming before, const Node& parameters, std::int64_t now, std::string_view stored) {
  if (parameters.type->name.view() != "Parameters")
    return Outcome(Kind::malformed, "invalid", "A FHIRPath Patch is a Parameters resource",
                   std::string(parameters.type->name.view()));
  auto text = fhir::patch::apply_fhirpath(*before.resource, parameters, *before.arena, now);
  if (!text) return std::move(text.outcome());
  const auto unchanged = receive(stored);
  if (!unchanged) return unchanged.outcome();
  return accept(*unchanged->resource, std::move(*text));
}

}  // namespace

Outcome of_result(Outcome outcome) {
  if (outcome.kind == Kind::malformed) outcome.kind = Kind::unprocessable;
  return outcome;
}

bool is_patch(std::string_view content_type) { return form_of(content_type) != Form::other; }

Result<Incoming> patched(const fhir::Version& version, std::string_view content_type, std::string_view patch,
                         std::int64_t now) {
  auto before = receive(version.body);
  if (!before) return std::move(before.outcome());
  const auto form = form_of(content_type);
  switch (form) {
    case Form::json: {
      auto text = fhir::patch::apply_json(version.body, patch);
      if (!text) return std::move(text.outcome());
      return accept(*before->resource, std::move(*text));
    }
    case Form::xml: {
      auto text = fhir::patch::apply_xml(fhir::xml::from_json(version.body), patch);
      if (!text) return std::move(text.outcome());
      return accept(*before->resource, std::move(*text), fhir::Format::xml);
    }
    case Form::fhirpath:
    case Form::fhirpath_xml: {
      if (net::trim(patch).starts_with('['))
        return Outcome(Kind::malformed, "not-supported",
                       "A list of operations is a JSON Patch: send it as application/json-patch+json");
      const auto parameters = fhir::receive(patch, form == Form::fhirpath ? fhir::Format::json : fhir::Format::xml);
      if (!parameters) return parameters.outcome();
      return by_parameters(std::move(*before), *parameters->resource, now, version.body);
    }
    case Form::other:
      break;
  }
  return not_a_patch(content_type);
}

Result<Incoming> patched(const fhir::Version& version, const Node& entry, std::int64_t now) {
  if (entry.type->name.view() != "Binary") {
    auto before = receive(version.body);
    if (!before) return std::move(before.outcome());
    return by_parameters(std::move(*before), entry, now, version.body);
  }
  const auto content = fhir::decode_base64(entry.value_of("data"));
  if (!content) return Outcome(Kind::malformed, "value", "The Binary of a patch holds no base64", "Binary.data");
  return patched(version, entry.value_of("contentType"), *content, now);
}

}  // namespace alzette::rest
