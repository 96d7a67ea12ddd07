// One consistent view of the tables: see sqlite_view.h and view.h.
#include "src/store/sqlite/sqlite_view.h"

#include <array>
#include <limits>

namespace alzette::store::sqlite {

using Shape = Scan::Shape;
using fhir::search::IndexKind;

namespace {

// The statements of one shape, made once from fixed parts; values are always bound.
struct Sentences {
  std::string up;
  std::string down;
  std::string up_with_entries;
  std::string down_with_entries;
  std::string each;
  std::string estimate;
  std::string count;
};

// Rows whose version is current, counted without a look at the version: a join is quicker than a question for each.
std::string counting(const std::string& table, const std::string& key, const std::string& condition) {
  return "SELECT count(*) FROM (SELECT 1 FROM " + table + " LEFT JOIN superseded s ON s.key = " + key + " WHERE " +
         condition + " AND " + key + " <= ? AND (s.until IS NULL OR s.until > ?) LIMIT ?)";
}

// Keys in order, each with what ended its version; and with its entry, which a question for each would cost more.
std::string walking(const std::string& table, const std::string& key, const std::string& condition,
                    bool entries = false) {
  std::string sentence = "SELECT " + key + ", s.until";
  if (entries) sentence += ", v.rid, v.type, v.version, v.instant, v.method, v.postings";
  sentence += " FROM " + table + " LEFT JOIN superseded s ON s.key = " + key;
  if (entries) sentence += " LEFT JOIN version v ON v.key = " + key;
  return sentence + " WHERE " + condition + " AND " + key + " BETWEEN ? AND ? ORDER BY " + key;
}

Sentences make(const std::string& table, const std::string& condition, const std::string& value = {}) {
  const std::string range = table + " WHERE " + condition;
  return {
      .up = walking(table, "t.key", condition),
      .down = walking(table, "t.key", condition) + " DESC",
      .up_with_entries = walking(table, "t.key", condition, true),
      .down_with_entries = walking(table, "t.key", condition, true) + " DESC",
      .each = "SELECT key" + value + " FROM " + range + " AND key <= ?",
      .estimate = "SELECT count(*) FROM (SELECT 1 FROM " + range + " LIMIT ?)",
      .count = counting(table, "t.key", condition),
  };
}

// The text index has no column for the key: its row number is the key.
Sentences make_for_words() {
  const std::string range = "words t WHERE words MATCH ?";
  return {
      .up = walking("words t", "t.rowid", "words MATCH ?"),
      .down = walking("words t", "t.rowid", "words MATCH ?") + " DESC",
      .up_with_entries = walking("words t", "t.rowid", "words MATCH ?", true),
      .down_with_entries = walking("words t", "t.rowid", "words MATCH ?", true) + " DESC",
      .each = "SELECT rowid FROM " + range + " AND rowid <= ?",
      .estimate = "SELECT count(*) FROM (SELECT 1 FROM " + range + " LIMIT ?)",
      .count = counting("words t", "t.rowid", "words MATCH ?"),
  };
}

// The words of one parameter are kept apart by its number in front of each (apply.cpp).
std::string phrase(const Scan& scan) {
  const std::string mark = std::to_string(scan.parameter) + "x";
  std::string text = "\"" + mark;
  for (const char c : scan.from) (text += c).append(c == ' ' ? mark : "");
  return text += scan.open_end ? "\"*" : "\"";
}

Scan prepared(Scan scan) {
  if (scan.shape == Shape::words) scan.from = phrase(scan);
  return scan;
}

const Sentences& sentences(Shape shape) {
  static const std::array<Sentences, 13> all{
      make("version t", "t.type = ?"),
      make("token t", "parameter = ? AND code = ? AND system = ?"),
      make("token t", "parameter = ? AND code = x'' AND system = ?"),
      make("reference t", "parameter = ? AND target = ?"),
      make("uri t", "parameter = ? AND value = ?"),
      make("string t", "parameter = ? AND value = ?"),
      make_for_words(),
      make("string t", "parameter = ? AND value >= ? AND value < ?"),
      make("uri t", "parameter = ? AND value >= ? AND value < ?"),
      make("date t", "parameter = ? AND bucket = ? AND at BETWEEN ? AND ?", ", at, other"),
      make("number t", "parameter = ? AND value BETWEEN ? AND ?", ", value"),
      make("quantity t", "parameter = ? AND canonical = ? AND value BETWEEN ? AND ?", ", value"),
      make("composite t", "parameter = ? AND first = ? AND second BETWEEN ? AND ?"),
  };
  return all[static_cast<std::size_t>(shape)];
}

// Binds the parameters of a range; answers the position of the next one.
int bind_range(Statement& statement, const Scan& scan) {
  int at = 0;
  const auto bind = [&](auto value) { statement.bind(++at, value); };
  if (scan.shape != Shape::words) bind(scan.parameter);
  switch (scan.shape) {
    case Shape::type:
      break;
    case Shape::token:
      bind(std::string_view(scan.from));
      bind(scan.system);
      break;
    case Shape::system:
      bind(scan.system);
      break;
    case Shape::reference:
      bind(scan.target);
      break;
    case Shape::uri:
    case Shape::text:
    case Shape::words:
      bind(std::string_view(scan.from));
      break;
    case Shape::strings:
    case Shape::uris:
      bind(std::string_view(scan.from));
      if (scan.to.empty())
        bind(Bytes{});  // sorts behind every text
      else
        bind(std::string_view(scan.to));
      break;
    case Shape::dates:
      bind(scan.bucket);
      bind(scan.least_time);
      bind(scan.most_time);
      break;
    case Shape::numbers:
      bind(scan.least);
      bind(scan.most);
      break;
    case Shape::quantities:
      bind(std::int64_t{scan.canonical});
      bind(scan.least);
      bind(scan.most);
      break;
    case Shape::composites:
      bind(std::string_view(scan.from));
      bind(scan.least);
      bind(scan.most);
      break;
  }
  return at + 1;
}

const std::string& walk_of(const Sentences& all, bool descending, bool entries) {
  if (entries) return descending ? all.down_with_entries : all.up_with_entries;
  return descending ? all.down : all.up;
}

class RangeKeys : public Keys {
 public:
  RangeKeys(SqliteView& view, Connection& connection, Scan scan, bool descending, bool entries)
      : view_(view),
        scan_(std::move(scan)),
        descending_(descending),
        entries_(entries),
        high_(view.last()),
        statement_(connection.take(walk_of(sentences(scan_.shape), descending, entries).c_str())) {}
  RangeKeys(const RangeKeys&) = delete;
  RangeKeys& operator=(const RangeKeys&) = delete;
  ~RangeKeys() override { view_.left(&statement_); }

