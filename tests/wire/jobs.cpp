// Jobs of the real program: exports, asynchronous searches, new search parameters; ended, killed and taken up again.
#include <doctest/doctest.h>

#include <atomic>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "src/net/gzip.h"
#include "tests/wire/memory.h"
#include "tests/wire/program.h"

namespace {

using wire::Answer;
using wire::Http;
using wire::member;

constexpr std::string_view async = "Prefer: respond-async\r\n";

std::string patient(const std::string& id, const std::string& family) {
  return R"({"resourceType":"Patient","id":")" + id + R"(","name":[{"family":")" + family +
         R"("}],"multipleBirthInteger":)" + std::to_string(id.size()) + "}";
}

std::string observation(const std::string& id, const std::string& of) {
  return R"({"resourceType":"Observation","id":")" + id +
         R"(","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/)" + of + "\"}}";
}

struct Server {
  explicit Server(const wire::Folder& folder, const std::string& allowed = "http://127.0.0.1:1/")
      : program(folder.path(),
                {"serve", "--data", folder.path("data"), "--http", "127.0.0.1:0", "--allow-endpoint", allowed}),
        address(program.ready()),
        http(address) {}
  Answer ask(std::string_view method, const std::string& path, std::string_view body = {},
             std::string_view headers = {}) {
    auto answer = http.ask(method, "/fhir" + path, body, headers);
    REQUIRE(answer);
    return *answer;
  }
  // A transaction of PUTs.
  void put(const std::vector<std::string>& resources) {
    std::string bundle = R"({"resourceType":"Bundle","type":"transaction","entry":[)";
    for (const auto& resource : resources)
      bundle += (&resource == resources.data() ? "" : ",") + (R"({"resource":)" + resource) +
                R"(,"request":{"method":"PUT","url":")" + member(resource, "resourceType") + "/" +
                member(resource, "id") + "\"}}";
    const auto answer = ask("POST", "", bundle + "]}");
    REQUIRE_MESSAGE(answer.status == 200, answer.body);
  }
  // The address of the job below /fhir.
  std::string kick_off(const std::string& path, std::string_view headers = async) {
    const auto answer = ask("GET", path, {}, headers);
    REQUIRE_MESSAGE(answer.status == 202, answer.body);
    const auto where = answer.header("Content-Location");
    return where.substr(where.find("/fhir/") + 5);
  }
  Answer wait_for(const std::string& job) {
    for (int i = 0; i < 600; ++i) {
      auto answer = ask("GET", job);
      if (answer.status != 202) return answer;
      CHECK_FALSE(answer.header("X-Progress").empty());
      ::usleep(20'000);
    }
    FAIL("the job does not end");
    return {};
  }
  wire::Program program;
  std::string address;
  Http http;
};

// Answers every request with the same bytes.
class Source {
 public:
  explicit Source(std::string body) : body_(std::move(body)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof here;
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&here), sizeof here) == 0);
    REQUIRE(::listen(listener_, 8) == 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&here), &size);
    base_ = "http://127.0.0.1:" + std::to_string(ntohs(here.sin_port)) + "/";
    thread_ = std::thread([this] { run(); });
  }
  ~Source() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  const std::string& base() const { return base_; }
  int asked() const { return asked_; }

 private:
  void run() {
    for (;;) {
      const int peer = ::accept(listener_, nullptr, nullptr);
      if (peer < 0) return;
      ++asked_;
      char request[4096];
      (void)!::recv(peer, request, sizeof request, 0);
      const auto head =
          "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + std::to_string(body_.size()) + "\r\n\r\n";
      for (std::string_view rest : {std::string_view(head), std::string_view(body_)})
        while (!rest.empty()) {
          const auto sent = ::send(peer, rest.data(), rest.size(), MSG_NOSIGNAL);
          if (sent <= 0) break;
          rest.remove_prefix(static_cast<std::size_t>(sent));
        }
      ::close(peer);
    }
  }
  std::string body_, base_;
  int listener_ = -1;
  std::atomic<int> asked_{0};
  std::thread thread_;
};

