// TLS at the wire: versions, ciphers and client certificates, with certificates that the test makes itself.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "src/net/http.h"
#include "tests/wire/raw.h"

using alzette::Request;
using alzette::Respond;
using alzette::net::Limits;
using alzette::net::Listen;
using alzette::net::Server;
using alzette::net::TlsFiles;
using namespace std::chrono_literals;

namespace {

struct Pair {
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  ~Pair() {
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
};

// `issuer` null: signed by itself. `from` and `to` in seconds from now.
std::unique_ptr<Pair> make(const char* name, const Pair* issuer, long from = -60, long to = 3600) {
  auto made = std::make_unique<Pair>();
  made->key = EVP_RSA_gen(2048);
  made->certificate = X509_new();
  auto* x = made->certificate;
  X509_set_version(x, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x), std::rand());
  X509_gmtime_adj(X509_getm_notBefore(x), from);
  X509_gmtime_adj(X509_getm_notAfter(x), to);
  X509_set_pubkey(x, made->key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name),
                             -1, -1, 0);
  const auto* signer = issuer != nullptr ? issuer : made.get();
  X509_set_issuer_name(x, X509_get_subject_name(signer->certificate));
  if (issuer == nullptr) {
    auto* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE");
    X509_add_ext(x, extension, -1);
    X509_EXTENSION_free(extension);
  }
  X509_sign(x, signer->key, EVP_sha256());
  return made;
}

struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "alzette-tls-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string write(const char* name, const Pair& pair, bool key) const {
    const auto file = (path / name).string();
    auto* out = std::fopen(file.c_str(), "w");
    if (key)
      PEM_write_PrivateKey(out, pair.key, nullptr, nullptr, 0, nullptr, nullptr);
    else
      PEM_write_X509(out, pair.certificate);
    std::fclose(out);
    return file;
  }
};

struct Authority {
  Folder folder;
  std::unique_ptr<Pair> root = make("Test Root", nullptr);
  std::unique_ptr<Pair> server = make("localhost", root.get());
  TlsFiles files{folder.write("server.pem", *server, false), folder.write("server.key", *server, true), ""};
  std::string ca = folder.write("ca.pem", *root, false);
};

Authority& authority() {
  static Authority one;
  return one;
}

std::unique_ptr<Server> start(const TlsFiles& files, Limits limits = {}) {
  limits.sweep = 20ms;
  Listen listen;
  listen.http = "127.0.0.1:0";
  listen.https = "127.0.0.1:0";
  listen.tls = files;
  auto server = Server::start(listen, limits, [](const Request& request, const Respond& respond) {
    respond({200, {}, (request.secure ? "secure " : "plain ") + request.body, {}, "x"});
  });
  REQUIRE(server);
  return std::move(*server);
}

