// Reading connections with their prepared statements, lent to one snapshot at a time. A connection comes back with its
// read transaction still open: as long as nothing is committed the next snapshot goes on in it, which saves the locks
// and most of the time of a read. Each commit ends the idle ones, so that none keeps the log from being moved.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "fhir/store.h"
#include "src/store/sqlite/connection.h"

namespace alzette::store::sqlite {

class Pool {
 public:
  explicit Pool(std::string file) : file_(std::move(file)) {}

  // A connection in a read transaction that sees at least everything up to `last`. `commits` is to be handed in again
  // when it comes back.
  std::unique_ptr<Connection> take(fhir::Key last, std::uint64_t& commits) {
    std::unique_ptr<Connection> connection;
    bool current = false;  // idle transactions began after the newest commit that advance() was told of
    {
      const std::lock_guard lock(mutex_);
      commits = commits_;
      if (!idle_.empty()) {
        current = last == newest_ && idle_.back()->in_transaction();
        connection = std::move(idle_.back());
        idle_.pop_back();
      }
    }
    constexpr Connection::Tuning tuning{.cache_kib = 8 * 1024, .mmap_bytes = 128 << 20};
    if (!connection) connection = std::make_unique<Connection>(file_, Connection::Mode::read, tuning);
    if (!current) {
      end(*connection);
      connection->take("BEGIN").run();
    }
    ++lent_;
    return connection;
  }

  void give_back(std::unique_ptr<Connection> connection, std::uint64_t commits) {
    constexpr std::size_t spare = 16;
    --lent_;
    const std::lock_guard lock(mutex_);
    if (closed_ || idle_.size() >= spare) return;
    if (commits != commits_ || !keeps_) end(*connection);
    idle_.push_back(std::move(connection));
  }

  // After each commit.
  void advance(fhir::Key newest) {
    const std::lock_guard lock(mutex_);
    newest_ = newest;
    ++commits_;
    end_idle();
  }

  // Whether transactions stay open for the next snapshot: not while the log is to begin anew.
  void keep(bool on) {
    const std::lock_guard lock(mutex_);
    keeps_ = on;
    if (!on) end_idle();
  }

  std::uint64_t lent() const { return lent_; }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    idle_.clear();
  }

 private:
  static void end(Connection& connection) {
    if (connection.in_transaction()) connection.take("COMMIT").run();
  }

  void end_idle() {
    std::erase_if(idle_, [](auto& connection) {
      try {
        end(*connection);
        return false;
      } catch (const Failure&) {
        return true;  // not fit for further use
      }
    });
  }

  const std::string file_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;
  fhir::Key newest_ = 0;
  std::uint64_t commits_ = 0;  // also those that bring no version
  std::atomic<std::uint64_t> lent_{0};
  bool keeps_ = true;
  bool closed_ = false;
};

}  // namespace alzette::store::sqlite
