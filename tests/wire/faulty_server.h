// The real server with a library between itself and its files (preload/faults.cpp), and what is sent to it.
#pragma once

#include <doctest/doctest.h>
#include <sys/mman.h>

#include "src/store/store.h"
#include "tests/wire/memory.h"
#include "tests/wire/preload/faults.h"
#include "tests/wire/program.h"

namespace wire {

inline std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

// The countdowns that one server obeys.
class Trouble {
 public:
  explicit Trouble(const std::string& file) {
    std::ofstream(file) << std::string(sizeof(Faults), '\xff');
    const int fd = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
    faults_ = static_cast<Faults*>(::mmap(nullptr, sizeof(Faults), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    ::close(fd);
    REQUIRE(faults_ != MAP_FAILED);
    none();
  }
  ~Trouble() { ::munmap(faults_, sizeof(Faults)); }
  Trouble(const Trouble&) = delete;
  Trouble& operator=(const Trouble&) = delete;
  Faults* operator->() const { return faults_; }
  void none() const {
    for (auto* countdown :
         {&faults_->room, &faults_->writes, &faults_->syncs, &faults_->memory, &faults_->moves, &faults_->moved})
      *countdown = -1;
    faults_->seen = 0;
    faults_->ahead = 0;
  }

 private:
  Faults* faults_;
};

// A folder with a store, its troubles, and the server on it. Not with a sanitizer: that wants to be the first library
// of its program, and replaces malloc itself.
class Faulty {
 public:
  explicit Faulty(std::string where = {}, bool recorded = false)
      : data(where.empty() ? folder.path("data") : std::move(where)),
        trouble(folder.path("faults")),
        recorded_(recorded) {}

  // "" when it did not start.
  std::string start() {
    server.reset();
    ::setenv("LD_PRELOAD", places::faults, 1);
    ::setenv("ALZETTE_FAULTS", folder.path("faults").c_str(), 1);
    ::setenv("ALZETTE_BELOW", data.c_str(), 1);
    if (recorded_) ::setenv("ALZETTE_RECORD", record().c_str(), 1);
    server.emplace(folder.path(), std::vector<std::string>{"serve", "--data", data, "--http", "127.0.0.1:0"});
    for (const char* name : {"LD_PRELOAD", "ALZETTE_FAULTS", "ALZETTE_BELOW", "ALZETTE_RECORD"}) ::unsetenv(name);
    return server->ready(std::chrono::seconds(60));
  }
  int stop() {
    server->signal(SIGTERM);
    return server->wait(std::chrono::seconds(60));
  }
  std::string record() const { return folder.path("record"); }

  Folder folder;
  const std::string data;
  Trouble trouble;
  std::optional<Program> server;

 private:
  bool recorded_;
};

inline std::string patient(const std::string& id, const std::string& text = "x") {
  return R"({"resourceType":"Patient","id":")" + id + R"(","name":[{"family":")" + text + R"("}]})";
}
inline std::string document(const std::string& id, std::size_t bytes, char fill) {
  return R"({"resourceType":"Binary","id":")" + id + R"(","contentType":"text/plain","data":")" +
         std::string(bytes / 4 * 4, fill) + R"("})";
}
inline std::string bundle(const std::vector<std::string>& ids) {
  std::string text = R"({"resourceType":"Bundle","type":"transaction","entry":[)";
  for (const auto& id : ids)
    text += (text.back() == '[' ? "" : ",") + (R"({"resource":)" + patient(id)) +
            R"(,"request":{"method":"PUT","url":"Patient/)" + id + R"("}})";
  return text + "]}";
}

inline std::optional<Answer> put(Http& http, const std::string& id, const std::string& text = "x") {
  return http.ask("PUT", "/fhir/Patient/" + id, patient(id, text));
}
inline int status_of(Http& http, const std::string& path) {
  const auto answer = http.ask("GET", path);
  return answer ? answer->status : 0;
}
inline bool done(const std::optional<Answer>& answer) {
  return answer && (answer->status == 200 || answer->status == 201);
}
// A refusal that a client can read.
inline bool refused(const std::optional<Answer>& answer) {
  return answer && answer->status >= 500 && answer->body.find("OperationOutcome") != std::string::npos;
}

inline std::string fault_of(const std::string& data, std::uint64_t* versions = nullptr) {
  const auto report = alzette::store::check(data, false, {});
  if (!report) return report.outcome().issues.front().diagnostics;
  if (versions) *versions = report->versions;
  return report->whole() ? "" : report->faults.front();
}

}  // namespace wire
