// What the server reaches, each work beside its limit in the same run: for reading, the bare loop of the same server
// sending as many bytes; for writing, the same rows put into SQLite without us, one commit for as many versions as the
// clients have under way. Ratios carry over to other machines, figures do not.
//   bench_works [--seconds N] [--only TEXT] every work, or those with TEXT in their name, N seconds each (5)
//   bench_works --only adt_feed             a feed of 100,000 messages beside the durable creates of the same run
//   bench_works --million [DATA]            a million patients: made, or those in the folder DATA, then asked for at
//                                           fixed rates, by FHIR and by the transactions of patient identity
//   bench_works --documents N [DATA]        a registry of N documents: loaded, or that in DATA, then asked for
//   bench_works --raw STORE KEY RID GROUP COPY SECONDS      (its own helper: the limit of writing)
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/bench/parts/child.h"
#include "tests/bench/parts/documents.h"
#include "tests/bench/parts/identity.h"
#include "tests/bench/parts/load.h"
#include "tests/bench/parts/raw_sqlite.h"
#include "tests/bench/parts/requests.h"
#include "tests/bench/parts/searches.h"
#include "tests/places.h"

namespace {

namespace fs = std::filesystem;
using bench::Answer;
using bench::Figures;
using Clock = std::chrono::steady_clock;

constexpr int patients = 3000;
constexpr unsigned clients_of_reads = 16;
const std::string programs = fs::path(places::program).parent_path();
std::string ourselves;
std::string only;  // works without it in their name are left out

bool wanted(const std::string& work) { return work.find(only) != std::string::npos; }

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// A folder that is gone at the end.
struct Folder {
  fs::path path;
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "alzette-bench-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) throw std::runtime_error("no folder for temporary files");
    path = pattern;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
};

double disk_bytes(const fs::path& folder) {
  double bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) bytes += static_cast<double>(entry.file_size());
  return bytes;
}

std::string store_of(const std::string& data) { return data + "/alzette.sqlite"; }

// A server on a folder, whose syncs of the disk are counted and can be made slower.
class Server {
 public:
  Server(const std::string& data, long sync_delay_us = 0)
      : data_(data),
        environment_({{"LD_PRELOAD", places::syncs},
                      {"ALZETTE_SYNC_COUNT", count_file(data)},
                      {"ALZETTE_SYNC_DELAY_US", std::to_string(sync_delay_us)}}),
        start_(Clock::now()),
        child_({places::program, "serve", "--data", data, "--http", "127.0.0.1:0", "--mllp", "127.0.0.1:0",
                "--accept-unknown-domains"},
               environment_) {
    const bench::Page first = bench::ask(child_.port(), bench::get("/fhir/Patient?_count=1"));
    first_answer_ = seconds_since(start_);
    if (first.status != 200) throw std::runtime_error("the first answer is no page: " + first.body.substr(0, 300));
  }
  const bench::Child& child() const { return child_; }
  std::uint16_t port() const { return child_.port(); }
  std::uint16_t mllp_port() const { return child_.mllp_port(); }
  const std::string& data() const { return data_; }
  const bench::Environment& environment() const { return environment_; }
  double first_answer_seconds() const { return first_answer_; }
  std::uint64_t syncs() const {
    std::uint64_t count = 0;
    std::ifstream(data_ + ".syncs", std::ios::binary).read(reinterpret_cast<char*>(&count), sizeof count);
    return count;
  }

 private:
  static std::string count_file(const std::string& data) {
    std::ofstream(data + ".syncs", std::ios::binary) << std::string(sizeof(std::uint64_t), '\0');
    return data + ".syncs";
  }
  std::string data_;
  bench::Environment environment_;
  Clock::time_point start_;
  bench::Child child_;
  double first_answer_ = 0;
};

void head() {
  std::printf("%-24s %4s %10s %9s %9s %11s %7s %9s\n", "work", "c", "per second", "p50 ms", "p99 ms", "limit", "ratio",
              "fsyncs/s");
}

