// alzette load PATH…
#include "src/load/load.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "src/command/command.h"
#include "src/load/progress_bar.h"
#include "src/store/store.h"

namespace alzette::command {
namespace {

struct Flags {
  CLI::App app{
      "Loads bundles, resources and NDJSON, plain or gzip, into the store while no server has it open.\n"
      "What was loaded before is skipped, an interrupted load goes on where it stood.",
      "alzette load"};
  Place place;
  alzette::load::LoadOptions options;

  Flags() {
    app.add_option("PATH", options.paths, "files, or folders with .json, .xml, .ndjson, .jsonl files (.gz too)")
        ->required();
    place.declare(app);
    app.add_option("--refused", options.refused_file, "write what is refused here, as NDJSON of OperationOutcome")
        ->type_name("FILE");
    app.add_flag("--again", options.again, "take in what was loaded before as well; equal resources stay untouched");
    app.add_option("--threads", options.planners, "threads that parse and validate (default: one per core)");
  }
};

int summary(const alzette::load::LoadResult& result) {
  using alzette::load::grouped;
  const auto& tally = result.tally;
  double seconds = std::max(result.seconds, 0.001);
  std::cout << grouped(tally.taken()) << " resources in " << alzette::load::duration(result.seconds) << " ("
            << grouped(static_cast<std::uint64_t>(static_cast<double>(tally.taken()) / seconds))
            << "/s): " << grouped(tally.created) << " created, " << grouped(tally.updated) << " updated, "
            << grouped(tally.unchanged) << " unchanged, " << grouped(tally.removed) << " removed, "
            << grouped(tally.refused) << " refused; " << grouped(result.files) << " files read, "
            << grouped(result.skipped) << " loaded before\n";
  if (result.refused_before > 0)
    std::cout << grouped(result.refused_before) << " were refused in the part that an interrupted load had done; "
              << "load again to see why\n";
  return result.complete && tally.refused == 0 && result.refused_before == 0 ? done : failed;
}

int run(const Arguments& arguments) {
  Flags flags;
  if (auto code = parse(flags.app, arguments)) return *code;
  auto folder = flags.place.folder();
  if (!folder) return failed;
  auto archive = open_for_bulk(*folder);
  if (!archive) return failed;
  flags.options.data = *folder;
  flags.options.keep_documents = [&](fhir::Batch& batch) { archive->keep_documents(batch); };
  auto result = alzette::load::load(*archive, flags.options);
  return result ? summary(*result) : complain(result.outcome());
}

std::string help_text() { return Flags().app.help(); }

}  // namespace

const Command load{"load", "bundles, resources and NDJSON from files and folders into the store", run, help_text};

}  // namespace alzette::command