std::vector<std::string> all_of(const std::string& text, const std::string& name) {
  std::vector<std::string> found;
  const auto key = "\"" + name + "\":\"";
  for (auto at = text.find(key); at != std::string::npos; at = text.find(key, at + 1))
    found.push_back(text.substr(at + key.size(), text.find('"', at + key.size()) - at - key.size()));
  return found;
}

// The lines of the files that a manifest lists: ids by type, each line once.
std::map<std::string, std::multiset<std::string>> exported(Server& server, const std::string& manifest,
                                                           const std::string& list = "output") {
  std::map<std::string, std::multiset<std::string>> ids;
  const auto from = manifest.find("\"" + list + "\":[");
  REQUIRE(from != std::string::npos);
  for (const auto& url : all_of(manifest.substr(from, manifest.find(']', from) - from), "url")) {
    const auto file = server.ask("GET", url.substr(url.find("/fhir/") + 5), {}, "Accept: application/fhir+ndjson\r\n");
    REQUIRE(file.status == 200);
    CHECK(file.header("Content-Type") == "application/fhir+ndjson");
    for (std::size_t at = 0; at < file.body.size();) {
      const auto end = file.body.find('\n', at);
      REQUIRE(end != std::string::npos);
      const auto line = file.body.substr(at, end - at);
      ids[member(line, "resourceType")].insert(list == "output" ? member(line, "id") : member(line, "url"));
      at = end + 1;
    }
  }
  return ids;
}

}  // namespace

TEST_CASE("$export gives the system, all patients or a group, and what was deleted") {
  const wire::Folder folder;
  Server server(folder);
  server.put(
      {patient("p1", "One"), patient("p2", "Two"), patient("p3", "Three"), observation("o1", "p1"),
       observation("o2", "p2"), observation("o3", "p1"), R"({"resourceType":"Organization","id":"org","name":"x"})",
       R"({"resourceType":"Group","id":"g","type":"person","actual":true,"member":[{"entity":{"reference":"Patient/p1"}},
                {"entity":{"reference":"Patient/p2"},"inactive":true}]})"});

  const auto job = server.kick_off("/$export");
  const auto manifest = server.wait_for(job);
  REQUIRE(manifest.status == 200);
  CHECK(manifest.header("Content-Type") == "application/json");
  CHECK_FALSE(manifest.header("Expires").empty());
  CHECK(member(manifest.body, "requiresAccessToken") == "false");
  CHECK(member(manifest.body, "request").ends_with("/fhir/$export"));
  auto all = exported(server, manifest.body);
  CHECK(all["Patient"].size() == 3);
  CHECK(all["Observation"] == std::multiset<std::string>{"o1", "o2", "o3"});
  CHECK(all.contains("Organization"));

  const auto patients = exported(server, server.wait_for(server.kick_off("/Patient/$export")).body);
  CHECK(patients.contains("Patient"));
  CHECK(patients.contains("Observation"));
  CHECK_FALSE(patients.contains("Organization"));

  auto group = exported(server, server.wait_for(server.kick_off("/Group/g/$export?_type=Patient,Observation")).body);
  CHECK(group["Patient"] == std::multiset<std::string>{"p1"});
  CHECK(group["Observation"] == std::multiset<std::string>{"o1", "o3"});

  const std::string moment = member(manifest.body, "transactionTime");
  server.ask("DELETE", "/Observation/o2");
  server.put({patient("p2", "Zwei")});
  const auto later = server.wait_for(server.kick_off("/Patient/$export?_since=" + moment));
  CHECK(exported(server, later.body)["Patient"] == std::multiset<std::string>{"p2"});
  CHECK(exported(server, later.body, "deleted")["Bundle"] == std::multiset<std::string>{"Observation/o2"});

  auto some =
      exported(server, server
                           .wait_for(server.kick_off(
                               "/$export?_type=Patient&_typeFilter=Patient%3Ffamily%3Done%2Cthree,Patient%3F_id%3Dp2"
                               "&_elements=birthDate"))
                           .body);
  CHECK(some["Patient"].size() == 3);
  const auto one = server.wait_for(server.kick_off("/$export?_typeFilter=Patient%3Ffamily%3Done&_type=Patient"));
  CHECK(exported(server, one.body)["Patient"] == std::multiset<std::string>{"p1"});

  const auto by_meaning =
      server.wait_for(server.kick_off("/$export?_type=Observation&_typeFilter=Observation%3Fstatus:in%3Dhttp://hl7.org/"
                                      "fhir/ValueSet/observation-status"));
  CHECK(exported(server, by_meaning.body)["Observation"] == std::multiset<std::string>{"o1", "o3"});

  const auto body =
      R"({"resourceType":"Parameters","parameter":[{"name":"patient","valueReference":{"reference":"Patient/p3"}}]})";
  const auto by_post = server.ask("POST", "/Patient/$export", body, async);
  REQUIRE_MESSAGE(by_post.status == 202, by_post.body);
  const auto where = by_post.header("Content-Location");
  CHECK(exported(server, server.wait_for(where.substr(where.find("/fhir/") + 5)).body)["Patient"] ==
        std::multiset<std::string>{"p3"});
  const auto of = [](std::string_view id) {
    return R"({"resourceType":"Parameters","parameter":[{"name":"patient","valueReference":{"reference":"Patient/)" +
           std::string(id) + R"("}}]})";
  };
  CHECK(server.ask("POST", "/Patient/$export", of("none"), async).status == 400);
  const auto base = server.address + "/fhir";
  for (const auto& reference : {base, base + "xPatient/p1", base + "/", std::string("Practitioner/p1")}) {
    auto asked = of("");
    asked.replace(asked.find("Patient/"), 8, reference);
    CHECK(server.ask("POST", "/Patient/$export", asked, async).status == 400);
  }
  CHECK(server.ask("POST", "/Group/g/$export", of("p3"), async).status == 400);
  CHECK(server.ask("POST", "/Group/g/$export", of("p1"), async).status == 202);

  CHECK(server.ask("DELETE", job).status == 202);
  CHECK(server.ask("GET", job).status == 404);
  CHECK(server.ask("GET", job + "/Patient.1.ndjson").status == 404);
}