void row(const std::string& work, unsigned clients, const Figures& figures, double limit, double syncs) {
  std::printf("%-24s %4u %10.0f %9.2f %9.2f", work.c_str(), clients, figures.rate, figures.p50, figures.p99);
  if (limit > 0)
    std::printf(" %11.0f %7.2f", limit, figures.rate / limit);
  else
    std::printf(" %11s %7s", "", "");
  std::printf(" %9.0f", syncs);
  if (figures.bad)
    std::printf("   %llu of %llu refused", static_cast<unsigned long long>(figures.bad),
                static_cast<unsigned long long>(figures.bad + figures.good));
  std::printf("\n");
  std::fflush(stdout);
}

void memory(const char* what, const Server& server) {
  std::printf("%s: resident now %.0f MiB, at most %.0f MiB\n", what, server.child().resident_mib(),
              server.child().most_resident_mib());
}

double bare_loop(double bytes, unsigned clients, double seconds) {
  bench::Child bare({programs + "/bench_bare", "127.0.0.1:0", std::to_string(static_cast<long>(bytes))});
  return bench::drive(bare.port(), clients, seconds, [](unsigned, const Answer*) { return bench::get("/"); }).rate;
}

void read_work(Server& server, const std::string& name, const bench::Target& target, double seconds) {
  if (!wanted(name)) return;
  Figures figures = bench::drive(server.port(), clients_of_reads, seconds,
                                 [&](unsigned, const Answer*) { return bench::get(target()); });
  row(name, clients_of_reads, figures, bare_loop(figures.bytes, clients_of_reads, seconds), 0);
}

// Drives writes, then lets SQLite alone repeat the rows they made, `group` versions in each commit. `units` is how
// many of what is counted a request makes, `of_versions` how many a stored version stands for.
Figures write_work(Server& server, const std::string& name, unsigned clients, double seconds, double group,
                   double units, double of_versions, const bench::Next& next, std::uint16_t port = 0) {
  if (!wanted(name)) return {};
  const std::string store = store_of(server.data());
  const bench::Mark before = bench::mark(store);
  const std::uint64_t syncs = server.syncs();
  const auto start = Clock::now();
  Figures figures = bench::drive(port ? port : server.port(), clients, seconds, next);
  const double syncs_a_second = static_cast<double>(server.syncs() - syncs) / seconds_since(start);
  figures.rate *= units;
  const Folder copy;
  const auto raw =
      bench::run({ourselves, "--raw", store, std::to_string(before.key), std::to_string(before.rid),
                  std::to_string(std::max(1L, static_cast<long>(group))), copy.path / "raw", std::to_string(seconds)},
                 server.environment());
  row(name, clients, figures, std::atof(raw.output.c_str()) * of_versions, syncs_a_second);
  return figures;
}

Figures create_work(Server& server, const std::string& name, unsigned clients, double seconds, std::uint64_t& number) {
  return write_work(server, name, clients, seconds, clients, 1, 1, [&](unsigned, const Answer*) {
    return bench::send("POST", "/fhir/Patient", bench::patient_json(number++));
  });
}

// ITI-8: each message is a new patient of one of four domains and its audit record, so two versions.
void feed_work(Server& server, unsigned clients, double seconds, std::uint64_t& number) {
  write_work(
      server, "ADT feed (ITI-8)", clients, seconds, clients, 1, 0.5,
      [&](unsigned, const Answer*) { return bench::frame(bench::adt_message(number++)); }, server.mllp_port());
}

// A feed of 100,000 messages beside the durable creates of the same run, half of them before it and half behind.
void adt_feed(const fs::path& folder, double seconds) {
  constexpr unsigned clients = 128;
  constexpr std::uint64_t messages = 100'000;
  Server server(folder / "feed");
  head();
  std::uint64_t number = 0;
  const auto create = [&] {
    const Figures figures = bench::drive(server.port(), clients, seconds, [&](unsigned, const Answer*) {
      return bench::send("POST", "/fhir/Patient", bench::patient_json(number++));
    });
    row("durable create", clients, figures, 0, 0);
    return figures.rate;
  };
  const double before = create();
  std::uint64_t sent = 0;
  const Figures fed = bench::drive(server.mllp_port(), clients, 3600, [&](unsigned, const Answer*) {
    return sent++ < messages ? bench::frame(bench::adt_message(number++)) : std::string();
  });
  row("adt_feed", clients, fed, 0, 0);
  const double created = (before + create()) / 2;
  std::printf("%llu messages accepted; the feed reaches %.2f of the durable creates\n",
              static_cast<unsigned long long>(fed.good), fed.rate / created);
  memory("after the feed", server);
}

