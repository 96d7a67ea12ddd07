// Entries against documents: see check.h.
#include "ihe/xds/check.h"

#include "fhir/digest.h"
#include "fhir/hex.h"
#include "fhir/store.h"
#include "fhir/value.h"
#include "ihe/xds/attribute.h"
#include "ihe/xds/documents.h"
#include "ihe/xds/names.h"
#include "ihe/xds/record.h"

namespace ihe::xds {
namespace {

class Checking {
 public:
  Checking(fhir::Snapshot& snapshot, const Settings& settings, const std::function<void(const std::string&)>& fault)
      : snapshot_(snapshot), settings_(settings), fault_(fault) {}

  fhir::Result<std::uint64_t> run() {
    constexpr std::uint32_t page_size = 500;
    fhir::search::Query query;
    query.type = &type_of(Kind::document_entry);
    for (query.page = snapshot_.first_page(); !query.page.empty();) {
      auto page = snapshot_.search(access_, query, page_size, UINT64_MAX);
      if (!page) return std::move(page.outcome());
      for (const auto& entry : page->entries) {
        if (entry.version->record.empty()) continue;
        const auto record = decode(entry.version->record);
        if (record)
          check(record->object);
        else
          fault_("the record of DocumentReference/" + entry.version->id + " is damaged");
      }
      query.page = std::move(page->next);
    }
    return count_;
  }

 private:
  void check(const RegistryObject& entry) {
    const std::string id(unique_id(entry));
    if (is_on_demand(entry) || entry.value(slot::repository_unique_id) != settings_.repository_id) return;
    const auto document = read_document(snapshot_, access_, id);
    const auto named = "the document " + id + " of entry " + entry.id;
    if (!document) {
      if (document.outcome().kind != fhir::Kind::gone) fault_(named + " is missing");
      return;
    }
    ++count_;
    fhir::Digest digest(fhir::Digest::Kind::sha1);
    const bool read = document->bytes->each([&](std::string_view piece) {
      digest.add(piece);
      return true;
    });
    const bool same = read && same_hash(entry.value(slot::hash), fhir::to_hex(digest.finish())) &&
                      entry.value(slot::size) == std::to_string(document->bytes->size());
    if (!same && document->bytes->size() > 0) fault_(named + " has not the hash and size that are registered");
  }

  fhir::Snapshot& snapshot_;
  const Settings& settings_;
  const std::function<void(const std::string&)>& fault_;
  const fhir::Access access_ = fhir::Access::local_developer();
  std::uint64_t count_ = 0;
};

}  // namespace

fhir::Result<std::uint64_t> check_documents(fhir::Snapshot& snapshot, const Settings& settings,
                                            const std::function<void(const std::string&)>& fault) {
  return Checking(snapshot, settings, fault).run();
}

}  // namespace ihe::xds