  bool next(Key& key) override {
    view_.left(&statement_);
    if (!open_) {
      statement_.reset();
      const int at = bind_range(statement_, scan_);
      statement_.bind(at, low_);
      statement_.bind(at + 1, high_);
      open_ = true;
    }
    if (!statement_.step()) {
      statement_.reset();
      low_ = 1;
      high_ = 0;  // stays at its end
      open_ = false;
      return false;
    }
    key = statement_.integer(0);
    view_.met(key, statement_.is_null(1) || view_.covers(statement_.integer(1)), entries_ ? &statement_ : nullptr);
    return true;
  }
  void seek(Key key) override {
    if (descending_)
      high_ = std::min(high_, key);
    else
      low_ = std::max(low_, key);
    open_ = false;
  }

 private:
  SqliteView& view_;
  Scan scan_;
  bool descending_;
  bool entries_;
  Key low_ = 0;
  Key high_;
  bool open_ = false;
  Statement statement_;
};

struct Ordered {
  const char* up;
  const char* down;
};

// Rows whose value is the smallest (descending: largest) of their resource, from a value and key on.
constexpr Ordered by_string{
    "SELECT key FROM string WHERE parameter = ? AND (value, key) >= (?, ?) AND rest & 1 = 0 ORDER BY value, key",
    "SELECT key FROM string WHERE parameter = ? AND (value, key) <= (?, ?) AND rest & 2 = 0 "
    "ORDER BY value DESC, key DESC"};
constexpr Ordered by_uri{
    "SELECT key FROM uri WHERE parameter = ? AND (value, key) >= (?, ?) AND rest & 1 = 0 ORDER BY value, key",
    "SELECT key FROM uri WHERE parameter = ? AND (value, key) <= (?, ?) AND rest & 2 = 0 "
    "ORDER BY value DESC, key DESC"};
constexpr Ordered by_number{
    "SELECT key FROM number WHERE parameter = ? AND (value, key) >= (?, ?) AND rest & 1 = 0 ORDER BY value, key",
    "SELECT key FROM number WHERE parameter = ? AND (value, key) <= (?, ?) AND rest & 2 = 0 "
    "ORDER BY value DESC, key DESC"};
constexpr Ordered by_token{
    "SELECT key FROM token WHERE parameter = ? AND (code, system, key) >= (?, ?, ?) AND code < x'' AND rest & 1 = 0 "
    "ORDER BY code, system, key",
    "SELECT key FROM token WHERE parameter = ? AND (code, system, key) <= (?, ?, ?) AND code < x'' AND rest & 2 = 0 "
    "ORDER BY code DESC, system DESC, key DESC"};
constexpr Ordered by_quantity{
    "SELECT key FROM quantity WHERE parameter = ? AND canonical = 0 AND (value, code, system, key) >= (?, ?, ?, ?) "
    "AND rest & 1 = 0 ORDER BY value, code, system, key",
    "SELECT key FROM quantity WHERE parameter = ? AND canonical = 0 AND (value, code, system, key) <= (?, ?, ?, ?) "
    "AND rest & 2 = 0 ORDER BY value DESC, code DESC, system DESC, key DESC"};
constexpr Ordered by_date{
    "SELECT key, at, other FROM date WHERE parameter = ? AND bucket = ? AND (at, other, key) >= (?, ?, ?) "
    "AND rest & 1 = 0 ORDER BY at, other, key",
    "SELECT key, at, other FROM date WHERE parameter = ? AND bucket = ? AND (at, other, key) <= (?, ?, ?) "
    "AND rest & 2 = 0 ORDER BY at DESC, other DESC, key DESC"};
constexpr Ordered by_logical_id{
    "SELECT rid FROM identity WHERE type = ? AND id >= ? AND current IS NOT NULL ORDER BY id",
    "SELECT rid FROM identity WHERE type = ? AND id <= ? AND current IS NOT NULL ORDER BY id DESC"};

class OrderedKeys : public Keys {
 public:
  OrderedKeys(Statement statement, std::string text) : text_(std::move(text)), statement_(std::move(statement)) {}
  Statement& statement() { return statement_; }
  std::string_view text() const { return text_; }
  bool next(Key& key) override {
    if (!statement_.step()) return false;
    key = statement_.integer(0);
    return true;
  }
  void seek(Key) override {}

