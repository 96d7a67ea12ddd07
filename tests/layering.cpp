// Who may include whom, read from the include lines of every source file; and that SQL is never built from values.
// A breach names file, line and rule. profiles/ is a build tool: it may read JSON with RapidJSON's DOM, since nothing
// of it reaches a resource.

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/places.h"

namespace {

namespace fs = std::filesystem;

struct Line {
  std::string file;  // relative to the repository
  int number;
  std::string text;
};

std::vector<Line> read_sources(std::initializer_list<const char*> rooms) {
  std::vector<Line> lines;
  const fs::path root = places::source;
  for (const char* room : rooms) {
    if (!fs::exists(root / room)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / room)) {
      if (entry.path().extension() != ".cpp" && entry.path().extension() != ".h") continue;
      std::ifstream file(entry.path());
      std::string text;
      for (int number = 1; std::getline(file, text); ++number)
        lines.push_back({fs::relative(entry.path(), root).generic_string(), number, text});
    }
  }
  return lines;
}

// "fhir/node.h" of `#include "fhir/node.h"`, or "".
std::string included(const std::string& text) {
  if (!text.starts_with("#include ")) return {};
  std::size_t open = text.find_first_of("<\"");
  std::size_t close = text.find_first_of(">\"", open + 1);
  return text.substr(open + 1, close - open - 1);
}

// Files under one of `from` that include something starting with one of `what` must lie under one of `only`.
struct Rule {
  const char* name;
  std::vector<const char*> from;
  std::vector<const char*> what;
  std::vector<const char*> only;
};

const std::vector<Rule>& rules() {
  static const std::vector<Rule> all{
      {"fhir/ is pure data: it knows no other room", {"fhir/"}, {"src/", "ihe/", "profiles/", "tests/"}, {}},
      {"ihe/ knows fhir/ only", {"ihe/"}, {"src/", "profiles/", "tests/"}, {}},
      {"src/ knows ihe/ by its doors only", {"src/"}, {"ihe/wire/", "profiles/", "tests/"}, {}},
      {"the store and the network know nothing of IHE", {"src/store/", "src/net/"}, {"ihe/"}, {}},
      {"profiles/ compiles the definitions and knows nothing else", {"profiles/"}, {"src/", "ihe/", "tests/"}, {}},
      {"fhir/ has no threads, files or sockets",
       {"fhir/", "ihe/"},
       {"thread", "condition_variable", "future", "random", "fstream", "filesystem", "iostream", "sys/", "unistd.h"},
       {}},
      {"fhir/ and ihe/ read no clock; one counts days by the calendar of <chrono>",
       {"fhir/", "ihe/"},
       {"chrono", "ctime"},
       {"ihe/xds/attribute.cpp"}},
      {"handlers neither log, nor listen, nor know the database",
       {"src/rest/"},
       {"src/log.h", "src/net/http", "src/net/client", "src/net/connection", "src/net/sender", "src/net/tls",
        "src/store/", "thread"},
       {}},
      {"locks, but for what is made once and kept: the invariants of a type, profiles, code systems, answers on codes",
       {"fhir/", "ihe/", "src/rest/"},
       {"mutex", "shared_mutex"},
       {"fhir/validate/plan.cpp", "fhir/validate/profiles.h", "fhir/terminology/memo.cpp",
        "fhir/terminology/terminology.cpp"}},
      {"Beast", {""}, {"boost/beast"}, {"src/net/http.cpp", "src/net/client.cpp"}},
      {"Asio", {""}, {"boost/asio"}, {"src/net/"}},
      {"SQLite", {""}, {"sqlite3.h"}, {"src/store/sqlite/"}},
      {"OpenSSL", {""}, {"openssl/"}, {"src/net/tls.cpp", "src/auth/", "fhir/digest.cpp"}},
      {"RapidJSON", {""}, {"rapidjson/"}, {"fhir/format/json.cpp", "profiles/compile/"}},
      {"pugixml", {""}, {"pugixml"}, {"fhir/format/xml"}},
      {"libxml2", {""}, {"libxml/"}, {"ihe/wire/"}},
      {"RE2", {""}, {"re2/"}, {"fhir/path/", "fhir/terminology/filter.cpp"}},
      {"ICU", {""}, {"unicode/"}, {"fhir/search/fold.cpp", "fhir/path/text.cpp"}},
      {"zlib", {""}, {"zlib.h"}, {"src/net/gzip.cpp", "src/load/files.cpp"}},
  };
  return all;
}

