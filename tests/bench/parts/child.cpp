#include "tests/bench/parts/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace bench {
namespace {

pid_t start(const std::vector<std::string>& command, int out) {
  pid_t pid = ::fork();
  if (pid != 0) return pid;
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  ::dup2(out >= 0 ? out : null, STDOUT_FILENO);
  if (out >= 0) ::dup2(null, STDERR_FILENO);  // a server's log
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

}  // namespace

Child::Child(const std::vector<std::string>& command) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  pid_ = start(command, ends[1]);
  ::close(ends[1]);
  std::string text;
  char c = 0;
  while (::read(ends[0], &c, 1) == 1) {
    text += c;
    std::size_t ready = text.find("ready http=");
    if (c != '\n' || ready == std::string::npos) continue;
    std::size_t address = text.find("http://", ready);
    port_ = static_cast<std::uint16_t>(std::strtoul(text.c_str() + text.find(':', address + 7) + 1, nullptr, 10));
    break;
  }
  ::close(ends[0]);
  if (port_ == 0) throw std::runtime_error(command[0] + " did not become ready");
}

Child::~Child() {
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
}

double Child::resident_mib() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/statm");
  double size = 0, resident = 0;
  file >> size >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

void run(const std::vector<std::string>& command) {
  int status = 0;
  ::waitpid(start(command, -1), &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) throw std::runtime_error(command[0] + " failed");
}

}  // namespace bench
