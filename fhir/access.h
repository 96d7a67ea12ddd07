// Who asks, for what, and what they may touch. Every query and every write carries one; the planner checks each
// type that a query reads (chained, reversed, included, sorted, counted) and every result row is checked again.
// A default-constructed Access may do nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fhir {

enum class Verb : std::uint8_t { read, search, create, update, remove, operate };

struct Grant {
  std::string type;  // a resource type, or "*"
  std::vector<Verb> verbs;
};

struct Access {
  std::string subject;  // for audit: who asks
  std::string role;
  std::string purpose;  // v3-PurposeOfUse code
  std::vector<Grant> grants;

  bool may(Verb verb, std::string_view type) const;

  // The one policy until authentication is configured: everything, for a developer on this machine.
  static Access local_developer();
};

}  // namespace fhir