TEST_CASE("$export: whose provenance it is is said by its targets; where an attachment is is said in full") {
  const wire::Folder folder;
  Server server(folder);
  const auto provenance = [](std::string_view id, std::string_view target) {
    return R"({"resourceType":"Provenance","id":")" + std::string(id) + R"(","target":[{"reference":")" +
           std::string(target) + R"("}],"recorded":"2026-01-01T00:00:00Z","agent":[{"who":{"display":"somebody"}}]})";
  };
  server.put({patient("p1", "One"), patient("p2", "Two"), observation("o1", "p1"), observation("o2", "p2"),
              R"({"resourceType":"Organization","id":"org","name":"x"})", provenance("of-patient", "Patient/p1"),
              provenance("of-observation", "Observation/o1"), provenance("of-other", "Observation/o2"),
              provenance("of-nobody", "Organization/org"),
              R"({"resourceType":"DocumentReference","id":"d","status":"current","subject":{"reference":"Patient/p1"},)"
              R"("content":[{"attachment":{"contentType":"text/plain","url":"Binary/b"}},)"
              R"({"attachment":{"contentType":"text/plain","url":"http://elsewhere.org/Binary/c"}}]})",
              R"({"resourceType":"Group","id":"g","type":"person","actual":true,)"
              R"("member":[{"entity":{"reference":"Patient/p1"}}]})"});
  using Ids = std::multiset<std::string>;
  const auto all = server.wait_for(server.kick_off("/Patient/$export"));
  const std::string moment = member(all.body, "transactionTime");
  CHECK(exported(server, all.body)["Provenance"] == Ids{"of-patient", "of-observation", "of-other"});
  const auto group = server.wait_for(server.kick_off("/Group/g/$export"));
  CHECK(exported(server, group.body)["Provenance"] == Ids{"of-patient", "of-observation"});
  CHECK(exported(server, server.wait_for(server.kick_off("/$export")).body)["Provenance"].size() == 4);

  const auto at = group.body.find("/DocumentReference.1.ndjson");
  REQUIRE(at != std::string::npos);
  const auto start = group.body.rfind("/_job/", at);
  const auto file = server.ask("GET", group.body.substr(start, at - start) + "/DocumentReference.1.ndjson").body;
  CHECK(file.find(R"(/fhir/Binary/b")") != std::string::npos);
  CHECK(file.find(R"("url":"Binary/b")") == std::string::npos);
  CHECK(file.find(R"("url":"http://elsewhere.org/Binary/c")") != std::string::npos);

  for (const auto* id : {"of-observation", "of-other"}) server.ask("DELETE", "/Provenance/" + std::string(id));
  const auto later = server.wait_for(server.kick_off("/Group/g/$export?_since=" + moment));
  CHECK(exported(server, later.body, "deleted")["Bundle"] == Ids{"Provenance/of-observation"});
}

TEST_CASE("$export: the provenance of a large group does not go through all of its members for each of its targets") {
  const wire::Folder folder;
  Server server(folder);
  constexpr int many = 4'000;
  std::string group = R"({"resourceType":"Group","id":"g","type":"person","actual":true,"member":[)";
  std::vector<std::string> provenances;
  for (int i = 0; i < many; ++i) {
    group += (i ? "," : "") + (R"({"entity":{"reference":"Patient/p)" + std::to_string(i)) + "\"}}";
    provenances.push_back(R"({"resourceType":"Provenance","id":"v)" + std::to_string(i) +
                          R"(","target":[{"reference":"Patient/p7"}],"recorded":"2026-01-01T00:00:00Z",)"
                          R"("agent":[{"who":{"display":"somebody"}}]})");
  }
  server.put({patient("p7", "x"), group + "]}"});
  server.put(provenances);
  const auto manifest = server.wait_for(server.kick_off("/Group/g/$export?_type=Provenance"));
  CHECK(exported(server, manifest.body)["Provenance"].size() == many);
}

