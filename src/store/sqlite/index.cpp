// Rows of the index tables on their way in: see index.h.
#include "src/store/sqlite/index.h"

#include <algorithm>
#include <tuple>

#include "src/store/view.h"

namespace alzette::store::sqlite {

using fhir::Key;
using fhir::search::IndexKind;

namespace {

// Sorts the rows by what `key_of` answers and drops repetitions.
template <class Row, class KeyOf>
void put_in_order(std::vector<Row>& rows, const KeyOf& key_of) {
  std::sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) { return key_of(a) < key_of(b); });
  const auto end =
      std::unique(rows.begin(), rows.end(), [&](const Row& a, const Row& b) { return key_of(a) == key_of(b); });
  rows.erase(end, rows.end());
}

// A statement runs on several rows at once, which saves a good part of what each costs, or on one. Rows of a table
// never meet an equal one: FAIL spares SQLite the copies of pages by which it would take back a part of them.
constexpr std::size_t rows_at_once = 16;

std::string insert_many(const std::string& table, std::size_t columns) {
  std::string row = "(?";
  for (std::size_t i = 1; i < columns; ++i) row += ", ?";
  row += ')';
  std::string sql = "INSERT OR FAIL INTO " + table + " VALUES" + row;
  for (std::size_t i = 1; i < rows_at_once; ++i) sql += ", " + row;
  return sql;
}

}  // namespace

void mark_words(Name parameter, std::string_view words, std::string& text) {
  const std::string mark = std::to_string(parameter) + "x";
  if (!text.empty()) text += ' ';
  text += mark;
  for (const char c : words) (text += c).append(c == ' ' ? mark : "");
}

CompositeRow composite_row(const Posting& posting) {
  CompositeRow row;
  bool code = false;
  bool number = false;
  for (std::size_t i = 0; i < posting.part_count; ++i) {
    const auto& part = posting.parts[i];
    if (part.kind == IndexKind::token && !code) {
      row.first = part.text;
      code = true;
    } else if ((part.kind == IndexKind::quantity || part.kind == IndexKind::number) && !number) {
      row.second = part.number;
      row.upper = part.upper;
      number = true;
    }
  }
  return row;
}

std::int64_t rest_of(std::span<const Posting> run, const Value& value) {
  std::int64_t rest = 0;
  for (const auto& other : run) {
    if (other.value.kind != value.kind || other.value.canonical != value.canonical) continue;
    if (sorts_before(other.value, value)) rest |= 1;
    if (sorts_before(value, other.value)) rest |= 2;
  }
  return rest;
}

std::string_view IndexRows::keep(std::string_view text, std::size_t most) {
  const auto copy = [&](std::string_view t) {
    auto* to = static_cast<char*>(texts_.allocate(std::max<std::size_t>(t.size(), 1), 1));
    std::copy(t.begin(), t.end(), to);
    return std::string_view(to, t.size());
  };
  if (text.size() <= most) return copy(text);
  return copy(bounded(text, most));
}

void IndexRows::add(Key key, std::span<const Posting> postings) {
  for (std::size_t begin = 0; begin < postings.size();) {
    std::size_t end = begin + 1;
    while (end < postings.size() && postings[end].parameter == postings[begin].parameter) ++end;
    const auto run = postings.subspan(begin, end - begin);
    // Long runs (a list of thousands of codes) are not sorted by: comparing each with each would be quadratic.
    constexpr std::size_t most_compared = 256;
    for (const auto& posting : run) {
      if (posting.part_count > 0)
        add_composite(key, posting);
      else
        add_value(key, posting.parameter, posting.value,
                  run.size() == 1 ? 0 : rest_of(run.first(std::min(run.size(), most_compared)), posting.value));
    }
    begin = end;
  }
  size_ += postings.size();
}

