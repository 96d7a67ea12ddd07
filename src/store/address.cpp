// Addresses: see address.h. They are found by the search parameters url and version.
#include "src/store/address.h"

#include "src/store/match.h"

namespace alzette::store {

using fhir::search::Facet;

const std::vector<Addresses::Parameters>& Addresses::parameters() {
  if (parameters_) return *parameters_;
  parameters_.emplace();
  for (const auto* type : view_.types()) {
    const Name url = view_.name(parameter_name(type->name, "url", Facet::value));
    if (url != unknown)
      parameters_->push_back({type, url, view_.name(parameter_name(type->name, "version", Facet::value))});
  }
  return *parameters_;
}

Address Addresses::of(const fhir::Type& type, std::string_view postings) {
  Address address;
  for (const auto& own : parameters()) {
    if (own.type != &type) continue;
    Posting posting;
    for (Postings all(postings); all.next(posting);) {
      if (posting.parameter == own.url) address.url = posting.value.text;
      if (posting.parameter == own.version) address.version = posting.value.text;
    }
  }
  return address;
}

Rid Addresses::rid(const Address& address) { return address.url.empty() ? unknown : view_.rid(0, address.url); }

const std::vector<Addressed>& Addresses::at(Rid target) {
  const auto [known, fresh] = at_.try_emplace(target);
  auto& found = known->second;
  if (!fresh) return found;
  const auto identity = view_.identity(target);
  if (identity.type != 0) return found;
  for (const auto& own : parameters()) {
    const auto keys = view_.keys(
        {.shape = Scan::Shape::uri, .parameter = own.url, .from = bounded(identity.id, most_uri)}, false, true);
    for (Key key = 0; keys->next(key) && effort_.spend(1);) {
      Entry entry;
      if (!view_.current(key) || !view_.entry(key, entry)) continue;
      auto address = of(*own.type, entry.postings);
      if (address.url == identity.id) found.push_back({key, entry.rid, own.type, std::move(address.version)});
    }
  }
  return found;
}

bool Addresses::names(Key from, Name parameter, Rid url, std::string_view version) {
  Entry entry;
  Posting posting;
  if (!view_.entry(from, entry)) return false;
  for (Postings all(entry.postings); all.next_of(parameter, posting);)
    if (posting.value.target == url && (posting.value.exact.empty() || posting.value.exact == version)) return true;
  return false;
}

}  // namespace alzette::store
