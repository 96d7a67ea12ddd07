// Where the server itself may connect to when a request names an address: public hosts, and what an operator allows.
// The host is judged as it is parsed and again as it resolves, and the connection goes to the address that was judged.
// bad-inputs: loopback, private, link-local and shared networks in every spelling; users before the host; redirects.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/outcome.h"

namespace alzette::net {

struct Endpoint {
  bool tls = false;
  std::string host;               // without brackets
  std::string port;               // "443" when none is given
  std::string target;             // "/path?query"
  std::string authority() const;  // for the Host header
};

// An http or https URL taken apart; nothing when it is none, or names a user.
std::optional<Endpoint> endpoint_of(std::string_view url);

class Egress {
 public:
  // `allowed`: beginnings of URLs that may be asked whatever network they lie in: "http://127.0.0.1:9000/".
  explicit Egress(std::vector<std::string> allowed = {}) : allowed_(std::move(allowed)) {}

  // Refuses (422) what is no http or https URL of a host, has a user, or names an address that is not public.
  // Names are not looked up here.
  fhir::Result<Endpoint> judge(std::string_view url) const;

  // The same for what carries patient data: http is refused as well, unless it is allowed by name.
  fhir::Result<Endpoint> judge_secure(std::string_view url) const;
  fhir::Result<bool> may_send(std::string_view url) const;  // what that says, without where

  // "203.0.113.7:443": where to connect, after looking the name up. Blocks.
  fhir::Result<std::string> resolve(std::string_view url) const;

 private:
  bool allows(const Endpoint& endpoint) const;
  std::vector<std::string> allowed_;
};

}  // namespace alzette::net