TEST_CASE("$export: what is written while it begins is told now or by the next that asks from its moment on") {
  const wire::Folder folder;
  Server server(folder);
  std::atomic<bool> done{false};
  std::thread writer([&] {
    Http own(server.address);
    for (int i = 0; !done && i < 2'000; ++i) {
      const auto id = "w" + std::to_string(i);
      own.ask("PUT", "/fhir/Patient/" + id, patient(id, "x"));
    }
  });
  std::set<std::string> told;
  std::string since;
  const auto take = [&](const std::string& manifest) {
    const auto files = exported(server, manifest);
    if (const auto found = files.find("Patient"); found != files.end())
      told.insert(found->second.begin(), found->second.end());
  };
  for (int i = 0; i < 20; ++i) {
    const auto manifest = server.wait_for(server.kick_off("/$export?_type=Patient" + since));
    take(manifest.body);
    since = "&_since=" + member(manifest.body, "transactionTime");
  }
  done = true;
  writer.join();
  const auto last = server.wait_for(server.kick_off("/$export?_type=Patient" + since));
  take(last.body);
  const auto whole = server.wait_for(server.kick_off("/$export?_type=Patient"));
  CHECK(told.size() == exported(server, whole.body)["Patient"].size());
}

TEST_CASE("$export refuses what it does not know, unless it is to be lenient") {
  const wire::Folder folder;
  Server server(folder);
  const auto status = [&](const std::string& path, std::string_view headers = async) {
    return server.ask("GET", path, {}, headers).status;
  };
  CHECK(status("/$export", "") == 400);
  CHECK(status("/Group/$export") == 400);
  CHECK(status("/Group/none/$export") == 404);
  CHECK(status("/$export?_type=Nothing") == 400);
  server.put({patient("p1", "One")});
  for (const auto* empty : {"/$export?_type=", "/$export?_type=&_since="})
    CHECK(exported(server, server.wait_for(server.kick_off(empty)).body)["Patient"].size() == 1);
  CHECK(status("/Patient/$export?_type=Organization") == 400);
  CHECK(status("/$export?_since=yesterday") == 400);
  CHECK(status("/$export?_outputFormat=text/csv") == 400);
  CHECK(status("/$export?_typeFilter=Patient%3Fnothing%3D1") == 400);
  CHECK(status("/$export?includeAssociatedData=LatestProvenanceResources") == 400);
  CHECK(status("/$export?_elements=Patient.bogus") == 400);
  CHECK(status("/$export?_elements=id,bogus") == 400);
  CHECK(status("/$export?_elements=Nothing.id") == 400);
  for (const auto* shape : {"_include%3DPatient:organization", "_sort%3Dname", "_count%3D1"})
    CHECK(status("/$export?_typeFilter=Patient%3F" + std::string(shape)) == 400);
  for (const auto* format : {"application/fhir%2Bndjson", "application/fhir+ndjson", "application/ndjson", "ndjson"})
    CHECK(status("/$export?_outputFormat=" + std::string(format)) == 202);
  CHECK(status("/$export?_type=Nothing&includeAssociatedData=x", "Prefer: respond-async, handling=lenient\r\n") == 202);
  const auto lenient = server.ask("GET", "/$export?_type=Nothing&includeAssociatedData=x&_elements=bogus", {},
                                  "Prefer: respond-async, handling=lenient\r\n");
  REQUIRE(lenient.status == 202);
  const auto where = lenient.header("Content-Location");
  const auto manifest = server.wait_for(where.substr(where.find("/fhir/") + 5));
  const auto url = manifest.body.find("/error.OperationOutcome.1.ndjson");
  REQUIRE(url != std::string::npos);
  CHECK(exported(server, manifest.body).empty());
  const auto start = manifest.body.rfind("/_job/", url);
  const auto left_out =
      server.ask("GET", manifest.body.substr(start, url - start) + "/error.OperationOutcome.1.ndjson").body;
  CHECK(std::count(left_out.begin(), left_out.end(), '\n') == 3);
  for (const auto* name : {"includeAssociatedData", "Nothing", "bogus", "warning"})
    CHECK(left_out.find(name) != std::string::npos);
  CHECK(status("/_job/none") == 404);
  CHECK(status("/_job/..%2F..%2Fetc") == 400);
  CHECK(status("/_job/none/..%2Fpasswd") == 400);
}

