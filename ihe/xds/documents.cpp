// Documents of the repository: see documents.h.
#include "ihe/xds/documents.h"

#include "fhir/build.h"
#include "fhir/digest.h"
#include "fhir/format/json.h"
#include "fhir/hex.h"
#include "fhir/incoming.h"
#include "fhir/value.h"
#include "ihe/xds/attribute.h"
#include "ihe/xds/names.h"

namespace ihe::xds {
namespace {

const fhir::Type& binary() {
  static const fhir::Type* const type = fhir::definitions().resource("Binary");
  return *type;
}

}  // namespace

std::string binary_id(std::string_view unique_id) { return fhir::to_hex(fhir::sha256(unique_id)).substr(0, 40); }

bool is_document_id(std::string_view id) { return is_sha1(id); }

void describe(RegistryObject& entry, const Document& document, const Settings& settings, Errors& errors) {
  fhir::Digest digest(fhir::Digest::Kind::sha1);
  document.bytes->each([&](std::string_view piece) {
    digest.add(piece);
    return true;
  });
  const auto hash = fhir::to_hex(digest.finish());
  const auto size = std::to_string(document.bytes->size());
  const auto differs = [&](std::string_view name, std::string_view given, std::string_view is) {
    errors.add(code::repository_metadata,
               std::string(name) + " " + std::string(given) + " of the document " + document.unique_id +
                   " does not fit its bytes: it is " + std::string(is),
               entry.id);
  };
  const auto given_hash = entry.value(slot::hash), given_size = entry.value(slot::size);
  if (!given_hash.empty() && !same_hash(given_hash, hash)) differs("hash", given_hash, hash);
  if (!given_size.empty() && given_size != size) differs("size", given_size, size);
  if (given_hash.empty()) entry.set(slot::hash, hash);
  if (given_size.empty()) entry.set(slot::size, size);
  entry.set(slot::repository_unique_id, settings.repository_id);
}

fhir::Result<fhir::Write> write_of(const Document& document, Work& work) {
  const auto id = binary_id(document.unique_id);
  const auto before = work.site.snapshot.fetch(work.site.access, binary(), id, std::nullopt);
  if (!before && before.outcome().kind != fhir::Kind::absent && before.outcome().kind != fhir::Kind::gone)
    return before.outcome();
  fhir::Arena arena;
  auto& node = fhir::build::resource(arena, "Binary");
  fhir::build::add(arena, node, "contentType", document.mime_type);
  auto write = fhir::lay_out(node, id, before ? fhir::Method::update : fhir::Method::create, work.site.base);
  if (!write) return write;
  fhir::set_data(*write, document.bytes);
  write->if_version = before ? before->version : 0;
  write->if_version_planned = true;
  return write;
}

std::optional<fhir::Write> removal_of(std::string_view unique_id, Work& work) {
  const auto id = binary_id(unique_id);
  const auto before = work.site.snapshot.fetch(work.site.access, binary(), id, std::nullopt);
  if (!before) return std::nullopt;
  fhir::Write write;
  write.method = fhir::Method::remove;
  write.type = &binary();
  write.id = id;
  write.if_version = before->version;
  write.if_version_planned = true;
  return write;
}

fhir::Result<Document> read_document(fhir::Snapshot& snapshot, const fhir::Access& access, std::string_view unique_id) {
  const auto version = snapshot.fetch(access, binary(), binary_id(unique_id), std::nullopt);
  if (!version) return version.outcome();
  fhir::Arena arena;
  const auto node = fhir::json::parse(version->body, arena);
  if (!node) return node.outcome();
  Document document{std::string(unique_id), std::string((*node)->value_of("contentType")), nullptr};
  if (!version->documents.empty()) {
    document.bytes = version->documents.front().bytes;
  } else {
    auto bytes = fhir::decode_base64((*node)->value_of("data"));
    document.bytes = std::make_shared<fhir::TextContent>(bytes ? std::move(*bytes) : std::string());
  }
  return document;
}

}  // namespace ihe::xds
