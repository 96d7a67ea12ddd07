// Slow clients, too many clients, large answers and the drain, with limits shortened so that the test is quick.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "src/lane.h"
#include "src/net/client.h"
#include "src/net/gzip.h"
#include "src/net/http.h"
#include "src/net/shared_text.h"
#include "tests/wire/memory.h"
#include "tests/wire/raw.h"

using alzette::find;
using alzette::Handler;
using alzette::Request;
using alzette::Respond;
using alzette::net::Client;
using alzette::net::Limits;
using alzette::net::Listen;
using alzette::net::Server;
using namespace std::chrono_literals;
using wire::milliseconds_since;
using wire::Raw;
using wire::status_of;

namespace {

Limits quick() {
  Limits limits;
  limits.threads = 2;
  limits.sweep = 20ms;
  limits.head_time = 300ms;
  limits.patience = 300ms;
  limits.slowest = 10'000;
  limits.idle = 400ms;
  limits.linger = 200ms;
  return limits;
}

std::unique_ptr<Server> start(const Limits& limits, Handler handler) {
  Listen listen;
  listen.http = "127.0.0.1:0";
  auto server = Server::start(listen, limits, std::move(handler));
  REQUIRE(server);
  return std::move(*server);
}

void hello(const Request& request, const Respond& respond) {
  respond({200, {{"X-Target", request.target}}, "hello", {}, "x"});
}

long resident_kib() { return wire::memory_kib(::getpid(), "VmRSS:"); }

const std::string get = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n";

}  // namespace

TEST_CASE("B13 a head that comes byte by byte is cut off with 408") {
  const auto server = start(quick(), hello);
  Raw client(server->http());
  const auto began = std::chrono::steady_clock::now();
  std::string answer;
  for (std::size_t i = 0; i < get.size() && answer.empty(); ++i) {
    client.send(get.substr(i, 1));
    answer = client.some(50);
  }
  answer += client.all();
  CHECK(status_of(answer) == 408);
  CHECK(client.closed);
  CHECK(milliseconds_since(began) >= 300);
}

