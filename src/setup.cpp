// The files of the configuration.
#include "src/setup.h"

#include <fstream>
#include <iterator>
#include <optional>

#include "fhir/definitions.h"
#include "ihe/match/match.h"

namespace alzette {
namespace {

std::optional<std::string> text_of(const std::string& file) {
  std::ifstream input(file, std::ios::binary);
  if (!input) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(input), {});
}

fhir::Outcome unreadable(const std::string& option, const std::string& file) {
  return {fhir::Kind::malformed, "invalid", option + ": cannot read \"" + file + "\""};
}

}  // namespace

fhir::Result<ihe::Settings> set_up(const Config& config) {
  ihe::Settings settings;
  settings.accept_unknown_domains = config.accept_unknown_domains;
  settings.accept_unknown_patients = config.accept_unknown_patients;
  settings.affinity_enforce = config.affinity_enforce;
  settings.repository_id = config.repository_id;
  settings.home_id = config.home_id;
  if (!config.domains.empty()) {
    const auto text = text_of(config.domains);
    if (!text) return unreadable("--domains", config.domains);
    auto domains = ihe::identity::Domains::read(*text);
    if (!domains) return std::move(domains.outcome());
    settings.domains = std::move(*domains);
  }
  if (!config.match_weights.empty()) {
    const auto text = text_of(config.match_weights);
    if (!text) return unreadable("--match-weights", config.match_weights);
    auto weights = ihe::match::read_weights(*text);
    if (!weights) return std::move(weights.outcome());
    settings.weights = std::make_shared<const ihe::match::Weights>(std::move(*weights));
  }
  const auto text =
      config.affinity.empty() ? std::optional(std::string(ihe::xds::national_affinity())) : text_of(config.affinity);
  if (!text) return unreadable("--affinity", config.affinity);
  auto affinity = ihe::xds::Affinity::read(*text);
  if (!affinity) return std::move(affinity.outcome());
  settings.affinity = std::make_shared<const ihe::xds::Affinity>(std::move(*affinity));
  return settings;
}

fhir::Result<ProfilePolicy> profile_policy(const Config& config) {
  ProfilePolicy policy;
  const std::string& mode = config.profiles_on_write;
  policy.on_write = mode == "enforce" ? OnWrite::enforce : mode == "warn" ? OnWrite::warn : OnWrite::off;
  const auto refused = [](const std::string& why) {
    return fhir::Outcome(fhir::Kind::malformed, "invalid", "--require-profile: " + why);
  };
  for (const auto& rule : config.require_profile) {
    const auto mark = rule.find('=');
    if (mark == rule.npos || mark + 1 == rule.size() || !fhir::definitions().resource(rule.substr(0, mark)))
      return refused("\"" + rule + "\" is not TYPE=URL with a resource type of R4");
    if (policy.on_write == OnWrite::off) return refused("nothing is judged while --profiles-on-write is off");
    policy.required.emplace(rule.substr(0, mark), rule.substr(mark + 1));
  }
  return policy;
}

fhir::Result<std::vector<PixConsumer>> pix_consumers(const Config& config, const ihe::Settings& settings) {
  std::vector<PixConsumer> consumers;
  if (config.pix_consumers.empty()) return consumers;
  const auto text = text_of(config.pix_consumers);
  if (!text) return unreadable("--pix-consumers", config.pix_consumers);
  auto read = ihe::pix::read_consumers(*text, settings.domains);
  if (!read) return std::move(read.outcome());
  for (auto& consumer : *read) {
    std::shared_ptr<const net::TlsContext> tls;
    if (!consumer.ca.empty()) {
      auto made = net::TlsContext::client({config.cert, config.key, consumer.ca});
      if (!made) return std::move(made.outcome());
      tls = std::move(*made);
    }
    consumers.push_back({std::move(consumer), std::move(tls)});
  }
  return consumers;
}

}  // namespace alzette