void mixed_work(Server& server, double seconds, std::uint64_t& number) {
  std::vector<bench::Round> rounds(clients_of_reads);
  write_work(server, "mixed CRUD, nine types", clients_of_reads, seconds, clients_of_reads, 1,
             static_cast<double>(bench::Round::requests) / bench::Round::writes,
             [&](unsigned connection, const Answer* last) { return rounds[connection].next(last, number++); });
}

void import_work(Server& server, const fs::path& folder, double seconds) {
  constexpr unsigned clients = 4;
  bench::run({places::program, "generate", "--patients", "300", "--seed", "2", "--out", folder / "files"});
  const bench::Bundles bundles = bench::bundles_from(folder / "files");
  std::size_t at = 0;
  write_work(server, "bundle import, entries", clients, seconds, clients * bundles.entries, bundles.entries, 1,
             [&](unsigned, const Answer*) {
               return bench::send("POST", "/fhir", bundles.texts[at++ % bundles.texts.size()]);
             });
}

void started(const char* what, const Server& server) {
  std::printf("%s: first answer after %.3f s, resident %.0f MiB\n", what, server.first_answer_seconds(),
              server.child().resident_mib());
}

void reading(const fs::path& folder, double seconds) {
  const std::string data = folder / "nation";
  std::fprintf(stderr, "generating %d patients with their records\n", patients);
  const auto made =
      bench::run({places::program, "generate", "--patients", std::to_string(patients), "--seed", "1", "--data", data});
  const auto versions = static_cast<double>(bench::versions(store_of(data)));
  std::printf("store of %.0f resources: made at %.0f/s, disk %.2f KiB a resource\n", versions, versions / made.seconds,
              disk_bytes(data) / versions / 1024);
  Server server(data);
  started("filled store", server);
  head();
  const bench::Pools pools = bench::harvest(server.port());
  for (const auto& [name, target] : bench::reads(pools)) read_work(server, name, target, seconds);
  const auto searches =
      bench::viewer_searches(server.port(), {"Schmit", "chm", "Sanem", "blood", "hypertension", "migraine"});
  std::mt19937 random(2);
  const auto any = [&](const auto& from) -> const auto& { return from[random() % from.size()]; };
  read_work(
      server, "search mix of " + std::to_string(searches.size()), [&] { return any(any(searches).targets); }, seconds);
  memory("after reading", server);
}

void writing(const fs::path& folder, double seconds) {
  const std::string data = folder / "empty";
  std::uint64_t number = 0;
  {
    Server server(data);
    started("empty store", server);
    head();
    import_work(server, folder, seconds);
    for (unsigned clients : {1U, 32U, 128U}) create_work(server, "durable create", clients, seconds, number);
    for (unsigned clients : {32U, 128U}) feed_work(server, clients, seconds, number);
    mixed_work(server, seconds, number);
    memory("after writing", server);
  }
  const auto versions = static_cast<double>(bench::versions(store_of(data)));
  if (versions > 0) std::printf("disk %.2f KiB a stored version\n", disk_bytes(data) / versions / 1024);
}

void slow_disk(const fs::path& folder, double seconds) {
  constexpr long delay_us = 1000;
  Server server(folder / "slow", delay_us);
  std::uint64_t number = 0;
  double alone = 0, together = 0;
  for (unsigned clients : {1U, 32U, 128U}) {
    together = create_work(server, "create, fsync + 1 ms", clients, seconds, number).rate;
    if (clients == 1) alone = together;
  }
  if (alone > 0)
    std::printf("where an fsync costs 1 ms, 128 clients create %.1f times as much as one\n", together / alone);
}

