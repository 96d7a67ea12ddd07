// What is asked of a document registry and repository under test: ITI-18, 41, 43, 67 and 68 about documents that
// `alzette generate` made. IHE ITI TF-2.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/bench/parts/requests.h"

namespace bench {

// Patients and documents of generated nation 1: `patients` people who have `documents` together.
class Documents {
 public:
  Documents(std::uint16_t port, std::uint64_t patients, std::uint64_t documents);

  struct Work {
    const char* name;
    std::function<std::string()> next;  // whole requests
  };
  std::vector<Work> reads();
  // ITI-41 of one new document of 100 KiB.
  std::string provide();

 private:
  struct Owner {
    std::uint64_t number = 0;
    Person person;
    std::uint64_t documents = 0;
  };
  const Owner& any();
  std::string any_unique_id();
  std::string find_documents(const Owner& owner) const;

  std::vector<Owner> owners_;
  std::uint32_t random_ = 1;
  std::uint64_t provided_ = 0;
  std::string run_;  // tells the documents of this run from those of others
};

}  // namespace bench
