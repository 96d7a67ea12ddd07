// alzette check [--repair]
#include "ihe/xds/check.h"

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
      "their hashes and entries. Exit code 0 when it is whole.",
      "alzette check"};
  Place place;
  bool repair = false;

  Flags() {
    app.add_flag("--repair", repair, "rebuild the indexes and remove documents that nothing names");
    place.declare(app);
  }
};

// Documents against their entries in the registry; not in a store that is damaged as it is.
fhir::Result<std::uint64_t> check_registry(const std::string& folder, store::Report& report) {
  if (!report.whole()) return std::uint64_t{0};
  auto archive = store::open(folder);
  if (!archive) return std::move(archive.outcome());
  const auto snapshot = (*archive)->snapshot();
  return ihe::xds::check_documents(*snapshot, {}, [&](const std::string& fault) {
    constexpr std::size_t most = 100;
    if (++report.fault_count <= most) report.faults.push_back(fault);
  });
}

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
  const auto registered = check_registry(*folder, *report);
  if (!registered) return complain(registered.outcome());
  for (const auto& fault : report->faults) bar.note("fault: " + fault);
  if (report->fault_count > report->faults.size())
    bar.note("and " + grouped(report->fault_count - report->faults.size()) + " faults more");
  for (const auto& repaired : report->repaired) bar.note("repaired: " + repaired);
  std::cout << grouped(report->versions) << " versions, " << grouped(report->postings) << " index rows, "
            << grouped(report->blobs) << " files of documents, " << grouped(*registered)
            << " documents as registered: " << (report->whole() ? "whole" : grouped(report->fault_count) + " faults")
            << "\n";
  return report->whole() ? done : failed;
}

std::string help_text() { return Flags().app.help(); }

}  // namespace

const Command check{"check", "whether a stopped store is whole", run, help_text};

}  // namespace alzette::command
