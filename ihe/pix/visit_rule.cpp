// Visits of a patient that another one replaces are of that other one from this commit on, as its documents are, and go
// back when the merge is taken back. A visit that moved says from whom, in the order of the merges: a survivor may be
// merged in its turn. IHE ITI TF-2 3.8.4.2.4, 3.31.
#include <algorithm>

#include "fhir/build.h"
#include "fhir/bundle.h"
#include "fhir/incoming.h"
#include "fhir/rule.h"
#include "ihe/identity/replacement.h"
#include "ihe/pix/visit.h"

namespace ihe::pix {
namespace {

using fhir::Node;
using fhir::Result;

constexpr std::string_view moved_from = "urn:x-alzette:visit-moved-from";  // extension of Encounter.subject

const fhir::Type& encounter() {
  static const fhir::Type* const type = fhir::definitions().resource("Encounter");
  return *type;
}

struct Visit {
  std::string id;
  std::int64_t version = 0;
  Node* resource = nullptr;
  std::optional<std::size_t> write;  // in the batch
};

std::string subject_of(const Node& visit) {
  const auto* subject = visit.child("subject");
  return std::string(subject ? subject->value_of("reference") : std::string_view());
}

std::vector<std::string> origins_of(const Node& visit) {
  std::vector<std::string> origins;
  const auto* subject = visit.child("subject");
  if (!subject) return origins;
  for (const auto& extension : *subject) {
    const auto* value = extension.name == "extension" && extension.value_of("url") == moved_from
                            ? extension.child("valueReference")
                            : nullptr;
    if (value) origins.emplace_back(value->value_of("reference"));
  }
  return origins;
}

class Moving {
 public:
  Moving(const fhir::RuleSite& site, fhir::Batch& batch) : site_(site), batch_(batch) {}

  // All visits of `from` become those of `to`.
  Result<bool> take_along(const std::string& from, const std::string& to) {
    auto visits = visits_of(from);
    if (!visits) return std::move(visits.outcome());
    for (auto& visit : *visits) {
      auto origins = origins_of(*visit.resource);
      origins.push_back(from);
      if (auto done = put(visit, to, origins); !done) return done;
    }
    return true;
  }

  // The visits of `survivor` that came from `to` become its own again.
  Result<bool> give_back(const std::string& survivor, const std::string& to) {
    auto visits = visits_of(survivor);
    if (!visits) return std::move(visits.outcome());
    for (auto& visit : *visits) {
      auto origins = origins_of(*visit.resource);
      const auto own = std::find(origins.begin(), origins.end(), to);
      if (own == origins.end()) continue;
      origins.erase(own, origins.end());
      if (auto done = put(visit, to, origins); !done) return done;
    }
    return true;
  }

 private:
  // Those that the store has and those that the batch writes.
  Result<std::vector<Visit>> visits_of(const std::string& patient) {
    std::vector<Visit> visits;
    std::vector<std::string> written;
    for (std::size_t i = 0; i < batch_.writes.size(); ++i) {
      const auto& write = batch_.writes[i];
      if (write.type != &encounter() || !is_visit(write.id)) continue;
      written.push_back(write.id);
      if (write.method == fhir::Method::remove) continue;
      auto* resource = keep(fhir::stored_bytes(write.body, 1, site_.now));
      if (resource && subject_of(*resource) == patient) visits.push_back({write.id, 0, resource, i});
    }
    auto stored = pix::visits_of(site_.snapshot, site_.access, site_.base, patient);
    if (!stored) return std::move(stored.outcome());
    for (auto& version : *stored) {
      if (std::find(written.begin(), written.end(), version.id) != written.end()) continue;
      auto* resource = keep(version.body);
      if (resource) visits.push_back({version.id, version.version, resource, std::nullopt});
    }
    return visits;
  }

  // A copy to be changed; null for what cannot be read.
  Node* keep(const std::string& bytes) {
    const auto received = fhir::receive(bytes);
    return received ? &fhir::build::copy(arena_, *received->resource) : nullptr;
  }

  Result<bool> put(Visit& visit, const std::string& patient, const std::vector<std::string>& origins) {
    auto& resource = *visit.resource;
    fhir::build::remove(resource, "subject");
    auto& subject = fhir::build::add_reference(arena_, resource, "subject", patient);
    for (const auto& origin : origins) {
      auto& mark = fhir::build::add(arena_, subject, "extension");
      fhir::build::add(arena_, mark, "url", moved_from);
      fhir::build::add_reference(arena_, mark, "valueReference", origin);
    }
    auto write = fhir::prepare(resource, visit.id, fhir::Method::update, site_.base);
    if (!write) return std::move(write.outcome());
    if (visit.write) {
      auto& before = batch_.writes[*visit.write];
      write->method = before.method;
      write->if_version = before.if_version;
      write->if_version_planned = before.if_version_planned;
      before = std::move(*write);
      return true;
    }
    write->if_version = visit.version;
    write->if_version_planned = true;
    batch_.writes.push_back(std::move(*write));
    return true;
  }

  const fhir::RuleSite& site_;
  fhir::Batch& batch_;
  fhir::Arena arena_;
};

Result<bool> follow_merge(const fhir::RuleSite& site, fhir::Batch& batch, std::size_t at) {
  const auto made = identity::replacement(site, batch.writes[at]);
  if (!made) return made.outcome();
  if (!made->changed) return true;
  Moving moving(site, batch);
  if (!made->before.empty())
    if (auto done = moving.give_back(made->before, made->patient); !done) return done;
  return made->now.empty() ? Result<bool>(true) : moving.take_along(made->patient, made->now);
}

}  // namespace
}  // namespace ihe::pix

namespace fhir::rules {

extern constinit const Rule visits_of_merged{
    .name = "visits-of-merged", .types = "Patient", .run = ihe::pix::follow_merge};

}  // namespace fhir::rules
