// Where this build keeps what tests start and read; one generated source knows, so that all others compile to the same
// objects in every folder.
#pragma once

namespace places {

extern const char* const source;   // the repository
extern const char* const program;  // alzette
extern const char* const faults;   // tests/wire/preload, to be loaded before a server
extern const char* const syncs;    // tests/bench/preload

}  // namespace places