TEST_CASE("B13 a body that comes too slowly is cut off with 408") {
  const auto server = start(quick(), hello);
  Raw client(server->http());
  client.send("POST /fhir/Patient HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
  std::string answer;
  for (int i = 0; i < 100 && answer.empty(); ++i) {
    client.send("0123456789");
    answer = client.some(20);
  }
  answer += client.all();
  CHECK(status_of(answer) == 408);
  CHECK(answer.find("OperationOutcome") != std::string::npos);
  CHECK(client.closed);
}

TEST_CASE("a slow body that keeps the least rate is taken") {
  const auto server = start(quick(), hello);
  Raw client(server->http());
  client.send("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 20000\r\n\r\n");
  for (int i = 0; i < 20; ++i) {
    client.send(std::string(1000, 'x'));
    std::this_thread::sleep_for(20ms);
  }
  CHECK(status_of(client.until("hello")) == 200);
}

TEST_CASE("B13 a client that does not take its answer loses the connection, and the memory is freed") {
  const std::string large(32 << 20, 'x');
  std::atomic<int> answered{0};
  auto limits = quick();
  limits.slowest = 200'000;
  const auto server = start(limits, [&](const Request&, const Respond& respond) {
    ++answered;
    respond({200, {}, large, {}, "x"});
  });
  Raw client(server->http());
  const int small = 4096;
  setsockopt(client.descriptor(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  client.send(get);
  std::size_t taken = 0;
  const auto began = std::chrono::steady_clock::now();
  while (!client.closed && milliseconds_since(began) < 8000) {
    taken += client.some(100, 1).size();
    if (milliseconds_since(began) > 3000) taken += client.some(100).size();  // the socket's own buffers
  }
  CHECK(client.closed);
  CHECK(taken < large.size());
  Client other(server->http());
  CHECK((*other.get("/x")).body.size() == large.size());
}

TEST_CASE("a client that takes a large answer slowly but steadily gets all of it") {
  auto limits = quick();
  const std::string large(4 << 20, 'y');
  const auto server = start(limits, [&](const Request&, const Respond& respond) {
    respond({200, {}, large, {}, "x"});
  });
  Raw client(server->http());
  client.send("GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  std::string answer;
  while (!client.closed) {
    answer += client.some(1000, 64 << 10);
    std::this_thread::sleep_for(15ms);
  }
  CHECK(answer.size() > large.size());
}

TEST_CASE("an idle connection is closed, a used one stays") {
  auto limits = quick();
  limits.idle = 2s;
  const auto server = start(limits, hello);
  Raw idle(server->http());
  Raw used(server->http());
  for (int i = 0; i < 30; ++i) {
    used.send(get);
    CHECK(status_of(used.until("hello")) == 200);
    std::this_thread::sleep_for(100ms);
  }
  CHECK(idle.some(10'000).empty());
  CHECK(idle.closed);
}

TEST_CASE("B14 more connections than the limit: the longest idle make room, the server still answers") {
  auto limits = quick();
  limits.idle = 60s;
  limits.connections = 200;
  const auto server = start(limits, hello);
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  REQUIRE(files.rlim_cur > 2500);
  const auto before = resident_kib();
  std::vector<Raw> idle;
  for (int i = 0; i < 1000; ++i) {
    idle.emplace_back(server->http());
    REQUIRE(idle.back().open());
  }
  std::this_thread::sleep_for(100ms);
  for (int i = 0; i < 20; ++i) {
    Client health(server->http());
    const auto answer = health.get("/health/live");
    REQUIRE(answer);
    CHECK(answer->status == 200);
  }
  std::size_t closed = 0;
  for (auto& one : idle) {
    (void)one.some(0);
    closed += one.closed ? 1 : 0;
  }
  CHECK(closed >= 780);
  CHECK(resident_kib() - before < 64 << 10);
}

TEST_CASE("no connection waits for a thread that is busy with another one's request") {
  auto limits = quick();
  limits.threads = 2;
  limits.idle = 20s;
  std::promise<void> ended;
  const auto end = ended.get_future().share();
  const auto server = start(limits, [end](const Request& request, const Respond& respond) {
    if (request.target == "/slow") end.wait();
    respond({200, {}, request.target, {}, "x"});
  });
  std::vector<Raw> clients;
  for (int i = 0; i < 32; ++i) clients.emplace_back(server->http());
  clients.front().send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
  for (int round = 0; round < 3; ++round)
    for (std::size_t i = 1; i < clients.size(); ++i) {
      clients[i].send("GET /fast HTTP/1.1\r\nHost: h\r\n\r\n");
      CHECK(status_of(clients[i].until("/fast")) == 200);
    }
  CHECK(clients.front().some(0).empty());
  ended.set_value();
  CHECK(status_of(clients.front().until("/slow")) == 200);
}

TEST_CASE("B14 8,000 idle connections stay small") {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  auto limits = quick();
  limits.idle = 60s;
  const auto server = start(limits, hello);
  const auto before = resident_kib();
  const std::size_t count = files.rlim_cur > 17'000 ? 8000 : files.rlim_cur / 2 - 300;
  std::vector<Raw> idle;
  for (std::size_t i = 0; i < count; ++i) {
    idle.emplace_back(server->http());
    REQUIRE(idle.back().open());
  }
  Client health(server->http());
  const auto answer = health.get("/health/live");
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(resident_kib() - before < 64 << 10);
}

TEST_CASE("B12 and spooling: uploads in flight do not hold memory") {
  auto limits = quick();
  limits.patience = 60s;
  const auto server = start(limits, hello);
  const auto before = resident_kib();
  std::vector<Raw> uploads;
  const std::string part(4 << 20, 'x');
  for (int i = 0; i < 32; ++i) {
    uploads.emplace_back(server->http());
    uploads.back().send("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n");
    uploads.back().send(part);
  }
  std::this_thread::sleep_for(300ms);
  CHECK(resident_kib() - before < 32 << 10);
}

TEST_CASE("pipelined requests are answered in order, also by workers that finish out of order") {
  alzette::WorkerLane lane(4, 100);
  const auto server = start(quick(), [&](Request request, Respond respond) {
    const bool slow = request.target.ends_with('0');
    lane.post([request = std::move(request), respond = std::move(respond), slow] {
      if (slow) std::this_thread::sleep_for(20ms);
      respond({200, {}, request.target + "|", {}, "x"});
    });
  });
  Raw client(server->http());
  std::string requests;
  for (int i = 0; i < 40; ++i) requests += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n";
  client.send(requests);
  const auto answer = client.until("/39|");
  std::size_t at = 0;
  for (int i = 0; i < 40; ++i) {
    const auto found = answer.find("/" + std::to_string(i) + "|", at);
    REQUIRE(found != std::string::npos);
    at = found;
  }
}

TEST_CASE("a dropped or throwing handler answers 500, a second answer is ignored") {
  const auto server = start(quick(), [](const Request& request, const Respond& respond) {
    if (request.target == "/throw") throw std::runtime_error("secret");
    if (request.target == "/twice") {
      respond({200, {}, "one", {}, "x"});
      respond({200, {}, "two", {}, "x"});
    }
  });
  Client client(server->http());
  CHECK((*client.get("/drop")).status == 500);
  const auto thrown = client.get("/throw");
  CHECK(thrown->status == 500);
  CHECK(thrown->body.find("secret") == std::string::npos);
  CHECK((*client.get("/twice")).body == "one");
  CHECK((*client.get("/twice")).body == "one");
}

TEST_CASE("a header made of data cannot split the answer") {
  const auto server = start(quick(), [](const Request&, const Respond& respond) {
    respond({200, {{"Location", "/a\r\nX-Evil: 1"}}, "x", {}, "x"});
  });
  Client client(server->http());
  const auto answer = client.get("/x");
  CHECK(find(answer->headers, "X-Evil").empty());
  CHECK(find(answer->headers, "Location") == "/a  X-Evil: 1");
}

TEST_CASE("answers are gzip where asked for and worth it") {
  const std::string text(10'000, 'z');
  const auto server = start(quick(), [&](const Request& request, const Respond& respond) {
    const bool small = request.target == "/small";
    respond({200,
             {{"Content-Type", request.target == "/image" ? "image/png" : "application/fhir+json; charset=utf-8"}},
             small ? "{}" : text,
             {},
             "x"});
  });
  Client client(server->http());
  const auto ask = [&](std::string target, std::string accept) {
    Request request;
    request.method = "GET";
    request.target = std::move(target);
    if (!accept.empty()) request.headers = {{"Accept-Encoding", std::move(accept)}};
    return std::move(*client.send(request));
  };
  const auto packed = ask("/x", "deflate, gzip;q=0.8");
  CHECK(find(packed.headers, "Content-Encoding") == "gzip");
  CHECK(find(packed.headers, "Vary") == "Accept-Encoding");
  CHECK(packed.body.size() < 200);
  CHECK(ask("/x", "").body == text);
  CHECK(find(ask("/x", "").headers, "Vary") == "Accept-Encoding");
  CHECK(ask("/x", "gzip;q=0").body == text);
  CHECK(ask("/image", "gzip").body == text);
  CHECK(ask("/small", "gzip").body == "{}");
}

TEST_CASE("a text that many answers share is sent whole, as it is and as gzip") {
  std::string text;
  for (int i = 0; text.size() < (3u << 20); ++i) text += std::to_string(i * 7919L);
  const auto shared = std::make_shared<alzette::net::SharedText>(text);
  const auto server = start(quick(), [&](const Request&, const Respond& respond) {
    respond({200, {{"Content-Type", "application/fhir+json; charset=utf-8"}}, {}, shared, "x"});
  });
  Client client(server->http());
  Request request;
  request.method = "GET";
  request.target = "/x";
  for (int i = 0; i < 3; ++i) {
    request.headers.clear();
    const auto plain = client.send(request);
    CHECK(find(plain->headers, "Vary") == "Accept-Encoding");
    CHECK(find(plain->headers, "Content-Encoding").empty());
    CHECK(plain->body == text);
    request.headers = {{"Accept-Encoding", "gzip"}};
    const auto packed = client.send(request);
    CHECK(find(packed->headers, "Content-Encoding") == "gzip");
    CHECK(packed->body == alzette::net::gzip(text));
  }
  request.method = "HEAD";
  request.headers.clear();
  CHECK(find(client.send(request)->headers, "Content-Length") == std::to_string(text.size()));
}

TEST_CASE("a shared text goes out in its turn, to slow clients as well, and clients that leave do no harm") {
  std::string text;
  for (int i = 0; text.size() < (6u << 20); ++i) text += std::to_string(i * 7919L);
  const auto shared = std::make_shared<alzette::net::SharedText>(text);
  REQUIRE(shared->file() >= 0);
  const auto server = start(quick(), [&](const Request& request, const Respond& respond) {
    if (request.target == "/x")
      respond({200, {}, {}, shared, "x"});
    else
      respond({200, {}, "small", {}, "x"});
  });
  const std::string large = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string small = "GET /y HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string last = "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  for (int i = 0; i < 20; ++i) {
    Raw leaves(server->http());
    leaves.send(large + large);
    if (i % 2 == 0) leaves.some(1000, 1000);
  }
  Raw slow(server->http());
  slow.send(small + large + small + small + last);
  std::string bodies;
  auto bytes = slow.some(2000, 1000);
  std::this_thread::sleep_for(100ms);
  bytes += slow.all();
  while (!bytes.empty()) {
    const auto end = bytes.find("\r\n\r\n") + 4;
    const auto size = bytes.compare(bytes.find("Content-Length: ") + 16, 2, "5\r") == 0 ? 5 : text.size();
    bodies += bytes.substr(end, size);
    bytes.erase(0, end + size);
  }
  CHECK(bodies == "small" + text + "smallsmall" + text);
}

TEST_CASE("drain: requests in flight finish, new connections are refused, stop returns") {
  std::mutex mutex;
  std::condition_variable arrived;
  bool inside = false;
  Respond later;
  auto limits = quick();
  limits.drain = 1h;  // who waited for its end would not come back
  const auto server = start(limits, [&](const Request&, Respond respond) {
    const std::lock_guard lock(mutex);
    later = std::move(respond);
    inside = true;
    arrived.notify_all();
  });
  Raw busy(server->http());
  Raw idle(server->http());
  busy.send(get);
  {
    std::unique_lock lock(mutex);
    arrived.wait(lock, [&] { return inside; });
  }
  const auto address = server->http();
  std::thread stopping([&] { server->stop(); });
  CHECK(idle.some(10'000).empty());
  CHECK(idle.closed);
  int tries = 0;  // the cores close their doors one after the other
  while (Raw(address).open() && ++tries < 2000) std::this_thread::sleep_for(5ms);
  CHECK(tries < 2000);
  std::this_thread::sleep_for(100ms);
  later({200, {}, "at last", {}, "x"});
  later = {};
  const auto answer = busy.all();
  CHECK(status_of(answer) == 200);
  CHECK(answer.find("Connection: close") != std::string::npos);
  CHECK(answer.find("at last") != std::string::npos);
  stopping.join();
}

TEST_CASE("drain: what takes too long is cut, and a second stop cuts at once") {
  std::vector<Respond> kept;
  std::mutex mutex;
  std::atomic<int> inside{0};
  const auto hold = [&](const Request&, Respond respond) {
    const std::lock_guard lock(mutex);
    kept.push_back(std::move(respond));
    ++inside;
  };
  auto limits = quick();
  limits.drain = 300ms;
  {
    const auto server = start(limits, hold);
    Raw client(server->http());
    client.send(get);
    while (inside == 0) std::this_thread::sleep_for(1ms);
    const auto began = std::chrono::steady_clock::now();
    server->stop();
    CHECK(milliseconds_since(began) >= 290);
    CHECK(client.all().empty());
  }
  kept.front()({200, {}, "too late", {}, "x"});  // after the end of the server: goes nowhere
  limits.drain = 1h;
  const auto server = start(limits, hold);
  Raw client(server->http());
  client.send(get);
  while (inside == 1) std::this_thread::sleep_for(1ms);
  std::thread first([&] { server->stop(); });
  std::this_thread::sleep_for(100ms);
  server->stop();
  first.join();
}

TEST_CASE("a port in use is refused with the reason; IPv6 and names are bound") {
  const auto server = start(quick(), hello);
  Listen again;
  again.http = server->http();
  const auto second = Server::start(again, quick(), hello);
  REQUIRE_FALSE(second);
  CHECK(second.outcome().issues.front().diagnostics.find(server->http()) != std::string::npos);
  for (const char* bad : {"nonsense", "127.0.0.1", "127.0.0.1:99999", ":80", "127.0.0.1:80x"}) {
    Listen listen;
    listen.http = bad;
    CHECK_FALSE(Server::start(listen, quick(), hello));
  }
  for (const char* good : {"[::1]:0", "localhost:0"}) {
    Listen listen;
    listen.http = good;
    const auto started = Server::start(listen, quick(), hello);
    REQUIRE(started);
    Client client((*started)->http());
    CHECK((*client.get("/x")).body == "hello");
  }
}