 private:
  std::string text_;  // bound
  Statement statement_;
};

// The short dates and the long ones, merged.
class OrderedDates : public Keys {
 public:
  OrderedDates(Connection& connection, Name parameter, bool descending, const Value* from, Key from_key)
      : descending_(descending) {
    using Limits = std::numeric_limits<std::int64_t>;
    const std::int64_t end = descending ? Limits::max() : Limits::min();
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      auto& stream = streams_[i];
      stream.statement = connection.take(descending ? by_date.down : by_date.up);
      stream.statement.with(parameter, static_cast<std::int64_t>(i), from ? from->low : end, from ? from->high : end,
                            from ? from_key : end);
      stream.advance();
    }
  }
  bool next(Key& key) override {
    auto* best = &streams_[0];
    auto* other = &streams_[1];
    if (!best->row && !other->row) return false;
    if (!best->row || (other->row && (descending_ ? other->at > best->at : other->at < best->at))) best = other;
    key = best->at[2];
    best->advance();
    return true;
  }
  void seek(Key) override {}

 private:
  struct Stream {
    Statement statement;
    bool row = false;
    std::array<std::int64_t, 3> at{};  // low, high, key
    void advance() {
      row = statement.step();
      if (row) at = {statement.integer(1), statement.integer(2), statement.integer(0)};
    }
  };
  bool descending_;
  std::array<Stream, 2> streams_;
};

class IdKeys : public Keys {
 public:
  IdKeys(SqliteView& view, Statement statement, std::string from)
      : view_(view), from_(std::move(from)), statement_(std::move(statement)) {}
  void start(Name type, bool all) {
    if (all)
      statement_.with(type, Bytes{});
    else
      statement_.with(type, std::string_view(from_));
  }
  bool next(Key& key) override {
    while (statement_.step()) {
      key = view_.current_of(statement_.integer(0));
      if (key != 0) return true;
    }
    return false;
  }
  void seek(Key) override {}