TEST_CASE("B67: a thousand kick-offs are throttled") {
  const wire::Folder folder;
  Server server(folder);
  std::vector<std::string> some;
  for (int i = 0; i < 2000; ++i) some.push_back(patient("p" + std::to_string(i), "x"));
  server.put(some);
  int begun = 0, throttled = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto answer = server.ask("GET", "/$export", {}, async);
    begun += answer.status == 202;
    throttled += answer.status == 429;
    CHECK((answer.status == 202 || answer.status == 429));
    if (throttled > 20) break;
  }
  CHECK(begun >= 1);
  CHECK(throttled > 0);
  CHECK(server.ask("GET", "/Patient/p1").status == 200);
}

TEST_CASE("an export that is killed goes on where it was, as of the same moment") {
  const wire::Folder folder;
  std::string job;
  std::set<std::string> expected;
  {
    Server server(folder);
    for (int part = 0; part < 8; ++part) {
      std::vector<std::string> some;
      for (int i = 0; i < 500; ++i) {
        const auto id = "p" + std::to_string(part) + "-" + std::to_string(i);
        some.push_back(patient(id, "x"));
        expected.insert(id);
      }
      server.put(some);
    }
    job = server.kick_off("/$export");
    ::usleep(30'000);
    server.program.signal(SIGKILL);
    server.program.wait();
  }
  for (int kills = 0; kills < 4; ++kills) {
    Server server(folder);
    if (kills == 0) server.put({patient("late", "x")});
    if (server.ask("GET", job).status == 202) ::usleep(15'000);
    server.program.signal(SIGKILL);
    server.program.wait();
  }
  Server server(folder);
  const auto manifest = server.wait_for(job);
  REQUIRE(manifest.status == 200);
  const auto found = exported(server, manifest.body)["Patient"];
  CHECK(found.size() >= expected.size());  // "late" may have come before the first step
  for (const auto& id : expected) CHECK(found.count(id) == 1);
}

TEST_CASE("a search with Prefer: respond-async ends in a batch-response") {
  const wire::Folder folder;
  Server server(folder);
  server.put({patient("p1", "One"), patient("p2", "Two")});
  const auto answer = server.wait_for(server.kick_off("/Patient?family=one"));
  REQUIRE(answer.status == 200);
  CHECK(member(answer.body, "resourceType") == "Bundle");
  CHECK(member(answer.body, "type") == "batch-response");
  CHECK(answer.body.find("\"type\":\"searchset\"") != std::string::npos);
  CHECK(answer.body.find("\"id\":\"p1\"") != std::string::npos);
  CHECK(answer.body.find("\"id\":\"p2\"") == std::string::npos);
  CHECK(server.ask("GET", "/Patient?nothing=x", {}, async).status == 400);
  // The parts of a bundle are answered in it, whatever is preferred of the whole.
  for (const std::string type : {"batch", "transaction"}) {
    const auto whole = server.ask("POST", "",
                                  R"({"resourceType":"Bundle","type":")" + type +
                                      R"(","entry":[{"request":{"method":"GET","url":"Patient?family=one"}}]})",
                                  "Prefer: handling=strict, respond-async\r\n");
    CHECK(whole.status == 200);
    CHECK(whole.body.find("\"id\":\"p1\"") != std::string::npos);
  }
}

