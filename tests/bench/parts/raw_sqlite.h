// The limit of writing: the rows of a store's newest versions (bodies, identities, index) put by SQLite alone, with the
// same durability, into a copy of its tables: an empty one, or the store as it was before them.
#pragma once

#include <cstdint>
#include <string>

namespace bench {

struct Mark {
  std::int64_t key = 0;
  std::int64_t rid = 0;
};
// Where a store ends now; a server may be running on it.
Mark mark(const std::string& store);

std::uint64_t versions(const std::string& store);

// Versions per second, `group` of them in each transaction, for at most `seconds`. Rows are those behind `after`; they
// go into the file `copy`, which is made where there is none.
double raw_sqlite(const std::string& store, const Mark& after, std::uint64_t group, const std::string& copy,
                  double seconds);

}  // namespace bench
