// The files of the configuration.
#include "src/setup.h"

#include <fstream>
#include <iterator>
#include <optional>

namespace alzette {
namespace {

std::optional<std::string> text_of(const std::string& file) {
  std::ifstream input(file, std::ios::binary);
  if (!input) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(input), {});
}

}  // namespace

fhir::Result<ihe::Settings> set_up(const Config& config) {
  ihe::Settings settings;
  settings.accept_unknown_domains = config.accept_unknown_domains;
  if (config.domains.empty()) return settings;
  const auto text = text_of(config.domains);
  if (!text)
    return fhir::Outcome(fhir::Kind::malformed, "invalid", "--domains: cannot read \"" + config.domains + "\"");
  auto domains = ihe::identity::Domains::read(*text);
  if (!domains) return std::move(domains.outcome());
  settings.domains = std::move(*domains);
  return settings;
}

fhir::Result<std::vector<ihe::pix::Consumer>> pix_consumers(const Config& config, const ihe::Settings& settings) {
  if (config.pix_consumers.empty()) return std::vector<ihe::pix::Consumer>();
  const auto text = text_of(config.pix_consumers);
  if (!text)
    return fhir::Outcome(fhir::Kind::malformed, "invalid",
                         "--pix-consumers: cannot read \"" + config.pix_consumers + "\"");
  return ihe::pix::read_consumers(*text, settings.domains);
}

}  // namespace alzette
