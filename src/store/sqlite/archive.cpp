// Opens a store and holds its parts together: lock, schema, names, writer, readers.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "src/store/sqlite/folder.h"
#include "src/store/sqlite/schema.h"
#include "src/store/sqlite/snapshot.h"
#include "src/store/sqlite/writer.h"
#include "src/store/store.h"

namespace alzette::store {

using fhir::Kind;
using fhir::Outcome;
using fhir::Result;

namespace sqlite {

Lock::~Lock() {
  if (fd_ >= 0) ::close(fd_);
}

std::optional<Outcome> Lock::take(const std::string& folder) {
  std::error_code failed;
  const bool made = std::filesystem::create_directories(folder, failed);
  if (made && !keep_names(std::filesystem::absolute(folder).parent_path().string()))
    return Outcome(Kind::internal, "no-store", "cannot make " + folder + " durable: " + std::strerror(errno));
  fd_ = ::open((folder + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd_ < 0) return Outcome(Kind::internal, "no-store", "cannot write in " + folder + ": " + std::strerror(errno));
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0)
    return Outcome(Kind::busy, "lock-error", folder + " is in use by another alzette; stop it first");
  return std::nullopt;
}

std::string database_file(const std::string& folder) { return folder + "/alzette.sqlite"; }
std::string blob_folder(const std::string& folder) { return folder + "/blobs"; }

std::optional<Outcome> migrate(Connection& connection) {
  auto row = connection.take("PRAGMA user_version");
  row.step();
  const auto version = static_cast<std::size_t>(row.integer(0));
  row.reset();
  const auto all = migrations();
  if (version > all.size())
    return Outcome(Kind::unsupported, "not-supported",
                   "the store has schema " + std::to_string(version) + ", this program knows schemas up to " +
                       std::to_string(all.size()) + "; use a newer alzette");
  for (std::size_t next = version; next < all.size(); ++next) {
    connection.run("BEGIN IMMEDIATE");
    connection.run(all[next]);
    connection.run(("PRAGMA user_version = " + std::to_string(next + 1)).c_str());
    connection.run("COMMIT");
  }
  return std::nullopt;
}

namespace {

class SqliteArchive : public Archive {
 public:
  SqliteArchive(const std::string& folder, const Options& options, std::unique_ptr<Lock> lock)
      : lock_(std::move(lock)),
        file_(database_file(folder)),
        blobs_(blob_folder(folder)),
        pool_(file_),
        writer_((load_tables(), file_), names_, packing_, options, pool_) {
    pool_.advance(writer_.last());
    writer_.start();
  }
  // Idle readers would keep the log from being emptied.
  ~SqliteArchive() override { pool_.close(); }

  std::unique_ptr<fhir::Snapshot> snapshot() override {
    return std::make_unique<Snapshot>(pool_, names_, texts_, recent_, packing_, blobs_, writer_.last());
  }

  void observe(Observer observer) override { writer_.observe(std::move(observer)); }

  void commit(fhir::Batch batch, std::function<void(Result<fhir::Receipt>)> done) override {
    Job job{.batch = std::move(batch), .files = {}, .done = std::move(done)};
    for (std::size_t i = 0; i < job.batch.writes.size(); ++i) {
      auto& write = job.batch.writes[i];
      job.bytes += write.body.bytes.size() + sizeof(fhir::search::IndexRow) * write.rows.size();
      if (!is_large(write)) continue;
      auto files = keep(write);
      if (!files) {
        if (files.outcome().kind == Kind::internal) writer_.fail(files.outcome().issues.front().diagnostics);
        job.done(std::move(files.outcome()));
        return;
      }
      job.files.resize(job.batch.writes.size());
      job.files[i] = std::move(*files);
    }
    auto refused = job.done;
    if (!writer_.offer(std::move(job)))
      refused(Outcome(Kind::busy, "throttled", "too many writes are waiting; try again in a moment"));
  }

  void keep_documents(fhir::Batch& batch) const override {
    for (auto& write : batch.writes) {
      if (!is_large(write)) continue;
      const auto files = keep(write);
      auto kept = files ? blobs_.documents(*files) : std::nullopt;
      if (kept) write.documents = std::move(*kept);
    }
  }

  Stats stats() const override { return writer_.stats(); }

  std::optional<Outcome> backup(const std::string& file, const Progress& progress) override {
    return copy(file_, blobs_, file, progress);
  }

 private:
  static bool is_large(const fhir::Write& write) {
    return write.body.bytes.size() >= Blobs::least || !write.documents.empty();
  }
  // Answers the list of the files.
  Result<std::string> keep(fhir::Write& write) const {
    return write.documents.empty() ? blobs_.take_out(write.body) : blobs_.keep(write.documents);
  }
  void load_tables() {
    Connection connection(file_, Connection::Mode::read, {});
    names_.load(connection);
    packing_.load(connection);
  }

  std::unique_ptr<Lock> lock_;
  const std::string file_;
  Blobs blobs_;
  Names names_;
  Packing packing_;
  Texts texts_;
  Recent recent_;
  Pool pool_;
  Writer writer_;
};

}  // namespace

}  // namespace sqlite

Result<std::unique_ptr<Archive>> open(const std::string& folder, const Options& options) {
  auto lock = std::make_unique<sqlite::Lock>();
  if (auto refused = lock->take(folder)) return std::move(*refused);
  try {
    {
      sqlite::Connection connection(sqlite::database_file(folder), sqlite::Connection::Mode::create, {});
      if (auto refused = sqlite::migrate(connection)) return std::move(*refused);
      // After a failed sync the log may be in memory and not on the disk: nothing is written behind it.
      connection.checkpoint(sqlite::Connection::Checkpoint::truncate);
    }
    auto archive = std::make_unique<sqlite::SqliteArchive>(folder, options, std::move(lock));
    // Database and log have their names now. SQLite syncs the folder as well, but takes no notice when that fails.
    if (!keep_names(folder))
      return Outcome(Kind::internal, "no-store",
                     "cannot make the files in " + folder + " durable: " + std::strerror(errno));
    return std::unique_ptr<Archive>(std::move(archive));
  } catch (const sqlite::Failure& why) {
    return Outcome(Kind::internal, "exception", "the store in " + folder + " cannot be opened: " + why.what());
  }
}

}  // namespace alzette::store