void IndexRows::add_value(Key key, Name parameter, const Value& value, std::int64_t rest) {
  switch (value.kind) {
    case IndexKind::token:
      tokens_.push_back({parameter, false, keep(value.text, most_text), value.system, key, rest});
      if (value.system != 0 && !value.lean) tokens_.push_back({parameter, true, {}, value.system, key, 3});
      break;
    case IndexKind::string:
      if (!value.lean) strings_.push_back({parameter, keep(value.text, most_text), key, rest});
      break;
    case IndexKind::uri:
      uris_.push_back({parameter, keep(value.text, most_uri), key, rest});
      break;
    case IndexKind::date: {
      const bool is_long = value.high - value.low > day;
      dates_.push_back({parameter, is_long ? 1 : 0, value.low, value.high, key, rest});
      if (is_long) dates_.push_back({parameter, 2, value.high, value.low, key, 3});
      break;
    }
    case IndexKind::number:
      numbers_.push_back({parameter, value.number, key, rest});
      if (value.upper != value.number) numbers_.push_back({parameter, value.upper, key, 3});
      break;
    case IndexKind::quantity: {
      const std::int64_t canonical = value.canonical ? 1 : 0;
      const auto code = keep(value.text, most_text);
      quantities_.push_back({parameter, canonical, value.number, code, value.system, key, rest});
      if (value.upper != value.number)
        quantities_.push_back({parameter, canonical, value.upper, code, value.system, key, 3});
      break;
    }
    case IndexKind::reference:
      references_.push_back({parameter, value.target, key});
      break;
    case IndexKind::composite:
    case IndexKind::words:
      break;
  }
}

void IndexRows::add_words(Key key, std::string words) {
  size_ += words.size() / 8;
  words_.emplace_back(key, std::move(words));
}

void IndexRows::add_composite(Key key, const Posting& posting) {
  const auto row = composite_row(posting);
  const auto first = keep(row.first, most_text);
  composites_.push_back({posting.parameter, first, row.second, key});
  if (row.upper != row.second) composites_.push_back({posting.parameter, first, row.upper, key});
}

bool IndexRows::holds_token(Name parameter, std::string_view code) {
  auto& [seen, codes] = asked_[parameter];
  for (; seen < tokens_.size(); ++seen)
    if (tokens_[seen].parameter == parameter && !tokens_[seen].any_code) codes.insert(tokens_[seen].code);
  return codes.contains(code);
}

void IndexRows::flush() {
  static constexpr Pass insert{
      .token = "INSERT INTO token VALUES(?, ?, ?, ?, ?)",
      .string = "INSERT INTO string VALUES(?, ?, ?, ?)",
      .uri = "INSERT INTO uri VALUES(?, ?, ?, ?)",
      .date = "INSERT INTO date VALUES(?, ?, ?, ?, ?, ?)",
      .number = "INSERT INTO number VALUES(?, ?, ?, ?)",
      .quantity = "INSERT INTO quantity VALUES(?, ?, ?, ?, ?, ?, ?)",
      .reference = "INSERT INTO reference VALUES(?, ?, ?)",
      .composite = "INSERT INTO composite VALUES(?, ?, ?, ?)",
  };
  static const std::string token = insert_many("token", 5), string = insert_many("string", 4),
                           reference = insert_many("reference", 3);
  static const Pass many{.token = token.c_str(), .string = string.c_str(), .reference = reference.c_str()};
  auto text = connection_.take("INSERT INTO words(rowid, text) VALUES(?, ?)");
  for (const auto& [key, words] : words_) text.run(key, std::string_view(words));
  run(insert, many);
}

std::size_t IndexRows::compare() {
  static constexpr Pass look{
      .token = "SELECT 1 FROM token WHERE parameter = ? AND code = ? AND system = ? AND key = ? AND rest = ?",
      .string = "SELECT 1 FROM string WHERE parameter = ? AND value = ? AND key = ? AND rest = ?",
      .uri = "SELECT 1 FROM uri WHERE parameter = ? AND value = ? AND key = ? AND rest = ?",
      .date = "SELECT 1 FROM date WHERE parameter = ? AND bucket = ? AND at = ? AND other = ? AND key = ? AND rest = ?",
      .number = "SELECT 1 FROM number WHERE parameter = ? AND value = ? AND key = ? AND rest = ?",
      .quantity =
          "SELECT 1 FROM quantity WHERE parameter = ? AND canonical = ? AND value = ? AND code = ? "
          "AND system = ? AND key = ? AND rest = ?",
      .reference = "SELECT 1 FROM reference WHERE parameter = ? AND target = ? AND key = ?",
      .composite = "SELECT 1 FROM composite WHERE parameter = ? AND first = ? AND second = ? AND key = ?",
  };
  const auto before = written_;
  const auto found = run(look, {});
  return static_cast<std::size_t>(written_ - before) - found;
}

