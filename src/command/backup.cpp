// alzette backup FILE
#include <CLI/CLI.hpp>
#include <iostream>

#include "src/command/command.h"
#include "src/load/progress_bar.h"
#include "src/store/store.h"

namespace alzette::command {
namespace {

struct Flags {
  CLI::App app{
      "Copies the store as it is at one moment into FILE, and its documents into FILE.blobs; a server may go on "
      "with it meanwhile. To restore, make a folder with FILE as alzette.sqlite and FILE.blobs as blobs.",
      "backup"};
  Place place;
  std::string file;

  Flags() {
    app.add_option("FILE", file, "the copy; it must not exist yet")->required();
    place.declare(app);
  }
};

int run(const Arguments& arguments) {
  Flags flags;
  if (auto code = parse(flags.app, arguments)) return *code;
  auto folder = flags.place.folder();
  if (!folder) return failed;
  alzette::load::ProgressBar bar("pages");
  auto fault = store::backup(*folder, flags.file, [&](std::uint64_t copied, std::uint64_t all) {
    bar.update(all ? static_cast<double>(copied) / static_cast<double>(all) : 1, copied);
  });
  if (fault) return complain(*fault);
  std::cout << "backed up to " << flags.file << " in " << alzette::load::duration(bar.seconds()) << "\n";
  return done;
}

std::string help_text() { return Flags().app.help(); }

}  // namespace

const Command backup{"backup", "a copy of the store at one moment", run, help_text};

}  // namespace alzette::command
