// The different texts of string parameters, where these are few: towns, names of tests and diagnoses. Shared by all
// readers. A list knows up to which key it is complete; texts of versions that are gone stay in it and find nothing.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "src/store/posting.h"
#include "src/store/sqlite/connection.h"
#include "src/store/view.h"

namespace alzette::store::sqlite {

class Texts {
 public:
  using List = std::shared_ptr<const std::vector<std::string>>;

  // As a view up to `last` needs it; null where there are more than `most`, once and for all.
  List of(Name parameter, Key last, Connection& connection);

 private:
  static constexpr std::size_t most = 2000;
  struct Known {
    Key last = 0;
    bool many = false;
    List list;
  };
  static List read(Name parameter, Connection& connection);

  std::mutex mutex_;
  std::unordered_map<Name, Known> known_;
};

}  // namespace alzette::store::sqlite
