// alzette generate --patients N
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <map>
#include <mutex>
#include <thread>

#include "src/command/command.h"
#include "src/generate/calendar.h"
#include "src/generate/nation.h"
#include "src/load/intake.h"
#include "src/load/progress_bar.h"
#include "src/store/store.h"

namespace alzette::command {
namespace {

namespace gen = alzette::generate;
namespace in = alzette::load;

constexpr std::size_t bytes_a_piece = 256 * 1024;
constexpr std::size_t shown_refusals = 10;

struct Flags {
  CLI::App app{
      "Makes the example nation: people with their records and documents, and who treats them. The same seed "
      "makes the same, so a second run with more patients adds only the new ones.",
      "alzette generate"};
  Place place;
  gen::NationOptions options;
  CLI::Option* documents;
  std::string out;

  Flags() {
    app.add_option("--patients", options.patients, "how many people")->required()->type_name("N");
    documents = app.add_option("--documents", options.documents, "how many documents (default: half as many)");
    documents->type_name("N");
    app.add_option("--seed", options.seed, "which nation (default 1)")->type_name("S");
    app.add_option("--domains", options.domains,
                   "sources beside the national register that have a record of each person, with numbers of their own")
        ->type_name("N")
        ->check(CLI::Range(0, 99));
    app.add_option("--out", out, "write NDJSON files by type here, instead of filling the store")->type_name("DIR");
    app.add_option("--only", options.only, "resource types to make (default: all)")
        ->type_name("TYPE")
        ->check(CLI::IsMember(gen::nation_types()));
    place.declare(app);
  }
};

double share(std::uint64_t part, std::uint64_t parts) { return static_cast<double>(part) / static_cast<double>(parts); }

// Files by type: parts are made on all cores and written in order.
int to_files(const gen::Nation& nation, const std::string& folder) {
  using ByType = std::map<std::string, std::string, std::less<>>;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return complain(folder + ": " + error.message());
  std::map<std::string, std::ofstream, std::less<>> files;
  in::ProgressBar bar("resources");
  std::uint64_t count = 0;
  auto make = [&](std::uint64_t part) {
    ByType lines;
    nation.part(part, [&](std::string_view type, std::string&& json) {
      auto at = lines.find(type);
      if (at == lines.end()) at = lines.emplace(type, "").first;
      (at->second += json) += '\n';
    });
    return lines;
  };
  const auto name_of = [&](std::string_view type) {
    std::string name = folder;
    (name += '/').append(type).append(".ndjson");
    return name;
  };
  const std::uint64_t at_once = std::max(std::thread::hardware_concurrency(), 1u);
  for (std::uint64_t first = 0; first < nation.parts(); first += at_once) {
    std::vector<std::future<ByType>> made;
    for (std::uint64_t part = first; part < std::min(first + at_once, nation.parts()); ++part)
      made.push_back(std::async(std::launch::async, make, part));
    for (auto& part : made)
      for (auto& [type, lines] : part.get()) {
        auto [file, fresh] = files.try_emplace(type);
        if (fresh) file->second.open(name_of(type), std::ios::trunc | std::ios::binary);
        file->second << lines;
        if (!file->second) return complain(name_of(type) + " cannot be written");
        count += static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
      }
    bar.update(share(first, nation.parts()), count);
  }
  for (auto& [type, file] : files) {
    file.close();
    if (!file) return complain(name_of(type) + " cannot be written: is the disk full?");
  }
  std::cout << in::grouped(count) << " resources in " << files.size() << " files of " << folder << " ("
            << in::duration(bar.seconds()) << ")\n";
  return done;
}

// A document is registered for a patient who is known: all people first.
std::vector<gen::NationOptions> phases_of(const gen::NationOptions& options) {
  std::vector<gen::NationOptions> phases;
  for (const bool documents : {false, true}) {
    auto phase = options;
    phase.only = options.only.empty() ? gen::nation_types() : options.only;
    std::erase_if(phase.only, [&](const std::string& type) { return gen::is_of_document(type) != documents; });
    if (!phase.only.empty()) phases.push_back(std::move(phase));
  }
  return phases;
}

// About how many resources a phase makes, to show how far it is: one of each type for each patient or document.
std::uint64_t work_of(const gen::NationOptions& phase) {
  const auto each = gen::is_of_document(phase.only.front()) ? phase.documents : phase.patients;
  return phase.only.size() * std::max<std::uint64_t>(each, 1);
}

// Into the store, through the same rules as any other resource.
int to_store(const gen::NationOptions& options, store::Archive& archive) {
  in::ProgressBar bar("resources");
  std::mutex mutex;
  in::Tally tally;
  std::vector<std::string> reasons;
  {
    in::Intake intake(archive, {.keep_documents = [&](fhir::Batch& batch) { archive.keep_documents(batch); },
                                .bytes_on_their_way = in::Intake::bytes_of_a_load()});
    std::string lines;
    auto submit = [&] {
      constexpr std::int64_t day =
          86'400'000;  // documents are registered on the nation's last day, whenever it is made
      in::Piece piece{.line = 1, .text = std::move(lines), .time = gen::today * day, .done = {}};
      lines.clear();
      piece.done = [&](in::Settled&& settled) {
        std::lock_guard lock(mutex);
        tally += settled.tally;
        for (const auto& refusal : settled.refusals)
          if (reasons.size() < shown_refusals && !refusal.outcome.issues.empty())
            reasons.push_back(refusal.outcome.issues.front().diagnostics);
      };
      intake.submit(std::move(piece));
    };
    const auto phases = phases_of(options);
    std::uint64_t before = 0, all = 0;
    for (const auto& phase : phases) all += work_of(phase);
    for (const auto& phase : phases) {
      const gen::Nation nation(phase);
      for (std::uint64_t part = 0; part < nation.parts() && !intake.broken(); ++part) {
        nation.part(part, [&](std::string_view, std::string&& json) {
          (lines += json) += '\n';
          if (lines.size() >= bytes_a_piece) submit();
        });
        std::unique_lock lock(mutex);
        std::uint64_t taken = tally.taken();
        lock.unlock();
        bar.update(share(before * nation.parts() + work_of(phase) * part, all * nation.parts()), taken);
      }
      before += work_of(phase);
      if (!lines.empty()) submit();
      intake.drain();
    }
  }
  for (const auto& reason : reasons) bar.note("refused: " + reason);
  double seconds = std::max(bar.seconds(), 0.001);
  std::cout << in::grouped(tally.taken()) << " resources in " << in::duration(seconds) << " ("
            << in::grouped(static_cast<std::uint64_t>(static_cast<double>(tally.taken()) / seconds))
            << "/s): " << in::grouped(tally.created) << " created, " << in::grouped(tally.updated) << " updated, "
            << in::grouped(tally.unchanged) << " unchanged, " << in::grouped(tally.refused) << " refused\n";
  return tally.refused == 0 ? done : failed;
}

int run(const Arguments& arguments) {
  Flags flags;
  if (auto code = parse(flags.app, arguments)) return *code;
  if (flags.documents->count() == 0) flags.options.documents = flags.options.patients / 2;
  if (flags.options.patients == 0 || flags.options.patients > gen::Nation::most_patients(flags.options.seed)) {
    complain("--patients must be between 1 and " + std::to_string(gen::Nation::most_patients(flags.options.seed)) +
             ": there are no more national numbers");
    return wrong_usage;
  }
  if (!flags.out.empty()) return to_files(gen::Nation(flags.options), flags.out);
  auto folder = flags.place.folder();
  if (!folder) return failed;
  auto archive = open_for_bulk(*folder);
  return archive ? to_store(flags.options, *archive) : failed;
}

std::string help_text() { return Flags().app.help(); }

}  // namespace

const Command generate{"generate", "the example nation, into the store or as NDJSON files", run, help_text};

}  // namespace alzette::command
