// The server from its configuration to its end: `alzette serve`.
#pragma once

#include "src/config.h"

namespace alzette {

// Opens the store, starts the doors, prints "ready http=http://127.0.0.1:8080" on stdout, and returns after SIGTERM
// or SIGINT when all requests are answered and the store is closed. A store that can no longer
// write ends it the same way. The exit code: 0, or 1 with the reason on stderr.
int serve(const Config& config);

}  // namespace alzette