TEST_CASE("a SearchParameter answers when all is indexed, through kills, and B38: a hostile one never does") {
  const wire::Folder folder;
  const auto parameter = [](const std::string& id, const std::string& code, const std::string& expression) {
    return R"({"resourceType":"SearchParameter","id":")" + id + R"(","url":"http://example.org/)" + id +
           R"(","name":"x","status":"active","description":"x","code":")" + code +
           R"(","base":["Patient"],"type":"number","expression":")" + expression + "\"}";
  };
  {
    Server server(folder);
    for (int part = 0; part < 4; ++part) {
      std::vector<std::string> some;
      for (int i = 0; i < 500; ++i) some.push_back(patient("p" + std::to_string(part * 1000 + i), "x"));
      server.put(some);
    }
    CHECK(server.ask("PUT", "/SearchParameter/own", parameter("own", "family", "Patient.name")).status == 422);
    CHECK(server.ask("GET", "/Patient?litter=4").status == 400);
    REQUIRE(
        server.ask("PUT", "/SearchParameter/litter", parameter("litter", "litter", "Patient.multipleBirth as integer"))
            .status == 201);
    auto twin = parameter("twin", "litter", "Patient.multipleBirth as integer");
    CHECK(server.ask("PUT", "/SearchParameter/twin", twin).status == 422);
    twin.replace(twin.find("active"), 6, "draft");
    CHECK(server.ask("PUT", "/SearchParameter/twin", twin).status == 201);  // kept, and not answered
    CHECK(server
              .ask("PUT", "/SearchParameter/evil",
                   parameter("evil", "evil", "Patient.name.where(family.matches('(a+)+$'))"))
              .status == 201);
    const auto early = server.ask("GET", "/Patient?litter=4&_summary=count");
    CHECK(early.status == 400);
    CHECK(early.body.find("indexed") != std::string::npos);
    server.program.signal(SIGKILL);
    server.program.wait();
  }
  Server server(folder);
  server.put({patient("late", "x")});
  Answer answer;
  for (int i = 0; i < 600 && answer.status != 200; ++i) {
    answer = server.ask("GET", "/Patient?litter=5&_summary=count&_total=accurate");
    ::usleep(20'000);
  }
  REQUIRE(answer.status == 200);
  CHECK(member(answer.body, "total") == "1500");  // p1000 ... p3499
  CHECK(member(server.ask("GET", "/Patient?litter=4&_id=late&_summary=count").body, "total") == "1");
  CHECK(server.ask("GET", "/Patient?_sort=-litter&_count=1").status == 200);
  CHECK(server.ask("GET", "/Patient?evil=1").status == 400);
  CHECK(server.ask("DELETE", "/SearchParameter/litter").status == 200);
  CHECK(server.ask("GET", "/Patient?litter=5").status == 400);
}

TEST_CASE("a composite SearchParameter answers for what is stored before it and behind it") {
  const wire::Folder folder;
  Server server(folder);
  const auto with_contact = [](const std::string& id, const std::string& family, const std::string& gender) {
    return R"({"resourceType":"Patient","id":")" + id + R"(","contact":[{"name":{"family":")" + family +
           R"("},"gender":")" + gender + R"("},{"name":{"family":"Weis"},"gender":"male"}]})";
  };
  CHECK(server.ask("PUT", "/Patient/before", with_contact("before", "Kremer", "female")).status == 201);
  const std::string parameter =
      R"({"resourceType":"SearchParameter","id":"kin","url":"http://example.org/kin","name":"x","status":"active",
      "description":"x","code":"kin","base":["Patient"],"type":"composite","expression":"Patient.contact","component":[
      {"definition":"http://hl7.org/fhir/SearchParameter/individual-family","expression":"name.family"},
      {"definition":"http://hl7.org/fhir/SearchParameter/individual-gender","expression":"gender"}]})";
  REQUIRE(server.ask("PUT", "/SearchParameter/kin", parameter).status == 201);
  CHECK(server.ask("PUT", "/Patient/behind", with_contact("behind", "Kremer", "male")).status == 201);
  Answer answer;
  for (int i = 0; i < 600 && answer.status != 200; ++i) {
    answer = server.ask("GET", "/Patient?kin=kremer$female");
    ::usleep(20'000);
  }
  REQUIRE(answer.status == 200);
  CHECK(member(answer.body, "total") == "1");
  CHECK(answer.body.find("Patient/before") != std::string::npos);
  CHECK(member(server.ask("GET", "/Patient?kin=kremer$male&_summary=count").body, "total") == "1");
  CHECK(member(server.ask("GET", "/Patient?kin=weis$male&_summary=count").body, "total") == "2");
  CHECK(member(server.ask("GET", "/Patient?kin=weis$female&_summary=count").body, "total") == "0");
  CHECK(server.ask("GET", "/Patient?kin=weis").status == 400);
}

