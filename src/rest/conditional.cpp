// Conditional entries.
#include "src/rest/conditional.h"

#include <utility>

#include "src/net/uri.h"

namespace alzette::rest {

std::optional<Conditional> conditional_of(const BundleEntry& entry, std::size_t index) {
  const std::string_view interaction = entry.method == "PUT"      ? "update"
                                       : entry.method == "PATCH"  ? "patch"
                                       : entry.method == "DELETE" ? "delete"
                                                                  : "";
  const auto* type = fhir::definitions().resource(entry.path);
  if (interaction.empty() || !type) return std::nullopt;
  auto criteria = net::query_parameters(entry.query);
  if (!criteria) return std::nullopt;
  return Conditional{interaction, type, std::move(*criteria), index, std::nullopt};
}

std::vector<Conditional> conditionals_of(fhir::Node& bundle, std::string_view base) {
  std::vector<Conditional> all;
  const auto nodes = entries_of(bundle);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const auto entry = read_entry(*nodes[i], i, base);
    auto conditional = entry ? conditional_of(*entry, i) : std::nullopt;
    if (conditional) all.push_back(std::move(*conditional));
  }
  return all;
}

}  // namespace alzette::rest
