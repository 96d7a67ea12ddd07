#include "src/schemas.h"

#include <filesystem>
#include <fstream>

namespace alzette {

Schemas::Schemas(const std::string& folder) {
  if (folder.empty()) return;
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error)) {
    const auto& path = entry.path();
    if (path.extension() != ".xsd") continue;
    by_name_.emplace(path.stem().string(), path.string());
    std::string head(16u << 10, '\0');
    std::ifstream(path, std::ios::binary).read(head.data(), static_cast<std::streamsize>(head.size()));
    const std::string_view mark = "targetNamespace=\"";
    const auto at = head.find(mark);
    if (at == std::string::npos) continue;
    const auto begin = at + mark.size();
    by_namespace_.emplace(head.substr(begin, head.find('"', begin) - begin), path.string());
  }
}

std::string Schemas::file_of(std::string_view ns, std::string_view element) const {
  // The cancellation of a query has its own element and no file.
  if (element.ends_with("_Cancel")) element.remove_suffix(std::string_view("_Cancel").size());
  if (const auto found = by_name_.find(element); found != by_name_.end()) return found->second;
  const auto found = by_namespace_.find(ns);
  return found == by_namespace_.end() || ns == "urn:hl7-org:v3" ? std::string() : found->second;
}

}  // namespace alzette
