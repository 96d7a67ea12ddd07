#include "src/config.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

using alzette::Config;
using alzette::read_config;

namespace {

struct File {
  std::string name;
  explicit File(std::string_view text)
      : name("config_test_" + std::to_string(::getpid()) + "_" + std::to_string(std::rand())) {
    std::ofstream(name) << text;
  }
  ~File() { std::remove(name.c_str()); }
};

struct Variable {
  const char* name;
  Variable(const char* n, const char* value) : name(n) { setenv(n, value, 1); }
  ~Variable() { unsetenv(name); }
};

}  // namespace

TEST_CASE("configuration: defaults are those of a local developer") {
  const auto config = read_config({});
  REQUIRE(config);
  CHECK(config->http == "127.0.0.1:8080");
  CHECK(config->https.empty());
  CHECK(config->data == "./data");
  CHECK(open_policy_warning(*config).empty());
}

TEST_CASE("configuration: a flag wins over a variable, a variable over the file") {
  for (const char* text : {"http = \"127.0.0.1:1\"\ndata = \"file\"\nlog = \"error\"\nlog-requests = true\n",
                           R"({"http": "127.0.0.1:1", "data": "file", "log": "error", "log-requests": true})"}) {
    const File file(text);
    const Variable data("ALZETTE_DATA", "variable");
    const Variable level("ALZETTE_LOG", "warning");
    const auto config = read_config({"--config", file.name, "--log", "debug"});
    REQUIRE(config);
    CHECK(config->http == "127.0.0.1:1");
    CHECK(config->data == "variable");
    CHECK(config->log == "debug");
    CHECK(config->log_requests);
  }
}

TEST_CASE("configuration: numbers and flags by variable") {
  const Variable body("ALZETTE_MAX_BODY_MIB", "7");
  const Variable requests("ALZETTE_LOG_REQUESTS", "true");
  const auto config = read_config({});
  REQUIRE(config);
  CHECK(config->log_requests);
  CHECK(config->limits().body.bytes == 7u << 20);
}

TEST_CASE("configuration: origins are those that a browser names") {
  for (const char* origin : {"*", "https://app.example", "http://localhost:3000", "http://[::1]:3000"})
    CHECK(read_config({"--allow-origin", origin}));
}

TEST_CASE("configuration: wrong usage is refused with a reason") {
  const File unknown("htpp = \"127.0.0.1:1\"\n");
  const File broken(R"({"http": )");
  const File list(R"({"http": ["127.0.0.1:1"]})");
  const File nested(R"({"http": {"a": 1}})");
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"--htpp", "x"},
                                                                     {"--log", "loud"},
                                                                     {"--threads", "many"},
                                                                     {"--https", "127.0.0.1:1"},
                                                                     {"--cert", "a.pem"},
                                                                     {"--http", ""},
                                                                     {"--allow-origin", "https://app.example/"},
                                                                     {"--allow-origin", "https://App.example"},
                                                                     {"--allow-origin", "app.example"},
                                                                     {"--config", "no such file"},
                                                                     {"--config", unknown.name},
                                                                     {"--config", broken.name},
                                                                     {"--config", nested.name},
                                                                     {"--config", list.name},
                                                                     {"stray"}}) {
    CAPTURE(arguments.front());
    const auto config = read_config(arguments);
    REQUIRE_FALSE(config);
    CHECK(config.outcome().issues.front().diagnostics.size() > 10);
  }
}

TEST_CASE("configuration: the open policy is said aloud beyond loopback") {
  for (const char* address : {"0.0.0.0:8080", "[::]:8080", "192.168.1.1:80", "example.lu:80"}) {
    const auto config = read_config({"--http", address});
    REQUIRE(config);
    CHECK(open_policy_warning(*config).find(address) != std::string::npos);
  }
  for (const char* address : {"127.0.0.1:0", "[::1]:8080", "localhost:80"}) {
    const auto config = read_config({"--http", address});
    REQUIRE(config);
    CHECK(open_policy_warning(*config).empty());
  }
}
