// alzette help [verb]
#include <algorithm>
#include <iomanip>
#include <iostream>

#include "src/command/command.h"

namespace alzette::command {
namespace {

std::string overview() {
  std::string text = "alzette VERB [options]\n\n";
  for (const Command* command : commands()) {
    std::string name(command->name);
    name.resize(std::max<std::size_t>(name.size() + 2, 12), ' ');
    text += "  " + name + std::string(command->summary) + "\n";
  }
  return text +
         "\nEvery verb that needs a store takes --data DIR (default ./data) and --config FILE. `alzette help VERB` "
         "tells the rest.\n"
         "Exit codes: 0 done, 1 refused or failed with the reason on stderr, 2 wrong usage.\n";
}

int run(const Arguments& arguments) {
  if (arguments.empty() || arguments.front() == "--help" || arguments.front() == "-h") {
    std::cout << overview();
    return done;
  }
  for (const Command* command : commands()) {
    if (command->name != arguments.front() || arguments.size() > 1) continue;
    std::cout << command->help();
    return done;
  }
  std::cerr << "alzette: there is no verb " << arguments.front() << "\n\n" << overview();
  return wrong_usage;
}

}  // namespace

const Command help{"help", "this, or `help VERB`", run, overview};

}  // namespace alzette::command
