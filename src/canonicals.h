// The conformance resources that this server knows: those of its store, of the packages beside it, and of R4. What was
// opened is kept; a write of such a resource, or a package added or removed, counts at once.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include "fhir/archive.h"
#include "fhir/canonical.h"
#include "fhir/store.h"
#include "src/package/packages.h"

namespace alzette {

class ServerCanonicals final : public fhir::Canonicals {
 public:
  // `store` may be null (R4 and packages alone) and must outlive this; `packages` is their folder, which need not
  // exist.
  ServerCanonicals(fhir::Store* store, std::string packages);

  std::shared_ptr<const fhir::Canonical> find(std::string_view type, std::string_view canonical) const override;
  std::vector<std::shared_ptr<const fhir::Canonical>> all(std::string_view type) const override;
  std::uint64_t state() const override;

  // After a commit: what it wrote is looked up anew.
  void changed(const fhir::Batch& batch);

 private:
  using Found = std::shared_ptr<const fhir::Canonical>;
  using ById = std::map<std::string, Found, std::less<>>;
  using Loaded = std::vector<std::shared_ptr<const package::Package>>;

  void look_at_packages() const;
  Loaded packages() const;
  Found look_up(std::string_view type, std::string_view url, std::string_view version, std::uint64_t state) const;
  std::vector<Found> stored(const fhir::Type& type, std::string_view url) const;
  Found held(const fhir::Version& version) const;
  Found packaged(std::string_view type, std::string_view url, std::string_view version, std::uint64_t state) const;
  Found opened(const fhir::Archive& archive, const fhir::Archive::Entry& entry, std::uint64_t state) const;
  Found with_id(std::string_view type, std::string_view id, std::uint64_t state) const;
  std::shared_ptr<const ById> oddly_named(std::string_view type, const Loaded& loaded, std::uint64_t state) const;

  fhir::Store* store_;
  package::Folder folder_;
  mutable std::shared_mutex mutex_;
  mutable std::map<std::string, Found, std::less<>> answers_;                    // "ValueSet http://e.org/x|1"
  mutable std::map<const fhir::Archive::Entry*, Found> opened_;                  // of R4 and of packages
  mutable std::map<std::string, std::shared_ptr<const ById>, std::less<>> odd_;  // by type: see oddly_named
  mutable std::size_t opened_bytes_ = 0;                                         // JSON behind `opened_`
  mutable std::map<std::string, Found, std::less<>> held_;  // of the store: "CodeSystem/1/3", a version each
  mutable std::size_t held_bytes_ = 0;                      // JSON behind `held_`
  mutable Loaded loaded_;
  mutable std::int64_t folder_seen_ = 0;  // as it was when `loaded_` was
  mutable std::atomic<std::uint64_t> state_{1};
};

}  // namespace alzette
