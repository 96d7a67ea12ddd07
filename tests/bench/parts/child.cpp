#include "tests/bench/parts/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace bench {
namespace {

// The child's standard output is `out`; what it logs is dropped.
pid_t start(const std::vector<std::string>& command, const Environment& environment, int out) {
  pid_t pid = ::fork();
  if (pid != 0) return pid;
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
  int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(null, STDERR_FILENO);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

struct Pipe {
  int ends[2] = {-1, -1};
  Pipe() {
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    ::close(ends[0]);
    close_writing();
  }
  void close_writing() {
    if (ends[1] >= 0) ::close(ends[1]);
    ends[1] = -1;
  }
};

}  // namespace

Child::Child(const std::vector<std::string>& command, const Environment& environment) {
  Pipe pipe;
  pid_ = start(command, environment, pipe.ends[1]);
  pipe.close_writing();
  std::string text;
  char c = 0;
  while (::read(pipe.ends[0], &c, 1) == 1) {
    text += c;
    std::size_t ready = text.find("ready http=");
    if (c != '\n' || ready == std::string::npos) continue;
    std::size_t address = text.find("http://", ready);
    port_ = static_cast<std::uint16_t>(std::strtoul(text.c_str() + text.find(':', address + 7) + 1, nullptr, 10));
    if (const auto mllp = text.find("mllp=", ready); mllp != std::string::npos)
      mllp_port_ = static_cast<std::uint16_t>(std::strtoul(text.c_str() + text.find(':', mllp) + 1, nullptr, 10));
    break;
  }
  if (port_ == 0) throw std::runtime_error(command[0] + " did not become ready");
}

Child::~Child() {
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
}

double Child::status_mib(const std::string& name) const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/status");
  for (std::string word; file >> word;)
    if (word == name) {
      double kib = 0;
      file >> kib;
      return kib / 1024;
    }
  return 0;
}

double Child::resident_mib() const { return status_mib("VmRSS:"); }
double Child::most_resident_mib() const { return status_mib("VmHWM:"); }

double Child::core_seconds() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/stat");
  std::string text;
  std::getline(file, text, ')');  // the number and the name
  constexpr int before_times = 11;
  for (int i = 0; i < before_times; ++i) file >> text;
  double user = 0, system = 0;
  file >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

Ended run(const std::vector<std::string>& command, const Environment& environment) {
  const auto begin = std::chrono::steady_clock::now();
  Pipe pipe;
  const pid_t pid = start(command, environment, pipe.ends[1]);
  pipe.close_writing();
  Ended ended;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(pipe.ends[0], buffer, sizeof buffer)) > 0;)
    ended.output.append(buffer, static_cast<std::size_t>(got));
  int status = 0;
  rusage usage{};
  ::wait4(pid, &status, 0, &usage);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) throw std::runtime_error(command[0] + " failed");
  ended.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  ended.most_resident_mib = static_cast<double>(usage.ru_maxrss) / 1024;
  return ended;
}

}  // namespace bench
