// A store as an engine's view, and what a page of it includes.
#pragma once

#include <algorithm>
#include <optional>

#include "src/store/search.h"
#include "src/store/sqlite/names.h"
#include "src/store/sqlite/sqlite_view.h"
#include "tests/unit/store_fixture.h"

namespace store_fixture {

struct StoredView {
  explicit StoredView(const std::string& folder)
      : connection(folder + "/alzette.sqlite", alzette::store::sqlite::Connection::Mode::read, {}) {
    names.load(connection);
    auto last = connection.take("SELECT max(key) FROM version");
    last.step();
    view.emplace(connection, names, nullptr, last.integer(0));
  }
  alzette::store::sqlite::Connection connection;
  alzette::store::sqlite::Names names;
  std::optional<alzette::store::sqlite::SqliteView> view;
};

inline Ids included_in(Opened& opened, const char* type_name, const char* text) {
  Ids out;
  for (const auto& entry : opened.page(query(type_name, text)).entries)
    if (!entry.match) out.push_back(entry.version->id);
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace store_fixture
