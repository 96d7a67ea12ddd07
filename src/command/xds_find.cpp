// alzette xds find [PARAMETER=VALUE…]: ITI-67, and ITI-66 with --lists
#include <iostream>

#include "fhir/incoming.h"
#include "src/command/xds.h"
#include "src/net/egress.h"
#include "src/net/uri.h"

namespace alzette::command::xds {
namespace {

struct Flags {
  Peer peer;
  std::vector<std::string> parameters;
  bool lists = false, json = false;
  unsigned pages = 10;
};

void print(const fhir::Node& resource) {
  const auto* master = resource.child("masterIdentifier");
  if (!master) master = resource.child("identifier");
  const auto* content = resource.child("content");
  const auto* attachment = content ? content->child("attachment") : nullptr;
  const auto& named = attachment ? *attachment : resource;
  std::cout << plain(resource.value_of("id")) << '\t' << plain(resource.value_of("status")) << '\t'
            << plain(master ? master->value_of("value") : std::string_view()) << '\t'
            << plain(resource.value_of("date")) << '\t' << plain(named.value_of("contentType")) << '\t'
            << plain(named.value_of("title")) << '\t' << plain(named.value_of("url")) << '\n';
}

// The address of the next page, "" when this was the last one.
std::string next_of(const fhir::Node& bundle) {
  for (const auto& link : bundle)
    if (link.name == "link" && link.value_of("relation") == "next") return std::string(link.value_of("url"));
  return {};
}

int run(const Flags& flags) {
  std::string target = flags.lists ? "/List" : "/DocumentReference";
  char separator = '?';
  for (const auto& parameter : flags.parameters) {
    const auto equals = parameter.find('=');
    if (equals == std::string::npos) return complain(parameter + ": a parameter is NAME=VALUE"), wrong_usage;
    target.append(1, separator).append(net::percent_encode(parameter.substr(0, equals))).append("=");
    target += net::percent_encode(parameter.substr(equals + 1));
    separator = '&';
  }
  for (unsigned page = 0; page < flags.pages && !target.empty(); ++page) {
    const auto response = flags.peer.send("GET", target, {{"Accept", "application/fhir+json"}}, {});
    if (!response) return complain(response.outcome());
    if (response->status != 200) return tell_refusal(*response);
    const auto bundle = fhir::receive(response->body);
    if (!bundle) return complain(bundle.outcome());
    if (flags.json) std::cout << response->body << '\n';
    for (const auto& entry : *bundle->resource)
      if (const auto* resource = entry.name == "entry" ? entry.child("resource") : nullptr; resource && !flags.json)
        print(*resource);
    target = next_of(*bundle->resource);
    if (target.empty()) break;
    if (!target.starts_with(flags.peer.to)) return complain("the next page lies elsewhere: " + plain(target));
    target.erase(0, flags.peer.to.size());
  }
  if (!target.empty()) complain("there is more: --pages says how much is fetched");
  return done;
}

}  // namespace

Subcommand find(CLI::App& app) {
  const auto flags = std::make_shared<Flags>();
  auto* sub =
      app.add_subcommand("find", "DocumentReferences of a server of MHD (ITI-67), or Lists (ITI-66), a line each");
  sub->add_option("PARAMETER=VALUE", flags->parameters,
                  "of the search: patient.identifier=urn:oid:…|id status=current");
  sub->add_flag("--lists", flags->lists, "submission sets and folders instead of documents");
  sub->add_flag("--json", flags->json, "print the Bundles as they came");
  sub->add_option("--pages", flags->pages, "how many are fetched at most")->type_name("N")->capture_default_str();
  flags->peer.declare(*sub, "http://127.0.0.1:8080/fhir");
  return {sub, [flags] { return run(*flags); }};
}

}  // namespace alzette::command::xds
