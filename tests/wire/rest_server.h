// A whole server in this process, on a store of its own, and a client that asks it over real sockets.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "fhir/format/json.h"
#include "src/auth/seal.h"
#include "src/canonicals.h"
#include "src/door.h"
#include "src/lane.h"
#include "src/net/http.h"
#include "src/store/store.h"
#include "tests/wire/raw.h"

namespace wire {

struct Reply {
  int status = 0;
  std::string head;
  std::string body;

  std::string header(std::string_view name) const {
    std::string low(head), wanted("\r\n");
    for (auto& c : low) c = static_cast<char>(std::tolower(c));
    for (const char c : name) wanted += static_cast<char>(std::tolower(c));
    const auto at = low.find(wanted += ": ");
    if (at == std::string::npos) return {};
    const auto begin = at + wanted.size();
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
  bool has(std::string_view text) const { return body.find(text) != std::string::npos; }
  // The text of the first member of that name, wherever it stands.
  std::string text(std::string_view name) const {
    const auto key = "\"" + std::string(name) + "\":\"";
    const auto at = body.find(key);
    if (at == std::string::npos) return {};
    return body.substr(at + key.size(), body.find('"', at + key.size()) - at - key.size());
  }
  long number(std::string_view name) const {
    const auto key = "\"" + std::string(name) + "\":";
    const auto at = body.find(key);
    return at == std::string::npos ? -1 : std::atol(body.c_str() + at + key.size());
  }
  bool is_outcome() const { return body.starts_with(R"({"resourceType":"OperationOutcome","issue":[{)"); }
};

class RestServer {
 public:
  RestServer() {
    char name[] = "/tmp/alzette-rest-XXXXXX";
    folder_ = ::mkdtemp(name);
    auto opened = alzette::store::open(folder_);
    REQUIRE(opened);
    store_ = std::move(*opened);
    workers_ = std::make_unique<alzette::WorkerLane>(4, 1024);
    canonicals_ = std::make_unique<alzette::ServerCanonicals>(store_.get(), folder_ + "/packages");
    store_->observe([this](const fhir::Batch& batch, const fhir::Receipt&) { canonicals_->changed(batch); });
    profiles_ = std::make_unique<fhir::validate::Profiles>(*canonicals_);
    door_ = std::make_unique<alzette::Door>(*store_, *workers_, seal_, *profiles_, fhir::Access::local_developer(), 1,
                                            settings_);
    alzette::net::Listen listen;
    listen.http = "127.0.0.1:0";
    auto server = alzette::net::Server::start(listen, {}, [this](alzette::Request request, alzette::Respond respond) {
      door_->handle(std::move(request), std::move(respond));
    });
    REQUIRE(server);
    server_ = std::move(*server);
  }
  ~RestServer() {
    server_->stop();
    workers_->stop();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  RestServer(const RestServer&) = delete;
  RestServer& operator=(const RestServer&) = delete;

  std::string base() const { return "http://" + server_->http() + "/fhir"; }

  // `path` lies below /fhir; a body is sent as FHIR JSON unless `headers` say otherwise.
  Reply ask(std::string_view method, std::string_view path, std::string_view body = {},
            std::string_view headers = {}) const {
    std::string request(method);
    request.append(" /fhir").append(path).append(" HTTP/1.1\r\nHost: ").append(server_->http());
    request.append("\r\nConnection: close\r\n").append(headers);
    if (!body.empty()) {
      if (headers.find("Content-Type") == std::string_view::npos) request += "Content-Type: application/fhir+json\r\n";
      request.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
    } else if (method == "POST" || method == "PUT") {
      request += "Content-Length: 0\r\n";
    }
    Raw socket(server_->http());
    REQUIRE(socket.open());
    socket.send(request.append("\r\n").append(body));
    const auto answer = socket.all(20'000);
    const auto end = answer.find("\r\n\r\n");
    if (end == std::string::npos) return {};
    return {status_of(answer), answer.substr(0, end + 2), answer.substr(end + 4)};
  }
  Reply get(std::string_view path, std::string_view headers = {}) const { return ask("GET", path, {}, headers); }
  Reply post(std::string_view path, std::string_view body, std::string_view headers = {}) const {
    return ask("POST", path, body, headers);
  }
  Reply form(std::string_view path, std::string_view body) const {
    return ask("POST", path, body, "Content-Type: application/x-www-form-urlencoded\r\n");
  }
  long count(std::string_view type) const { return get("/" + std::string(type) + "?_summary=count").number("total"); }

 private:
  std::string folder_;
  std::unique_ptr<alzette::store::Archive> store_;
  alzette::auth::Seal seal_{alzette::auth::Seal::Key{}};
  std::unique_ptr<alzette::WorkerLane> workers_;
  ihe::Settings settings_;
  std::unique_ptr<alzette::ServerCanonicals> canonicals_;
  std::unique_ptr<fhir::validate::Profiles> profiles_;
  std::unique_ptr<alzette::Door> door_;
  std::unique_ptr<alzette::net::Server> server_;
};

}  // namespace wire
