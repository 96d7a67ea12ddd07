// alzette VERB: finds the verb and runs it.
#include <iostream>
#include <string_view>

#include "src/command/command.h"

// Read by jemalloc: what large requests took goes back to the system some seconds later, also when no others come.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "background_thread:true";
}

int main(int count, char** values) {
  using namespace alzette::command;
  Arguments arguments(values + 1, values + count);
  if (arguments.empty()) {
    help.run({});
    return wrong_usage;
  }
  std::string verb = arguments.front();
  arguments.erase(arguments.begin());
  if (verb == "--help" || verb == "-h") verb = "help";
  if (verb == "--version") verb = "version";
  for (const Command* command : commands())
    if (command->name == verb) return command->run(arguments);
  return help.run({verb});
}
