// Whether an object meets the filters of a stored query. Codes, times, authors and references are compared with the
// record itself, so the answer is exact whatever the index found. IHE ITI TF-2a 3.18.4.1.2.3.7.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ihe/xds/registry.h"
#include "ihe/xds/stored_query.h"

namespace ihe::xds {

class Filter {
 public:
  Filter(const StoredQuery& query, Kind kind);

  bool admits(const RegistryObjectIn<Shown>& object) const;
  // What of it the index knows, to look at fewer objects.
  std::vector<fhir::search::Clause> clauses() const;
  // A status parameter was given, but no status of it is one that exists.
  bool without_status() const { return status_given_ && statuses_.empty(); }

 private:
  struct Codes {
    std::string_view scheme;
    const Values* any_of;  // code^^scheme
  };
  struct Time {
    std::string_view slot;
    std::string_view from, to;                                                 // "" = open
    enum class Of : std::uint8_t { all, stable, those_with_it } of = Of::all;  // which are judged by it
  };
  bool has_code(const RegistryObjectIn<Shown>& object, const Codes& codes) const;
  bool in_time(const RegistryObjectIn<Shown>& object, const Time& time) const;
  bool has_author(const RegistryObjectIn<Shown>& object) const;

  Kind kind_;
  bool status_given_ = false;
  std::set<std::string, std::less<>> statuses_;
  std::set<std::string, std::less<>> types_;  // objectType
  std::vector<Codes> codes_;
  std::vector<Time> times_;
  const Values* authors_ = nullptr;
  const Values* sources_ = nullptr;
  std::vector<const Values*> references_;
};

// The statuses that are meant by the values of a parameter; those that do not exist are left out.
std::set<std::string, std::less<>> statuses_of(const Values& values);

// LIKE of SQL: % any text, _ any character.
bool like(std::string_view text, std::string_view pattern);

}  // namespace ihe::xds
