// alzette backup FILE
#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <optional>

#include "src/command/command.h"
#include "src/load/progress_bar.h"
#include "src/store/store.h"

namespace alzette::command {
namespace {

struct Flags {
  CLI::App app{
      "Copies the store as it is at one moment into FILE, its documents into FILE.blobs and its FHIR packages into "
      "FILE.packages; a server may go on with it meanwhile. To restore, make a folder with FILE as alzette.sqlite, "
      "FILE.blobs as blobs and FILE.packages as packages.",
      "alzette backup"};
  Place place;
  std::string file;

  Flags() {
    app.add_option("FILE", file, "the copy; it must not exist yet")->required();
    place.declare(app);
  }
};

// Packages are files that are put there whole, so that a copy of each is a good one.
std::optional<fhir::Outcome> copy_packages(const std::string& folder, const std::string& file) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path packages = fs::path(folder) / "packages";
  if (!fs::exists(packages, error)) return std::nullopt;
  fs::copy(packages, file + ".packages", fs::copy_options::recursive | fs::copy_options::overwrite_existing, error);
  if (!error) return std::nullopt;
  return fhir::Outcome(fhir::Kind::internal, "no-store", "backup to " + file + ".packages: " + error.message());
}

int run(const Arguments& arguments) {
  Flags flags;
  if (auto code = parse(flags.app, arguments)) return *code;
  auto folder = flags.place.folder();
  if (!folder) return failed;
  alzette::load::ProgressBar bar("pages");
  auto fault = store::backup(*folder, flags.file, [&](std::uint64_t copied, std::uint64_t all) {
    bar.update(all ? static_cast<double>(copied) / static_cast<double>(all) : 1, copied);
  });
  if (!fault) fault = copy_packages(*folder, flags.file);
  if (fault) return complain(*fault);
  std::cout << "backed up to " << flags.file << " in " << alzette::load::duration(bar.seconds()) << "\n";
  return done;
}

std::string help_text() { return Flags().app.help(); }

}  // namespace

const Command backup{"backup", "a copy of the store at one moment", run, help_text};

}  // namespace alzette::command
