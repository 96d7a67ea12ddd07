// Addresses: see address.h. They are found by the search parameters url and version.
#include "src/store/address.h"

#include "fhir/canonical.h"
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

Addresses::Written Addresses::written(const Parameters& own, std::string_view postings) {
  Written address;
  Posting posting;
  for (Postings all(postings); all.next(posting);) {
    if (posting.parameter == own.url) address.url = posting.value.text;
    if (posting.parameter == own.version) address.version = posting.value.text;
  }
  return address;
}

Address Addresses::of(const fhir::Type& type, std::string_view postings) {
  for (const auto& own : parameters()) {
    if (own.type != &type) continue;
    auto [url, version] = written(own, postings);
    if (url.empty()) break;
    Address address{view_.rid(0, url), std::move(version)};
    if (address.url == unknown) return address;
    const auto& known = known_at(address.url);
    const auto newest = known.newest.find(&type);
    address.newest = newest == known.newest.end() || !fhir::version_before(address.version, newest->second);
    return address;
  }
  return {};
}

const Addresses::Known& Addresses::known_at(Rid target) {
  const auto [known, fresh] = at_.try_emplace(target);
  auto& found = known->second;
  if (!fresh) return found;
  const auto identity = view_.identity(target);
  if (identity.type != 0) return found;
  auto& all = found.all;
  for (const auto& own : parameters()) {
    const auto first = static_cast<std::ptrdiff_t>(all.size());
    std::string newest;
    const auto keys = view_.keys(
        {.shape = Scan::Shape::uri, .parameter = own.url, .from = bounded(identity.id, most_uri)}, false, true);
    for (Key key = 0; keys->next(key) && effort_.spend(1);) {
      Entry entry;
      if (!view_.current(key) || !view_.entry(key, entry)) continue;
      auto [url, version] = written(own, entry.postings);
      if (url != identity.id) continue;
      if (fhir::version_before(newest, version)) newest = version;
      all.push_back({key, entry.rid, own.type, {target, std::move(version)}});
    }
    for (auto one = all.begin() + first; one != all.end(); ++one)
      one->address.newest = !fhir::version_before(one->address.version, newest);
    found.newest.emplace(own.type, std::move(newest));
  }
  return found;
}

bool Addresses::names(Key from, Name parameter, const Address& address) {
  Entry entry;
  Posting posting;
  if (!view_.entry(from, entry)) return false;
  for (Postings all(entry.postings); all.next_of(parameter, posting);)
    if (posting.value.target == address.url && address.is(posting.value.exact)) return true;
  return false;
}

}  // namespace alzette::store
