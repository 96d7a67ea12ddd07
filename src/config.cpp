#include "src/config.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdlib>
#include <istream>
#include <iterator>
#include <memory>
#include <optional>

#include "src/net/ascii.h"
#include "src/net/cors.h"

namespace alzette {

namespace {

constexpr std::string_view prefix = "ALZETTE_";

// The flat JSON form of a configuration: {"http": "127.0.0.1:8080", "log-requests": true}.
// TOML is CLI11's own.
class JsonFile {
 public:
  explicit JsonFile(std::string_view text) : text_(text) {}

  std::vector<CLI::ConfigItem> items() {
    std::vector<CLI::ConfigItem> items;
    expect('{');
    if (take('}')) return items;
    do {
      CLI::ConfigItem item;
      item.name = string();
      expect(':');
      item.inputs.push_back(scalar());
      items.push_back(std::move(item));
    } while (take(','));
    expect('}');
    skip();
    if (!text_.empty()) fail("something follows the object");
    return items;
  }

 private:
  [[noreturn]] static void fail(const std::string& what) { throw CLI::ConversionError("the JSON file: " + what); }

  void skip() {
    const auto start = text_.find_first_not_of(" \t\r\n");
    text_.remove_prefix(start == std::string_view::npos ? text_.size() : start);
  }

  bool take(char c) {
    skip();
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }

  void expect(char c) {
    if (!take(c)) fail(std::string("expected ") + c);
  }

  std::string string() {
    expect('"');
    std::string value;
    for (; !text_.empty(); text_.remove_prefix(1)) {
      char c = text_.front();
      if (c == '"') return text_.remove_prefix(1), value;
      if (c == '\\') {
        text_.remove_prefix(1);
        if (text_.empty() || std::string_view("\"\\/").find(text_.front()) == std::string_view::npos)
          fail("only \\\", \\\\ and \\/ are known escapes");
        c = text_.front();
      }
      value.push_back(c);
    }
    fail("a string has no end");
  }

  std::string scalar() {
    skip();
    if (!text_.empty() && text_.front() == '"') return string();
    const auto end = std::min(text_.find_first_of(",]} \t\r\n"), text_.size());
    std::string word(text_.substr(0, end));
    const bool number = !word.empty() && std::all_of(word.begin(), word.end(), net::is_digit);
    if (!number && word != "true" && word != "false") fail("a value must be a string, a whole number, true or false");
    text_.remove_prefix(end);
    return word;
  }

