// FHIR packages beside the store: each is an archive of its conformance resources in DIR/packages, made once from the
// .tgz. A running server sees a change of the folder by itself.
//
//   DIR/packages/NAME#VERSION.archive      fhir/archive.h
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/archive.h"
#include "fhir/outcome.h"

namespace alzette::package {

struct Name {
  std::string name;     // "hl7.fhir.uv.ips"
  std::string version;  // "2.0.1"
};

struct Package {
  Name name;
  std::string bytes;
  fhir::Archive archive;  // over `bytes`
};

class Folder {
 public:
  explicit Folder(std::string path) : path_(std::move(path)) {}

  // Takes the .tgz with these bytes in; one of the same name and version is replaced. Refuses what is no R4 package.
  fhir::Result<Name> add(std::string_view tgz) const;
  // Ordered by name, then newest version first.
  std::vector<Name> list() const;
  // Without a version all of that name. How many were removed.
  fhir::Result<std::size_t> remove(const std::string& name, const std::string& version) const;

  // When the folder was last changed, nanoseconds; 0 when it is not there.
  std::int64_t changed() const;
  // Those that can be read, in the order of list(); damaged ones are left out.
  std::vector<std::shared_ptr<const Package>> load() const;

 private:
  std::string file_of(const Name& name) const;
  std::string path_;
};

}  // namespace alzette::package