void bench_all(double seconds) {
  const Folder folder;
  if (only == "adt_feed") return adt_feed(folder.path, seconds);
  reading(folder.path, seconds);
  writing(folder.path, seconds);
  slow_disk(folder.path, seconds);
}

void open_loop(Server& server, const bench::Work& work, double rate, double seconds) {
  if (!wanted(work.name)) return;
  Figures figures = bench::paced(server.port(), 64, rate, seconds,
                                 [&](unsigned, const Answer*) { return bench::get(work.target()); });
  row(std::string(work.name) + ", paced", 64, figures, 0, 0);
}

void open_loop(Server& server, const bench::Question& question, double rate, double seconds) {
  if (!wanted(question.name)) return;
  const std::uint64_t syncs = server.syncs();
  Figures figures = bench::paced(question.mllp ? server.mllp_port() : server.port(), 64, rate, seconds,
                                 [&](unsigned, const Answer*) { return question.request(); });
  row(question.name, 64, figures, 0, static_cast<double>(server.syncs() - syncs) / seconds);
}

// 250,000 people, each with a record in the national register and in three more domains.
void bench_million(const std::string& given, double seconds) {
  const Folder folder;
  const std::string data = given.empty() ? (folder.path / "million").string() : given;
  constexpr std::uint64_t people = 250'000;
  if (given.empty()) {
    const auto made = bench::run({places::program, "generate", "--patients", std::to_string(people), "--domains", "3",
                                  "--only", "Patient", "--data", data});
    std::printf("a million patients made in %.0f s, resident at most %.0f MiB, disk %.2f KiB each\n", made.seconds,
                made.most_resident_mib, disk_bytes(data) / 1e6 / 1024);
  }
  Server server(data);
  started("store of a million", server);
  head();
  const bench::Pools pools = bench::drawn_people(server.port(), people, 3, 4000);
  for (const bench::Work& work : bench::reads(pools))
    if (std::string(work.name) != "record of a patient") open_loop(server, work, 1000, seconds);
  for (const bench::Question& question : bench::questions(pools)) open_loop(server, question, 500, seconds);
  memory("after reading", server);
}

// The nation has fourteen documents for each person.
std::uint64_t patients_of(std::uint64_t documents) { return std::max<std::uint64_t>(documents / 14, 3); }

struct Loaded {
  double versions_per_second = 0;
  bench::Ended ended;
};

Loaded load_nation(const std::string& data, std::uint64_t documents, std::uint64_t seed) {
  const std::uint64_t before = fs::exists(store_of(data)) ? bench::versions(store_of(data)) : 0;
  const auto ended = bench::run({places::program, "generate", "--patients", std::to_string(patients_of(documents)),
                                 "--seed", std::to_string(seed), "--only", "Patient", "Binary", "DocumentReference",
                                 "--documents", std::to_string(documents), "--data", data});
  return {static_cast<double>(bench::versions(store_of(data)) - before) / ended.seconds, ended};
}

// A small nation more, beside the limit: its rows put by SQLite alone, in large commits, into a copy of the store as it
// was before, so that both meet the same pages. It is large enough for the opening and closing of the store, which the
// limit does not have, to be a small part.
void load_beside_raw(const std::string& data, std::uint64_t seed) {
  constexpr std::uint64_t documents = 150'000;
  const std::string store = store_of(data);
  const Folder folder;
  const std::string copy = folder.path / "raw";
  if (fs::space(folder.path).available < fs::file_size(store) + (std::uintmax_t{8} << 30)) {
    std::printf("no room for a copy of the store: not set beside raw inserts\n");
    return;
  }
  fs::copy_file(store, copy);
  const bench::Mark end = bench::mark(store);
  const double ours = load_nation(data, documents, seed).versions_per_second;
  const auto raw =
      bench::run({ourselves, "--raw", store, std::to_string(end.key), std::to_string(end.rid), "20000", copy, "60"});
  std::printf("%llu more documents: %.0f versions/s, raw inserts into the same store %.0f/s: %.2f\n",
              static_cast<unsigned long long>(documents), ours, std::atof(raw.output.c_str()),
              ours / std::atof(raw.output.c_str()));
}

