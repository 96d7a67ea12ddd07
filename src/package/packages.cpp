// Packages: https://hl7.org/fhir/packages.html (package/package.json, package/*.json, .tgz)
#include "src/package/packages.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "fhir/canonical.h"
#include "fhir/definitions.h"
#include "fhir/format/json.h"
#include "src/package/tar.h"

namespace alzette::package {
namespace {

namespace fs = std::filesystem;
using fhir::Kind;
using fhir::Node;
using fhir::Outcome;

constexpr std::string_view ending = ".archive";
constexpr int packing = 9;

// As https://hl7.org/fhir/packages.html has them, which are names of files also.
bool is_word(std::string_view text) {
  constexpr std::string_view others = ".-_+@";
  return !text.empty() && text.size() <= 128 && text.front() != '.' &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  others.find(c) != others.npos;
         });
}

std::string_view without_mark(std::string_view text) {
  return text.starts_with("\xEF\xBB\xBF") ? text.substr(3) : text;
}

struct Manifest {
  Name name;
  bool r4 = false;
};

std::optional<Manifest> read_manifest(std::string_view text) {
  fhir::Arena arena;
  const auto root = fhir::json::parse(without_mark(text), arena);
  if (!root) return std::nullopt;
  Manifest manifest;
  manifest.name.name = (*root)->value_of("name");
  manifest.name.version = (*root)->value_of("version");
  for (const Node& child : **root) {
    if (child.name == "fhirVersions" || child.name == "fhir-version-list")
      manifest.r4 = manifest.r4 || child.text.starts_with("4.0");
    if (child.name == "dependencies")  // older packages say it by what they stand on
      manifest.r4 = manifest.r4 || child.value_of("hl7.fhir.r4.core").starts_with("4.0");
  }
  return manifest;
}

void add_resource(std::string_view text, fhir::ArchiveWriter& archive) {
  fhir::Arena arena;
  const auto root = fhir::json::parse(without_mark(text), arena);
  if (!root) return;
  const auto type = (*root)->value_of("resourceType"), url = (*root)->value_of("url");
  if (url.empty() || !fhir::definitions().resource(type)) return;
  archive.add(std::string(type), std::string(url), std::string((*root)->value_of("version")),
              std::string(without_mark(text)));
}

Outcome unwritable(const std::string& path) {
  return Outcome(Kind::internal, "no-store", path + ": " + std::strerror(errno));
}

// Durable before its name appears.
std::optional<Outcome> write(const std::string& path, std::string_view bytes) {
  const std::string draft = path + ".part";
  const int file = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return unwritable(draft);
  bool good = true;
  while (good && !bytes.empty()) {
    const auto written = ::write(file, bytes.data(), bytes.size());
    good = written > 0 || (written < 0 && errno == EINTR);
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  good = good && ::fsync(file) == 0;
  ::close(file);
  if (!good || ::rename(draft.c_str(), path.c_str()) != 0) return unwritable(path);
  const int folder = ::open(fs::path(path).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    ::fsync(folder);
    ::close(folder);
  }
  return std::nullopt;
}

}  // namespace

std::string Folder::file_of(const Name& name) const {
  return path_ + "/" + name.name + "#" + name.version + std::string(ending);
}

fhir::Result<Name> Folder::add(std::string_view tgz) const {
  std::optional<Manifest> manifest;
  fhir::ArchiveWriter archive;
  const auto fault = read_tgz(tgz, {}, [&](std::string_view path, std::string_view bytes) {
    constexpr std::string_view top = "package/";
    if (path.starts_with("./")) path.remove_prefix(2);
    if (!path.starts_with(top) || !path.ends_with(".json")) return;
    path.remove_prefix(top.size());
    if (path == "package.json")
      manifest = read_manifest(bytes);
    else if (path.find('/') == path.npos && !path.starts_with('.'))
      add_resource(bytes, archive);
  });
  if (fault) return *fault;
  if (!manifest || !is_word(manifest->name.name) || !is_word(manifest->name.version))
    return Outcome(Kind::malformed, "required",
                   "package/package.json is missing, or names no package and version: this is not a FHIR package");
  if (!manifest->r4)
    return Outcome(
        Kind::unprocessable, "not-supported",
        manifest->name.name +
            " is not for FHIR R4: package.json must list a version 4.0 in fhirVersions, or hl7.fhir.r4.core among its "
            "dependencies");
  std::error_code error;
  fs::create_directories(path_, error);
  if (error) return Outcome(Kind::internal, "no-store", path_ + ": " + error.message());
  if (auto unwritten = write(file_of(manifest->name), archive.finish(packing))) return *unwritten;
  return manifest->name;
}

std::vector<Name> Folder::list() const {
  std::vector<Name> names;
  std::error_code error;
  for (fs::directory_iterator walk(path_, error), end; !error && walk != end; walk.increment(error)) {
    const std::string file = walk->path().filename().string();
    const auto mark = file.find('#');
    if (mark == file.npos || !file.ends_with(ending)) continue;
    names.push_back({file.substr(0, mark), file.substr(mark + 1, file.size() - ending.size() - mark - 1)});
  }
  std::sort(names.begin(), names.end(), [](const Name& a, const Name& b) {
    return a.name != b.name ? a.name < b.name : fhir::version_before(b.version, a.version);
  });
  return names;
}

fhir::Result<std::size_t> Folder::remove(const std::string& name, const std::string& version) const {
  std::size_t removed = 0;
  for (const Name& one : list()) {
    if (one.name != name || (!version.empty() && one.version != version)) continue;
    std::error_code error;
    fs::remove(file_of(one), error);
    if (error) return Outcome(Kind::internal, "no-store", file_of(one) + ": " + error.message());
    ++removed;
  }
  return removed;
}

std::int64_t Folder::changed() const {
  struct stat facts {};
  if (::stat(path_.c_str(), &facts) != 0) return 0;
  return std::int64_t{facts.st_mtim.tv_sec} * 1'000'000'000 + facts.st_mtim.tv_nsec;
}

std::vector<std::shared_ptr<const Package>> Folder::load() const {
  std::vector<std::shared_ptr<const Package>> packages;
  for (const Name& name : list()) {
    std::ifstream file(file_of(name), std::ios::binary);
    auto package = std::make_shared<Package>();
    package->name = name;
    package->bytes.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    auto archive = fhir::Archive::open(package->bytes);
    if (!archive) continue;
    package->archive = std::move(*archive);
    packages.push_back(std::move(package));
  }
  return packages;
}

}  // namespace alzette::package
