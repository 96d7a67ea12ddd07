// Searches one by one, 64 clients each without a pause: the queries and parameters of two published comparisons of FHIR
// servers. Client and server share the machine, so an answer within 10 ms needs 6,400 of them a second and more: what
// the server's cores take for one stands beside, for it does not depend on what else runs here.
//   bench_searches [--seconds N] [--search TEXT] [--bundles PATH]…
// Over the bundles, NDJSON files or folders of --bundles; without one, over a population that is made.
#include "tests/bench/parts/searches.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/bench/parts/child.h"
#include "tests/bench/parts/load.h"
#include "tests/places.h"

namespace {

namespace fs = std::filesystem;

constexpr unsigned clients = 64;
constexpr double most_ms = 10;
constexpr double warm = 0.3;  // seconds before each

struct Options {
  double seconds = 2;
  std::string search;  // those without it in their name are left out
  std::vector<std::string> bundles;
};

struct Count {
  std::size_t all = 0;
  std::vector<std::string> slow;
};

void fill(const std::string& data, const Options& options) {
  if (options.bundles.empty()) {
    bench::run({places::program, "generate", "--patients", "3000", "--seed", "1", "--data", data});
    return;
  }
  std::vector<std::string> command = {places::program, "load", "--data", data};
  command.insert(command.end(), options.bundles.begin(), options.bundles.end());
  bench::run(command);
}

void measure(const bench::Child& server, const std::string& name, double seconds, const bench::Next& next,
             Count& count) {
  const double before = server.core_seconds();
  std::uint64_t asked = 0;
  const bench::Figures figures = bench::drive(
      server.port(), clients, seconds,
      [&](unsigned client, const bench::Answer* last) { return ++asked, next(client, last); }, warm);
  const double each = (server.core_seconds() - before) / static_cast<double>(asked) * 1e6;
  std::printf("%-44s %10.0f %9.2f %9.2f %8.0f %8.1f", name.c_str(), figures.rate, figures.p50, figures.p99, each,
              figures.bytes / 1024);
  if (figures.bad > 0) std::printf("   %llu refused", static_cast<unsigned long long>(figures.bad));
  std::printf("\n");
  std::fflush(stdout);
  ++count.all;
  if (figures.p99 > most_ms || figures.bad > 0) count.slow.push_back(name);
}

void each(const bench::Child& server, const std::vector<bench::Search>& searches, const Options& options,
          Count& count) {
  for (const auto& search : searches) {
    if (search.name.find(options.search) == std::string::npos) continue;
    std::size_t at = 0;
    measure(
        server, search.name, options.seconds,
        [&](unsigned, const bench::Answer*) { return bench::get(search.targets[at++ % search.targets.size()]); },
        count);
  }
}

void mix(const bench::Child& server, const std::vector<bench::Search>& searches, const Options& options, Count& count) {
  std::mt19937 random(2);
  const auto any = [&](const auto& from) -> const auto& { return from[random() % from.size()]; };
  measure(
      server, "mix of " + std::to_string(searches.size()), options.seconds,
      [&](unsigned, const bench::Answer*) { return bench::get(any(any(searches).targets)); }, count);
}

void measure_all(const std::string& data, const Options& options) {
  const bench::Child server({places::program, "serve", "--data", data, "--http", "127.0.0.1:0"});
  bench::Words words;
  if (options.bundles.empty()) words = {"Schmit", "chm", "Sanem", "blood", "hypertension", "migraine"};
  const auto viewer = bench::viewer_searches(server.port(), words);
  std::printf("%-44s %10s %9s %9s %8s %8s\n", "search, 64 clients", "per second", "p50 ms", "p99 ms", "core us", "KiB");
  Count count;
  each(server, viewer, options, count);
  if (options.search.empty()) mix(server, viewer, options, count);
  each(server, bench::parameter_searches(server.port()), options, count);
  std::printf("%zu of %zu with p99 <= %.0f ms\n", count.all - count.slow.size(), count.all, most_ms);
  for (const auto& name : count.slow) std::printf("  slower: %s\n", name.c_str());
}

Options read(const std::vector<std::string>& words) {
  Options options;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    if (i + 1 == words.size()) throw std::runtime_error(words[i] + " wants a value");
    if (words[i] == "--seconds")
      options.seconds = std::clamp(std::stod(words[i + 1]), 0.2, 600.0);
    else if (words[i] == "--search")
      options.search = words[i + 1];
    else if (words[i] == "--bundles")
      options.bundles.push_back(words[i + 1]);
    else if (words[i] != "--only")  // ./dev bench says which program is meant by it
      throw std::runtime_error("usage: bench_searches [--seconds N] [--search TEXT] [--bundles PATH]...");
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  std::string folder = (fs::temp_directory_path() / "alzette-bench-XXXXXX").string();
  int code = 0;
  try {
    const Options options = read({argv + 1, argv + argc});
    if (!::mkdtemp(folder.data())) throw std::runtime_error("no folder for temporary files");
    fill(folder + "/data", options);
    measure_all(folder + "/data", options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench: %s\n", error.what());
    code = 1;
  }
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  return code;
}
