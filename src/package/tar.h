// The files in a tar archive: POSIX ustar with pax paths and GNU long names. Links and devices are passed over; nothing
// is ever written to disk. IEEE Std 1003.1 (pax interchange format)
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/outcome.h"

namespace alzette::package {

struct TarLimits {
  std::size_t files = 200'000;
  std::size_t bytes = std::size_t{1} << 30;  // unpacked, all together
  std::size_t path = 1024;
};

// Calls `take` for each regular file. An outcome says why the archive cannot be read to its end.
std::optional<fhir::Outcome> read_tgz(std::string_view gzip, const TarLimits& limits,
                                      const std::function<void(std::string_view path, std::string_view bytes)>& take);

}  // namespace alzette::package
