// fhir::Snapshot on the tables: a read transaction that begins with the first question.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "fhir/feed.h"
#include "fhir/store.h"
#include "src/store/blob.h"
#include "src/store/sqlite/names.h"
#include "src/store/sqlite/packing.h"
#include "src/store/sqlite/pool.h"
#include "src/store/sqlite/recent.h"
#include "src/store/sqlite/sqlite_view.h"

namespace alzette::store::sqlite {

// A page that has grown to this ends there, and the next one goes on: documents are large.
inline constexpr std::uint64_t most_page_bytes = 96u << 20;

class Snapshot : public fhir::Snapshot, public fhir::Feed {
 public:
  Snapshot(Pool& pool, const Names& names, Texts& texts, Recent& recent, const Packing& packing, const Blobs& blobs,
           Key last);
  ~Snapshot() override;

  fhir::Result<fhir::Version> read(const fhir::Access&, const fhir::Type&, std::string_view id) override;
  fhir::Result<fhir::Version> vread(const fhir::Access&, const fhir::Type&, std::string_view id,
                                    std::int64_t version) override;
  fhir::Result<fhir::Version> fetch(const fhir::Access&, const fhir::Type&, std::string_view id,
                                    std::optional<std::int64_t> version) override;
  fhir::Result<fhir::HistoryPage> history(const fhir::Access&, const fhir::HistoryQuery&) override;
  fhir::Result<fhir::SearchPage> search(const fhir::Access&, const fhir::search::Query&, std::uint32_t count,
                                        std::uint64_t effort) override;
  fhir::Result<std::vector<std::string>> find(const fhir::Access&, const fhir::search::Query&,
                                              std::uint32_t at_most) override;
  std::uint64_t count(const fhir::Type&) override;
  fhir::Result<fhir::Changes> changes(const fhir::Access&, Key after, const std::vector<const fhir::Type*>& types,
                                      std::uint32_t at_most) override;
  Key newest() const override { return last_; }
  std::vector<fhir::Note> notes(std::string_view room) override;
  std::vector<fhir::Note> notes_from(std::string_view room, std::string_view name, std::uint32_t at_most) override;
  std::optional<std::string> note(std::string_view room, std::string_view name) override;
  std::string first_page() const override;

 private:
  SqliteView& begin();
  template <class Answer>
  Answer guarded(const std::function<Answer()>& work);
  // Where large values go: back into the body, or into Version::documents.
  enum class Large : std::uint8_t { put_back, apart };
  fhir::Result<fhir::Version> current(const fhir::Access&, const fhir::Type&, std::string_view id, Large);
  fhir::Result<fhir::Version> numbered(const fhir::Access&, const fhir::Type&, std::string_view id,
                                       std::int64_t version, Large);
  std::optional<fhir::Outcome> fill(Key key, fhir::Version& out, Large large = Large::put_back);
  bool unpack(const Statement& row, int body, int record, fhir::Version& out) const;
  fhir::Result<fhir::SearchPage> page(const fhir::Access&, const fhir::search::Query&, std::uint32_t count,
                                      std::uint64_t effort);
  // The current versions of up to ten keys; null for those that have files.
  void read_current(const fhir::Type* likely, std::span<const Key> keys, std::span<Recent::Held> versions);
  // Puts versions on a page, most of them of the type `likely` (nullptr: of any), until it holds most_page_bytes; how
  // many it took.
  fhir::Result<std::size_t> add(const fhir::Access&, const fhir::Type* likely, std::span<const Key> keys, bool match,
                                std::uint64_t& bytes, fhir::SearchPage& out);
  fhir::Result<fhir::HistoryPage> versions(const fhir::Access&, const fhir::HistoryQuery&);
  // Of the resources that the query lists, between two keys; `until` is what the first page could see.
  std::vector<Key> listed(const fhir::Access&, const fhir::HistoryQuery&, SqliteView& then, Key from, Key to, Key until,
                          std::uint64_t& total);

  Pool& pool_;
  const Names& names_;
  Texts& texts_;
  Recent& recent_;
  const Packing& packing_;
  const Blobs& blobs_;
  const Key last_;
  std::uint64_t commits_ = 0;
  std::unique_ptr<Connection> connection_;
  std::optional<SqliteView> view_;
  std::uint64_t finding_ = 10'000'000;  // index rows that all calls of find() together may still look at
};

}  // namespace alzette::store::sqlite