// `bind` gives the columns of a row to its argument. Answers how many statements found a row.
template <class Row, class Bind>
std::size_t IndexRows::lay_down(const std::vector<Row>& rows, const char* one, const char* many, const Bind& bind) {
  std::size_t found = 0;
  auto row = rows.begin();
  const auto step = [&](Statement& statement, std::size_t count) {
    int at = 0;
    const auto columns = [&](auto... values) { (statement.bind(++at, values), ...); };
    for (std::size_t i = 0; i < count; ++i) bind(*row++, columns);
    if (statement.step()) ++found;
    statement.reset();
  };
  const auto left = [&] { return static_cast<std::size_t>(rows.end() - row); };
  if (many && left() >= rows_at_once)
    for (auto statement = connection_.take(many); left() >= rows_at_once;) step(statement, rows_at_once);
  if (left() > 0)
    for (auto statement = connection_.take(one); left() > 0;) step(statement, 1);
  written_ += rows.size();
  return found;
}

std::size_t IndexRows::run(const Pass& one, const Pass& many) {
  std::size_t found = 0;
  put_in_order(tokens_, [](const Token& r) { return std::tie(r.parameter, r.any_code, r.code, r.system, r.key); });
  found += lay_down(tokens_, one.token, many.token, [](const Token& r, const auto& columns) {
    if (r.any_code)
      columns(r.parameter, Bytes{}, r.system, r.key, r.rest);
    else
      columns(r.parameter, r.code, r.system, r.key, r.rest);
  });
  const auto by_text = [](const Text& r) { return std::tie(r.parameter, r.value, r.key); };
  const auto bind_text = [](const Text& r, const auto& columns) { columns(r.parameter, r.value, r.key, r.rest); };
  put_in_order(strings_, by_text);
  found += lay_down(strings_, one.string, many.string, bind_text);
  put_in_order(uris_, by_text);
  found += lay_down(uris_, one.uri, many.uri, bind_text);
  put_in_order(dates_, [](const Date& r) { return std::tie(r.parameter, r.bucket, r.at, r.other, r.key); });
  found += lay_down(dates_, one.date, many.date, [](const Date& r, const auto& columns) {
    columns(r.parameter, r.bucket, r.at, r.other, r.key, r.rest);
  });
  put_in_order(numbers_, [](const Number& r) { return std::tie(r.parameter, r.value, r.key); });
  found += lay_down(numbers_, one.number, many.number,
                    [](const Number& r, const auto& columns) { columns(r.parameter, r.value, r.key, r.rest); });
  put_in_order(quantities_,
               [](const Quantity& r) { return std::tie(r.parameter, r.canonical, r.value, r.code, r.system, r.key); });
  found += lay_down(quantities_, one.quantity, many.quantity, [](const Quantity& r, const auto& columns) {
    columns(r.parameter, r.canonical, r.value, r.code, r.system, r.key, r.rest);
  });
  put_in_order(references_, [](const Reference& r) { return std::tie(r.parameter, r.target, r.key); });
  found += lay_down(references_, one.reference, many.reference,
                    [](const Reference& r, const auto& columns) { columns(r.parameter, r.target, r.key); });
  put_in_order(composites_, [](const Composite& r) { return std::tie(r.parameter, r.first, r.second, r.key); });
  found += lay_down(composites_, one.composite, many.composite,
                    [](const Composite& r, const auto& columns) { columns(r.parameter, r.first, r.second, r.key); });
  clear();
  return found;
}

void IndexRows::clear() {
  tokens_.clear();
  strings_.clear();
  uris_.clear();
  dates_.clear();
  numbers_.clear();
  quantities_.clear();
  references_.clear();
  composites_.clear();
  words_.clear();
  asked_.clear();
  texts_.release();
  size_ = 0;
}

}  // namespace alzette::store::sqlite