TEST_CASE("$import takes files in, tells what it refused, and goes on after a kill") {
  std::string lines;
  for (int i = 0; i < 3000; ++i) lines += patient("i" + std::to_string(i), "x") + "\n";
  lines += observation("o", "i1") + "\n";  // another type
  lines += R"({"resourceType":"Patient","birthDate":"1970-02-30"})"
           "\nnonsense\n";  // refused
  const Source source(lines);
  const wire::Folder folder;
  const auto manifest = R"({"inputFormat":"application/fhir+ndjson","inputSource":"http://example.org",
    "storageDetail":{"type":"http"},"input":[{"type":"Patient","url":")" +
                        source.base() + R"(patients.ndjson"}]})";
  std::string job;
  {
    Server server(folder, source.base());
    const auto begun = server.ask("POST", "/$import", manifest, async);
    REQUIRE_MESSAGE(begun.status == 202, begun.body);
    const auto where = begun.header("Content-Location");
    job = where.substr(where.find("/fhir/") + 5);
    ::usleep(150'000);
    server.program.signal(SIGKILL);
    server.program.wait();
  }
  Server server(folder, source.base());
  const auto done = server.wait_for(job);
  REQUIRE_MESSAGE(done.status == 200, done.body);
  CHECK(member(done.body, "inputUrl") == source.base() + "patients.ndjson");
  CHECK(member(server.ask("GET", "/Patient?_summary=count").body, "total") == "3000");
  CHECK(server.ask("GET", "/Observation/o").status == 404);
  const auto errors = done.body.substr(done.body.find("\"error\":["));
  const auto url = member(errors, "url");
  const auto refusals = server.ask("GET", url.substr(url.find("/fhir/") + 5));
  CHECK(std::count(refusals.body.begin(), refusals.body.end(), '\n') == 3);
  CHECK(refusals.body.find("patients.ndjson:3001") != std::string::npos);
}

