// How fast resources are validated, on one core with caches warm, in this process: no socket, no store.
//   bench_validation [--seconds N] [--only validate|profile_chain] [--bundles DIR] [--guide DIR]
// validate: every resource of the bundles in DIR (without one: of made patients) against R4 alone.
// profile_chain: the bundles of DIR/examples by the profiles of DIR/definitions that they claim; without one R4's bp,
// which stands on vitalsigns, which stands on Observation.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "fhir/canonical.h"
#include "fhir/terminology/terminology.h"
#include "fhir/validate/profiles.h"
#include "fhir/validate/validate.h"
#include "src/canonicals.h"
#include "src/generate/nation.h"

namespace {

namespace fs = std::filesystem;
using Resource = std::shared_ptr<const fhir::Canonical>;

constexpr std::string_view blood_pressure =
    R"({"resourceType":"Observation","meta":{"profile":["http://hl7.org/fhir/StructureDefinition/bp"]},"status":"final",
    "category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],
    "code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},"subject":{"reference":"Patient/p"},
    "effectiveDateTime":"2024-05-06","component":[
    {"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},
     "valueQuantity":{"value":120,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}},
    {"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},
     "valueQuantity":{"value":80,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]})";

// R4, and the definitions of a guide before it.
class Shelf final : public fhir::Canonicals {
 public:
  void put(const Resource& resource) { own_[resource->type + " " + resource->url] = resource; }
  Resource find(std::string_view type, std::string_view canonical) const override {
    std::string key(type);
    const auto found = own_.find(key.append(" ").append(fhir::canonical_parts(canonical).url));
    return found != own_.end() ? found->second : r4_.find(type, canonical);
  }
  std::vector<Resource> all(std::string_view type) const override {
    std::vector<Resource> found;
    for (const auto& [key, resource] : own_)
      if (resource->type == type) found.push_back(resource);
    return found;
  }
  std::uint64_t state() const override { return 1; }

 private:
  alzette::ServerCanonicals r4_{nullptr, ""};
  std::map<std::string, Resource, std::less<>> own_;
};

std::vector<Resource> read_folder(const fs::path& folder, const std::string& beginning) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".json" && entry.path().filename().string().starts_with(beginning))
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<Resource> resources;
  for (const auto& path : files) {
    std::ifstream file(path, std::ios::binary);
    if (auto resource = fhir::make_canonical({std::istreambuf_iterator<char>(file), {}}))
      resources.push_back(std::move(resource));
  }
  if (resources.empty()) throw std::runtime_error("no resources in " + folder.string());
  return resources;
}

std::vector<Resource> made_patients() {
  alzette::generate::NationOptions options;
  options.patients = 200;
  const alzette::generate::Nation nation(options);
  std::vector<Resource> resources;
  for (std::uint64_t part = 0; part < nation.parts(); ++part)
    nation.part(part, [&](std::string_view, std::string&& json) {
      if (auto made = fhir::make_canonical(std::move(json))) resources.push_back(std::move(made));
    });
  return resources;
}

std::size_t entries_of(const fhir::Node& resource) {
  const auto entries =
      std::count_if(resource.begin(), resource.end(), [](const auto& child) { return child.name == "entry"; });
  return std::max<std::size_t>(1, static_cast<std::size_t>(entries));
}

double core_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// Once to warm the caches, then again and again. Time is that of the core, so that others on the machine do not count.
void measure(const char* name, double seconds, const std::vector<Resource>& resources,
             const fhir::validate::Options& options) {
  std::size_t faults = 0, count = 0, entries = 0;
  for (const auto& one : resources)
    for (const auto& issue : fhir::validate::resource(*one->resource, options)) faults += issue.refuses() ? 1 : 0;
  const double start = core_seconds();
  double took = 0;
  for (std::size_t at = 0; took < seconds; at = (at + 1) % resources.size()) {
    fhir::validate::resource(*resources[at]->resource, options);
    entries += entries_of(*resources[at]->resource);
    ++count;
    took = core_seconds() - start;
  }
  std::printf("%-14s %8.0f resources/s  %9.3f ms for each of %zu documents or bundles, %zu faults\n", name,
              static_cast<double>(entries) / took, 1000 * took / static_cast<double>(count), resources.size(), faults);
  std::fflush(stdout);
}

struct Flags {
  double seconds = 5;
  std::string only, bundles, guide;
};

Flags read_flags(const std::vector<std::string>& words) {
  Flags flags;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    if (i + 1 == words.size()) throw std::runtime_error(words[i] + " needs a value");
    if (words[i] == "--seconds")
      flags.seconds = std::clamp(std::stod(words[i + 1]), 0.2, 600.0);
    else if (words[i] == "--only")
      flags.only = words[i + 1];
    else if (words[i] == "--bundles")
      flags.bundles = words[i + 1];
    else if (words[i] == "--guide")
      flags.guide = words[i + 1];
    else
      throw std::runtime_error("usage: bench_validation [--seconds N] [--only TEXT] [--bundles DIR] [--guide DIR]");
  }
  return flags;
}

void bench(const Flags& flags) {
  const auto wanted = [&](std::string_view name) { return name.find(flags.only) != name.npos; };
  if (wanted("validate")) {
    measure("validate", flags.seconds, flags.bundles.empty() ? made_patients() : read_folder(flags.bundles, ""), {});
  }
  if (!wanted("profile_chain")) return;
  Shelf shelf;
  std::vector<Resource> kept;
  if (flags.guide.empty()) {
    kept.push_back(fhir::make_canonical(std::string(blood_pressure)));
  } else {
    for (const auto& definition : read_folder(fs::path(flags.guide) / "definitions", "")) shelf.put(definition);
    kept = read_folder(fs::path(flags.guide) / "examples", "Bundle");
  }
  const fhir::validate::Profiles profiles(shelf);
  const fhir::terminology::Terminology terminology(shelf);
  fhir::validate::Options options;
  options.profiles = &profiles;
  options.member = [&](const fhir::Node& value, std::string_view set) { return terminology.bound(value, set); };
  measure("profile_chain", flags.seconds, kept, options);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    bench(read_flags({argv + 1, argv + argc}));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench: %s\n", error.what());
    return 1;
  }
}