  std::string_view text_;
};

class TomlOrJson final : public CLI::ConfigTOML {
  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override {
    const std::string text(std::istreambuf_iterator<char>(input), {});
    if (const auto first = text.find_first_not_of(" \t\r\n"); first != std::string::npos && text[first] == '{')
      return JsonFile(text).items();
    std::istringstream again(text);
    return CLI::ConfigTOML::from_config(again);
  }
};

void add_options(CLI::App& app, Config& config) {
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_option("--data", config.data, "folder of the store")->capture_default_str();
  app.add_option("--http", config.http, "ADDRESS:PORT of the plain door; port 0 picks a free one, \"\" closes it")
      ->capture_default_str();
  app.add_option("--https", config.https, "ADDRESS:PORT of the TLS door; needs --cert and --key");
  app.add_option("--cert", config.cert, "certificate with its chain, PEM");
  app.add_option("--key", config.key, "private key, PEM");
  app.add_option("--client-ca", config.client_ca, "PEM; demands a client certificate of one of these authorities");
  app.add_option("--mllp", config.mllp, "ADDRESS:PORT of the HL7 v2 door (MLLP), for every HL7 v2 transaction");
  app.add_option("--mllps", config.mllps, "ADDRESS:PORT of the HL7 v2 door by TLS; needs --cert and --key");
  app.add_option("--domains", config.domains,
                 "JSON file of the identifier domains (assigning authorities) beside the national one");
  app.add_option("--pix-consumers", config.pix_consumers,
                 "JSON file of the consumers that are told when identifiers change (ITI-10, ITI-46)");
  app.add_option("--match-links", config.match_links,
                 "what becomes of patients of known domains that matching holds for one person: propose: a Task for "
                 "the identity unit; link: those that are certain are linked at once")
      ->check(CLI::IsMember({"off", "propose", "link"}))
      ->capture_default_str();
  app.add_option("--match-weights", config.match_weights,
                 "JSON file of weights for matching, as \"alzette match learn\" writes it");
  app.add_flag("--accept-unknown-domains", config.accept_unknown_domains,
               "feeds may bring identifiers of domains that are not configured: for test labs");
  app.add_flag("--accept-unknown-patients", config.accept_unknown_patients,
               "document submissions may name patients that no feed told of: for test labs");
  app.add_option("--affinity", config.affinity,
                 "JSON file of the affinity domain's codes and media types; without one: profiles/lu/affinity.json");
  app.add_flag("--affinity-enforce", config.affinity_enforce, "refuse other codes instead of warning of them");
  app.add_option("--profiles-on-write", config.profiles_on_write,
                 "what becomes of a write that breaks a profile that it claims: not judged, told, or refused")
      ->check(CLI::IsMember({"off", "warn", "enforce"}))
      ->capture_default_str();
  app.add_option("--require-profile", config.require_profile,
                 "TYPE=URL: what all resources of a type must conform to, claimed or not; needs --profiles-on-write")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_flag(
      "--audit-queries", config.audit_queries,
      "FHIR searches of patients, lists and documents and reads of documents leave an audit record too (ITI-78, "
      "66, 67, 68), as every other transaction does");
  app.add_option("--repository-id", config.repository_id, "OID of our document repository")->capture_default_str();
  app.add_option("--home-id", config.home_id, "OID of our home community")->capture_default_str();
  app.add_option("--log", config.log, "least level of the log")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->capture_default_str();
  app.add_flag("--log-requests", config.log_requests, "a line for every request, not only for slow and failed ones");
  app.add_option("--threads", config.threads, "threads of the network; 0: one per core")->check(CLI::Range(0, 1024));
  app.add_option("--workers", config.workers, "threads for long work; 0: one per core")->check(CLI::Range(0, 1024));
  app.add_option("--queue", config.queue, "requests that may wait for a worker before 503")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  app.add_option("--max-body-mib", config.max_body_mib, "largest request body, MiB")
      ->check(CLI::Range(1U, Config{}.max_body_mib))
      ->capture_default_str();
  app.add_option("--max-document-mib", config.max_document_mib, "largest SOAP message with its documents, MiB")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  app.add_option("--schemas", config.schemas,
                 "folder of XML Schemas (*.xsd) that SOAP messages must satisfy; slow, for test labs");
  app.add_option("--max-connections", config.max_connections, "connections at a time")
      ->check(CLI::Range(8, 1'000'000))
      ->capture_default_str();
  app.add_option(
         "--allow-endpoint", config.allow_endpoint,
         "beginning of the URLs that the server may ask although they lie in a network of their own; repeatable")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option(
         "--allow-origin", config.allow_origin,
         "origin, such as https://app.example, whose pages may use the server from a browser (CORS); * for any; "
         "repeatable")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.set_config("--config", "", "TOML or JSON file with the same names");
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.config_formatter(std::make_shared<TomlOrJson>());
}

std::string variable_of(std::string name) {
  for (auto& c : name) c = c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return std::string(prefix) + name;
}

bool is_loopback(std::string_view address) {
  return address.empty() || address.starts_with("127.") || address.starts_with("[::1]:") ||
         address.starts_with("localhost:");
}

fhir::Outcome wrong(const std::string& why) { return {fhir::Kind::malformed, "invalid", why}; }

std::optional<fhir::Outcome> contradiction(const Config& config) {
  const bool tls = !config.https.empty() || !config.mllps.empty();
  if (tls && (config.cert.empty() || config.key.empty()))
    return wrong("--https and --mllps need --cert FILE and --key FILE");
  if (!tls && !(config.cert.empty() && config.key.empty() && config.client_ca.empty()))
    return wrong("--cert, --key and --client-ca are for --https and --mllps ADDRESS:PORT; give one too");
  if (config.http.empty() && config.mllp.empty() && !tls)
    return wrong("no door is open; give --http, --https, --mllp or --mllps");
  for (const auto& origin : config.allow_origin)
    if (origin != "*" && !net::is_origin(origin))
      return wrong("--allow-origin " + origin +
                   " is what no browser calls an origin; give scheme and host in small letters, perhaps a port, and "
                   "nothing behind it: https://app.example");
  return std::nullopt;
}

}  // namespace

fhir::Result<Config> read_config(const std::vector<std::string>& arguments) {
  Config config;
  CLI::App app("alzette serve", "alzette serve");
  app.set_help_flag();
  add_options(app, config);
  // Variables go in front of the flags, so that a flag wins; CLI11 itself would let the file win over a variable.
  std::vector<std::string> all;
  for (const auto* option : app.get_options()) {
    const auto name = option->get_name(false, true).substr(2);
    if (const char* value = std::getenv(variable_of(name).c_str())) all.push_back("--" + name + "=" + value);
  }
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::reverse(all.begin(), all.end());  // CLI11 takes them from the back
  try {
    app.parse(all);
  } catch (const CLI::Error& error) {
    return wrong(std::string(error.what()) + "; `alzette help serve` lists the options");
  }
  if (auto refused = contradiction(config)) return *refused;
  return config;
}

std::string config_help() {
  Config config;
  CLI::App app("The server. Each option can also be set as ALZETTE_NAME, or in the file of --config.", "alzette serve");
  app.set_help_flag();
  add_options(app, config);
  return app.help();
}

net::Listen Config::listen() const {
  net::Listen listen;
  listen.http = http;
  listen.https = https;
  if (!cert.empty() && !https.empty()) listen.tls = net::TlsFiles{cert, key, client_ca};
  listen.log_requests = log_requests;
  return listen;
}

net::MllpListen Config::mllp_listen() const {
  net::MllpListen listen;
  listen.mllp = mllp;
  listen.mllps = mllps;
  if (!mllps.empty()) listen.tls = net::TlsFiles{cert, key, client_ca};
  return listen;
}

net::Limits Config::limits() const {
  net::Limits limits;
  limits.threads = threads;
  limits.connections = max_connections;
  limits.body.spool_folder = data;  // the store's rights hold for what is on its way into it, too
  limits.body.bytes = static_cast<std::uint64_t>(max_body_mib) << 20;
  limits.body.document_bytes = static_cast<std::uint64_t>(max_document_mib) << 20;
  return limits;
}

std::string describe(const Config& config) {
  std::string text;
  const auto line = [&text](std::string_view name, std::string_view value) {
    if (!value.empty()) text.append(name).append(" ").append(value).append("\n");
  };
  line("data", config.data);
  line("http", config.http);
  line("https", config.https);
  line("mllp", config.mllp);
  line("mllps", config.mllps);
  line("client-ca", config.client_ca);
  line("domains", config.domains);
  line("pix-consumers", config.pix_consumers);
  line("match-links", config.match_links);
  line("match-weights", config.match_weights);
  line("affinity", config.affinity);
  line("audit-queries", config.audit_queries ? "yes" : "no");
  line("profiles-on-write", config.profiles_on_write);
  for (const auto& rule : config.require_profile) line("require-profile", rule);
  line("repository-id", config.repository_id);
  line("home-id", config.home_id);
  line("log", config.log);
  line("max-body-mib", std::to_string(config.max_body_mib));
  line("max-connections", std::to_string(config.max_connections));
  for (const auto& origin : config.allow_origin) line("allow-origin", origin);
  line("policy", "open: everyone who can connect may read and write everything");
  return text;
}

std::string open_policy_warning(const Config& config) {
  std::string doors;
  for (const auto* address : {&config.http, &config.https, &config.mllp, &config.mllps})
    if (!is_loopback(*address)) doors += (doors.empty() ? "" : ", ") + *address;
  if (doors.empty()) return {};
  return "WARNING: the access policy is open and " + doors +
         " can be reached from other machines: everyone there may read and write every record. Use it for examples "
         "and test data only, or listen on 127.0.0.1.";
}

}  // namespace alzette
