// Addresses that a server listens on: "127.0.0.1:8080", "[::1]:0", "localhost:8080".
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <string>
#include <utility>  // before Asio 1.18, which forgets it

#include "fhir/outcome.h"

namespace alzette::net {

std::optional<boost::asio::ip::tcp::endpoint> resolve(const std::string& address);
std::string text_of(const boost::asio::ip::tcp::endpoint& endpoint);
fhir::Outcome cannot_listen(const std::string& address, const std::string& why);

}  // namespace alzette::net
