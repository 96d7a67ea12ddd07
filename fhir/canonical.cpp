// Reading of conformance resources and their addresses.
#include "fhir/canonical.h"

#include <algorithm>

#include "fhir/archive.h"
#include "fhir/bind.h"
#include "fhir/definitions.h"
#include "fhir/format/json.h"

extern "C" const char alzette_definitions_archive[];
extern "C" const char alzette_definitions_archive_end[];

namespace fhir {

namespace {

struct Kept {
  std::string json;
  Arena arena;
};

bool digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view next_part(std::string_view& rest) {
  const auto end = std::min(rest.find_first_of(".-"), rest.size());
  const auto part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

}  // namespace

CanonicalParts canonical_parts(std::string_view canonical) {
  canonical = canonical.substr(0, canonical.find('#'));
  const auto bar = canonical.find('|');
  if (bar == canonical.npos) return {canonical, {}};
  return {canonical.substr(0, bar), canonical.substr(bar + 1)};
}

bool version_before(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    auto left = next_part(a), right = next_part(b);
    if (left == right) continue;
    if (!digits(left) || !digits(right)) return left < right;
    left.remove_prefix(std::min(left.find_first_not_of('0'), left.size()));
    right.remove_prefix(std::min(right.find_first_not_of('0'), right.size()));
    if (left.size() != right.size()) return left.size() < right.size();
    if (left != right) return left < right;
  }
  return a.empty() && !b.empty();
}

const Archive& core_archive() {
  static const Archive archive =
      *Archive::open({alzette_definitions_archive,
                      static_cast<std::size_t>(alzette_definitions_archive_end - alzette_definitions_archive)});
  return archive;
}

std::shared_ptr<const Canonical> make_canonical(std::string json) {
  const auto kept = std::make_shared<Kept>(Kept{std::move(json), Arena(64 * 1024)});
  auto raw = json::parse(kept->json, kept->arena);
  if (!raw) return nullptr;
  std::vector<Issue> issues;
  const Node* resource = bind(*raw, kept->arena, issues);
  if (!resource) return nullptr;
  auto canonical = std::make_shared<Canonical>();
  canonical->resource = resource;
  canonical->type = resource->type->name;
  canonical->url = resource->value_of("url");
  canonical->version = resource->value_of("version");
  canonical->keeps = kept;
  return canonical;
}

}  // namespace fhir
