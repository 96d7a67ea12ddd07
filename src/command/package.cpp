// alzette package add FILE… | list | remove NAME[#VERSION]
#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <iterator>

#include "src/command/command.h"
#include "src/package/packages.h"

namespace alzette::command {
namespace {

struct Flags {
  CLI::App app{
      "FHIR packages beside the store: their profiles, value sets and code systems count in validation and "
      "terminology as if they were stored. A running server sees a change at once.",
      "alzette package"};
  Place place;
  std::vector<std::string> files;
  std::vector<std::string> names;
  CLI::App* add = app.add_subcommand("add", "take packages in; one of the same name and version is replaced");
  CLI::App* list = app.add_subcommand("list", "name and version of each, a line");
  CLI::App* remove = app.add_subcommand("remove", "take packages out; without a version all of that name");

  Flags() {
    add->add_option("FILE", files, "packages for R4, .tgz")->required();
    remove->add_option("NAME[#VERSION]", names, "as list says them")->required();
    app.require_subcommand(1);
    for (auto* verb : {add, list, remove}) verb->fallthrough();  // --data may come behind
    place.declare(app);
  }
};

int add(const package::Folder& folder, const std::vector<std::string>& files) {
  int code = done;
  for (const auto& path : files) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
      code = complain(path + ": cannot be opened");
      continue;
    }
    const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (auto name = folder.add(bytes))
      std::cout << name->name << '#' << name->version << '\n';
    else
      code = complain(path + ": " + name.outcome().issues.front().diagnostics);
  }
  return code;
}

int remove(const package::Folder& folder, const std::vector<std::string>& names) {
  int code = done;
  for (const auto& text : names) {
    const auto mark = std::min(text.find('#'), text.size());
    const auto removed = folder.remove(text.substr(0, mark), text.substr(std::min(mark + 1, text.size())));
    if (!removed)
      code = complain(removed.outcome());
    else if (*removed == 0)
      code = complain(text + ": there is no such package; alzette package list names them");
  }
  return code;
}

int run(const Arguments& arguments) {
  Flags flags;
  if (auto code = parse(flags.app, arguments)) return *code;
  const auto data = flags.place.folder();
  if (!data) return failed;
  const package::Folder folder(*data + "/packages");
  if (*flags.add) return add(folder, flags.files);
  if (*flags.remove) return remove(folder, flags.names);
  for (const auto& name : folder.list()) std::cout << name.name << '#' << name.version << '\n';
  return done;
}

std::string help_text() { return Flags().app.help("", CLI::AppFormatMode::All); }

}  // namespace

const Command package{"package", "FHIR packages: add, list, remove", run, help_text};

}  // namespace alzette::command
