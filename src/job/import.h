// What an import is asked. https://github.com/smart-on-fhir/bulk-import
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace alzette::job {

inline constexpr std::string_view import_kind = "import";

struct Import {
  std::string url;                 // the whole request, for the manifest
  std::vector<std::string> types;  // of each source
  std::vector<std::string> urls;
};

std::string to_text(const Import& wanted);
Import import_of(std::string_view text);

}  // namespace alzette::job
