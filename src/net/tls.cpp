#include "src/net/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <new>
#include <utility>

#include "fhir/owned.h"

namespace alzette::net {

namespace {

constexpr const char* ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384";
constexpr std::size_t record = 16u << 10;

// What OpenSSL made; it makes nothing only when memory has run out.
template <class Made>
Made* made(Made* object) {
  if (object == nullptr) throw std::bad_alloc();
  return object;
}

std::string last_error() {
  std::array<char, 256> text{};
  const auto code = ERR_get_error();
  if (code == 0) return "the peer closed the connection";
  ERR_error_string_n(code, text.data(), text.size());
  ERR_clear_error();
  return text.data();
}

fhir::Outcome cannot(const std::string& what, const std::string& file) {
  return {fhir::Kind::malformed, "invalid", "TLS: cannot " + what + " \"" + file + "\": " + last_error()};
}

}  // namespace

struct TlsContext::Parts {
  explicit Parts(const SSL_METHOD* method) : own(made(SSL_CTX_new(method))), context(own.get()) {}
  const fhir::Owned<SSL_CTX, SSL_CTX_free> own;
  SSL_CTX* const context;
};

TlsContext::TlsContext(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
TlsContext::~TlsContext() = default;

fhir::Result<std::shared_ptr<const TlsContext>> TlsContext::server(const TlsFiles& files) {
  ERR_clear_error();
  auto parts = std::make_unique<Parts>(TLS_server_method());
  auto* context = parts->context;
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_cipher_list(context, ciphers);
  SSL_CTX_set_dh_auto(context, 1);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1)
    return cannot("read the certificate", files.certificate);
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return cannot("read the private key", files.key);
  if (SSL_CTX_check_private_key(context) != 1) return cannot("match the certificate with the key", files.key);
  if (!files.client_ca.empty()) {
    auto* names = SSL_load_client_CA_file(files.client_ca.c_str());
    if (names == nullptr || SSL_CTX_load_verify_locations(context, files.client_ca.c_str(), nullptr) != 1)
      return cannot("read the client authorities", files.client_ca);
    SSL_CTX_set_client_CA_list(context, names);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  // Sessions are resumed by tickets; a context of its own keeps them from crossing doors.
  static constexpr std::string_view door = "alzette";
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(door.data()), door.size());
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(parts)));
}

std::shared_ptr<const TlsContext> TlsContext::client() {
  auto parts = std::make_unique<Parts>(TLS_client_method());
  SSL_CTX_set_min_proto_version(parts->context, TLS1_2_VERSION);
  SSL_CTX_set_options(parts->context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_cipher_list(parts->context, ciphers);
  SSL_CTX_set_default_verify_paths(parts->context);
  SSL_CTX_set_verify(parts->context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(parts->context, SSL_MODE_RELEASE_BUFFERS);
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(parts)));
}

fhir::Result<std::shared_ptr<const TlsContext>> TlsContext::client(const TlsFiles& files) {
  ERR_clear_error();
  const auto made = client();
  auto* context = made->parts_->context;
  if (!files.client_ca.empty() && SSL_CTX_load_verify_locations(context, files.client_ca.c_str(), nullptr) != 1)
    return cannot("read the authorities", files.client_ca);
  if (files.certificate.empty()) return made;
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1)
    return cannot("read the certificate", files.certificate);
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return cannot("read the private key", files.key);
  return made;
}

struct TlsSession::Parts {
  explicit Parts(SSL_CTX* context) : own(made(SSL_new(context))), ssl(own.get()) {
    in = made(BIO_new(BIO_s_mem()));
    SSL_set0_rbio(ssl, in);
    out = made(BIO_new(BIO_s_mem()));
    SSL_set0_wbio(ssl, out);
  }
  const fhir::Owned<SSL, SSL_free> own;
  SSL* const ssl;
  BIO* in;   // owned by ssl
  BIO* out;  // owned by ssl
  std::string failure;
};

TlsSession::TlsSession(const TlsContext& context) : parts_(std::make_unique<Parts>(context.parts_->context)) {
  SSL_set_accept_state(parts_->ssl);
}

TlsSession::TlsSession(const TlsContext& context, const std::string& host)
    : parts_(std::make_unique<Parts>(context.parts_->context)) {
  SSL_set_connect_state(parts_->ssl);
  // An address is looked for among the certificate's addresses, and no name of a server is sent for it.
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(parts_->ssl), host.c_str()) == 1) return;
  ERR_clear_error();
  SSL_set_tlsext_host_name(parts_->ssl, host.c_str());
  SSL_set_hostflags(parts_->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (SSL_set1_host(parts_->ssl, host.c_str()) != 1) throw std::bad_alloc();  // no name would be asked for
}

TlsSession::~TlsSession() = default;

void TlsSession::greet(std::string& wire) {
  ERR_clear_error();
  SSL_do_handshake(parts_->ssl);
  take_wire(wire);
}

TlsSession::State TlsSession::receive(std::string_view bytes, std::string& plain, std::string& wire) {
  ERR_clear_error();
  BIO_write(parts_->in, bytes.data(), static_cast<int>(bytes.size()));
  std::array<char, record> part;
  for (;;) {
    const int got = SSL_read(parts_->ssl, part.data(), static_cast<int>(part.size()));
    if (got > 0) {
      plain.append(part.data(), static_cast<std::size_t>(got));
      continue;
    }
    take_wire(wire);
    switch (SSL_get_error(parts_->ssl, got)) {
      case SSL_ERROR_WANT_READ:
      case SSL_ERROR_WANT_WRITE:
        return State::open;
      case SSL_ERROR_ZERO_RETURN:
        return State::closed;
      default:
        parts_->failure = last_error();
        return State::failed;
    }
  }
}

bool TlsSession::send(std::string_view plain, std::string& wire) {
  ERR_clear_error();
  const int sent = SSL_write(parts_->ssl, plain.data(), static_cast<int>(plain.size()));
  take_wire(wire);
  return sent == static_cast<int>(plain.size());
}

void TlsSession::close(std::string& wire) {
  if (!established() || (SSL_get_shutdown(parts_->ssl) & SSL_SENT_SHUTDOWN) != 0) return;
  SSL_shutdown(parts_->ssl);
  ERR_clear_error();
  take_wire(wire);
}

bool TlsSession::established() const { return SSL_is_init_finished(parts_->ssl) == 1; }

std::string_view TlsSession::failure() const { return parts_->failure; }

void TlsSession::take_wire(std::string& wire) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(parts_->out, &data);
  if (size <= 0) return;
  wire.append(data, static_cast<std::size_t>(size));
  (void)BIO_reset(parts_->out);
}

}  // namespace alzette::net
