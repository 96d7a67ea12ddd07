// What the subcommands of `alzette xds` share: where requests go, what describes a submission, and what is said of the
// answers.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ihe/xds/client.h"
#include "ihe/xds/compose.h"
#include "src/command/command.h"
#include "src/http.h"

namespace alzette::command::xds {

// A subcommand of `xds`; its flags live as long as `run`.
struct Subcommand {
  CLI::App* app = nullptr;
  std::function<int()> run;
};
Subcommand query(CLI::App& app);             // xds_query.cpp
Subcommand provide(CLI::App& app);           // xds_provide.cpp
Subcommand publish(CLI::App& app);           // xds_provide.cpp
Subcommand retrieve(CLI::App& app);          // xds_retrieve.cpp
Subcommand find(CLI::App& app);              // xds_find.cpp
Subcommand register_set(CLI::App& app);      // xds_provide.cpp
Subcommand update(CLI::App& app);            // xds_change.cpp
Subcommand remove(CLI::App& app);            // xds_change.cpp
Subcommand remove_documents(CLI::App& app);  // xds_change.cpp

// The server that is asked.
struct Peer {
  std::string to;
  std::string ca, certificate, key;
  unsigned patience_s = 30;

  void declare(CLI::App& app, std::string usual_address);
  // One HTTP request; `more` is added to the address.
  fhir::Result<Response> send(std::string method, std::string_view more, Headers headers, std::string body) const;
  // One SOAP exchange.
  fhir::Result<ihe::xds::Told> exchange(const ihe::xds::Posted& request, const ihe::xds::Call& call) const;
  ihe::xds::Call call() const;
};

// Errors and warnings of an answer on stderr; `failed` when there is an error.
int tell_errors(const ihe::xds::Told& told);
// The issues of an OperationOutcome on stderr, or the status where there is none. Returns `failed`.
int tell_refusal(const Response& response);

// Sends what submits these objects; when it was taken, the ids of entries, sets and folders on stdout, a line each.
int submit(const Peer& peer, const ihe::xds::Posted& request, const ihe::xds::Call& call,
           const std::vector<ihe::xds::RegistryObject>& objects);
// A UUID as XDS writes it: urn:uuid: may be missing.
std::string urn_of(const std::string& uuid);

// Text of a peer for a line of output: one line, without control characters.
std::string plain(std::string_view text);

// The flags that describe a submission.
struct Described {
  ihe::xds::Composition composition;
  std::vector<std::string> files, titles;
  std::string mime_type;
  std::vector<std::pair<std::string_view, std::string>> codes;  // scheme and code^display^scheme
  std::string content_type, folder_code;
  std::string replaces, appends, transforms, transforms_and_replaces, signs;  // UUIDs, urn:uuid: may be missing

  void declare(CLI::App& app);
  // The composition with its files read. Nothing: the reason has been printed.
  std::optional<ihe::xds::Composition> read();
};

}  // namespace alzette::command::xds
