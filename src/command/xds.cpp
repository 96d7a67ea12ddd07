// alzette xds query | provide | register | retrieve | update | remove | remove-documents | find | publish
#include "src/command/xds.h"

#include <iostream>

#include "fhir/incoming.h"
#include "src/auth/seal.h"
#include "src/net/client.h"
#include "src/net/egress.h"

namespace alzette::command {
namespace xds {

using fhir::Kind;
using fhir::Outcome;

void Peer::declare(CLI::App& app, std::string usual_address) {
  to = std::move(usual_address);
  app.add_option("--to", to, "address of the server")->type_name("URL")->capture_default_str();
  app.add_option("--ca", ca, "authorities that may vouch for it beside those of this machine (PEM)")->type_name("FILE");
  auto* own = app.add_option("--cert", certificate, "certificate to show (PEM)")->type_name("FILE");
  auto* secret = app.add_option("--key", key, "its private key (PEM)")->type_name("FILE");
  own->needs(secret);
  secret->needs(own);
  app.add_option("--timeout", patience_s, "seconds to wait for an answer")->type_name("S")->capture_default_str();
}

fhir::Result<Response> Peer::send(std::string method, std::string_view more, Headers headers, std::string body) const {
  const auto endpoint = net::endpoint_of(to);
  if (!endpoint) return Outcome(Kind::unprocessable, "value", "--to " + to + " is no http or https address");
  std::shared_ptr<const net::TlsContext> tls;
  if (endpoint->tls) {
    auto made = net::TlsContext::client({certificate, key, ca});
    if (!made) return std::move(made.outcome());
    tls = std::move(*made);
  }
  const auto host = endpoint->host.find(':') == std::string::npos ? endpoint->host : "[" + endpoint->host + "]";
  net::Client client(host + ":" + endpoint->port, std::chrono::seconds(patience_s), std::move(tls));
  Request request;
  request.method = std::move(method);
  request.target = endpoint->target + std::string(more);
  request.headers = std::move(headers);
  request.headers.emplace_back("Host", endpoint->authority());
  request.body = std::move(body);
  return client.send(request);
}

ihe::xds::Call Peer::call() const { return {to, auth::random_token()}; }

fhir::Result<ihe::xds::Told> Peer::exchange(const ihe::xds::Posted& request, const ihe::xds::Call& call) const {
  auto response = send("POST", "", {{"Content-Type", request.content_type}}, request.content->text());
  if (!response) return std::move(response.outcome());
  const std::string type(alzette::find(response->headers, "Content-Type"));
  const auto status = response->status;
  auto told = ihe::xds::told({type, std::make_shared<fhir::TextContent>(std::move(response->body))}, call);
  if (told || told.outcome().kind == Kind::unprocessable) return told;
  return Outcome(Kind::malformed, "structure",
                 "HTTP " + std::to_string(status) + " from " + to + ": " + told.outcome().issues.front().diagnostics);
}

int submit(const Peer& peer, const ihe::xds::Posted& request, const ihe::xds::Call& call,
           const std::vector<ihe::xds::RegistryObject>& objects) {
  const auto told = peer.exchange(request, call);
  if (!told) return complain(told.outcome());
  if (const auto code = tell_errors(*told); code != done) return code;
  for (const auto& object : objects)
    if (object.kind != ihe::xds::Kind::association)
      std::cout << ihe::xds::word_of(object.kind) << '\t' << object.id << '\t' << ihe::xds::unique_id(object) << '\n';
  return done;
}

std::string urn_of(const std::string& uuid) {
  return uuid.empty() || uuid.starts_with("urn:uuid:") ? uuid : "urn:uuid:" + uuid;
}

std::string plain(std::string_view text) {
  std::string out(text);
  for (auto& c : out)
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
  return out;
}

int tell_errors(const ihe::xds::Told& told) {
  for (const auto& error : told.errors)
    std::cerr << "alzette: " << (error.warning ? "warning " : "") << plain(error.code) << ": " << plain(error.context)
              << (error.location.empty() ? "" : " (" + plain(error.location) + ")") << '\n';
  if (told.status == "Success") return done;
  if (told.errors.empty()) complain("the answer is " + plain(told.status) + " and gives no reason");
  return failed;
}

int tell_refusal(const Response& response) {
  complain("HTTP " + std::to_string(response.status));
  const auto outcome = fhir::receive(response.body);
  if (!outcome) return failed;
  for (const auto& issue : *outcome->resource) {
    if (issue.name != "issue") continue;
    const auto* details = issue.child("details");
    const auto* coding = details ? details->child("coding") : nullptr;
    complain((coding ? plain(coding->value_of("code")) + ": " : std::string()) + plain(issue.value_of("diagnostics")));
  }
  return failed;
}

}  // namespace xds

namespace {

struct Flags {
  CLI::App app{
      "A client of document sharing: asks a registry or repository of XDS, or a server of MHD, as Document Consumer "
      "and "
      "Document Source. Results on stdout, a tab between columns; errors and warnings on stderr.",
      "alzette xds"};
  std::vector<xds::Subcommand> all;

  Flags() {
    app.require_subcommand(1);
    for (auto* make : {xds::query, xds::provide, xds::register_set, xds::retrieve, xds::update, xds::remove,
                       xds::remove_documents, xds::find, xds::publish})
      all.push_back(make(app));
  }
};

int run(const Arguments& arguments) {
  Flags flags;
  if (auto code = parse(flags.app, arguments)) return *code;
  for (const auto& one : flags.all)
    if (*one.app) return one.run();
  return wrong_usage;
}

std::string help_text() { return Flags().app.help("", CLI::AppFormatMode::All); }

}  // namespace

const Command xds_client{"xds", "asks registries and repositories: query, provide, retrieve, update, remove, find …",
                         run, help_text};

}  // namespace alzette::command
