// The command line as a user has it: the real program, its exit codes, what it prints, what a kill leaves behind.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/wire/program.h"

namespace {

using wire::Folder;
using wire::Http;
using wire::member;
using wire::Program;

struct Run {
  int code;
  std::string out, err;
};

Run run(const Folder& folder, std::vector<std::string> arguments) {
  Program program(folder.path(), std::move(arguments));
  int code = program.wait();
  return {code, program.out(), program.err()};
}

std::vector<std::string> serve(const Folder& folder) {
  return {"serve", "--data", folder.path("data"), "--http", "127.0.0.1:0"};
}

void write(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string count_of(Http& http, const std::string& type) {
  auto answer = http.ask("GET", "/fhir/" + type + "?_summary=count");
  return answer ? member(answer->body, "total") : "no answer";
}

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("command: exit codes tell done, failed and wrong usage apart") {
  Folder folder;
  CHECK(run(folder, {"version"}).code == 0);
  CHECK(run(folder, {"version"}).out.starts_with("alzette "));
  CHECK(run(folder, {"help"}).code == 0);
  CHECK(run(folder, {"--help"}).code == 0);
  for (const char* verb : {"serve", "load", "generate", "backup", "check", "version", "help"}) {
    CAPTURE(verb);
    CHECK(run(folder, {"help"}).out.find(verb) != std::string::npos);
    auto help = run(folder, {"help", verb});
    CHECK(help.code == 0);
    CHECK_FALSE(help.out.empty());
    CHECK(run(folder, {verb, "--help"}).code == 0);
    CHECK(run(folder, {verb, "--no-such-flag"}).code == 2);
  }
  CHECK(run(folder, {}).code == 2);
  CHECK(run(folder, {"no-such-verb"}).code == 2);
  CHECK(run(folder, {"help", "no-such-verb"}).code == 2);
  CHECK(run(folder, {"load"}).code == 2);
  CHECK(run(folder, {"load"}).err == "alzette load: PATH is required\nTry: alzette load --help\n");
  CHECK(run(folder, {"load", "--help"}).out.find("Usage: alzette load [OPTIONS] PATH...\n") != std::string::npos);
  CHECK(run(folder, {"generate"}).code == 2);
  CHECK(run(folder, {"generate", "--patients", "0"}).code == 2);
  CHECK(run(folder, {"generate", "--patients", "many"}).code == 2);
  CHECK(run(folder, {"generate", "--patients", "1", "--only", "Unicorn"}).code == 2);
  auto absent = run(folder, {"load", folder.path("absent.json"), "--data", folder.path("data")});
  CHECK(absent.code == 1);
  CHECK(absent.err.find("absent.json") != std::string::npos);
  CHECK(run(folder, {"check", "--data", folder.path("nowhere")}).code == 1);
  CHECK(run(folder, {"backup", folder.path("copy"), "--data", folder.path("nowhere")}).code == 1);
  CHECK_FALSE(std::filesystem::exists(folder.path("nowhere")));
}

TEST_CASE("command: generate fills a store once, check finds it whole, serve answers and drains") {
  Folder folder;
  std::vector<std::string> generate{"generate", "--patients", "60", "--documents", "20", "--data", folder.path("data")};
  auto first = run(folder, generate);
  REQUIRE_MESSAGE(first.code == 0, first.err);
  auto second = run(folder, generate);
  CHECK(second.code == 0);
  CHECK(second.out.find(": 0 created, 0 updated,") != std::string::npos);
  auto check = run(folder, {"check", "--data", folder.path("data")});
  CHECK_MESSAGE(check.code == 0, check.out, check.err);

  Program server(folder.path(), serve(folder));
  auto address = server.ready();
  REQUIRE_MESSAGE(!address.empty(), server.err());
  CHECK(server.out().starts_with("ready http=http://127.0.0.1:"));
  Http http(address);
  CHECK(count_of(http, "Patient") == "60");
  CHECK(count_of(http, "DocumentReference") == "20");
  CHECK(count_of(http, "Binary") == "20");
  Folder other;
  CHECK(run(other, serve(folder)).code == 1);  // the store has its server
  CHECK(run(other, {"load", folder.path(), "--data", folder.path("data")}).code == 1);
  CHECK(run(other, {"serve", "--data", other.path("data"), "--http", address}).code == 1);  // the port is taken

  std::filesystem::create_directories(folder.path("data/packages"));
  std::ofstream(folder.path("data/packages/a#1.tgz")) << "a package";
  auto backup = run(other, {"backup", other.path("copy"), "--data", folder.path("data")});
  CHECK_MESSAGE(backup.code == 0, backup.err);
  CHECK(std::filesystem::file_size(other.path("copy.packages/a#1.tgz")) == 9);
  CHECK(run(other, {"backup", other.path("copy"), "--data", folder.path("data")}).code == 1);  // never overwrites
  server.signal(SIGTERM);
  CHECK(server.wait(std::chrono::seconds(60)) == 0);

  std::filesystem::create_directory(other.path("restored"));
  std::filesystem::rename(other.path("copy"), other.path("restored/alzette.sqlite"));
  if (std::filesystem::exists(other.path("copy.blobs")))
    std::filesystem::rename(other.path("copy.blobs"), other.path("restored/blobs"));
  auto restored = run(other, {"check", "--data", other.path("restored")});
  CHECK_MESSAGE(restored.code == 0, restored.out, restored.err);
  CHECK(restored.out == check.out);
}

TEST_CASE("command: a request that is under way when SIGTERM comes is answered") {
  Folder folder;
  Program server(folder.path(), serve(folder));
  auto address = server.ready();
  REQUIRE_MESSAGE(!address.empty(), server.err());
  Http busy(address);
  std::string bundle = R"({"resourceType":"Bundle","type":"transaction","entry":[)";
  for (int at = 0; at < 3000; ++at)
    bundle += (at ? "," : "") + std::string(R"({"resource":{"resourceType":"Patient","active":true},)") +
              R"("request":{"method":"POST","url":"Patient"}})";
  bundle += "]}";
  REQUIRE(busy.ask("GET", "/fhir/metadata"));
  std::thread stop([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    server.signal(SIGTERM);
  });
  auto answer = busy.ask("POST", "/fhir", bundle);
  stop.join();
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(server.wait(std::chrono::seconds(60)) == 0);
}

TEST_CASE("command: a load that is killed goes on where it stood, and nothing is there twice") {
  Folder folder;
  const std::string nation = folder.path("nation"), data = folder.path("data");
  REQUIRE(run(folder, {"generate", "--patients", "3000", "--documents", "50", "--out", nation}).code == 0);
  std::uint64_t resources = 0;
  for (const auto& file : std::filesystem::directory_iterator(nation))
    resources += lines_in(wire::content_of(file.path().string()));
  // Transactions that let the server choose ids: a repeat must not make new ones.
  for (int at = 0; at < 200; ++at)
    write(nation + "/bundle" + std::to_string(1000 + at) + ".json",
          R"({"resourceType":"Bundle","type":"transaction","entry":[)"
          R"({"resource":{"resourceType":"Basic","code":{"text":"one"}},"request":{"method":"POST","url":"Basic"}},)"
          R"({"resource":{"resourceType":"Basic","code":{"text":"two"}},"request":{"method":"POST","url":"Basic"}}]})");
  const std::vector<std::string> load{"load", nation, "--data", data};
  for (int kill = 0; kill < 6; ++kill) {
    Program program(folder.path(), load);
    std::this_thread::sleep_for(std::chrono::milliseconds(80 + 90 * kill));
    program.signal(SIGKILL);
    program.wait();
  }
  auto last = run(folder, load);
  CHECK_MESSAGE(last.code == 0, last.out, last.err);
  auto again = run(folder, load);
  CHECK(again.out.starts_with("0 resources "));
  auto whole = run(folder, {"check", "--data", data});
  CHECK_MESSAGE(whole.code == 0, whole.out, whole.err);

  Program server(folder.path(), serve(folder));
  auto address = server.ready();
  REQUIRE_MESSAGE(!address.empty(), server.err());
  Http http(address);
  CHECK(count_of(http, "Basic") == "400");
  CHECK(count_of(http, "Patient") == "3000");
  auto all = http.ask("GET", "/fhir/_history?_count=1");
  REQUIRE(all);
  // One version of each, and of the submission set that each document enters with.
  CHECK(count_of(http, "List") == "50");
  CHECK(member(all->body, "total") == std::to_string(resources + 400 + 50));
}

TEST_CASE("command: load reports what it refuses and ends with 1") {
  Folder folder;
  write(folder.path("in/a.ndjson"), R"({"resourceType":"Patient","id":"good"})"
                                    "\n"
                                    R"({"resourceType":"Patient","id":"bad","birthDate":"2001-02-30"})"
                                    "\n");
  write(folder.path("in/b.json"), R"({"resourceType":"Bundle","type":"transaction","entry":[
    {"resource":{"resourceType":"Patient","id":"t1"},"request":{"method":"PUT","url":"Patient/t1"}},
    {"resource":{"resourceType":"Patient","id":"t2","gender":7},"request":{"method":"PUT","url":"Patient/t2"}}]})");
  auto result = run(
      folder, {"load", folder.path("in"), "--data", folder.path("data"), "--refused", folder.path("refused.ndjson")});
  CHECK(result.code == 1);
  CHECK(result.out.find("1 created") != std::string::npos);
  CHECK(result.out.find("2 refused") != std::string::npos);
  auto report = wire::content_of(folder.path("refused.ndjson"));
  CHECK(lines_in(report) == 2);
  CHECK(report.find("a.ndjson line 2: ") != std::string::npos);
  CHECK(report.find("Patient.birthDate") != std::string::npos);
  CHECK(report.find("b.json: ") != std::string::npos);
  CHECK(report.find("Bundle.entry[1].resource") != std::string::npos);
}
