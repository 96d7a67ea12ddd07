// The example nation: providers, people, their records and documents, in one fixed order. The same options give the
// same bytes, whatever the number of threads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/generate/person.h"
#include "src/generate/resource.h"

namespace alzette::generate {

struct NationOptions {
  std::uint64_t patients = 0;
  std::uint64_t documents = 0;  // in all; two of three patients have some
  std::uint64_t seed = 1;
  unsigned domains = 0;           // sources that have a record of each person, beside the national register
  std::vector<std::string> only;  // resource types to hand out; empty = all
};

// The types a nation is made of.
const std::vector<std::string>& nation_types();
bool is_of_document(std::string_view type);  // Binary, DocumentReference

class Nation {
 public:
  explicit Nation(NationOptions options);

  // A nation comes in parts that can be made in any order and on any thread: part 0 is the directory, each further
  // one up to `part_size` patients with everything that is theirs.
  static constexpr std::uint64_t part_size = 256;
  std::uint64_t parts() const { return 1 + (options_.patients + part_size - 1) / part_size; }
  void part(std::uint64_t number, const Sink& sink) const;

  static std::uint64_t most_patients(std::uint64_t seed) { return Population(seed).largest(); }

 private:
  bool wanted(std::string_view type) const;
  std::uint32_t documents_of(std::uint64_t person) const;
  NationOptions options_;
  Population population_;
  bool records_;
};

}  // namespace alzette::generate
