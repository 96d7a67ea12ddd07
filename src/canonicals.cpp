// Look-up by canonical address over store, packages and R4. FHIR R4: http://hl7.org/fhir/R4/references.html#canonical
#include "src/canonicals.h"

#include <algorithm>

#include "fhir/search/query.h"
#include "fhir/value.h"

namespace alzette {
namespace {

constexpr std::size_t most_opened = std::size_t{96}
                                    << 20;  // bytes of JSON whose trees are kept; a tree is a few times as large
constexpr std::size_t most_answers = 100'000;
constexpr std::uint32_t most_versions = 1000;  // of one address in the store
constexpr std::uint64_t effort = 10'000'000;

// Whether resources of the type have a canonical address.
bool is_canonical(const fhir::Type& type) {
  const auto* url = type.parameter("url");
  return url && url->type == fhir::ParameterType::uri;
}

// A definition that is in force is what a caller may know; who may read the resource itself is another question.
const fhir::Access& reader() {
  static const fhir::Access access = fhir::Access::local_developer();
  return access;
}

// Search values escape what separates them.
std::string escaped(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == ',' || c == '|' || c == '$' || c == '\\') text += '\\';
    text += c;
  }
  return text;
}

// "4.0" stands for the newest 4.0.x, as many guides name R4 so.
bool version_fits(std::string_view wanted, std::string_view version) {
  return wanted.empty() || wanted == version ||
         (version.starts_with(wanted) && version.size() > wanted.size() && version[wanted.size()] == '.');
}

// The id by which what has this address is stored, but for few: "…/ValueSet/1" -> "1".
std::string_view end_of(std::string_view url) { return url.substr(url.rfind('/') + 1); }

// Nearly always the id stands before all that is nested: then the rest need not be read.
std::string id_of(const std::string& json) {
  constexpr std::string_view name = "\"id\":\"";
  const auto at = json.find(name);
  if (at != std::string::npos && at < json.find_first_of("{[", 1)) {
    const auto begin = at + name.size();
    return json.substr(begin, json.find('"', begin) - begin);
  }
  const auto whole = fhir::make_canonical(json);
  return whole ? std::string(whole->resource->value_of("id")) : std::string();
}

}  // namespace

ServerCanonicals::ServerCanonicals(fhir::Store* store, std::string packages)
    : store_(store), folder_(std::move(packages)) {}

std::uint64_t ServerCanonicals::state() const {
  look_at_packages();
  return state_.load();
}

void ServerCanonicals::changed(const fhir::Batch& batch) {
  const bool any = std::any_of(batch.writes.begin(), batch.writes.end(),
                               [](const fhir::Write& write) { return is_canonical(*write.type); });
  if (!any) return;
  const std::unique_lock lock(mutex_);
  ++state_;
  answers_.clear();
}

void ServerCanonicals::look_at_packages() const {
  const auto now = folder_.changed();
  {
    const std::shared_lock lock(mutex_);
    if (now == folder_seen_) return;
  }
  auto loaded = folder_.load();
  const std::unique_lock lock(mutex_);
  folder_seen_ = now;
  loaded_ = std::move(loaded);
  opened_.clear();
  opened_bytes_ = 0;
  odd_.clear();
  answers_.clear();
  ++state_;
}

ServerCanonicals::Loaded ServerCanonicals::packages() const {
  const std::shared_lock lock(mutex_);
  return loaded_;
}

std::shared_ptr<const fhir::Canonical> ServerCanonicals::find(std::string_view type, std::string_view canonical) const {
  look_at_packages();
  const auto [url, version] = fhir::canonical_parts(canonical);
  if (url.empty()) return nullptr;
  std::string key;
  key.append(type).append(" ").append(url).append("|").append(version);
  {
    const std::shared_lock lock(mutex_);
    if (const auto known = answers_.find(key); known != answers_.end()) return known->second;
  }
  const auto state = state_.load();
  auto found = look_up(type, url, version, state);
  const std::unique_lock lock(mutex_);
  if (state == state_.load()) {  // otherwise it may be what was there before
    if (answers_.size() >= most_answers) answers_.clear();
    answers_.emplace(std::move(key), found);
  }
  return found;
}

ServerCanonicals::Found ServerCanonicals::look_up(std::string_view type, std::string_view url, std::string_view version,
                                                  std::uint64_t state) const {
  const fhir::Type* resource = fhir::definitions().resource(type);
  if (!resource || !is_canonical(*resource)) return nullptr;
  // ValueSet/1 is the one of that id. What the store has or had under it stands before packages and R4.
  if (const auto literal = fhir::parse_reference(url); literal && !literal->type.empty() && literal->base.empty()) {
    if (literal->type != type) return nullptr;
    if (store_) {
      const auto current = store_->snapshot()->read(reader(), *resource, literal->id);
      if (current) return held(*current);
      if (current.outcome().kind != fhir::Kind::absent) return nullptr;
    }
    return with_id(type, literal->id, state);
  }
  Found best;
  for (auto& candidate : stored(*resource, url))
    if (version_fits(version, candidate->version) &&
        (!best || !fhir::version_before(candidate->version, best->version)))
      best = std::move(candidate);
  return best ? best : packaged(type, url, version, state);
}