// A long run of one letter with a few others in it packs to about a fiftieth.
TEST_CASE("B16: $import holds no more of a line than one may have, however long it grows") {
  std::string line = R"({"resourceType":"Patient","language":")";
  std::mt19937 random(1);
  while (line.size() < (160u << 20)) {
    line.append(200, 'x');
    for (int i = 0; i < 2; ++i) line += static_cast<char>('a' + random() % 26);
  }
  const Source source(alzette::net::gzip(line + "\"}\n"));
  const wire::Folder folder;
  Server server(folder, source.base());
  const auto most_held = [&] { return wire::memory_kib(server.program.process(), "VmHWM:"); };
  const auto before = most_held();
  const auto begun = server.ask("POST", "/$import",
                                R"({"input":[{"type":"Patient","url":")" + source.base() + R"(p.ndjson"}]})", async);
  REQUIRE_MESSAGE(begun.status == 202, begun.body);
  const auto where = begun.header("Content-Location");
  const auto ended = server.wait_for(where.substr(where.find("/fhir/") + 5));
  CHECK_MESSAGE(ended.body.find("is too long") != std::string::npos, ended.body);
  CHECK_MESSAGE(most_held() < before + (150u << 10), most_held() << " KiB");
}

TEST_CASE("what large requests took goes back to the system, though nobody asks for anything afterwards") {
  if (wire::sanitized) return;
  const wire::Folder folder;
  Server server(folder, "http://127.0.0.1:9/");
  std::string entries;
  for (int i = 0; i < 4'000; ++i)
    entries += std::string(i ? "," : "") + R"({"resource":{"resourceType":"Basic","code":{"text":")" +
               std::string(12'000, 'x') + R"("}},"request":{"method":"POST","url":"Basic"}})";
  const auto bundle = R"({"resourceType":"Bundle","type":"batch","entry":[)" + entries + "]}";
  for (int i = 0; i < 2; ++i) REQUIRE(server.ask("POST", "", bundle).status == 200);
  const auto held = [&] { return wire::memory_kib(server.program.process(), "VmRSS:"); };
  const auto at_first = held();
  for (int i = 0; i < 120 && held() > at_first * 3 / 4; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
  CHECK_MESSAGE(held() <= at_first * 3 / 4, held() << " of " << at_first << " KiB");
}

TEST_CASE("$import asks no address of a network of its own, in whatever spelling") {
  const Source source("");
  const wire::Folder folder;
  Server server(folder, source.base() + "allowed/");
  const auto status = [&](const std::string& url) {
    return server.ask("POST", "/$import", R"({"input":[{"type":"Patient","url":")" + url + "\"}]}", async).status;
  };
  for (const std::string url : {"http://localhost/x",
                                "http://127.0.0.1/x",
                                "http://127.1/x",
                                "http://0x7f.1/x",
                                "http://2130706433/x",
                                "http://[::1]/x",
                                "http://[::ffff:127.0.0.1]/x",
                                "http://10.0.0.1/x",
                                "http://172.16.0.1/x",
                                "http://192.168.1.1/x",
                                "http://169.254.169.254/latest",
                                "http://100.64.0.1/x",
                                "http://[fc00::1]/x",
                                "http://[fe80::1]/x",
                                "http://127.0.0.1:80@10.0.0.1/x",
                                "http://0/x",
                                "http://localhost./x",
                                "file:///etc/passwd",
                                "ftp://example.org/x",
                                "http:///x",
                                "http://127.0.0.1:999999/x"})
    CHECK_MESSAGE(status(url) == 422, url);
  CHECK(status(source.base() + "elsewhere") == 422);
  CHECK(status(source.base() + "allowed/../elsewhere") == 422);
  CHECK(server.ask("POST", "/$import", R"({"input":[{"type":"Patient","url":"http://10.0.0.1/"}]})").status == 400);
  CHECK(server.ask("POST", "/$import", R"({"inputFormat":"text/csv"})", async).status == 400);
  CHECK(server.ask("POST", "/$import", R"({"input":[{"type":"Nothing","url":"http://example.org/"}]})", async).status ==
        400);
  CHECK(server.ask("GET", "/$import", {}, async).status == 405);
  CHECK(source.asked() == 0);
}
