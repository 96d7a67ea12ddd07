// Online backup. The database first: every document that it names is on disk by then, and none is ever changed.
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "src/store/sqlite/folder.h"

namespace alzette::store::sqlite {

using fhir::Kind;
using fhir::Outcome;

std::optional<Outcome> copy(const std::string& database, const Blobs& blobs, const std::string& file,
                            const Progress& progress) {
  namespace fs = std::filesystem;
  if (fs::exists(file))
    return Outcome(Kind::duplicate, "duplicate", file + " exists already; name another file or remove it");
  const std::string draft = file + ".part";
  try {
    fs::remove(draft);
    Connection source(database, Connection::Mode::read, {});
    source.run("BEGIN");
    source.copy_to(draft, progress);
    source.run("COMMIT");
    const Blobs copies(file + ".blobs");
    blobs.each_stored([&](const std::string& hash) {
      const fs::path to = copies.path(hash);
      if (fs::exists(to) || hash.ends_with(".new")) return;
      fs::create_directories(to.parent_path());
      fs::copy_file(blobs.path(hash), to);
    });
    fs::rename(draft, file);
  } catch (const Failure& why) {
    return Outcome(Kind::internal, "no-store", why.what());
  } catch (const fs::filesystem_error& why) {
    return Outcome(Kind::internal, "no-store", std::string("backup to ") + file + ": " + why.what());
  }
  return std::nullopt;
}

}  // namespace alzette::store::sqlite

namespace alzette::store {

std::optional<fhir::Outcome> backup(const std::string& folder, const std::string& file, const Progress& progress) {
  const std::string database = sqlite::database_file(folder);
  if (!std::filesystem::exists(database))
    return fhir::Outcome(fhir::Kind::absent, "not-found", folder + " holds no store; name its folder with --data");
  return sqlite::copy(database, Blobs(sqlite::blob_folder(folder)), file, progress);
}

}  // namespace alzette::store