 private:
  SqliteView& view_;
  std::string from_;
  Statement statement_;
};

}  // namespace

std::unique_ptr<Keys> SqliteView::keys(const Scan& scan, bool descending, bool entries) {
  return std::make_unique<RangeKeys>(*this, connection_, prepared(scan), descending, entries);
}

void read_value(const Statement& rows, Shape shape, int at, Row& row) {
  if (shape == Shape::dates) {
    row.at = rows.integer(at);
    row.other = rows.integer(at + 1);
  } else if (shape == Shape::numbers || shape == Shape::quantities) {
    row.number = rows.real(at);
  }
}

void SqliteView::each(const Scan& wanted, const std::function<bool(const Row&)>& take) {
  const Scan scan = prepared(wanted);
  auto rows = connection_.take(sentences(scan.shape).each.c_str());
  rows.bind(bind_range(rows, scan), last_);
  for (Row row; rows.step();) {
    row.key = rows.integer(0);
    read_value(rows, scan.shape, 1, row);
    if (!take(row)) return;
  }
}

std::uint64_t SqliteView::estimate(const Scan& wanted, std::uint64_t at_most) {
  const Scan scan = prepared(wanted);
  auto row = connection_.take(sentences(scan.shape).estimate.c_str());
  row.bind(bind_range(row, scan), static_cast<std::int64_t>(at_most));
  row.step();
  return static_cast<std::uint64_t>(row.integer(0));
}

std::uint64_t SqliteView::count(const Scan& wanted, std::uint64_t at_most) {
  const Scan scan = prepared(wanted);
  auto row = connection_.take(sentences(scan.shape).count.c_str());
  const int at = bind_range(row, scan);
  row.bind(at, last_);
  row.bind(at + 1, last_ >> fhir::shard_bits);
  row.bind(at + 2, static_cast<std::int64_t>(at_most));
  row.step();
  return static_cast<std::uint64_t>(row.integer(0));
}

bool SqliteView::has_words(const Scan& words, Key key) {
  const std::string text = phrase(words);
  auto row = connection_.take("SELECT 1 FROM words WHERE words MATCH ? AND rowid = ?");
  return row.with(std::string_view(text), key).step();
}

std::vector<Name> SqliteView::systems(Name parameter, const std::string& code, std::size_t at_most) {
  std::vector<Name> found;
  auto row = connection_.take(
      "SELECT system FROM token WHERE parameter = ? AND code = ? AND system > ? ORDER BY system LIMIT 1");
  for (Name system = -1; found.size() < at_most && row.with(parameter, std::string_view(code), system).step();)
    found.push_back(system = row.integer(0));
  return found;
}

