#include "src/net/egress.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>

#include "fhir/owned.h"
#include "fhir/utf8.h"
#include "src/net/uri.h"

namespace alzette::net {

using fhir::Kind;
using fhir::Outcome;
using fhir::Result;

namespace {

Outcome refused(std::string_view url, std::string_view why) {
  constexpr std::size_t most_shown = 200;
  return {Kind::unprocessable, "business-rule",
          "The address " + fhir::shortened(url, most_shown) + " is not asked: " + std::string(why)};
}

struct Network {
  std::uint32_t address;
  int bits;
};
constexpr std::array<Network, 15> reserved{{{0x00000000, 8},
                                            {0x0a000000, 8},
                                            {0x64400000, 10},
                                            {0x7f000000, 8},
                                            {0xa9fe0000, 16},
                                            {0xac100000, 12},
                                            {0xc0000000, 24},
                                            {0xc0000200, 24},
                                            {0xc0a80000, 16},
                                            {0xc6120000, 15},
                                            {0xc6336400, 24},
                                            {0xcb007100, 24},
                                            {0xe0000000, 4},
                                            {0xf0000000, 4},
                                            {0xc0586300, 24}}};

bool is_public(std::uint32_t address) {
  return std::none_of(reserved.begin(), reserved.end(),
                      [&](const Network& n) { return (address ^ n.address) >> (32 - n.bits) == 0; });
}

// Of IPv6 the globally routed part alone, and in it no IPv4 address that is not public.
bool is_public(const in6_addr& address) {
  const auto* b = address.s6_addr;
  const auto inner = [&](int at) {
    return std::uint32_t{b[at]} << 24 | std::uint32_t{b[at + 1]} << 16 | std::uint32_t{b[at + 2]} << 8 | b[at + 3];
  };
  constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  constexpr std::array<std::uint8_t, 12> translated{0, 0x64, 0xff, 0x9b};
  if (std::memcmp(b, mapped.data(), 12) == 0 || std::memcmp(b, translated.data(), 12) == 0) return is_public(inner(12));
  if (b[0] == 0x20 && b[1] == 0x02) return is_public(inner(2));                    // 6to4
  if (b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x0d && b[3] == 0xb8) return false;  // documentation
  if (b[0] == 0x20 && b[1] == 0x01 && b[2] == 0 && b[3] == 0) return false;        // Teredo
  return (b[0] & 0xe0) == 0x20;                                                    // 2000::/3
}

bool is_public(const sockaddr* address) {
  if (address->sa_family == AF_INET)
    return is_public(ntohl(reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr));
  return address->sa_family == AF_INET6 && is_public(reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr);
}

using Addresses = fhir::Owned<addrinfo, freeaddrinfo>;

Addresses look_up(const Endpoint& endpoint, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (getaddrinfo(endpoint.host.c_str(), endpoint.port.c_str(), &hints, &found) != 0) found = nullptr;
  return Addresses(found);
}

bool all_public(const addrinfo* addresses) {
  for (; addresses; addresses = addresses->ai_next)
    if (!is_public(addresses->ai_addr)) return false;
  return true;
}

// Whether a server may take the path for one above its beginning. RFC 3986 §5.2.4; dots may come encoded.
bool climbs(std::string_view target) {
  const auto path = percent_decode(split_target(target).first);
  return !path || path->find("..") != std::string::npos || target.find("..") != std::string_view::npos;
}

constexpr std::string_view not_public = "it lies in a network of its own; --allow-endpoint may allow it";

}  // namespace

std::optional<Endpoint> endpoint_of(std::string_view url) {
  Endpoint endpoint;
  endpoint.tls = url.starts_with("https://");
  if (!endpoint.tls && !url.starts_with("http://")) return std::nullopt;
  url.remove_prefix(endpoint.tls ? 8 : 7);
  for (const char c : url)
    if (static_cast<unsigned char>(c) <= ' ' || c == '\\' || static_cast<unsigned char>(c) >= 0x7f) return std::nullopt;
  const auto end = std::min(url.find_first_of("/?#"), url.size());
  auto authority = url.substr(0, end);
  auto rest = url.substr(end);
  rest = rest.substr(0, rest.find('#'));
  endpoint.target = (rest.starts_with('/') ? "" : "/") + std::string(rest);
  if (authority.find('@') != std::string_view::npos) return std::nullopt;
  const auto close = authority.starts_with('[') ? authority.find(']') : 0;
  if (close == std::string_view::npos) return std::nullopt;
  const auto colon = authority.find(':', close);
  endpoint.host = authority.substr(0, colon);
  endpoint.port = colon == std::string_view::npos ? (endpoint.tls ? "443" : "80") : authority.substr(colon + 1);
  if (close) endpoint.host = endpoint.host.substr(1, close - 1);
  const bool digits = !endpoint.port.empty() && endpoint.port.size() <= 5 &&
                      endpoint.port.find_first_not_of("0123456789") == std::string::npos;
  if (endpoint.host.empty() || !digits) return std::nullopt;
  return endpoint;
}

std::string Endpoint::authority() const {
  const bool usual = port == (tls ? "443" : "80");
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return usual ? name : name + ":" + port;
}

bool Egress::allows(const Endpoint& endpoint) const {
  return std::any_of(allowed_.begin(), allowed_.end(), [&](std::string_view prefix) {
    if (prefix.ends_with(':')) prefix.remove_suffix(1);
    const auto known = endpoint_of(prefix);
    if (!known || known->tls != endpoint.tls || known->host != endpoint.host) return false;
    // What ends with the host is the beginning of addresses at every port of it.
    const auto authority = prefix.substr(prefix.find("://") + 3);
    const bool any_port = authority == known->host || authority == "[" + known->host + "]";
    return (any_port || known->port == endpoint.port) && endpoint.target.starts_with(known->target) &&
           !climbs(endpoint.target);
  });
}

Result<Endpoint> Egress::judge(std::string_view url) const {
  auto endpoint = endpoint_of(url);
  if (!endpoint) return refused(url, "it is not of the form http://host/path or https://host/path");
  if (allows(*endpoint)) return std::move(*endpoint);
  std::string host = endpoint->host;
  std::transform(host.begin(), host.end(), host.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c | 0x20 : c; });
  while (host.ends_with('.')) host.pop_back();
  if (host == "localhost" || host.ends_with(".localhost") || host.ends_with(".local") || host.ends_with(".internal"))
    return refused(url, not_public);
  // Addresses in all the spellings that a look-up would take: 127.1, 0x7f.1, 2130706433.
  const auto literal = look_up(*endpoint, AI_NUMERICHOST);
  if (literal && !all_public(literal.get())) return refused(url, not_public);
  return std::move(*endpoint);
}

Result<Endpoint> Egress::judge_secure(std::string_view url) const {
  auto endpoint = judge(url);
  if (endpoint && !endpoint->tls && !allows(*endpoint))
    return refused(url, "it is not https; --allow-endpoint may allow it");
  return endpoint;
}

Result<bool> Egress::may_send(std::string_view url) const {
  auto endpoint = judge_secure(url);
  return endpoint ? Result<bool>(true) : std::move(endpoint.outcome());
}

Result<std::string> Egress::resolve(std::string_view url) const {
  const auto endpoint = judge(url);
  if (!endpoint) return endpoint.outcome();
  const auto found = look_up(*endpoint, 0);
  if (!found) return Outcome(Kind::busy, "transient", "The host " + endpoint->host + " is not known");
  if (!allows(*endpoint) && !all_public(found.get())) return refused(url, not_public);
  std::array<char, NI_MAXHOST> text{};
  if (getnameinfo(found->ai_addr, found->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0)
    return Outcome(Kind::busy, "transient", "The host " + endpoint->host + " is not known");
  const std::string address(text.data());
  return (found->ai_family == AF_INET6 ? "[" + address + "]" : address) + ":" + endpoint->port;
}

}  // namespace alzette::net
