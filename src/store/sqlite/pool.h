// Reading connections with their prepared statements, lent to one snapshot at a time.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "src/store/sqlite/connection.h"

namespace alzette::store::sqlite {

class Pool {
 public:
  explicit Pool(std::string file) : file_(std::move(file)) {}

  std::unique_ptr<Connection> take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        auto connection = std::move(idle_.back());
        idle_.pop_back();
        return connection;
      }
    }
    constexpr Connection::Tuning tuning{.cache_kib = 8 * 1024, .mmap_bytes = 128 << 20};
    return std::make_unique<Connection>(file_, Connection::Mode::read, tuning);
  }

  void give_back(std::unique_ptr<Connection> connection) {
    constexpr std::size_t spare = 16;
    const std::lock_guard lock(mutex_);
    if (idle_.size() < spare) idle_.push_back(std::move(connection));
  }

 private:
  const std::string file_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace alzette::store::sqlite
