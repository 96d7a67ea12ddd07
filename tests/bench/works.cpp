// What the server reaches, each work beside its limit in the same run: for reading, the bare loop of the same server
// sending as many bytes; for writing, the same rows put into SQLite without us, one commit for as many as there are
// clients. Ratios carry over to other machines, figures do not.
//   bench_works [SECONDS]      per work, default 5

#include <sqlite3.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "fhir/format/json.h"
#include "fhir/node.h"
#include "tests/bench/parts/child.h"
#include "tests/bench/parts/load.h"

namespace {

namespace fs = std::filesystem;
using bench::Answer;
using bench::Figures;

constexpr int patients = 5000;
const std::string programs = fs::path(ALZETTE_PROGRAM).parent_path();

struct Person {
  std::string id, system, value, family, birth_date;
};

std::string encoded(std::string_view text) {
  std::string result;
  char hex[4];
  for (char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c))) {
      result += c;
    } else {
      std::snprintf(hex, sizeof hex, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
      result += hex;
    }
  }
  return result;
}

std::vector<Person> sample(std::uint16_t port) {
  const std::string page = bench::ask(port, bench::get("/fhir/Patient?_count=500")).body;
  fhir::Arena arena;
  auto tree = fhir::json::parse(page, arena);
  if (!tree) throw std::runtime_error("the first page is not JSON: " + page.substr(0, 300));
  std::vector<Person> people;
  for (const fhir::Node& entry : **tree) {
    const fhir::Node* patient = entry.name == "entry" ? entry.child("resource") : nullptr;
    if (!patient) continue;
    const fhir::Node* identifier = patient->child("identifier");
    const fhir::Node* name = patient->child("name");
    if (!identifier || !name) continue;
    people.push_back({std::string(patient->value_of("id")), std::string(identifier->value_of("system")),
                      std::string(identifier->value_of("value")), std::string(name->value_of("family")),
                      std::string(patient->value_of("birthDate"))});
  }
  if (people.empty()) throw std::runtime_error("no patients to ask for");
  return people;
}

std::string patient_json(std::uint64_t number) {
  const std::string n = std::to_string(number);
  return R"({"resourceType":"Patient","identifier":[{"system":"urn:oid:2.999.7","value":"bench-)" + n +
         R"("}],"active":true,"name":[{"use":"official","family":"Bench)" + n +
         R"(","given":["Anna","Maria"]}],"telecom":[{"system":"phone","value":"+352 621 000 000"}],"gender":"female",)"
         R"("birthDate":"1975-05-17","address":[{"line":["1, rue du Test"],"city":"Esch","postalCode":"4001"}]})";
}

std::string observation_json(const std::string& patient) {
  return R"({"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org",)"
         R"("code":"8310-5"}]},"subject":{"reference":"Patient/)" +
         patient +
         R"("},"effectiveDateTime":"2026-01-01T08:00:00Z","valueQuantity":{"value":37.0,"unit":"Cel",)"
         R"("system":"http://unitsofmeasure.org","code":"Cel"}})";
}

// Commits of `group` rows each, as fast as the disk takes them, with the server's durability.
double raw_sqlite(const fs::path& file, unsigned group, double seconds) {
  sqlite3* db = nullptr;
  if (sqlite3_open(file.c_str(), &db) != SQLITE_OK) throw std::runtime_error("cannot open " + file.string());
  sqlite3_exec(db,
               "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE row(id INTEGER PRIMARY KEY, body BLOB)",
               nullptr, nullptr, nullptr);
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(db, "INSERT INTO row(body) VALUES(?1)", -1, &insert, nullptr);
  const auto start = std::chrono::steady_clock::now();
  auto elapsed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
  std::uint64_t rows = 0;
  while (elapsed() < seconds) {
    sqlite3_exec(db, "BEGIN", nullptr, nullptr, nullptr);
    for (unsigned i = 0; i < group; ++i) {
      const std::string body = patient_json(rows++);
      sqlite3_bind_blob(insert, 1, body.data(), static_cast<int>(body.size()), SQLITE_STATIC);
      sqlite3_step(insert);
      sqlite3_reset(insert);
    }
    sqlite3_exec(db, "COMMIT", nullptr, nullptr, nullptr);
  }
  const double rate = static_cast<double>(rows) / elapsed();
  sqlite3_finalize(insert);
  sqlite3_close(db);
  return rate;
}

double bare_loop(double bytes, unsigned clients, double seconds) {
  bench::Child bare({programs + "/bench_bare", "127.0.0.1:0", std::to_string(static_cast<long>(bytes))});
  return bench::drive(bare.port(), clients, seconds, [](unsigned, const Answer*) { return bench::get("/"); }).rate;
}

void row(const char* work, unsigned clients, const Figures& figures, double limit) {
  std::printf("%-22s %4u %10.0f %9.2f %9.2f", work, clients, figures.rate, figures.p50, figures.p99);
  if (limit > 0) std::printf(" %11.0f %7.2f", limit, figures.rate / limit);
  if (figures.bad)
    std::printf("   %llu of %llu refused", static_cast<unsigned long long>(figures.bad),
                static_cast<unsigned long long>(figures.bad + figures.good));
  std::printf("\n");
  std::fflush(stdout);
}

