#include "src/outbox.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "src/clock.h"
#include "src/log.h"
#include "src/metrics.h"
#include "src/net/client.h"

namespace alzette {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t most_of_receipt = 1u << 20;  // bytes

void count(std::string_view result) {
  metrics::Counter("alzette_replies_elsewhere_total", "Answers sent to a ReplyTo, by what became of them",
                   "result=\"" + std::string(result) + "\"")
      .add();
}

bool sync(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool good = fd >= 0 && ::fsync(fd) == 0;
  if (fd >= 0) ::close(fd);
  return good;
}

// A letter's file: address and media type, a line each, then the body. It is whole, and outlives a power cut, once it
// has its name.
bool write(const std::string& folder, const std::string& path, const Letter& letter) {
  const auto unfinished = path + ".part";
  {
    std::ofstream file(unfinished, std::ios::binary | std::ios::trunc);
    file << letter.url << '\n' << letter.content_type << '\n' << letter.body;
    if (!file.flush()) return false;
  }
  std::error_code error;
  fs::permissions(unfinished, fs::perms::owner_read | fs::perms::owner_write, error);
  if (!sync(unfinished)) return false;
  fs::rename(unfinished, path, error);
  return !error && sync(folder);
}

Letter read(const std::string& path) {
  Letter letter;
  std::ifstream file(path, std::ios::binary);
  std::getline(file, letter.url);
  std::getline(file, letter.content_type);
  letter.body.assign(std::istreambuf_iterator<char>(file), {});
  return letter;
}

}  // namespace

Outbox::Outbox(const net::Egress& egress, std::string folder, Limits limits)
    : egress_(egress), folder_(std::move(folder)), limits_(limits) {
  take_up();
  for (unsigned i = 0; i < limits_.threads; ++i) threads_.emplace_back([this] { run(); });
}

Outbox::~Outbox() { stop(); }

void Outbox::take_up() {
  std::error_code error;
  fs::create_directories(folder_, error);
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(folder_, error))
    if (entry.path().extension() == ".letter")
      files.push_back(entry.path().string());
    else if (entry.path().extension() == ".part")
      fs::remove(entry.path(), error);
  std::sort(files.begin(), files.end());  // their names begin with the time
  for (auto& file : files) {
    auto letter = read(file);
    bytes_ += letter.body.size();
    letters_.push_back({std::move(letter), std::move(file), 0, std::chrono::steady_clock::now()});
  }
  if (!letters_.empty()) log::write(log::Level::info, "replies_taken_up", {{"count", letters_.size()}});
}

bool Outbox::has_room() const {
  const std::lock_guard lock(mutex_);
  return !stopping_ && letters_.size() + under_way_ < limits_.letters && bytes_ < limits_.bytes;
}

bool Outbox::takes(std::uint64_t bytes) const { return bytes <= limits_.body; }

bool Outbox::post(Letter letter) {
  std::string file;
  {
    const std::lock_guard lock(mutex_);
    const bool full = letters_.size() + under_way_ >= limits_.letters || bytes_ + letter.body.size() > limits_.bytes;
    if (full) {
      count("dropped");
      return false;
    }
    ++under_way_;  // a disk may be slow: others do not wait for it
    bytes_ += letter.body.size();
    const auto number = std::to_string(++count_);
    file = folder_ + "/" + std::to_string(clock::wall_ms()) + "-" +
           std::string(12 - std::min<std::size_t>(12, number.size()), '0') + number + ".letter";
  }
  if (!write(folder_, file, letter)) log::write(log::Level::warning, "reply_not_kept", {{"file", file}});
  {
    const std::lock_guard lock(mutex_);
    --under_way_;
    letters_.push_back({std::move(letter), std::move(file), 0, std::chrono::steady_clock::now()});
  }
  wake_.notify_one();
  return true;
}

std::size_t Outbox::waiting() const {
  const std::lock_guard lock(mutex_);
  return letters_.size() + under_way_;
}

void Outbox::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void Outbox::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto next = std::min_element(letters_.begin(), letters_.end(),
                                       [](const Waiting& a, const Waiting& b) { return a.due < b.due; });
    if (next == letters_.end()) {
      wake_.wait(lock);
      continue;
    }
    if (const auto due = next->due; due > std::chrono::steady_clock::now()) {
      wake_.wait_until(lock, due);
      continue;
    }
    auto one = std::move(*next);
    letters_.erase(next);
    ++under_way_;
    lock.unlock();
    const bool sent = send(one.letter);
    lock.lock();
    --under_way_;
    if (!sent && ++one.tries < limits_.tries) {
      one.due = std::chrono::steady_clock::now() + limits_.pause * (1u << 2 * (one.tries - 1));
      letters_.push_back(std::move(one));
      continue;
    }
    bytes_ -= one.letter.body.size();
    std::error_code ignored;
    fs::remove(one.file, ignored);
    count(sent ? "sent" : "given_up");
    if (!sent) log::write(log::Level::warning, "reply_given_up", {{"tries", one.tries}});
  }
}

// Any answer but an error of the peer's server, or one without end, is a receipt: what it thinks of the content is its
// own matter.
bool Outbox::send(const Letter& letter) const {
  const auto endpoint = egress_.judge_secure(letter.url);
  const auto address = egress_.resolve(letter.url);
  if (!endpoint || !address) return false;
  Request request;
  request.method = "POST";
  request.target = endpoint->target;
  request.headers = {{"Host", endpoint->authority()}, {"Content-Type", letter.content_type}};
  request.body = letter.body;
  net::Client client(*address, limits_.patience, endpoint->tls ? tls_ : nullptr, endpoint->host);
  client.take_at_most(most_of_receipt);
  const auto answer = client.send(request);
  return answer && answer->status < 500;
}

}  // namespace alzette
