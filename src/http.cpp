#include "src/http.h"

#include "src/net/ascii.h"

namespace alzette {

std::string_view find(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers)
    if (net::same_word(key, name)) return value;
  return {};
}

}  // namespace alzette