// The current resources in the store with that address, or all of the type; the ones written last come last.
std::vector<ServerCanonicals::Found> ServerCanonicals::stored(const fhir::Type& type, std::string_view url) const {
  std::vector<Found> found;
  if (!store_) return found;
  const auto snapshot = store_->snapshot();
  if (snapshot->count(type) == 0) return found;
  fhir::search::Parameters parameters{{"_sort", "_lastUpdated"}};
  if (!url.empty()) parameters.emplace_back("url", escaped(url));
  auto query = fhir::search::parse(&type, parameters, "", false);
  if (!query) return found;
  do {
    auto page = snapshot->search(reader(), *query, most_versions, effort);
    if (!page) break;
    for (auto& entry : page->entries)
      if (auto canonical = held(*entry.version))
        if (url.empty() ? !canonical->url.empty() : canonical->url == url) found.push_back(std::move(canonical));
    query->page = url.empty() ? page->next : std::string();
  } while (!query->page.empty());
  return found;
}

// A version is parsed once, however often all of its type are asked for: a code system may be large.
ServerCanonicals::Found ServerCanonicals::held(const fhir::Version& version) const {
  const auto key = std::string(version.type->name) + "/" + version.id + "/" + std::to_string(version.version);
  {
    const std::shared_lock lock(mutex_);
    if (const auto known = held_.find(key); known != held_.end()) return known->second;
  }
  auto canonical = fhir::make_canonical(version.body);
  const std::unique_lock lock(mutex_);
  if (held_bytes_ > most_opened) {
    held_.clear();
    held_bytes_ = 0;
  }
  held_bytes_ += version.body.size();
  return held_.try_emplace(key, std::move(canonical)).first->second;
}

ServerCanonicals::Found ServerCanonicals::packaged(std::string_view type, std::string_view url,
                                                   std::string_view version, std::uint64_t state) const {
  const auto loaded = packages();  // kept while entries of theirs are looked at
  const fhir::Archive* archive = nullptr;
  const fhir::Archive::Entry* best = nullptr;
  const auto look = [&](const fhir::Archive& candidate) {
    for (const auto& entry : candidate.of(type, url))
      if (version_fits(version, entry.version) && (!best || fhir::version_before(best->version, entry.version))) {
        archive = &candidate;
        best = &entry;
      }
  };
  for (const auto& one : loaded) look(one->archive);
  if (!best) look(fhir::core_archive());
  return best ? opened(*archive, *best, state) : nullptr;
}

ServerCanonicals::Found ServerCanonicals::opened(const fhir::Archive& archive, const fhir::Archive::Entry& entry,
                                                 std::uint64_t state) const {
  {
    const std::shared_lock lock(mutex_);
    if (const auto known = opened_.find(&entry); known != opened_.end()) return known->second;
  }
  auto canonical = fhir::make_canonical(archive.text(entry));
  const std::unique_lock lock(mutex_);
  if (state != state_.load()) return canonical;  // the entry may be that of a package which is gone
  if (opened_bytes_ > most_opened) {
    opened_.clear();
    opened_bytes_ = 0;
  }
  opened_bytes_ += entry.size;
  return opened_.try_emplace(&entry, std::move(canonical)).first->second;
}

// Of packages and R4, in this order.
ServerCanonicals::Found ServerCanonicals::with_id(std::string_view type, std::string_view id,
                                                  std::uint64_t state) const {
  const auto loaded = packages();
  const auto in = [&](const fhir::Archive& archive) -> Found {
    for (const auto& entry : archive.of(type))
      if (end_of(entry.url) == id)
        if (auto found = opened(archive, entry, state); found && found->resource->value_of("id") == id) return found;
    return nullptr;
  };
  for (const auto& one : loaded)
    if (auto found = in(one->archive)) return found;
  const auto odd = oddly_named(type, loaded, state);
  const auto found = odd->find(id);
  return found != odd->end() ? found->second : in(fhir::core_archive());
}

// Those whose id is not the end of their address. All of the type are looked at for it, once.
std::shared_ptr<const ServerCanonicals::ById> ServerCanonicals::oddly_named(std::string_view type, const Loaded& loaded,
                                                                            std::uint64_t state) const {
  {
    const std::shared_lock lock(mutex_);
    if (const auto known = odd_.find(type); known != odd_.end()) return known->second;
  }
  const auto odd = std::make_shared<ById>();
  const auto add = [&](const fhir::Archive& archive) {
    for (const auto& entry : archive.of(type)) {
      auto id = id_of(archive.text(entry));
      if (!id.empty() && id != end_of(entry.url)) odd->try_emplace(std::move(id), opened(archive, entry, state));
    }
  };
  for (const auto& one : loaded) add(one->archive);
  add(fhir::core_archive());
  const std::unique_lock lock(mutex_);
  if (state == state_.load()) odd_.emplace(type, odd);  // otherwise the packages may be others now
  return odd;
}

std::vector<std::shared_ptr<const fhir::Canonical>> ServerCanonicals::all(std::string_view type) const {
  look_at_packages();
  const auto state = state_.load();
  std::map<std::pair<std::string, std::string>, Found> every;
  const fhir::Type* resource = fhir::definitions().resource(type);
  if (!resource || !is_canonical(*resource)) return {};
  for (auto& canonical : stored(*resource, {})) every.insert_or_assign({canonical->url, canonical->version}, canonical);
  const auto loaded = packages();
  const auto take = [&](const fhir::Archive& archive) {
    for (const auto& entry : archive.of(type)) {
      std::pair key(std::string(entry.url), std::string(entry.version));
      if (every.contains(key)) continue;
      if (auto canonical = opened(archive, entry, state)) every.emplace(std::move(key), std::move(canonical));
    }
  };
  for (const auto& one : loaded) take(one->archive);
  take(fhir::core_archive());
  std::vector<Found> found;
  found.reserve(every.size());
  for (auto& [key, canonical] : every) found.push_back(std::move(canonical));
  return found;
}

}  // namespace alzette