std::unique_ptr<Keys> SqliteView::sorted(Name parameter, IndexKind kind, bool descending, const Value* from,
                                         Key from_key) {
  const auto open = [&](const Ordered& ordered, std::string text) {
    return std::make_unique<OrderedKeys>(connection_.take(descending ? ordered.down : ordered.up), std::move(text));
  };
  const Key key = from ? from_key : descending ? INT64_MAX : 0;
  const double number = from ? from->number : std::numeric_limits<double>::infinity() * (descending ? 1 : -1);
  const std::int64_t system = from ? from->system : descending ? INT64_MAX : -1;
  const std::string text = from ? bounded(from->text, kind == IndexKind::uri ? most_uri : most_text) : std::string();
  const bool behind_all = !from && descending;  // x'' sorts behind every text
  switch (kind) {
    case IndexKind::token: {
      auto keys = open(by_token, text);
      if (behind_all)
        keys->statement().with(parameter, Bytes{}, system, key);
      else
        keys->statement().with(parameter, keys->text(), system, key);
      return keys;
    }
    case IndexKind::string:
    case IndexKind::uri: {
      auto keys = open(kind == IndexKind::uri ? by_uri : by_string, text);
      if (behind_all)
        keys->statement().with(parameter, Bytes{}, key);
      else
        keys->statement().with(parameter, keys->text(), key);
      return keys;
    }
    case IndexKind::number: {
      auto keys = open(by_number, {});
      keys->statement().with(parameter, number, key);
      return keys;
    }
    case IndexKind::quantity: {
      auto keys = open(by_quantity, text);
      if (behind_all)
        keys->statement().with(parameter, number, Bytes{}, system, key);
      else
        keys->statement().with(parameter, number, keys->text(), system, key);
      return keys;
    }
    case IndexKind::date:
      return std::make_unique<OrderedDates>(connection_, parameter, descending, from, from_key);
    case IndexKind::reference:
    case IndexKind::composite:
    case IndexKind::words:
      return nullptr;
  }
  return nullptr;
}

std::unique_ptr<Keys> SqliteView::by_id(Name type, bool descending, const std::string* from) {
  auto keys = std::make_unique<IdKeys>(*this, connection_.take(descending ? by_logical_id.down : by_logical_id.up),
                                       from ? *from : std::string());
  keys->start(type, !from && descending);
  return keys;
}

bool SqliteView::current(Key key) {
  if (key > last_) return false;
  if (key == met_) return true;
  superseded_.with(key);
  const bool current = !superseded_.step() || covers(superseded_.integer(0));
  superseded_.reset();
  return current;
}

Key SqliteView::current_of(Rid rid) {
  current_of_.with(rid, last_);
  const Key key = current_of_.step() ? current_of_.integer(0) : 0;
  current_of_.reset();
  return key != 0 && current(key) ? key : 0;
}

bool SqliteView::entry(Key key, Entry& out) {
  const Statement* row = met_row_ && met_row_->integer(0) == key && !met_row_->is_null(2) ? met_row_ : nullptr;
  if (!row) {
    if (!entry_.with(key).step()) return false;
    row = &entry_;
  }
  out = {.key = key,
         .rid = row->integer(2),
         .type = row->integer(3),
         .version = row->integer(4),
         .instant = row->integer(5),
         .method = static_cast<fhir::Method>(row->integer(6)),
         .current = key <= last_ && (row->is_null(1) || covers(row->integer(1))),
         .postings = row->text(7)};
  return true;
}

Identity SqliteView::identity(Rid rid) {
  auto row = connection_.take("SELECT type, id FROM identity WHERE rid = ?");
  if (!row.with(rid).step()) return {};
  return {row.integer(0), std::string(row.text(1))};
}

Key SqliteView::first_at(std::int64_t instant) {
  auto row = connection_.take("SELECT instant FROM version WHERE key >= ? ORDER BY key LIMIT 1");
  std::int64_t low = 1;
  std::int64_t high = (last_ >> fhir::shard_bits) + 1;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    if (row.with(middle << fhir::shard_bits).step() && row.integer(0) < instant)
      low = middle + 1;
    else
      high = middle;
  }
  return low << fhir::shard_bits;
}

Rid SqliteView::rid(Name type, std::string_view id) {
  auto row = connection_.take("SELECT rid FROM identity WHERE type = ? AND id = ?");
  return row.with(type, id).step() ? row.integer(0) : unknown;
}

std::uint64_t SqliteView::live(Name type) {
  auto row = connection_.take("SELECT live FROM version WHERE type = ? AND key <= ? ORDER BY key DESC LIMIT 1");
  return row.with(type, last_).step() ? static_cast<std::uint64_t>(row.integer(0)) : 0;
}

}  // namespace alzette::store::sqlite
