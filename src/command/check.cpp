// alzette check [--repair]
#include <CLI/CLI.hpp>
#include <iostream>

#include "src/command/command.h"
#include "src/load/progress_bar.h"
#include "src/store/store.h"

namespace alzette::command {
namespace {

struct Flags {
  CLI::App app{
      "Reads everything in a stopped store: the database file, index rows against resources, documents against "
      "their hashes. Exit code 0 when it is whole.",
      "check"};
  Place place;
  bool repair = false;

  Flags() {
    app.add_flag("--repair", repair, "rebuild the index and remove documents that nothing names");
    place.declare(app);
  }
};

int run(const Arguments& arguments) {
  using alzette::load::grouped;
  Flags flags;
  if (auto code = parse(flags.app, arguments)) return *code;
  auto folder = flags.place.folder();
  if (!folder) return failed;
  alzette::load::ProgressBar bar("versions");
  auto report = store::check(*folder, flags.repair, [&](std::uint64_t read, std::uint64_t all) {
    bar.update(all ? static_cast<double>(read) / static_cast<double>(all) : 1, read);
  });
  if (!report) return complain(report.outcome());
  for (const auto& fault : report->faults) bar.note("fault: " + fault);
  if (report->fault_count > report->faults.size())
    bar.note("and " + grouped(report->fault_count - report->faults.size()) + " faults more");
  for (const auto& repaired : report->repaired) bar.note("repaired: " + repaired);
  std::cout << grouped(report->versions) << " versions, " << grouped(report->postings) << " index rows, "
            << grouped(report->blobs)
            << " documents: " << (report->whole() ? "whole" : grouped(report->fault_count) + " faults") << "\n";
  return report->whole() ? done : failed;
}

std::string help_text() { return Flags().app.help(); }

}  // namespace

const Command check{"check", "whether a stopped store is whole", run, help_text};

}  // namespace alzette::command
