// The tables of a store. Schema changes are appended to `migrations`; the number of the last one stands in
// PRAGMA user_version, and a file with a higher number is refused.
//
// Every version of every resource is a row that is never changed (`version`, its bytes in `body`). What is current
// is said beside it (`identity.current`, `superseded`), so index rows of old versions stay and a view as of any
// earlier moment reads the same tables: pages of a search never shift.
#pragma once

#include <span>

namespace alzette::store::sqlite {

std::span<const char* const> migrations();

}  // namespace alzette::store::sqlite
