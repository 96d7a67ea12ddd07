// Code systems whose codes follow from a rule and cannot be listed: language tags, media types, units, URIs.
// BCP 47 (RFC 5646), BCP 13 (RFC 6838), UCUM 2.1, RFC 3986; http://hl7.org/fhir/R4/terminologies-systems.html
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace fhir::terminology {

struct Grammar {
  std::string_view url;
  std::string_view name;
  bool case_sensitive;
  bool (*valid)(std::string_view code);
  std::string (*display)(std::string_view code);
};

std::span<const Grammar> grammars();

// The rule of a system, or null.
const Grammar* grammar_of(std::string_view system);

}  // namespace fhir::terminology