// Nation after nation of `step` documents at most, so that the rate is seen while the store grows.
void load_documents(const std::string& data, std::uint64_t all, std::uint64_t step) {
  std::uint64_t seed = 0;
  for (std::uint64_t documents = 0; documents < all;) {
    const auto more = std::min(step, all - documents);
    const auto [rate, ended] = load_nation(data, more, ++seed);
    documents += more;
    std::printf("up to %llu documents: %.0f/s, %.0f versions/s, resident at most %.0f MiB\n",
                static_cast<unsigned long long>(documents), static_cast<double>(more) / ended.seconds, rate,
                ended.most_resident_mib);
    std::fflush(stdout);
  }
  std::printf("disk %.2f KiB a document with its submission\n", disk_bytes(data) / static_cast<double>(all) / 1024);
  load_beside_raw(data, ++seed);
}

void bench_documents(std::uint64_t all, const std::string& given, double seconds) {
  constexpr unsigned clients = 64;
  constexpr std::uint64_t most_at_once = 1'000'000;
  const auto step = std::min(all, most_at_once);
  const Folder folder;
  const std::string data = given.empty() ? (folder.path / "documents").string() : given;
  if (!fs::exists(store_of(data))) load_documents(data, all, step);
  Server server(data);
  started("store of documents", server);
  head();
  bench::Documents documents(server.port(), patients_of(step), step);
  for (const auto& work : documents.reads()) {
    if (!wanted(work.name)) continue;
    const auto next = [&](unsigned, const Answer*) { return work.next(); };
    const Figures figures = bench::drive(server.port(), clients, seconds, next);
    row(work.name, clients, figures, bare_loop(figures.bytes, clients, seconds), 0);
    row(std::string(work.name) + ", paced", clients, bench::paced(server.port(), clients, 300, seconds, next), 0, 0);
  }
  const auto provide = [&](unsigned, const Answer*) { return documents.provide(); };
  write_work(server, "ITI-41 of 100 KiB", clients, seconds, clients, 1, 0.25, provide);
  row("ITI-41 of 100 KiB, paced", clients, bench::paced(server.port(), clients, 300, seconds, provide), 0, 0);
  std::uint64_t number = 0;
  create_work(server, "create", clients, seconds, number);
  memory("after documents", server);
}

int raw(const std::vector<std::string>& words) {
  if (words.size() != 7) throw std::runtime_error("--raw STORE KEY RID GROUP COPY SECONDS");
  const bench::Mark after{std::stoll(words[2]), std::stoll(words[3])};
  std::printf("%.1f\n", bench::raw_sqlite(words[1], after, std::stoull(words[4]), words[5], std::stod(words[6])));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    ourselves = fs::read_symlink("/proc/self/exe");
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (!words.empty() && words[0] == "--raw") return raw(words);
    double seconds = 5;
    bool million = false;
    std::uint64_t documents = 0;
    std::string data;
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (words[i] == "--seconds" && i + 1 < words.size())
        seconds = std::clamp(std::stod(words[++i]), 0.2, 600.0);
      else if (words[i] == "--only" && i + 1 < words.size())
        only = words[++i];
      else if (words[i] == "--million")
        million = true;
      else if (words[i] == "--documents" && i + 1 < words.size())
        documents = std::stoull(words[++i]);
      else if ((million || documents) && data.empty() && !words[i].starts_with("-"))
        data = words[i];
      else
        throw std::runtime_error(
            "usage: bench_works [--seconds N] [--only TEXT | --million [DATA] | --documents N [DATA]]");
    }
    if (documents)
      bench_documents(documents, data, seconds);
    else
      million ? bench_million(data, seconds) : bench_all(seconds);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench: %s\n", error.what());
    return 1;
  }
}
