// alzette version
#include <iostream>

#include "fhir/definitions.h"
#include "src/command/command.h"

namespace alzette::command {
namespace {

std::string help_text() { return "alzette version\n\nPrints the version of the program and of FHIR.\n"; }

int run(const Arguments& arguments) {
  if (!arguments.empty()) {
    bool asked = arguments.front() == "--help" || arguments.front() == "-h";
    (asked ? std::cout : std::cerr) << help_text();
    return asked ? done : wrong_usage;
  }
  std::cout << "alzette " ALZETTE_VERSION " (FHIR " << fhir::definitions().version.view() << ")\n";
  return done;
}

}  // namespace

const Command version{"version", "the version of the program and of FHIR", run, help_text};

}  // namespace alzette::command
