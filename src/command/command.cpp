// What the verbs share: reading arguments, finding the data folder, saying what went wrong.
#include "src/command/command.h"

#include <CLI/CLI.hpp>
#include <array>
#include <iostream>

#include "src/config.h"
#include "src/job/parameter.h"
#include "src/store/store.h"

namespace alzette::command {

std::span<const Command* const> commands() {
  static constexpr std::array<const Command*, 10> all{&serve, &load,    &generate,   &backup,  &check,
                                                      &match, &package, &xds_client, &version, &help};
  return all;
}

std::optional<int> parse(CLI::App& app, const Arguments& arguments) {
  try {
    app.parse(Arguments(arguments.rbegin(), arguments.rend()));  // CLI11 takes them from the back
  } catch (const CLI::CallForHelp&) {
    std::cout << app.help();
    return done;
  } catch (const CLI::ParseError& error) {
    std::cerr << app.get_name() << ": " << error.what() << "\nTry: " << app.get_name() << " --help\n";
    return wrong_usage;
  }
  return std::nullopt;
}

void Place::declare(CLI::App& app) {
  app.add_option("--data", data, "folder of the store (default ./data)")->type_name("DIR");
  app.add_option("--config", config, "configuration file, TOML or JSON")->type_name("FILE");
}

std::optional<std::string> Place::folder() const {
  Arguments given;
  if (!data.empty()) given.insert(given.end(), {"--data", data});
  if (!config.empty()) given.insert(given.end(), {"--config", config});
  auto settings = read_config(given);
  if (settings) return settings->data;
  complain(settings.outcome());
  return std::nullopt;
}

int complain(const fhir::Outcome& outcome) {
  for (const auto& issue : outcome.issues) complain(issue.diagnostics);
  return failed;
}

int complain(std::string_view what) {
  std::cerr << "alzette: " << what << '\n';
  return failed;
}

std::unique_ptr<store::Archive> open_for_bulk(const std::string& folder) {
  store::Options options;
  options.bulk = true;
  auto archive = store::open(folder, options);
  if (archive) {
    job::follow_parameters(**archive);
    return std::move(*archive);
  }
  complain(archive.outcome());
  return nullptr;
}

}  // namespace alzette::command
