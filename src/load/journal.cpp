// The load journal on disk.
#include "src/load/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace alzette::load {
namespace {

std::string key_of(const File& file) {
  std::string path = file.path;
  std::replace(path.begin(), path.end(), '\n', '?');
  return std::to_string(file.size) + '\t' + std::to_string(file.modified) + '\t' + path;
}

std::string line_of(const std::string& key, const Progress& progress) {
  return std::to_string(progress.started) + '\t' + std::to_string(progress.done) + '\t' +
         std::to_string(progress.refused) + '\t' + (progress.finished ? '1' : '0') + '\t' + key + '\n';
}

}  // namespace

Journal::Journal(std::string folder) : path_(std::move(folder) + "/load.journal") {
  std::ifstream in(path_);
  for (std::string line; std::getline(in, line) && !in.eof();) {  // a last line without its end was cut short
    std::istringstream fields(line);
    Progress progress;
    std::string key;
    if (fields >> progress.started >> progress.done >> progress.refused >> progress.finished && fields.get() == '\t' &&
        std::getline(fields, key)) {
      latest_ = std::max(latest_, progress.started);
      files_[key] = progress;
    }
  }
  in.close();
  std::string fresh = path_ + ".new";
  descriptor_ = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0640);
  std::string all;
  for (const auto& [key, progress] : files_) all += line_of(key, progress);
  append(all);
  sync();
  ::rename(fresh.c_str(), path_.c_str());
}

Journal::~Journal() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Progress Journal::begin(const File& file, std::int64_t now, bool again) {
  auto key = key_of(file);
  auto found = files_.find(key);
  if (found != files_.end() && !again) return found->second;
  Progress progress;
  progress.started = found != files_.end() ? found->second.started : std::max(now, latest_ + 1);
  latest_ = std::max(latest_, progress.started);
  files_[key] = progress;
  append(line_of(key, progress));
  return progress;
}

void Journal::record(const File& file, const Progress& progress) {
  auto key = key_of(file);
  files_[key] = progress;
  append(line_of(key, progress));
}

void Journal::append(const std::string& text) {
  if (descriptor_ < 0) return;
  for (std::size_t at = 0; at < text.size();) {
    auto wrote = ::write(descriptor_, text.data() + at, text.size() - at);
    if (wrote <= 0) return;
    at += static_cast<std::size_t>(wrote);
  }
}

void Journal::sync() {
  if (descriptor_ >= 0) ::fdatasync(descriptor_);
}

}  // namespace alzette::load
