// XML as text, and JSON to XML and back: nothing crashes, what is written is read without a fault, and says the same.
// The first byte decides which form the rest is taken for.
#include "fhir/format/xml.h"

#include <cstdint>
#include <cstdlib>

#include "fhir/bind.h"
#include "fhir/format/json.h"

namespace {

// JSON of what a document says, or nothing when it is refused or has faults.
std::string read(std::string_view xml, bool must) {
  fhir::Arena arena;
  std::vector<fhir::Issue> issues;
  const auto read = fhir::xml::read(xml, arena, issues);
  bool good = read && *read;
  for (const auto& issue : issues) good = good && !issue.refuses();
  if (must && !good) std::abort();
  std::string json;
  if (good) fhir::json::write(**read, json);
  return json;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  std::string json;
  if (data[0] % 2) {
    json = read(text, false);
  } else {
    fhir::Arena arena;
    std::vector<fhir::Issue> issues;
    const auto raw = fhir::json::parse(text, arena);
    const fhir::Node* resource = raw ? fhir::bind(*raw, arena, issues) : nullptr;
    if (resource && issues.empty()) fhir::json::write(*resource, json);
  }
  if (json.empty()) return 0;
  const auto xml = fhir::xml::from_json(json);
  if (fhir::xml::from_json(read(xml, true)) != xml) std::abort();
  if (fhir::xml::from_json(read(fhir::xml::from_json(json, true), true)) != xml) std::abort();
  return 0;
}
