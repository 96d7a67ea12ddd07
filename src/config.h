// What an operator may set: by flag, by ALZETTE_… variable, or in one TOML or JSON file with the same names.
// A flag wins over a variable, a variable over the file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/format/json.h"
#include "fhir/outcome.h"
#include "ihe/settings.h"
#include "src/net/http.h"
#include "src/net/mllp.h"

namespace alzette {

// Every option of `serve`; the other verbs take `data` alone.
struct Config {
  std::string data = "./data";
  std::string http = "127.0.0.1:8080";
  std::string https;
  std::string cert;
  std::string key;
  std::string client_ca;
  std::string mllp;
  std::string mllps;
  std::string domains;                   // file of identifier domains
  std::string pix_consumers;             // file of those who are told of changed identifiers (ITI-10)
  std::string match_links = "propose";   // off; propose: a work-list; link: and certain pairs are linked
  std::string match_weights;             // file of learned weights
  bool accept_unknown_domains = false;   // feeds may bring domains that the file does not list
  bool accept_unknown_patients = false;  // submissions may bring patients that no feed told of
  std::string affinity;                  // file of the affinity domain's codes
  bool affinity_enforce = false;
  std::string profiles_on_write = "off";     // off, warn, enforce
  std::vector<std::string> require_profile;  // "Patient=http://…": what all resources of a type must conform to
  bool audit_queries = false;                // searches and reads that are transactions of IHE leave a record as well
  std::string repository_id = ihe::Settings().repository_id;
  std::string home_id = ihe::Settings().home_id;
  std::string log = "info";    // debug, info, warning, error
  bool log_requests = false;   // a line for every request, not only for slow and failed ones
  std::uint32_t threads = 0;   // 0: one per core
  std::uint32_t workers = 0;   // 0: one per core
  std::uint32_t queue = 1024;  // requests waiting for a worker before 503
  std::uint32_t max_body_mib = fhir::json::Limits{}.bytes >> 20;  // more than one document may have is of no use
  std::uint32_t max_document_mib = 2048;                          // of a SOAP message with its documents
  std::uint32_t max_connections = 10'000;
  std::vector<std::string> allow_endpoint;  // beginnings of URLs that may be asked in any network
  std::vector<std::string> allow_origin;    // whose pages may read answers in a browser; "*": any page's
  std::string schemas;                      // folder of XML Schemas that SOAP messages are held against

  net::Listen listen() const;
  net::MllpListen mllp_listen() const;
  net::Limits limits() const;
};

// Parses "serve"'s arguments, without program name and verb. The outcome tells a wrong usage (exit code 2).
fhir::Result<Config> read_config(const std::vector<std::string>& arguments);
std::string config_help();

// What matters, one "name value" a line, for the start of the server.
std::string describe(const Config& config);

// The text to say aloud when the open policy is reachable from other machines; "" when all doors are on loopback.
std::string open_policy_warning(const Config& config);

}  // namespace alzette