bool starts_with_any(std::string_view text, const std::vector<const char*>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](const char* prefix) { return text.starts_with(prefix); });
}

bool breaks(const Rule& rule, const Line& line) {
  std::string header = included(line.text);
  return !header.empty() && starts_with_any(line.file, rule.from) && starts_with_any(header, rule.what) &&
         !starts_with_any(line.file, rule.only);
}

// A value put into the text of a statement: quoted in it, printed into it, or appended as a number.
bool builds_sql(const std::string& text) {
  auto has = [&](const char* part) { return text.find(part) != std::string::npos; };
  bool sql = has("SELECT ") || has("INSERT ") || has("UPDATE ") || has("DELETE FROM ") || has(" WHERE ");
  bool value = has("printf(") || has("format(") || has("to_string(") || has("'\" +") || has("quote(");
  return has("sqlite3_mprintf") || has("sqlite3_snprintf") || has("'%q'") || (sql && value);
}

}  // namespace

TEST_CASE("layering: every include keeps to the rooms") {
  for (const Line& line : read_sources({"fhir", "ihe", "src", "profiles"}))
    for (const Rule& rule : rules())
      if (breaks(rule, line))
        FAIL_CHECK(line.file << ':' << line.number << ": " << line.text << " (" << rule.name << ')');
}

TEST_CASE("layering: a breach is seen") {
  auto seen = [](const char* file, const char* text) {
    return std::any_of(rules().begin(), rules().end(), [&](const Rule& rule) { return breaks(rule, {file, 1, text}); });
  };
  CHECK(seen("fhir/node.cpp", "#include \"src/http.h\""));
  CHECK(seen("fhir/path/path.cpp", "#include <mutex>"));
  CHECK(seen("src/rest/read.cpp", "#include <sqlite3.h>"));
  CHECK(seen("src/rest/read.cpp", "#include \"src/store/sqlite/store.h\""));
  CHECK(seen("fhir/format/xml.cpp", "#include <rapidjson/reader.h>"));
  CHECK(seen("src/net/tls.cpp", "#include <boost/beast.hpp>"));
  CHECK(seen("src/store/blob.cpp", "#include \"ihe/transaction.h\""));
  CHECK_FALSE(seen("src/net/http.cpp", "#include <boost/beast/http.hpp>"));
  CHECK_FALSE(seen("src/rest/read.cpp", "#include \"fhir/node.h\""));
  CHECK_FALSE(seen("fhir/format/json.cpp", "#include <rapidjson/reader.h>"));
}

TEST_CASE("layering: no statement is built from values") {
  for (const Line& line : read_sources({"src"}))
    if (builds_sql(line.text)) FAIL_CHECK(line.file << ':' << line.number << ": " << line.text);
  CHECK(builds_sql("sql = \"SELECT id FROM resource WHERE name = '\" + name + \"'\";"));
  CHECK(builds_sql("sql = std::format(\"SELECT {} FROM x\", name);"));
  CHECK_FALSE(builds_sql("prepare(\"SELECT id FROM resource WHERE name = ?1\");"));
}

TEST_CASE("layering: the top level is the one that was agreed") {
  const std::vector<std::string> agreed{"CMakeLists.txt",
                                        "CMakePresets.json",
                                        "README.md",
                                        "conformance",
                                        "dev",
                                        "examples",
                                        "fhir",
                                        "ihe",
                                        "package-lock.json",
                                        "package.json",
                                        "profiles",
                                        "src",
                                        "tests",
                                        "build",
                                        "data",
                                        "node_modules"};
  for (const auto& entry : fs::directory_iterator(places::source)) {
    std::string name = entry.path().filename().string();
    bool known = name.starts_with('.') || name.starts_with("build-") ||
                 std::find(agreed.begin(), agreed.end(), name) != agreed.end();
    CHECK_MESSAGE(known, name);
  }
}
