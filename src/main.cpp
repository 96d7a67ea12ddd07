// alzette VERB: finds the verb and runs it.
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <new>
#include <string_view>

#include "src/command/command.h"

// Read by jemalloc: what large requests took goes back to the system some seconds later, also when no others come.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "background_thread:true";
}

namespace {

// In any thread. Nothing is unwound: what was acknowledged is durable, and the next start finds it.
void end() {
  try {
    if (const auto fault = std::current_exception()) std::rethrow_exception(fault);
    std::abort();
  } catch (const std::bad_alloc&) {
    constexpr std::string_view why = "alzette: no memory is left; start again, with more memory or fewer clients\n";
    (void)!::write(STDERR_FILENO, why.data(), why.size());
    std::_Exit(alzette::command::failed);
  } catch (...) {
    __gnu_cxx::__verbose_terminate_handler();
  }
}

}  // namespace

int main(int count, char** values) {
  std::set_terminate(end);
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
