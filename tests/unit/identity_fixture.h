// A store with identifier domains A, B, C and the national one, and patients fed into it as the doors do.
#pragma once

#include "fhir/build.h"
#include "ihe/identity/identity.h"
#include "ihe/settings.h"
#include "src/obey.h"
#include "tests/unit/store_fixture.h"

namespace identity_fixture {

using ihe::identity::Id;

inline const std::string national = "urn:oid:1.3.182.4.4";
inline const std::string a = "urn:oid:1.2.3.1", b = "urn:oid:1.2.3.2", c = "urn:oid:1.2.3.3";

struct Index {
  Index() : opened(folder.path) {
    auto domains = ihe::identity::Domains::read(R"([
      {"name":"A","oid":"1.2.3.1","feeders":["APP_A|HOSPITAL"]},
      {"name":"B","oid":"1.2.3.2"},
      {"name":"C","oid":"1.2.3.3"}])");
    REQUIRE(domains);
    settings.domains = std::move(*domains);
  }

  // Runs `work` on a fresh snapshot, makes what it returns obey the rules and commits it.
  template <class Work>
  fhir::Result<fhir::Receipt> commit(const Work& work) {
    const auto snapshot = opened.store->snapshot();
    fhir::Result<fhir::Batch> batch = work(site(*snapshot));
    if (!batch) return std::move(batch.outcome());
    const fhir::RuleSite rules{*snapshot, access, store_fixture::base, now, ids, settings};
    if (auto done = alzette::obey(rules, *batch); !done) return std::move(done.outcome());
    return store_fixture::commit(*opened.store, std::move(*batch));
  }

  ihe::Site site(fhir::Snapshot& snapshot) { return {snapshot, access, settings, store_fixture::base, now, ids}; }

  // A patient with these identifiers, by a feed; its logical id.
  fhir::Result<std::string> feed(const std::vector<Id>& all, const std::string& family = "Weber",
                                 const std::string& feeder = "APP_A|HOSPITAL") {
    fhir::Arena arena;
    auto& patient = fhir::build::resource(arena, "Patient");
    for (const auto& id : all) {
      auto& identifier = fhir::build::add(arena, patient, "identifier");
      fhir::build::add_some(arena, identifier, "system", id.system);
      fhir::build::add(arena, identifier, "value", id.value);
    }
    if (!family.empty()) fhir::build::add(arena, fhir::build::add(arena, patient, "name"), "family", family);
    std::string fed;
    auto done = commit([&](const ihe::Site& site) -> fhir::Result<fhir::Batch> {
      auto made = ihe::identity::feed(site, {&patient, nullptr, {}, feeder});
      if (!made) return std::move(made.outcome());
      fed = made->patient;
      return std::move(made->batch);
    });
    if (!done) return std::move(done.outcome());
    return fed;
  }

  fhir::Result<fhir::Receipt> merge(const Id& surviving, const Id& subsumed, const std::string& feeder = {}) {
    return merge({{{surviving, "surviving"}, {subsumed, "subsumed"}}}, feeder);
  }
  fhir::Result<fhir::Receipt> merge(const std::vector<ihe::identity::Duplicate>& duplicates,
                                    const std::string& feeder = {}) {
    return commit([&](const ihe::Site& site) { return ihe::identity::merge(site, duplicates, feeder); });
  }

  // A Patient written anew by FHIR.
  fhir::Result<fhir::Receipt> put(const std::string& id, const std::string& members) {
    return commit([&](const ihe::Site&) -> fhir::Result<fhir::Batch> {
      fhir::Batch batch{access, {}, {}};
      batch.writes.push_back(store_fixture::write(fhir::Method::update, "Patient", id, members));
      return batch;
    });
  }

  ihe::identity::CrossReference cross_reference(const Id& id, const std::vector<std::string>& targets = {}) {
    const auto snapshot = opened.store->snapshot();
    auto found = ihe::identity::cross_reference(site(*snapshot), id, targets);
    REQUIRE(found);
    return std::move(*found);
  }

  ihe::identity::Demographics demographics(const ihe::identity::DemographicsQuery& query) {
    const auto snapshot = opened.store->snapshot();
    auto found = ihe::identity::demographics(site(*snapshot), query);
    if (!found) FAIL(found.outcome().issues.at(0).diagnostics);
    return std::move(*found);
  }

  store_fixture::Folder folder;
  store_fixture::Opened opened;
  ihe::Settings settings;
  fhir::Access access = fhir::Access::local_developer();
  fhir::Ids ids{7};
  std::int64_t now = 1'790'000'000'000;
};

}  // namespace identity_fixture