// A client with everything that a test may want to get wrong.
struct TlsClient {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL* ssl = nullptr;
  wire::Raw raw;
  explicit TlsClient(const std::string& address) : raw(address) { SSL_CTX_set_security_level(context, 0); }
  ~TlsClient() {
    SSL_free(ssl);
    SSL_CTX_free(context);
  }
  void present(const Pair& pair) const {
    SSL_CTX_use_certificate(context, pair.certificate);
    SSL_CTX_use_PrivateKey(context, pair.key);
  }
  bool connect() {
    const timeval patience{3, 0};
    setsockopt(raw.descriptor(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ssl = SSL_new(context);
    SSL_set_fd(ssl, raw.descriptor());
    const bool connected = SSL_connect(ssl) == 1;
    ERR_clear_error();
    return connected;
  }
  // The whole answer to one request on a connection that then closes; "" when refused.
  std::string ask(const std::string& body = "hello") const {
    const std::string request =
        "POST /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
        "\r\n\r\n" + body;
    if (SSL_write(ssl, request.data(), static_cast<int>(request.size())) <= 0) return {};
    std::string answer;
    std::array<char, 16384> part;
    for (int got = 0; (got = SSL_read(ssl, part.data(), part.size())) > 0;)
      answer.append(part.data(), static_cast<std::size_t>(got));
    ERR_clear_error();
    return answer;
  }
};

}  // namespace

TEST_CASE("TLS 1.2 and 1.3 beside the plain door, with the ciphers of ITI-19") {
  const auto server = start(authority().files);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client(server->https());
    SSL_CTX_set_min_proto_version(client.context, version);
    SSL_CTX_set_max_proto_version(client.context, version);
    REQUIRE(client.connect());
    CHECK(client.ask().ends_with("secure hello"));
    CHECK((SSL_get_shutdown(client.ssl) & SSL_RECEIVED_SHUTDOWN) != 0);  // the server said good-bye
  }
  for (const char* cipher : {"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "DHE-RSA-AES128-GCM-SHA256",
                             "DHE-RSA-AES256-GCM-SHA384"}) {
    CAPTURE(cipher);
    TlsClient client(server->https());
    SSL_CTX_set_max_proto_version(client.context, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(client.context, cipher);
    REQUIRE(client.connect());
    CHECK(client.ask().ends_with("secure hello"));
  }
  wire::Raw plain(server->http());
  plain.send("GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(plain.until("plain ").find("200 OK") != std::string::npos);
}

TEST_CASE("large bodies both ways through TLS") {
  const auto server = start(authority().files);
  std::string body(3 << 20, ' ');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i * 31 % 26);
  TlsClient client(server->https());
  REQUIRE(client.connect());
  CHECK(client.ask(body).ends_with("secure " + body));
}

TEST_CASE("B17 old versions and weak ciphers fail the handshake") {
  const auto server = start(authority().files);
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    TlsClient client(server->https());
    SSL_CTX_set_min_proto_version(client.context, version);
    SSL_CTX_set_max_proto_version(client.context, version);
    CHECK_FALSE(client.connect());
  }
  for (const char* cipher : {"AES128-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA384", "AES128-GCM-SHA256"}) {
    CAPTURE(cipher);
    TlsClient client(server->https());
    SSL_CTX_set_max_proto_version(client.context, TLS1_2_VERSION);
    REQUIRE(SSL_CTX_set_cipher_list(client.context, cipher) == 1);
    CHECK_FALSE(client.connect());
  }
  wire::Raw garbage(server->https());
  garbage.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  garbage.all();
  CHECK(garbage.closed);
}

TEST_CASE("B17 renegotiation is refused") {
  const auto server = start(authority().files);
  TlsClient client(server->https());
  SSL_CTX_set_max_proto_version(client.context, TLS1_2_VERSION);
  REQUIRE(client.connect());
  SSL_renegotiate(client.ssl);
  CHECK(SSL_do_handshake(client.ssl) != 1);
  ERR_clear_error();
}

TEST_CASE("B17 mutual TLS: only a valid certificate of the named authority gets in") {
  auto files = authority().files;
  files.client_ca = authority().ca;
  const auto server = start(files);
  const auto stranger_root = make("Stranger", nullptr);
  const auto good = make("client", authority().root.get());
  const auto expired = make("expired", authority().root.get(), -7200, -3600);
  const auto early = make("early", authority().root.get(), 3600, 7200);
  const auto stranger = make("client", stranger_root.get());
  const auto answer = [&](const Pair* pair, int version) {
    TlsClient client(server->https());
    SSL_CTX_set_max_proto_version(client.context, version);
    if (pair != nullptr) client.present(*pair);
    return client.connect() ? client.ask() : std::string();
  };
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    CHECK(answer(good.get(), version).ends_with("secure hello"));
    CHECK(answer(nullptr, version).empty());
    CHECK(answer(expired.get(), version).empty());
    CHECK(answer(early.get(), version).empty());
    CHECK(answer(stranger.get(), version).empty());
  }
}

TEST_CASE("B13 a handshake that stalls is cut") {
  Limits limits;
  limits.head_time = 200ms;
  const auto server = start(authority().files, limits);
  wire::Raw silent(server->https());
  CHECK(silent.some(3000).empty());
  CHECK(silent.closed);
}

TEST_CASE("certificates that cannot be used are refused at the start, by name") {
  Listen listen;
  listen.https = "127.0.0.1:0";
  const auto other = make("other", nullptr);
  const auto other_key = authority().folder.write("other.key", *other, true);
  for (const auto& files :
       {TlsFiles{"nowhere.pem", authority().files.key, ""}, TlsFiles{authority().files.certificate, "nowhere.key", ""},
        TlsFiles{authority().files.certificate, other_key, ""},
        TlsFiles{authority().files.certificate, authority().files.key, "nowhere.ca"}}) {
    listen.tls = files;
    const auto server = Server::start(listen, {}, [](const Request&, const Respond&) {});
    REQUIRE_FALSE(server);
    CHECK(server.outcome().issues.front().diagnostics.find("TLS: cannot") == 0);
  }
  listen.tls.reset();
  CHECK_FALSE(Server::start(listen, {}, [](const Request&, const Respond&) {}));
}
