// Identifier domains, and their file.
#include "ihe/identity/domains.h"

#include <algorithm>

#include "fhir/format/json.h"
#include "fhir/node.h"
#include "ihe/identity/matricule.h"

namespace ihe::identity {
namespace {

using fhir::Kind;
using fhir::Node;
using fhir::Outcome;
using fhir::Result;

constexpr std::string_view oid_prefix = "urn:oid:";
constexpr std::string_view name_prefix = "urn:x-namespace:";

std::string_view bare_oid(std::string_view oid) {
  if (oid.starts_with(oid_prefix)) oid.remove_prefix(oid_prefix.size());
  return oid;
}

bool is_oid(std::string_view text) {
  return !text.empty() && text.find('.') != std::string_view::npos &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

Outcome wrong(std::size_t at, const std::string& what) {
  return {Kind::malformed, "invalid", "The file of domains: domain " + std::to_string(at + 1) + " " + what};
}

Result<Domain> read_domain(const Node& node, std::size_t at) {
  Domain domain;
  bool checked = false;
  for (const auto& member : node) {
    if (member.name == "name") {
      domain.name = member.text;
    } else if (member.name == "oid") {
      domain.oid = bare_oid(member.text);
      if (!is_oid(domain.oid)) return wrong(at, "has an \"oid\" that is none");
    } else if (member.name == "uri") {
      domain.uri = member.text;
    } else if (member.name == "feeders") {
      if (member.text.find('|') == std::string_view::npos)
        return wrong(at, "has a feeder that is not of the form \"APPLICATION|FACILITY\"");
      domain.feeders.emplace_back(member.text);
    } else if (member.name == "national") {
      domain.national = member.text == "true";
    } else if (member.name == "check") {
      if (member.text != "strict" && member.text != "warn")
        return wrong(at, "has a \"check\" that is neither \"strict\" nor \"warn\"");
      domain.check = member.text == "strict" ? Domain::Check::strict : Domain::Check::warn;
      checked = true;
    } else {
      return wrong(at, "has an unknown member \"" + std::string(member.name) +
                           "\"; known are name, oid, uri, feeders, national, check");
    }
  }
  if (domain.uri.empty() && !domain.oid.empty()) domain.uri = std::string(oid_prefix) + domain.oid;
  if (domain.uri.empty() && !domain.name.empty()) domain.uri = std::string(name_prefix) + domain.name;
  if (domain.uri.empty()) return wrong(at, "needs a \"name\", an \"oid\" or a \"uri\"");
  if (domain.oid.empty() && domain.uri.starts_with(oid_prefix)) domain.oid = bare_oid(domain.uri);
  if (domain.national && !checked) domain.check = Domain::Check::strict;
  return domain;
}

}  // namespace

bool Domain::fed_by(std::string_view feeder) const {
  return feeders.empty() || std::find(feeders.begin(), feeders.end(), feeder) != feeders.end();
}

Domains::Domains() {
  Domain national;
  national.uri = matricule_system;
  national.oid = bare_oid(matricule_system);
  national.national = true;
  national.check = Domain::Check::strict;
  all_.push_back(std::move(national));
}

Result<Domains> Domains::read(std::string_view text) {
  Domains domains;
  if (text.find_first_not_of(" []\r\n\t") == std::string_view::npos) return domains;  // an empty list
  fhir::Arena arena;
  const auto whole = "{\"domains\":" + std::string(text) + "}";
  const auto parsed = fhir::json::parse(whole, arena);
  if (!parsed) {
    auto outcome = parsed.outcome();
    for (auto& issue : outcome.issues) issue.diagnostics.insert(0, "The file of domains: ");
    return outcome;
  }
  std::size_t at = 0;
  for (const auto& node : **parsed) {
    if (node.form != Node::Form::object || !node.listed)
      return Outcome(Kind::malformed, "structure", "The file of domains must be a list of objects: [{…}]");
    auto domain = read_domain(node, at++);
    if (!domain) return std::move(domain.outcome());
    if (domain->uri == matricule_system) {
      domains.all_.front() = std::move(*domain);
      continue;
    }
    const bool known = domains.by_uri(domain->uri) || (!domain->name.empty() && domains.by_name(domain->name)) ||
                       (!domain->oid.empty() && domains.by_oid(domain->oid));
    if (known) return wrong(at - 1, "has the name, OID or URI of another one");
    domains.all_.push_back(std::move(*domain));
  }
  return domains;
}

const Domain* Domains::by_uri(std::string_view uri) const {
  const auto found = std::find_if(all_.begin(), all_.end(), [&](const Domain& domain) { return domain.uri == uri; });
  return found == all_.end() ? nullptr : &*found;
}

bool Domains::is_national(std::string_view uri) const {
  const auto* domain = by_uri(uri);
  return domain && domain->national;
}

const Domain* Domains::by_name(std::string_view name) const {
  const auto found = std::find_if(all_.begin(), all_.end(), [&](const Domain& domain) { return domain.name == name; });
  return found == all_.end() || name.empty() ? nullptr : &*found;
}

const Domain* Domains::by_oid(std::string_view oid) const {
  oid = bare_oid(oid);
  const auto found = std::find_if(all_.begin(), all_.end(), [&](const Domain& domain) { return domain.oid == oid; });
  return found == all_.end() || oid.empty() ? nullptr : &*found;
}

const Domain* Domains::by_authority(std::string_view name, std::string_view universal_id, std::string_view type) const {
  const Domain* named = name.empty() ? nullptr : by_name(name);
  if (universal_id.empty()) return named;
  const Domain* identified = type == "URI" ? by_uri(universal_id) : by_oid(universal_id);
  if (!identified) identified = by_uri(universal_id);
  const bool agree = !identified || name.empty() || named == identified || (!named && identified->name.empty());
  return agree ? identified : nullptr;
}

std::string Domains::uri_of(std::string_view name, std::string_view universal_id, std::string_view type) {
  if (is_oid(bare_oid(universal_id)) && type != "URI") return std::string(oid_prefix).append(bare_oid(universal_id));
  if (type == "URI" || universal_id.starts_with("urn:") || universal_id.starts_with("http"))
    return std::string(universal_id);
  const auto word = name.empty() ? universal_id : name;
  if (word.empty()) return {};
  std::string uri(name_prefix);
  for (const char c : word) uri += c == ' ' ? '_' : c;  // a URI holds no blank
  return uri;
}

Domain Domains::described_by(std::string_view uri) {
  Domain domain;
  domain.uri = uri;
  if (uri.starts_with(oid_prefix)) domain.oid = bare_oid(uri);
  if (uri.starts_with(name_prefix)) domain.name = uri.substr(name_prefix.size());
  return domain;
}

}  // namespace ihe::identity
