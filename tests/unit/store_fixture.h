// A store in a folder of its own, and resources written into it by their JSON.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "fhir/bind.h"
#include "fhir/format/json.h"
#include "fhir/search/index.h"
#include "fhir/search/query.h"
#include "src/store/store.h"

namespace store_fixture {

inline constexpr std::string_view base = "http://example.org/fhir";
inline constexpr std::uint64_t effort = 1'000'000;

struct Folder {
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "alzette-store-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

inline const fhir::Type& type(std::string_view name) {
  const auto* found = fhir::definitions().resource(name);
  REQUIRE_MESSAGE(found != nullptr, name);
  return *found;
}

inline fhir::search::Query query(std::string_view type_name, const std::string& text) {
  fhir::search::Parameters parameters;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('&', at), text.size());
    const auto pair = text.substr(at, end - at);
    const auto equals = pair.find('=');
    parameters.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
    at = end + 1;
  }
  auto parsed = fhir::search::parse(type_name.empty() ? nullptr : &type(type_name), parameters, base, false);
  if (!parsed) FAIL(text << ": " << parsed.outcome().issues.at(0).diagnostics);
  return std::move(*parsed);
}

// What a handler would make of a resource: `members` is its JSON less type, id and meta, without the braces.
struct Resource {
  Resource(std::string_view type_name, std::string_view id, const std::string& members) {
    const std::string head = "{\"resourceType\":\"" + std::string(type_name) + "\",\"id\":\"" + std::string(id) + '"';
    const std::string tail = (members.empty() ? "" : ",") + members + "}";
    text = head + ",\"meta\":{}" + tail;
    meta_at = head.size() + 9;
    // The empty meta is filled by the store.
    const std::string whole = head + tail;
    fhir::Arena arena;
    auto raw = fhir::json::parse(whole, arena);
    REQUIRE_MESSAGE(static_cast<bool>(raw), whole.substr(0, 500));
    std::vector<fhir::Issue> issues;
    const auto* node = fhir::bind(*raw, arena, issues);
    REQUIRE_MESSAGE(node != nullptr, whole.substr(0, 500));
    rows = fhir::search::extract(*node, base);
  }
  std::string text;
  std::size_t meta_at = 0;
  std::vector<fhir::search::IndexRow> rows;
};

inline fhir::Write write(fhir::Method method, std::string_view type_name, std::string_view id,
                         const std::string& members = {}) {
  fhir::Write out;
  out.method = method;
  out.type = &type(type_name);
  out.id = id;
  if (method == fhir::Method::remove) return out;
  Resource resource(type_name, id, members);
  out.body = {resource.text, resource.meta_at};
  out.rows = std::move(resource.rows);
  return out;
}

inline fhir::Result<fhir::Receipt> commit(fhir::Store& store, fhir::Batch batch) {
  batch.access = fhir::Access::local_developer();
  std::promise<fhir::Result<fhir::Receipt>> promise;
  auto future = promise.get_future();
  store.commit(std::move(batch), [&](auto result) { promise.set_value(std::move(result)); });
  return future.get();
}

inline fhir::Result<fhir::Receipt> commit(fhir::Store& store, fhir::Write one) {
  fhir::Batch batch;
  batch.writes.push_back(std::move(one));
  return commit(store, std::move(batch));
}

struct Opened {
  explicit Opened(const std::string& path, alzette::store::Options options = {}) {
    auto result = alzette::store::open(path, options);
    if (!result) FAIL(result.outcome().issues.at(0).diagnostics);
    store = std::move(*result);
  }
  fhir::Written put(std::string_view type_name, std::string_view id, const std::string& members = {}) {
    auto receipt = commit(*store, write(fhir::Method::update, type_name, id, members));
    if (!receipt) FAIL(receipt.outcome().issues.at(0).diagnostics);
    return receipt->at(0);
  }
  fhir::Written remove(std::string_view type_name, std::string_view id) {
    auto receipt = commit(*store, write(fhir::Method::remove, type_name, id));
    REQUIRE(receipt);
    return receipt->at(0);
  }
  fhir::Result<fhir::Version> read(std::string_view type_name, std::string_view id) {
    return store->snapshot()->read(access, type(type_name), id);
  }
  fhir::SearchPage page(const fhir::search::Query& query, std::uint32_t count = 1000) {
    auto found = store->snapshot()->search(access, query, count, effort);
    if (!found) FAIL(found.outcome().issues.at(0).diagnostics);
    return std::move(*found);
  }
  // Ids of the matches in order, all pages.
  std::vector<std::string> ids(std::string_view type_name, const std::string& text, std::uint32_t count = 1000) {
    auto asked = query(type_name, text);
    std::vector<std::string> all;
    for (;;) {
      auto got = page(asked, count);
      for (const auto& entry : got.entries)
        if (entry.match) all.push_back(entry.version->id);
      if (got.next.empty()) return all;
      CHECK(got.next.size() < 60);
      asked.page = got.next;
    }
  }
  const fhir::Access access = fhir::Access::local_developer();
  std::unique_ptr<alzette::store::Archive> store;
};

using Ids = std::vector<std::string>;

}  // namespace store_fixture
