// The program under test as a process of its own, and a plain HTTP client that keeps its connection.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/places.h"

namespace wire {

// A folder that goes away with its owner.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "alzette-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string path(const std::string& name = "") const { return name.empty() ? path_ : path_ + "/" + name; }

 private:
  std::string path_;
};

inline std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

class Program {
 public:
  // Output and errors go to files of `folder`, because a full pipe would stop the program.
  Program(const std::string& folder, std::vector<std::string> arguments, const char* program = places::program)
      : out_(folder + "/stdout"), err_(folder + "/stderr") {
    arguments.insert(arguments.begin(), program);
    std::vector<char*> values;
    for (auto& argument : arguments) values.push_back(argument.data());
    values.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    constexpr int flags = O_WRONLY | O_CREAT | O_TRUNC;
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, out_.c_str(), flags, 0600);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, err_.c_str(), flags, 0600);
    if (::posix_spawn(&process_, program, &files, nullptr, values.data(), environ) != 0) process_ = -1;
    posix_spawn_file_actions_destroy(&files);
  }
  ~Program() {
    if (process_ > 0) {
      ::kill(process_, SIGKILL);
      wait();
    }
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  pid_t process() const { return process_; }
  void signal(int number) const {
    if (process_ > 0) ::kill(process_, number);
  }

  // The exit code, or 128 + signal; -1 when it has not ended in time.
  int wait(std::chrono::milliseconds patience = std::chrono::minutes(5)) {
    auto until = std::chrono::steady_clock::now() + patience;
    for (int status = 0; process_ > 0;) {
      if (::waitpid(process_, &status, WNOHANG) == process_) {
        process_ = -1;
        code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      } else if (std::chrono::steady_clock::now() > until) {
        return -1;
      } else {
        ::usleep(500);
      }
    }
    return code_;
  }

  // "127.0.0.1:40123" of the ready line; "" when the program ended or took too long.
  std::string ready(std::chrono::milliseconds patience = std::chrono::seconds(30)) {
    auto until = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < until) {
      std::string text = out();
      auto at = text.find("http=http://");
      if (at != std::string::npos && text.find('\n', at) != std::string::npos)
        return text.substr(at + 12, text.find_first_of(" \n", at) - at - 12);
      if (wait(std::chrono::milliseconds(0)) != -1) return {};
      ::usleep(500);
    }
    return {};
  }

  std::string out() const { return content_of(out_); }
  std::string err() const { return content_of(err_); }

 private:
  std::string out_, err_;
  pid_t process_ = -1;
  int code_ = -1;
};

struct Answer {
  int status = 0;
  std::string head;
  std::string body;
  // Header `name` (as the server writes it), or "".
  std::string header(const std::string& name) const {
    auto at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    at += name.size() + 4;
    return head.substr(at, head.find("\r\n", at) - at);
  }
};

class Http {
 public:
  explicit Http(std::string address) : address_(std::move(address)) {}
  ~Http() { close(); }
  Http(const Http&) = delete;
  Http& operator=(const Http&) = delete;

  // Nothing when the connection broke: whether the request took effect is unknown.
  std::optional<Answer> ask(std::string_view method, std::string_view path, std::string_view body = {},
                            std::string_view more_headers = {}) {
    std::string request(method);
    request.append(" ").append(path).append(" HTTP/1.1\r\nHost: ").append(address_).append("\r\n");
    request.append("Accept: application/fhir+json\r\n").append(more_headers);
    if (!body.empty() || method == "POST" || method == "PUT") {
      request.append("Content-Type: application/fhir+json\r\nContent-Length: ");
      request.append(std::to_string(body.size())).append("\r\n");
    }
    request.append("\r\n").append(body);
    if (!connect() || !send(request)) return broken();
    return receive();
  }

 private:
  std::optional<Answer> broken() {
    close();
    return std::nullopt;
  }
  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
    buffer_.clear();
  }
  bool connect() {
    if (socket_ >= 0) return true;
    auto colon = address_.rfind(':');
    sockaddr_in peer{};
    peer.sin_family = AF_INET;
    peer.sin_port = htons(static_cast<std::uint16_t>(std::atoi(address_.c_str() + colon + 1)));
    ::inet_pton(AF_INET, address_.substr(0, colon).c_str(), &peer.sin_addr);
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&peer), sizeof peer) == 0) return true;
    close();
    return false;
  }
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  bool more() {
    pollfd one{socket_, POLLIN, 0};
    if (::poll(&one, 1, 60'000) <= 0) return false;
    char bytes[65536];
    auto got = ::recv(socket_, bytes, sizeof bytes, 0);
    if (got <= 0) return false;
    buffer_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }
  std::optional<Answer> receive() {
    std::size_t end;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
      if (!more()) return broken();
    Answer answer;
    answer.head = buffer_.substr(0, end + 2);
    answer.status = std::atoi(answer.head.c_str() + std::min<std::size_t>(9, answer.head.size()));
    std::size_t length = std::strtoul(answer.header("Content-Length").c_str(), nullptr, 10);
    while (buffer_.size() < end + 4 + length)
      if (!more()) return broken();
    answer.body = buffer_.substr(end + 4, length);
    buffer_.erase(0, end + 4 + length);
    if (answer.header("Connection") == "close") close();
    return answer;
  }

  std::string address_;
  int socket_ = -1;
  std::string buffer_;
};

// The first "name":"value" (or number) of a JSON text.
inline std::string member(const std::string& json, const std::string& name) {
  auto at = json.find("\"" + name + "\":");
  if (at == std::string::npos) return {};
  at += name.size() + 3;
  if (json[at] == '"') return json.substr(at + 1, json.find('"', at + 1) - at - 1);
  return json.substr(at, json.find_first_of(",}]", at) - at);
}

}  // namespace wire
