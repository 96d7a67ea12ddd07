// alzette serve
#include "src/serve.h"

#include <iostream>

#include "src/command/command.h"
#include "src/config.h"

namespace alzette::command {
namespace {

std::string help_text() { return config_help(); }

int run(const Arguments& arguments) {
  for (const auto& argument : arguments)
    if (argument == "--help" || argument == "-h") {
      std::cout << help_text();
      return done;
    }
  auto config = read_config(arguments);
  if (!config) return complain(config.outcome()), wrong_usage;
  return alzette::serve(*config);
}

}  // namespace

const Command serve{"serve", "the server", run, help_text};

}  // namespace alzette::command
