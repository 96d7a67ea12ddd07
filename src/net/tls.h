// TLS 1.2 and 1.3 as a filter over bytes, so that one kind of connection serves both; the only file of net/ that
// knows OpenSSL. Ciphers of IHE ITI-19 (BCP 195): DHE and ECDHE with AES-GCM.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "fhir/outcome.h"

namespace alzette::net {

struct TlsFiles {
  std::string certificate;  // PEM, with its chain
  std::string key;          // PEM
  std::string client_ca;    // PEM; not empty: every client must show a certificate of these (mutual TLS)
};

class TlsContext;

// One connection's state. Not for use by two threads at once.
class TlsSession {
 public:
  enum class State : std::uint8_t { open, closed, failed };  // closed: the peer said good-bye

  explicit TlsSession(const TlsContext& context);
  // The client's side: the peer must show a certificate for `host`, a name or an address.
  TlsSession(const TlsContext& context, const std::string& host);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  void greet(std::string& wire);  // a client's first words
  // Takes bytes of the wire, appends what they say to `plain` and what must be sent to `wire`.
  State receive(std::string_view bytes, std::string& plain, std::string& wire);
  // Appends the encrypted form of `plain` to `wire`; false when the session is broken.
  bool send(std::string_view plain, std::string& wire);
  void close(std::string& wire);  // close_notify
  bool established() const;
  std::string_view failure() const;  // why the handshake failed, for the log

 private:
  struct Parts;
  void take_wire(std::string& wire);
  std::unique_ptr<Parts> parts_;
};

class TlsContext {
 public:
  static fhir::Result<std::shared_ptr<const TlsContext>> server(const TlsFiles& files);
  // For connections to others: trusts the authorities of this machine (OpenSSL's default places, SSL_CERT_FILE).
  static std::shared_ptr<const TlsContext> client();
  // And those of `client_ca`, when it is not empty; with a certificate of its own where the peer wants one.
  static fhir::Result<std::shared_ptr<const TlsContext>> client(const TlsFiles& files);
  ~TlsContext();

 private:
  friend class TlsSession;
  struct Parts;
  explicit TlsContext(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace alzette::net
