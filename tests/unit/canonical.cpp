// Conformance resources by address: the archive's form, R4 itself, packages beside the store, and the store's own.
#include "fhir/canonical.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "fhir/archive.h"
#include "src/canonicals.h"
#include "src/net/gzip.h"
#include "src/package/packages.h"
#include "src/package/tar.h"
#include "tests/unit/store_fixture.h"

namespace {

namespace fs = std::filesystem;
using alzette::ServerCanonicals;

std::string tar_file(std::string_view path, std::string_view bytes) {
  std::string header(512, '\0');
  header.replace(0, path.size(), path);
  char size[13], sum[9];
  std::snprintf(size, sizeof size, "%011zo", bytes.size());
  header.replace(124, 11, size, 11);
  header[156] = '0';
  header.replace(257, 5, "ustar");
  header.replace(148, 8, 8, ' ');
  std::size_t total = 0;
  for (const char c : header) total += static_cast<unsigned char>(c);
  std::snprintf(sum, sizeof sum, "%06zo", total);
  header.replace(148, 7, std::string(sum, 6) + '\0');
  std::string content(bytes);
  content.resize((bytes.size() + 511) / 512 * 512, '\0');
  return header + content;
}

std::string package_of(std::string_view name, std::string_view version, std::string_view fhir,
                       std::string_view resource) {
  const std::string manifest = R"({"name":")" + std::string(name) + R"(","version":")" + std::string(version) +
                               R"(","fhirVersions":[")" + std::string(fhir) + R"("]})";
  return alzette::net::gzip(tar_file("package/package.json", manifest) + tar_file("package/x.json", resource) +
                            tar_file("package/example/y.json", resource) + std::string(1024, '\0'));
}

std::string value_set(std::string_view url, std::string_view version, std::string_view title) {
  return R"({"resourceType":"ValueSet","status":"active","url":")" + std::string(url) + R"(","version":")" +
         std::string(version) + R"(","title":")" + std::string(title) + R"("})";
}

struct TemporaryFolder {
  fs::path path = fs::temp_directory_path() / ("alzette-canonical-" + std::to_string(::getpid()));
  TemporaryFolder() { fs::remove_all(path); }
  ~TemporaryFolder() { fs::remove_all(path); }
};

}  // namespace

TEST_CASE("canonical: versions by their numbers") {
  CHECK(fhir::version_before("1.9.1", "1.10.0"));
  CHECK(fhir::version_before("", "1"));
  CHECK(fhir::version_before("1.0", "1.0.1"));
  CHECK_FALSE(fhir::version_before("2", "2"));
  CHECK_FALSE(fhir::version_before("2020-02-01", "2020-01-31"));
  CHECK(fhir::canonical_parts("http://e.org/x|1#part").url == "http://e.org/x");
  CHECK(fhir::canonical_parts("http://e.org/x|1#part").version == "1");
}

