// The verbs of the command line: one file of this folder each. Exit codes: 0 done, 1 refused or failed with the
// reason on stderr, 2 wrong usage.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/outcome.h"

namespace CLI {
class App;
}

namespace alzette::store {
class Archive;
}

namespace alzette::command {

inline constexpr int done = 0;
inline constexpr int failed = 1;
inline constexpr int wrong_usage = 2;

// Arguments without program name and verb.
using Arguments = std::vector<std::string>;

struct Command {
  std::string_view name;
  std::string_view summary;
  int (*run)(const Arguments& arguments);
  std::string (*help)();
};

extern const Command serve, load, generate, backup, check, match, package, xds_client, version, help;
std::span<const Command* const> commands();

// Reads `arguments` into what `app`, called "alzette VERB", binds. A value: end with this exit code, the reason has
// been printed.
std::optional<int> parse(CLI::App& app, const Arguments& arguments);

// --data and --config, as every verb takes them. The folder: by flag, ALZETTE_DATA, the file, or ./data.
struct Place {
  std::string data;
  std::string config;
  void declare(CLI::App& app);
  // Empty when the configuration is wrong; the reason has been printed.
  std::optional<std::string> folder() const;
};

// Each issue on a line of stderr, behind the program's name. Returns `failed`.
int complain(const fhir::Outcome& outcome);
int complain(std::string_view what);

// The store for bulk work: large groups, and a full queue makes the giver wait. Empty: the reason has been printed.
std::unique_ptr<store::Archive> open_for_bulk(const std::string& folder);

}  // namespace alzette::command
