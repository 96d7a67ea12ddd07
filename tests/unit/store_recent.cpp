// The versions that were read lately: what is asked for again stays, the rest goes.
#include <doctest/doctest.h>

#include "src/store/sqlite/recent.h"
#include "tests/unit/store_fixture.h"

namespace {

using alzette::store::sqlite::Recent;

Recent::Held version(fhir::Key key, std::size_t bytes) {
  fhir::Version made;
  made.key = key;
  made.body = std::string(bytes, 'x');
  return std::make_shared<fhir::Version>(std::move(made));
}

}  // namespace

TEST_CASE("a version that was read is shared, unless it is large") {
  Recent recent;
  CHECK(recent.find(1024) == nullptr);
  const auto small = version(1024, 2000);
  recent.keep(small);
  CHECK(recent.find(1024) == small);
  CHECK(recent.find(2048) == nullptr);
  recent.keep(version(2048, 1 << 20));
  CHECK(recent.find(2048) == nullptr);
}

TEST_CASE("versions that nobody asks for again make room") {
  Recent recent;
  constexpr fhir::Key many = 20'000;  // of 10,000 bytes
  const auto wanted = version(0, 10'000);
  recent.keep(wanted);
  for (fhir::Key sequence = 1; sequence <= many; ++sequence) {
    recent.keep(version(sequence << 10, 10'000));
    REQUIRE(recent.find(0) == wanted);
  }
  std::size_t kept = 0;
  for (fhir::Key sequence = 1; sequence <= many; ++sequence) kept += recent.find(sequence << 10) ? 1 : 0;
  CHECK(kept > 1000);
  CHECK(kept < 8000);
}

TEST_CASE("a page that others read before shows no other version, and not to whom may not see it") {
  store_fixture::Folder folder;
  store_fixture::Opened opened(folder.path);
  opened.put("Organization", "o", R"("name":"x")");
  opened.put("Patient", "a", R"("managingOrganization":{"reference":"Organization/o"})");
  const auto query = store_fixture::query("Patient", "_include=Patient:organization");
  const auto earlier = opened.store->snapshot();
  for (int i = 0; i < 2; ++i) {
    const auto page = earlier->search(opened.access, query, 10, store_fixture::effort);
    REQUIRE(page);
    REQUIRE(page->entries.size() == 2);
    CHECK(page->entries[1].version->id == "o");
  }
  fhir::Access patients;
  patients.grants.push_back({"Patient", {fhir::Verb::search, fhir::Verb::read}});
  const auto less = earlier->search(patients, query, 10, store_fixture::effort);
  REQUIRE(less);
  CHECK(less->entries.size() == 1);
  opened.put("Patient", "a", R"("active":true,"managingOrganization":{"reference":"Organization/o"})");
  CHECK(opened.page(query).entries.at(0).version->version == 2);
  CHECK(earlier->search(opened.access, query, 10, store_fixture::effort)->entries.at(0).version->version == 1);
}

TEST_CASE("a resource that was read before is read as it is now, and not by whom may not read it") {
  store_fixture::Folder folder;
  store_fixture::Opened opened(folder.path);
  const auto& patient = store_fixture::type("Patient");
  opened.put("Patient", "a");
  const auto earlier = opened.store->snapshot();
  const auto version = [&](fhir::Snapshot& snapshot) {
    const auto read = snapshot.read(opened.access, patient, "a");
    REQUIRE(read);
    CHECK(read->id == "a");
    CHECK(read->type == &patient);
    CHECK(read->body.find(R"("versionId":")" + std::to_string(read->version) + '"') != std::string::npos);
    return read->version;
  };
  for (int i = 0; i < 2; ++i) CHECK(version(*earlier) == 1);
  CHECK(earlier->read(fhir::Access(), patient, "a").outcome().kind == fhir::Kind::forbidden);
  opened.put("Patient", "a", R"("active":true)");
  for (int i = 0; i < 2; ++i) CHECK(version(*opened.store->snapshot()) == 2);
  CHECK(version(*earlier) == 1);
  opened.remove("Patient", "a");
  CHECK(opened.read("Patient", "a").outcome().kind == fhir::Kind::gone);
  CHECK(version(*earlier) == 1);
}
