// Addresses.
#include "src/net/address.h"

#include <boost/asio/io_context.hpp>
#include <charconv>

namespace alzette::net {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

std::optional<Tcp::endpoint> resolve(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return std::nullopt;
  std::string host = text.substr(0, colon);
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto number = std::from_chars(text.data() + colon + 1, end, port);
  if (number.ec != std::errc() || number.ptr != end) return std::nullopt;
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  boost::system::error_code error;
  if (const auto address = asio::ip::make_address(host, error); !error) return Tcp::endpoint(address, port);
  asio::io_context io;
  const auto found = Tcp::resolver(io).resolve(host, "", error);
  if (error || found.empty()) return std::nullopt;
  return Tcp::endpoint(found.begin()->endpoint().address(), port);
}

std::string text_of(const Tcp::endpoint& endpoint) {
  const auto host = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port());
}

fhir::Outcome cannot_listen(const std::string& address, const std::string& why) {
  return {fhir::Kind::malformed, "invalid",
          "cannot listen on \"" + address + "\": " + why + "; give ADDRESS:PORT, for example 127.0.0.1:8080"};
}

}  // namespace alzette::net
