// One consistent view of the tables (view.h) on one connection, up to a given key.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/store/sqlite/connection.h"
#include "src/store/sqlite/names.h"
#include "src/store/sqlite/texts.h"
#include "src/store/view.h"

namespace alzette::store::sqlite {

// What a row of a range holds of its value: columns from `at` on.
void read_value(const Statement& rows, Scan::Shape shape, int at, Row& row);

class SqliteView : public View {
 public:
  // `texts` may be null: then every text is looked at where it is searched for a part.
  SqliteView(Connection& connection, const Names& names, Texts* texts, Key last)
      : connection_(connection),
        names_(names),
        texts_(texts),
        last_(last),
        entry_(connection.take("SELECT v.key, until, rid, type, version, instant, method, postings FROM version v "
                               "LEFT JOIN superseded s ON s.key = v.key WHERE v.key = ?")),
        superseded_(connection.take("SELECT until FROM superseded WHERE key = ?")),
        current_of_(
            connection.take("SELECT key FROM version WHERE rid = ? AND key <= ? ORDER BY version DESC LIMIT 1")) {}

  Key last() const override { return last_; }
  std::unique_ptr<Keys> keys(const Scan& scan, bool descending, bool entries) override;
  void each(const Scan& scan, const std::function<bool(const Row&)>& take) override;
  std::unique_ptr<Rows> in_order(const Scan& scan, const Place* after) override;
  std::uint64_t estimate(const Scan& scan, std::uint64_t at_most) override;
  std::uint64_t count(const Scan& scan, std::uint64_t at_most) override;
  std::vector<Name> systems(Name parameter, const std::string& code, std::size_t at_most) override;
  std::shared_ptr<const std::vector<std::string>> texts(Name parameter) override {
    return texts_ ? texts_->of(parameter, last_, connection_) : nullptr;
  }
  bool has_words(const Scan& words, Key key) override;
  std::unique_ptr<Keys> sorted(Name parameter, fhir::search::IndexKind kind, bool descending, const Value* from,
                               Key from_key) override;
  std::unique_ptr<Keys> by_id(Name type, bool descending, const std::string* from) override;
  bool current(Key key) override;
  Key current_of(Rid rid) override;
  bool entry(Key key, Entry& out) override;
  Identity identity(Rid rid) override;
  Key first_at(std::int64_t instant) override;
  Name name(std::string_view text) override { return names_.find(text, connection_); }
  Rid rid(Name type, std::string_view id) override;
  const fhir::Type* type(Name name) override { return names_.type(name); }
  std::vector<const fhir::Type*> types() override { return names_.types(); }
  std::uint64_t live(Name type) override;
  // A scan that has met a version knows what ended it, and may have its entry: the next question for it costs nothing.
  // `row`: of the columns of an entry, as long as it stands there; null without.
  void met(Key key, bool current, const Statement* row) {
    met_ = current ? key : 0;
    met_row_ = row;
  }
  void left(const Statement* row) {
    if (met_row_ == row) met_row_ = nullptr;
  }
  bool covers(std::int64_t until) const { return until > last_ >> fhir::shard_bits; }

 private:
  Connection& connection_;
  const Names& names_;
  Texts* texts_;
  Key last_;
  Statement entry_;
  Statement superseded_;
  Statement current_of_;
  Key met_ = 0;  // current
  const Statement* met_row_ = nullptr;
};

}  // namespace alzette::store::sqlite
