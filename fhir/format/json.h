// FHIR JSON: http://hl7.org/fhir/R4/json.html. The only file that knows RapidJSON is json.cpp.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "fhir/node.h"
#include "fhir/outcome.h"

namespace fhir {
struct Body;  // store.h
}

namespace fhir::json {

struct Limits {
  std::size_t bytes = 64u << 20;
  std::size_t depth = 64;
  std::size_t nodes = 250'000;  // and one more for every 24 bytes: the tree's memory stays in proportion to the text
  std::size_t array = 250'000;  // values of one array
  std::size_t members = 1'000;  // of one object
  bool plain =
      false;  // any JSON, not only FHIR's: members may be null, objects and lists empty (the list leaves nothing)
};

// Text to a raw tree: members as nodes in order, lists as siblings with `listed` set, `_name` members still apart,
// no definitions looked at. `text` must outlive the tree (unescaped strings point into it).
// Refuses, naming line, column and JSON path: syntax, depth, bad UTF-8, lone surrogates, U+0000, duplicate keys,
// numbers beyond decimal limits (1e999999), null outside lists, trailing data, byte order marks, empty objects and
// lists.
Result<Node*> parse(std::string_view text, Arena& arena, const Limits& limits = {});

// A bound tree as JSON in the stored form: no white space, decimals as they came, resourceType first,
// primitive extensions as `_name` with null padding. `pretty` adds two-blank indentation.
void write(const Node& node, std::string& out, bool pretty = false);

// `text` as a JSON string literal with its quotes.
void write_string(std::string_view text, std::string& out);

// A bound resource as it will be stored: resourceType, `id`, meta without versionId and lastUpdated, then the rest.
// meta is made when absent; Body::meta_at points just behind `"meta":{`, so the bytes are valid JSON before and, with
// a comma unless '}' follows, after the insertion.
Body body_of(const Node& resource, std::string_view id);

// Stored JSON laid out for reading (the _pretty parameter), without building a tree.
std::string indent(std::string_view compact);

}  // namespace fhir::json
