// See raw_sqlite.h. Rows are laid ready in memory, per group and table in the order of their keys, so that what is
// measured is SQLite at its best: neighbouring rows meet the same pages, and no statement is parsed twice.
#include "tests/bench/parts/raw_sqlite.h"

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <vector>

namespace bench {
namespace {

constexpr int most_versions = 120'000;

class Database {
 public:
  explicit Database(const std::string& file) {
    if (sqlite3_open(file.c_str(), &db_) != SQLITE_OK) throw std::runtime_error("cannot open " + file);
    sqlite3_busy_timeout(db_, 10'000);
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() {
    for (sqlite3_stmt* statement : statements_) sqlite3_finalize(statement);
    sqlite3_close(db_);
  }

  void run(const std::string& sql) { check(sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr)); }

  sqlite3_stmt* prepare(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    check(sqlite3_prepare_v2(db_, sql.c_str(), -1, &statement, nullptr));
    statements_.push_back(statement);
    return statement;
  }

  std::int64_t number(const std::string& sql) {
    sqlite3_stmt* statement = prepare(sql);
    const std::int64_t value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_reset(statement);
    return value;
  }

  void step_all(sqlite3_stmt* statement) {
    while (sqlite3_step(statement) == SQLITE_ROW) {
    }
    check(sqlite3_reset(statement));
  }

  std::vector<std::string> texts(const std::string& sql) {
    sqlite3_stmt* statement = prepare(sql);
    std::vector<std::string> found;
    while (sqlite3_step(statement) == SQLITE_ROW)
      found.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(statement, 0)));
    sqlite3_reset(statement);
    return found;
  }

 private:
  void check(int code) {
    if (code != SQLITE_OK) throw std::runtime_error(std::string("SQLite: ") + sqlite3_errmsg(db_));
  }
  sqlite3* db_ = nullptr;
  std::vector<sqlite3_stmt*> statements_;
};

// Attaches the store, makes its tables here where they are not, and lays the rows ready: ready.TABLE with the group of
// each row. The full text index is left out: it holds no rows that could be read back.
std::vector<std::string> lay_ready(Database& db, const std::string& store, const Mark& after, std::uint64_t group) {
  db.run("ATTACH '" + store + "' AS store");
  for (const std::string& sql :
       db.texts("SELECT sql FROM store.sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' "
                "AND name NOT LIKE 'words%' AND name NOT IN (SELECT name FROM main.sqlite_master)"))
    db.run(sql);
  db.run("INSERT OR IGNORE INTO main.name SELECT * FROM store.name");
  db.run("ATTACH ':memory:' AS ready");
  const std::string key = std::to_string(after.key), rid = std::to_string(after.rid);
  db.run("CREATE TABLE ready.of(key INTEGER PRIMARY KEY, rid INTEGER, part INTEGER)");
  db.run("INSERT INTO ready.of SELECT key, rid, (row_number() OVER (ORDER BY key) - 1) / " + std::to_string(group) +
         " FROM store.version WHERE key > " + key + " ORDER BY key LIMIT " + std::to_string(most_versions));
  std::vector<std::string> tables;
  for (const std::string& table :
       db.texts("SELECT m.name FROM store.sqlite_master m, pragma_table_info(m.name, 'store') c "
                "WHERE m.type = 'table' AND c.name = 'key'")) {
    std::string order;
    for (const std::string& column :
         db.texts("SELECT name FROM pragma_table_info('" + table + "', 'store') WHERE pk > 0 ORDER BY pk"))
      order += ", t." + column;
    db.run("CREATE TABLE ready." + table + " AS SELECT of.part AS part, t.* FROM store." + table +
           " t JOIN ready.of of ON of.key = t.key ORDER BY of.part" + order);
    tables.push_back(table);
  }
  // A target of references may be known before it is stored itself; it goes with the first version behind it.
  db.run(
      "CREATE TABLE ready.identity AS SELECT coalesce((SELECT part FROM ready.of WHERE of.key = t.current), 0) AS "
      "part, t.* FROM store.identity t WHERE rid > " +
      rid + " AND current <= (SELECT max(key) FROM ready.of) ORDER BY 1, t.rid");
  tables.push_back("identity");
  for (const std::string& table : tables) db.run("CREATE INDEX ready.part_of_" + table + " ON " + table + "(part)");
  return tables;
}

// The names of a table's columns as a list.
std::string columns(Database& db, const std::string& table) {
  std::string list;
  for (const std::string& column : db.texts("SELECT name FROM pragma_table_info('" + table + "', 'main') ORDER BY cid"))
    list += (list.empty() ? "" : ", ") + column;
  return list;
}

}  // namespace

Mark mark(const std::string& store) {
  Database db(store);
  return {db.number("SELECT max(key) FROM version"), db.number("SELECT max(rid) FROM identity")};
}

std::uint64_t versions(const std::string& store) {
  return static_cast<std::uint64_t>(Database(store).number("SELECT count(*) FROM version"));
}

double raw_sqlite(const std::string& store, const Mark& after, std::uint64_t group, const std::string& copy,
                  double seconds) {
  Database db(copy);
  db.run(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-1048576; PRAGMA temp_store=MEMORY; "
      "PRAGMA wal_autocheckpoint=2000");
  std::vector<sqlite3_stmt*> inserts;
  for (const std::string& table : lay_ready(db, store, after, group)) {
    const std::string list = columns(db, table);
    // Rows of a group are neighbours: found by their first and last row number.
    inserts.push_back(db.prepare("INSERT INTO main." + table + " SELECT " + list + " FROM ready." + table +
                                 " WHERE rowid BETWEEN (SELECT min(rowid) FROM ready." + table +
                                 " WHERE part = ?1) AND (SELECT max(rowid) FROM ready." + table + " WHERE part = ?1)"));
  }
  const std::int64_t rows = db.number("SELECT count(*) FROM ready.of");
  const std::int64_t parts = db.number("SELECT max(part) + 1 FROM ready.of");
  db.run("DETACH store");
  // A log that still grows makes each sync wait for the file system's own journal; that of a running server does not.
  db.run(
      "CREATE TABLE warm(bytes BLOB); INSERT INTO warm VALUES(zeroblob(20000000)); DROP TABLE warm; "
      "PRAGMA wal_checkpoint(RESTART)");
  if (rows == 0) throw std::runtime_error("nothing was written that raw SQLite could repeat");

  const auto start = std::chrono::steady_clock::now();
  auto elapsed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
  std::int64_t done = 0;
  while (done < parts && elapsed() < seconds) {
    db.run("BEGIN IMMEDIATE");
    for (sqlite3_stmt* insert : inserts) {
      sqlite3_bind_int64(insert, 1, done);
      db.step_all(insert);
    }
    db.run("COMMIT");
    ++done;
  }
  return static_cast<double>(std::min(done * static_cast<std::int64_t>(group), rows)) / elapsed();
}

}  // namespace bench
