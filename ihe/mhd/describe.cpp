// Metadata out of a document: see describe.h.
#include "ihe/mhd/describe.h"

#include <string>

#include "fhir/base64.h"
#include "fhir/build.h"
#include "fhir/definitions.h"
#include "fhir/format/json.h"
#include "fhir/value.h"
#include "ihe/wire/xml.h"
#include "ihe/xds/attribute.h"
#include "ihe/xds/to_fhir.h"
#include "ihe/xds/words.h"

namespace ihe::mhd {
namespace {

using fhir::Arena;
using fhir::Node;
using fhir::Outcome;
using fhir::Result;
namespace build = fhir::build;

constexpr std::string_view cda_ns = "urn:hl7-org:v3";

Outcome wrong(std::string text) { return {fhir::Kind::unprocessable, "required", std::move(text)}; }

Node& begin(Arena& arena) {
  auto& reference = build::resource(arena, "DocumentReference");
  build::add(arena, build::add(arena, reference, "meta"), "profile",
             std::string(xds::mhd_names::base) + "StructureDefinition/IHE.MHD.SimplifiedPublish.DocumentReference");
  build::add(arena, reference, "status", "current");
  return reference;
}

void add_identifier(Arena& arena, Node& owner, std::string_view name, const xds::Name& identifier) {
  auto& made = build::add(arena, owner, name);
  build::add(arena, made, "system", identifier.system);
  build::add(arena, made, "value", identifier.value);
}

// ── CDA ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
std::string joined(const xml::Element& id) {
  const auto root = id.value_of("root"), extension = id.value_of("extension");
  return std::string(root) + (extension.empty() ? "" : "^" + std::string(extension));
}

// A TS of HL7 v3 as dateTime: YYYYMMDDhhmmss+zzzz.
std::string time_of(std::string_view ts) {
  const auto sign = ts.find_first_of("+-");
  auto digits = std::string(ts.substr(0, std::min(sign, ts.find('.'))));
  if (digits.size() <= 8) return xds::date_time_of(digits);
  const auto local = xds::date_time_of(digits);
  if (sign == std::string_view::npos || ts.size() < sign + 5 || local.empty()) return local;
  const auto zone = ts.substr(sign);
  return local.substr(0, local.size() - 1) + std::string(zone.substr(0, 3)) + ":" + std::string(zone.substr(3, 2));
}

void add_code(Arena& arena, Node& owner, std::string_view element, const xml::Element* code) {
  if (!code || code->value_of("code").empty()) return;
  build::add_concept(arena, owner, element, xds::system_of(code->value_of("codeSystem")), code->value_of("code"),
                     code->value_of("displayName"));
}

void add_name(Arena& arena, Node& owner, const xml::Element* name) {
  if (!name) return;
  std::string family, given;
  if (const auto* part = name->child("family")) family = part->word();
  if (const auto* part = name->child("given")) given = part->word();
  if (family.empty() && given.empty()) return;
  auto& made = build::add(arena, owner, "name");
  build::add_some(arena, made, "family", family);
  build::add_some(arena, made, "given", given);
}

void add_authors(Arena& arena, Node& reference, const xml::Element& root) {
  int count = 0;
  for (const auto* author = root.child("author"); author; author = author->again()) {
    const auto* person = author->at({"assignedAuthor", "assignedPerson", "name"});
    if (!person) continue;
    const auto id = "author" + std::to_string(++count);
    auto& practitioner = build::add(arena, reference, "contained");
    practitioner.type = fhir::definitions().resource("Practitioner");
    build::add(arena, practitioner, "id", id);
    add_name(arena, practitioner, person);
    build::add_reference(arena, reference, "author", "#" + id);
  }
}

Result<Node*> from_cda(std::string_view bytes, std::string_view media_type, Arena& arena) {
  const auto document = xml::parse(bytes);
  if (!document) return document.outcome();
  const auto& root = *document->root;
  if (!root.is(cda_ns, "ClinicalDocument"))
    return wrong("The document is no CDA: its root is <" + std::string(root.name) + ">");
  const auto* id = root.child("id");
  const auto* patient = root.at({"recordTarget", "patientRole", "id"});
  if (!id || id->value_of("root").empty()) return wrong("The document has no id");
  if (!patient || patient->value_of("extension").empty()) return wrong("The document names no patient");
  auto& reference = begin(arena);
  add_identifier(arena, reference, "masterIdentifier", xds::identifier_of(joined(*id)));
  add_identifier(arena, build::add(arena, reference, "subject"), "identifier",
                 {"urn:oid:" + std::string(patient->value_of("root")), std::string(patient->value_of("extension"))});
  add_code(arena, reference, "type", root.child("code"));
  add_code(arena, reference, "securityLabel", root.child("confidentialityCode"));
  add_authors(arena, reference, root);
  auto& attachment = build::add(arena, build::add(arena, reference, "content"), "attachment");
  build::add(arena, attachment, "contentType", media_type.empty() ? "text/xml" : media_type);
  if (const auto* language = root.child("languageCode"))
    build::add_some(arena, attachment, "language", language->value_of("code"));
  build::add(arena, attachment, "data", fhir::encode_base64(bytes));
  if (const auto* title = root.child("title")) build::add_some(arena, attachment, "title", title->word());
  if (const auto* time = root.child("effectiveTime"))
    build::add_some(arena, attachment, "creation", time_of(time->value_of("value")));
  return &reference;
}

// ── FHIR ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
const Node* composition_of(const Node& bundle) {
  const Node* entry = bundle.child("entry");
  const Node* resource = entry ? entry->child("resource") : nullptr;
  return resource && resource->type && resource->type->name.view() == "Composition" ? resource : nullptr;
}

Result<Node*> from_bundle(const Node& bundle, Arena& arena) {
  const Node* composition = bundle.value_of("type") == "document" ? composition_of(bundle) : nullptr;
  if (!composition) return wrong("The Bundle is no document: it must begin with a Composition");
  const Node* id = bundle.child("identifier");
  if (!id || id->value_of("value").empty()) return wrong("The document has no identifier");
  if (!composition->child("subject")) return wrong("The Composition names no patient");
  auto& reference = begin(arena);
  add_identifier(arena, reference, "masterIdentifier",
                 {std::string(id->value_of("system").empty() ? xds::rfc3986 : id->value_of("system")),
                  std::string(id->value_of("value"))});
  for (const auto& child : *composition) {
    if (child.name == "subject" || child.name == "type" || child.name == "category")
      build::add_copy(arena, reference, child);
    if (child.name == "confidentiality")
      build::add_concept(arena, reference, "securityLabel", "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
                         child.text);
  }
  auto& attachment = build::add(arena, build::add(arena, reference, "content"), "attachment");
  build::add(arena, attachment, "contentType", "application/fhir+json");
  build::add_some(arena, attachment, "language", composition->value_of("language"));
  std::string bytes;
  fhir::json::write(bundle, bytes);
  build::add(arena, attachment, "data", fhir::encode_base64(bytes));
  build::add_some(arena, attachment, "title", composition->value_of("title"));
  build::add_some(arena, attachment, "creation", composition->value_of("date"));
  return &reference;
}

}  // namespace

Result<Node*> describe(const Node& document, Arena& arena) {
  const auto type = document.type->name.view();
  if (type == "Bundle") return from_bundle(document, arena);
  if (type != "Binary") return wrong("A document is a Binary or a Bundle, not a " + std::string(type));
  const auto bytes = fhir::decode_base64(document.value_of("data"));
  if (!bytes || bytes->empty()) return wrong("The Binary has no data");
  return from_cda(arena.copy(*bytes), document.value_of("contentType"), arena);
}

}  // namespace ihe::mhd