TEST_CASE("canonical: an archive gives back what was put in, and refuses damage") {
  fhir::ArchiveWriter writer;
  writer.add("ValueSet", "http://e.org/b", "1", "{\"b\":1}");
  writer.add("CodeSystem", "http://e.org/a", "1", std::string(300'000, 'x'));
  writer.add("ValueSet", "http://e.org/b", "2", "{\"b\":2}");
  writer.add("ValueSet", "http://e.org/b", "1", "another of the same");
  const std::string bytes = writer.finish(3);
  const auto archive = fhir::Archive::open(bytes);
  REQUIRE(archive);
  CHECK(archive->entries().size() == 3);
  REQUIRE(archive->of("ValueSet", "http://e.org/b").size() == 2);
  CHECK(archive->text(archive->of("ValueSet", "http://e.org/b")[0]) == "{\"b\":1}");
  CHECK(archive->text(archive->of("CodeSystem")[0]).size() == 300'000);
  for (std::size_t size = 0; size < bytes.size(); size += 7) CHECK_FALSE(fhir::Archive::open(bytes.substr(0, size)));
  std::string wild = bytes;
  wild[9] = '\x7f';
  CHECK_FALSE(fhir::Archive::open(wild));
}

TEST_CASE("canonical: R4 is linked in, without narratives") {
  const ServerCanonicals canonicals(nullptr, "");
  const auto patient = canonicals.find("StructureDefinition", "http://hl7.org/fhir/StructureDefinition/Patient");
  REQUIRE(patient);
  CHECK(patient->resource->type->name.view() == "StructureDefinition");
  CHECK(patient->resource->child("snapshot") != nullptr);
  CHECK(patient->resource->child("text") == nullptr);
  CHECK(canonicals.find("StructureDefinition", "http://hl7.org/fhir/StructureDefinition/Patient|4.0.1") == patient);
  CHECK(canonicals.find("StructureDefinition", "http://hl7.org/fhir/StructureDefinition/Patient|4.0"));
  CHECK_FALSE(canonicals.find("StructureDefinition", "http://hl7.org/fhir/StructureDefinition/Patient|3.0.1"));
  CHECK_FALSE(canonicals.find("ValueSet", "http://hl7.org/fhir/StructureDefinition/Patient"));
  CHECK_FALSE(canonicals.find("Patient", "http://hl7.org/fhir/StructureDefinition/Patient"));
  CHECK(canonicals.find("StructureDefinition", "http://hl7.org/fhir/StructureDefinition/bodyweight"));
  CHECK(canonicals.all("ConceptMap").size() == 19);
}

TEST_CASE("canonical: every R4 resource of the archive opens") {
  const auto& archive = fhir::core_archive();
  CHECK(archive.entries().size() >= 4474);  // ours come on top
  std::string_view type;
  for (const auto& entry : archive.entries()) {
    if (entry.type == type) continue;  // one of each type; the suites look at all
    type = entry.type;
    CHECK(fhir::make_canonical(archive.text(entry)));
  }
}

TEST_CASE("canonical: packages are taken in, listed, and removed") {
  const TemporaryFolder folder;
  const alzette::package::Folder packages(folder.path.string());
  const ServerCanonicals canonicals(nullptr, folder.path.string());
  CHECK_FALSE(canonicals.find("ValueSet", "http://e.org/v"));
  const auto before = canonicals.state();
  const auto name = packages.add(package_of("e.org", "1.9.0", "4.0.1", value_set("http://e.org/v", "1.9.0", "old")));
  REQUIRE(name);
  CHECK(name->name == "e.org");
  REQUIRE(canonicals.find("ValueSet", "http://e.org/v"));
  CHECK(canonicals.state() != before);
  REQUIRE(packages.add(package_of("e.org", "1.10.0", "4.0.1", value_set("http://e.org/v", "1.10.0", "new"))));
  CHECK(canonicals.find("ValueSet", "http://e.org/v")->version == "1.10.0");
  CHECK(canonicals.find("ValueSet", "http://e.org/v|1.9.0")->resource->value_of("title") == "old");
  CHECK(packages.list().size() == 2);
  CHECK(packages.list().front().version == "1.10.0");
  CHECK(*packages.remove("e.org", "1.10.0") == 1);
  CHECK(canonicals.find("ValueSet", "http://e.org/v")->version == "1.9.0");
  CHECK(*packages.remove("e.org", "") == 1);
  CHECK_FALSE(canonicals.find("ValueSet", "http://e.org/v"));
}

TEST_CASE("canonical: packages and R4 by id, also where it is not the end of the address") {
  const TemporaryFolder folder;
  const alzette::package::Folder packages(folder.path.string());
  const ServerCanonicals canonicals(nullptr, folder.path.string());
  const auto title = [&](std::string_view id) {
    const auto found = canonicals.find("ValueSet", "ValueSet/" + std::string(id));
    return found ? std::string(found->resource->value_of("title")) : std::string("none");
  };
  const auto with_id = [](std::string_view id, std::string_view called) {
    auto resource = value_set("http://e.org/ValueSet/v", "1", called);
    return resource.insert(1, R"("id":")" + std::string(id) + R"(",)");
  };
  CHECK(title("v") == "none");
  CHECK(canonicals.find("StructureDefinition", "StructureDefinition/Patient")->url ==
        "http://hl7.org/fhir/StructureDefinition/Patient");
  CHECK_FALSE(canonicals.find("ValueSet", "ValueSet/Patient"));
  CHECK_FALSE(canonicals.find("ValueSet", "StructureDefinition/Patient"));
  REQUIRE(packages.add(package_of("e.org", "1", "4.0.1", with_id("v", "plain"))));
  CHECK(title("v") == "plain");
  REQUIRE(packages.add(package_of("f.org", "1", "4.0.1", with_id("odd", "odd"))));
  CHECK(title("v") == "plain");
  CHECK(title("odd") == "odd");
  REQUIRE(packages.remove("e.org", ""));
  CHECK(title("v") == "none");
  REQUIRE(packages.remove("f.org", ""));
  CHECK(title("odd") == "none");
}

TEST_CASE("canonical: what is no package for R4 is refused") {
  const TemporaryFolder folder;
  const alzette::package::Folder packages(folder.path.string());
  const std::string resource = value_set("http://e.org/v", "1", "x");
  CHECK_FALSE(packages.add("not gzip"));
  CHECK_FALSE(packages.add(alzette::net::gzip("not tar, but long enough to be looked at" + std::string(1000, 'x'))));
  CHECK_FALSE(packages.add(package_of("e.org", "1", "5.0.0", resource)));
  CHECK_FALSE(packages.add(package_of("../../etc", "1", "4.0.1", resource)));
  CHECK_FALSE(packages.add(package_of("", "1", "4.0.1", resource)));
  const std::string whole = package_of("e.org", "1", "4.0.1", resource);
  CHECK_FALSE(packages.add(whole.substr(0, whole.size() / 2)));
  std::size_t files = 0;
  const auto fault = alzette::package::read_tgz(whole, {.files = 1, .bytes = 1 << 20, .path = 100},
                                                [&](std::string_view, std::string_view) { ++files; });
  CHECK(fault);
  CHECK(files == 1);
  CHECK(alzette::package::read_tgz(whole, {.files = 10, .bytes = 600, .path = 100},
                                   [](std::string_view, std::string_view) {}));
  CHECK_FALSE(fs::exists(folder.path));
}

TEST_CASE("canonical: what the store holds is parsed once for each version") {
  const store_fixture::Folder folder;
  store_fixture::Opened opened(folder.path);
  ServerCanonicals canonicals(opened.store.get(), "");
  opened.store->observe([&](const fhir::Batch& batch, const fhir::Receipt&) { canonicals.changed(batch); });
  const auto members = [](const char* title) {
    return R"("url":"http://e.org/m","status":"active","title":")" + std::string(title) + "\"";
  };
  const auto of_store = [&] {
    for (const auto& one : canonicals.all("ConceptMap"))
      if (one->url == "http://e.org/m") return one;
    return std::shared_ptr<const fhir::Canonical>();
  };
  opened.put("ConceptMap", "m", members("old"));
  const auto first = of_store();
  REQUIRE(first);
  CHECK(of_store() == first);
  CHECK(canonicals.find("ConceptMap", "http://e.org/m") == first);
  opened.put("ConceptMap", "m", members("new"));
  CHECK(of_store() != first);
  CHECK(of_store()->resource->value_of("title") == "new");
  CHECK(first->resource->value_of("title") == "old");
}

TEST_CASE("canonical: what the store holds counts at once and comes first") {
  const store_fixture::Folder folder;
  store_fixture::Opened opened(folder.path);
  ServerCanonicals canonicals(opened.store.get(), "");
  opened.store->observe([&](const fhir::Batch& batch, const fhir::Receipt&) { canonicals.changed(batch); });
  const auto members = [](const char* version, const char* title) {
    return R"("url":"http://e.org/v,w","status":"active","version":")" + std::string(version) + R"(","title":")" +
           title + "\"";
  };
  CHECK_FALSE(canonicals.find("ValueSet", "http://e.org/v,w"));
  opened.put("ValueSet", "a", members("1.9", "old"));
  REQUIRE(canonicals.find("ValueSet", "http://e.org/v,w"));
  opened.put("ValueSet", "b", members("1.10", "new"));
  CHECK(canonicals.find("ValueSet", "http://e.org/v,w")->version == "1.10");
  CHECK(canonicals.find("ValueSet", "http://e.org/v,w|1.9")->version == "1.9");
  const auto state = canonicals.state();
  opened.put("Patient", "p", "\"active\":true");
  CHECK(canonicals.state() == state);
  opened.put("ValueSet", "b", members("1.10", "changed"));
  CHECK(canonicals.find("ValueSet", "http://e.org/v,w")->resource->value_of("title") == "changed");
  CHECK(canonicals.all("ValueSet").size() == 1316 + 2);
  opened.remove("ValueSet", "b");
  CHECK(canonicals.find("ValueSet", "http://e.org/v,w")->version == "1.9");
  opened.remove("ValueSet", "a");
  CHECK_FALSE(canonicals.find("ValueSet", "http://e.org/v,w"));
}
