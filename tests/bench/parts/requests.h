// What is asked of the server under test: values are taken from the population it holds, drawn with a fixed seed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "fhir/node.h"
#include "tests/bench/parts/load.h"

namespace bench {

struct Person {
  std::string id, system, value, family, given, birth_date;
};

// Of a page of the patients.
struct Pools {
  std::vector<Person> people;
};
Pools harvest(std::uint16_t port);

// Each resource on the first page of a search.
void for_each_resource(std::uint16_t port, const std::string& query,
                       const std::function<void(const fhir::Node&)>& take);

// Records of `draws` of the generated people 0 to `all`, from anywhere among them, as one of `domains` has them; 0:
// people who have one record only.
Pools drawn_people(std::uint16_t port, std::uint64_t all, unsigned domains, unsigned draws);

std::string encoded(std::string_view text);

using Target = std::function<std::string()>;  // the next path with its query
struct Work {
  const char* name;
  Target target;
};
// Read, identifier search, name search, a patient's observations.
std::vector<Work> reads(const Pools& pools);

std::string patient_json(std::uint64_t number);
std::string adt_message(std::uint64_t number);  // an A01 of the same person

// One connection of a mixed load: nine linked resources are created, read, changed and deleted, 36 requests a round.
class Round {
 public:
  std::string next(const Answer* last, std::uint64_t number);
  static constexpr unsigned requests = 36, writes = 27;

 private:
  std::string body(std::size_t kind, std::uint64_t number) const;
  unsigned step_ = 0;
  std::vector<std::string> ids_, bodies_;
};

// Transaction bundles of one patient each, made from the NDJSON files that `alzette generate --out` wrote; all
// entries are created and refer to each other by urn:uuid.
struct Bundles {
  std::vector<std::string> texts;
  double entries = 0;  // of a bundle in the mean
};
Bundles bundles_from(const std::string& folder);

}  // namespace bench