void reads(std::uint16_t port, const std::vector<Person>& people, double seconds) {
  std::mt19937 random(1);
  auto any = [&]() -> const Person& { return people[random() % people.size()]; };
  const std::vector<std::pair<const char*, std::function<std::string()>>> works{
      {"read", [&] { return "/fhir/Patient/" + any().id; }},
      {"identifier search",
       [&] {
         const Person& person = any();
         return "/fhir/Patient?identifier=" + encoded(person.system + '|' + person.value);
       }},
      {"name and birth date",
       [&] {
         const Person& person = any();
         return "/fhir/Patient?family=" + encoded(person.family) + "&birthdate=" + person.birth_date;
       }},
      {"record of a patient", [&] { return "/fhir/Observation?patient=" + any().id + "&_count=20"; }},
      {"sorted page", [&] { return "/fhir/Encounter?patient=" + any().id + "&_sort=-date&_count=10&_total=accurate"; }},
  };
  for (const auto& [name, target] : works) {
    Figures figures = bench::drive(port, 16, seconds, [&](unsigned, const Answer*) { return bench::get(target()); });
    row(name, 16, figures, bare_loop(figures.bytes, 16, seconds));
  }
}

void creates(std::uint16_t port, const fs::path& folder, double seconds, std::uint64_t& number) {
  for (unsigned clients : {1u, 32u, 128u}) {
    Figures figures = bench::drive(port, clients, seconds, [&](unsigned, const Answer*) {
      return bench::send("POST", "/fhir/Patient", patient_json(number++));
    });
    row("durable create", clients, figures, raw_sqlite(folder / ("raw" + std::to_string(clients)), clients, seconds));
  }
}

// Create, read, change, delete of a patient, by turns, on each connection.
void crud(std::uint16_t port, double seconds, std::uint64_t& number) {
  struct Turn {
    int step = 0;
    std::string id;
    std::uint64_t number = 0;
  };
  std::vector<Turn> turns(16);
  Figures figures = bench::drive(port, 16, seconds, [&](unsigned connection, const Answer* last) {
    Turn& turn = turns[connection];
    if (turn.step == 1 && last) {
      std::size_t at = last->body.find("\"id\":\"");
      turn.id = at == std::string::npos ? "" : last->body.substr(at + 6, last->body.find('"', at + 6) - at - 6);
    }
    const std::string target = "/fhir/Patient/" + turn.id;
    switch (turn.step++ % 4) {
      case 0:
        turn.step = 1;
        turn.number = number++;
        return bench::send("POST", "/fhir/Patient", patient_json(turn.number));
      case 1:
        return bench::get(target);
      case 2: {
        std::string body = patient_json(turn.number);
        body.insert(1, "\"id\":\"" + turn.id + "\",");
        body.replace(body.find("\"active\":true"), 13, "\"active\":false");
        return bench::send("PUT", target, body);
      }
      default:
        return "DELETE " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    }
  });
  row("create read put delete", 16, figures, 0);
}

void imports(std::uint16_t port, double seconds, std::uint64_t& number) {
  constexpr int entries = 100;
  Figures figures = bench::drive(port, 4, seconds, [&](unsigned, const Answer*) {
    const std::string full = "urn:uuid:00000000-0000-4000-8000-000000000001";
    std::string bundle = R"({"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":")" + full +
                         R"(","resource":)" + patient_json(number++) +
                         R"(,"request":{"method":"POST","url":"Patient"}})";
    for (int i = 1; i < entries; ++i) {
      std::string observation = observation_json("x");
      observation.replace(observation.find("Patient/x"), 9, full);
      bundle += R"(,{"resource":)" + observation + R"(,"request":{"method":"POST","url":"Observation"}})";
    }
    return bench::send("POST", "/fhir", bundle + "]}");
  });
  figures.rate *= entries;
  row("import, entries", 4, figures, 0);
}

double disk_mib(const fs::path& folder) {
  double bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) bytes += static_cast<double>(entry.file_size());
  return bytes / (1 << 20);
}

void bench_all(double seconds) {
  std::string pattern = (fs::temp_directory_path() / "alzette-bench-XXXXXX").string();
  const fs::path folder = ::mkdtemp(pattern.data());
  const std::string data = folder / "data";
  std::fprintf(stderr, "generating %d patients\n", patients);
  bench::run({ALZETTE_PROGRAM, "generate", "--patients", std::to_string(patients), "--seed", "1", "--data", data});
  {
    bench::Child server({ALZETTE_PROGRAM, "serve", "--data", data, "--http", "127.0.0.1:0"});
    std::printf("disk %.0f MiB, resident at start %.0f MiB\n", disk_mib(data), server.resident_mib());
    std::printf("%-22s %4s %10s %9s %9s %11s %7s\n", "work", "c", "per second", "p50 ms", "p99 ms", "limit", "ratio");
    std::uint64_t number = 0;
    reads(server.port(), sample(server.port()), seconds);
    creates(server.port(), folder, seconds, number);
    crud(server.port(), seconds, number);
    imports(server.port(), seconds, number);
    std::printf("resident at the end %.0f MiB\n", server.resident_mib());
  }
  fs::remove_all(folder);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    bench_all(argc > 1 ? std::atof(argv[1]) : 5);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench: %s\n", error.what());
    return 1;
  }
}
