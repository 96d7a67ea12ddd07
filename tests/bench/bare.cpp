// The bare loop of this server: the same connection handling, and a handler that answers fixed bytes. What a route
// reaches is measured against it.
//
//   bare [ADDRESS:PORT [BYTES [THREADS]]]      default 127.0.0.1:8099, 1500 bytes, one thread per core
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "src/net/http.h"

int main(int argc, char** argv) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  alzette::net::Listen listen;
  listen.http = argc > 1 ? argv[1] : "127.0.0.1:8099";
  const std::string body(argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1500, 'x');
  alzette::net::Limits limits;
  if (argc > 3) limits.threads = static_cast<std::uint32_t>(std::strtoul(argv[3], nullptr, 10));

  auto server =
      alzette::net::Server::start(listen, limits, [&body](const alzette::Request&, const alzette::Respond& respond) {
        respond({200, {{"Content-Type", "application/fhir+json"}, {"ETag", "W/\"1\""}}, body, {}, "bare"});
      });
  if (!server) {
    std::fprintf(stderr, "%s\n", server.outcome().issues.front().diagnostics.c_str());
    return 1;
  }
  std::printf("ready http=http://%s\n", (*server)->http().c_str());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  (*server)->stop();
}
