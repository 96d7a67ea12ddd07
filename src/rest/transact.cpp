// A transaction Bundle as one batch for the store. FHIR R4: http://hl7.org/fhir/R4/http.html#transaction
//
//   read entries -> give each its identity (conditions looked up) -> rewrite references -> validate and index each
//                -> order DELETE, POST, PUT -> batch
#include "src/rest/transact.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "ihe/mhd/provide.h"
#include "src/rest/conditional.h"
#include "src/rest/criteria.h"
#include "src/rest/entry.h"
#include "src/rest/patched.h"
#include "src/rest/references.h"
#include "src/rest/unwritten.h"
#include "src/rest/update.h"

namespace alzette::rest {
namespace {

using fhir::Issue;
using fhir::Kind;
using fhir::Node;
using fhir::Outcome;
using fhir::Result;
using Act = TransactionEntry::Act;

constexpr std::size_t most_issues = 100;  // told at once

// What a GET of this path can mean: a type or an instance of it, the whole system, the capabilities. Operations, and
// types that do not exist, would only fail once the writes are done.
bool readable(std::string_view path) {
  if (path.find('$') != path.npos) return false;
  const auto first = path.substr(0, path.find('/'));
  return first.empty() || first == "_history" || first == "metadata" || fhir::definitions().resource(first);
}

class Planner {
 public:
  Planner(fhir::Arena& arena, const Site& site) : arena_(arena), site_(site), unwritten_(site.base) {}

  Result<Transaction> plan(Node& bundle) {
    const auto nodes = entries_of(bundle);
    if (nodes.size() > max_bundle_entries)
      return Outcome(Kind::too_large, "too-long",
                     "A transaction may have " + std::to_string(max_bundle_entries) + " entries", "Bundle.entry");
    plan_.batch.access = site_.access;
    plan_.entries.resize(nodes.size());
    read_.reserve(nodes.size());
    drafts_.resize(nodes.size());
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      auto entry = read_entry(*nodes[i], i, site_.base);
      if (!entry) return std::move(entry.outcome());
      read_.push_back(std::move(*entry));
    }
    for (std::size_t i = 0; i < read_.size(); ++i)
      if (auto done = identify(i); !done) return at(read_[i].place, std::move(done.outcome()));
    for (std::size_t i = 0; i < read_.size(); ++i) {
      const auto& planned = plan_.entries[i];
      if (planned.act != Act::write) continue;
      const bool known = !drafts_[i].patches;
      unwritten_.add(*planned.type, planned.id, known ? read_[i].resource : nullptr,
                     drafts_[i].method == fhir::Method::remove);
    }
    for (std::size_t i = 0; i < read_.size(); ++i)
      if (auto done = rewrite(read_[i], plan_.entries[i]); !done) return at(read_[i].place, std::move(done.outcome()));
    if (unwritten_.circular())
      return Outcome(Kind::malformed, "invalid", "Entries refer to each other by criteria in a circle: use urn:uuid:…",
                     "Bundle.entry");
    for (std::size_t i = 0; i < read_.size(); ++i)
      if (auto done = foresee(read_[i], plan_.entries[i]); !done) return std::move(done.outcome());
    if (auto done = prepare_all(); !done) return std::move(done.outcome());
    order();
    for (auto& conditional : plan_.conditionals)
      if (const auto& planned = plan_.entries[conditional.entry]; planned.act == Act::write)
        conditional.write = planned.write;
    return std::move(plan_);
  }

 private:
  struct Draft {
    fhir::Method method = fhir::Method::create;
    std::optional<std::int64_t> if_version;
    std::optional<fhir::Version> patches;  // what a patch is applied to
    std::optional<fhir::Write> write;
  };

  Result<bool> permit(fhir::Verb verb, const fhir::Type& type) const {
    if (site_.access.may(verb, type.name)) return true;
    return Outcome(Kind::forbidden, "forbidden", "Not allowed on " + std::string(type.name.view()));
  }

  // Path, method and conditions to what the entry will write, and under which id.
  Result<bool> identify(std::size_t i) {
    const auto& entry = read_[i];
    auto& planned = plan_.entries[i];
    if (entry.method == "GET" || entry.method == "HEAD") {
      if (!readable(entry.path))
        return Outcome(Kind::unsupported, "not-supported",
                       "request.url is no address that this server reads: resources, searches and histories are",
                       entry.place + ".request.url");
      planned.act = Act::read;
      planned.method = entry.method;
      planned.url = entry.target();
      planned.conditions = entry.conditions();
      return true;
    }
    const auto slash = entry.path.find('/');
    planned.type = fhir::definitions().resource(entry.path.substr(0, slash));
    if (!planned.type)
      return Outcome(Kind::unsupported, "not-supported", "request.url must start with a resource type",
                     entry.place + ".request.url");
    if (slash != std::string::npos) planned.id = entry.path.substr(slash + 1);
    if (slash != std::string::npos && !is_id(planned.id))
      return Outcome(Kind::malformed, "value",
                     "request.url does not end in an id: a transaction takes no operations, and searches as GET alone",
                     entry.place + ".request.url");
    const bool patches = entry.method == "PATCH";
    if (entry.resource && !patches && entry.resource->type != planned.type)
      return Outcome(Kind::malformed, "invalid", "request.url and resource name different types",
                     entry.place + ".request.url");
    if (auto conditional = conditional_of(entry, i)) plan_.conditionals.push_back(std::move(*conditional));
    auto done = entry.method == "POST"  ? identify_post(entry, planned, drafts_[i])
                : entry.method == "PUT" ? identify_put(entry, planned, drafts_[i])
                : patches               ? identify_patch(entry, planned, drafts_[i])
                                        : identify_delete(entry, planned, drafts_[i]);
    if (!done) return done;
    return claim(entry, planned);
  }

  Result<bool> identify_post(const BundleEntry& entry, TransactionEntry& planned, Draft& draft) {
    if (!planned.id.empty() || !entry.query.empty())
      return Outcome(Kind::malformed, "value", "POST takes a type alone as request.url", entry.place + ".request.url");
    if (auto allowed = permit(fhir::Verb::create, *planned.type); !allowed) return allowed;
    draft.method = fhir::Method::create;
    draft.if_version = 0;
    if (!entry.if_none_exist.empty()) {
      const auto condition = std::string(planned.type->name.view()) + "?" +
                             std::string(bare_criteria(entry.if_none_exist, *planned.type, site_.base));
      if (const auto before = conditional_.find(condition); before != conditional_.end()) {
        planned = *before->second;
        if (planned.act == Act::write) planned.act = Act::nothing;
        return true;
      }
      auto found =
          find_one(site_.snapshot, site_.access, *planned.type, entry.if_none_exist, site_.base, site_.meanings);
      if (!found) return std::move(found.outcome());
      if (!found->none()) {
        auto version = site_.snapshot.read(site_.access, *planned.type, found->id());
        if (!version) return std::move(version.outcome());
        planned.act = Act::found;
        planned.id = version->id;
        planned.version = version->version;
        planned.last_updated = version->last_updated;
      }
      plan_.batch.expect.push_back(std::move(found->expectation));
      conditional_.emplace(condition, &planned);
    }
    if (planned.id.empty())
      planned.id = ihe::mhd::is_entry(*entry.resource) ? ihe::mhd::entry_id(*entry.resource, site_.ids, site_.now)
                                                       : site_.ids.next(site_.now);
    return true;
  }

  Result<bool> identify_put(const BundleEntry& entry, TransactionEntry& planned, Draft& draft) {
    if (auto allowed = permit(fhir::Verb::update, *planned.type); !allowed) return allowed;
    draft.method = fhir::Method::update;
    const auto given = entry.resource->value_of("id");
    bool creates = false;
    if (planned.id.empty()) {
      auto found = find_one(site_.snapshot, site_.access, *planned.type, entry.query, site_.base, site_.meanings);
      if (!found) return std::move(found.outcome());
      creates = found->none();
      // Two that both found nothing would make two resources that each of them was to find.
      if (!conditional_.emplace(entry.target(), &planned).second)
        return Outcome(Kind::malformed, "duplicate", "Another entry has the same criteria", entry.place);
      planned.id = !creates ? found->id() : !given.empty() ? std::string(given) : site_.ids.next(site_.now);
      plan_.batch.expect.push_back(std::move(found->expectation));
    }
    if (!given.empty() && given != planned.id)
      return Outcome(Kind::malformed, "invalid", "The resource's id differs from that of request.url",
                     entry.place + ".resource.id");
    auto condition =
        version_condition(site_.snapshot, site_.access, *planned.type, planned.id, entry.if_match, entry.if_none_match);
    if (!condition) return std::move(condition.outcome());
    if (auto met = meets(planned, *condition); !met) return met;
    draft.if_version = *condition;
    if (creates && !draft.if_version) draft.if_version = 0;
    return true;
  }

  Result<bool> identify_patch(const BundleEntry& entry, TransactionEntry& planned, Draft& draft) {
    if (auto allowed = permit(fhir::Verb::update, *planned.type); !allowed) return allowed;
    draft.method = fhir::Method::update;
    if (planned.id.empty()) {
      auto found = find_one(site_.snapshot, site_.access, *planned.type, entry.query, site_.base, site_.meanings);
      if (!found) return std::move(found.outcome());
      if (found->none()) return Outcome(Kind::absent, "not-found", "Nothing meets the criteria", entry.place);
      planned.id = found->id();
      plan_.batch.expect.push_back(std::move(found->expectation));
    }
    auto version = site_.snapshot.read(site_.access, *planned.type, planned.id);
    if (!version) return std::move(version.outcome());
    auto condition = version_condition(site_.snapshot, site_.access, *planned.type, planned.id, entry.if_match, {});
    if (!condition) return std::move(condition.outcome());
    if (auto met = meets(planned, *condition); !met) return met;
    draft.if_version = version->version;
    draft.patches = std::move(*version);
    return true;
  }

  Result<bool> identify_delete(const BundleEntry& entry, TransactionEntry& planned, Draft& draft) {
    if (auto allowed = permit(fhir::Verb::remove, *planned.type); !allowed) return allowed;
    draft.method = fhir::Method::remove;
    if (planned.id.empty()) {
      auto found = find_one(site_.snapshot, site_.access, *planned.type, entry.query, site_.base, site_.meanings);
      if (!found) return std::move(found.outcome());
      planned.id = found->none() ? std::string() : found->id();
      planned.act = found->none() ? Act::nothing : Act::write;
      plan_.batch.expect.push_back(std::move(found->expectation));
      if (planned.act == Act::nothing) return true;
    }
    auto condition = version_condition(site_.snapshot, site_.access, *planned.type, planned.id, entry.if_match, {});
    if (!condition) return std::move(condition.outcome());
    if (auto met = meets(planned, *condition); !met) return met;
    draft.if_version = *condition;
    return true;
  }

  // The writer checks conditions on versions again; here the refusal can name the entry.
  Result<bool> meets(const TransactionEntry& planned, std::optional<std::int64_t> expected) {
    if (!expected) return true;
    const auto current = site_.snapshot.read(site_.access, *planned.type, planned.id);
    const auto version = current ? current->version : 0;
    if (version == *expected) return true;
    return Outcome(Kind::precondition, "conflict",
                   version ? "The current version is " + std::to_string(version) + ", not the expected one"
                           : "If-Match needs a current version, and there is none");
  }

  // One identity, one entry; one fullUrl, one entry.
  Result<bool> claim(const BundleEntry& entry, const TransactionEntry& planned) {
    const auto name = arena_.copy(std::string(planned.type->name.view()) + "/" + planned.id);
    const auto index = static_cast<std::size_t>(&planned - plan_.entries.data());
    if (planned.act == Act::write && !identities_.emplace(name, index).second)
      return Outcome(Kind::malformed, "duplicate", std::string(name) + " is written by more than one entry",
                     entry.place);
    if (entry.full_url.empty() || planned.id.empty()) return true;
    if (!names_.emplace(entry.full_url, name).second)
      return Outcome(Kind::malformed, "duplicate", "This fullUrl was used by an entry before",
                     entry.place + ".fullUrl");
    return true;
  }

  // What an entry reads is read when everything is written. Where that changes nothing about it, the door finds out
  // before whether it can be read; a resource that is written will be there, one that is removed will not.
  Result<bool> foresee(const BundleEntry& entry, TransactionEntry& planned) {
    if (planned.act != Act::read) return true;
    const std::string_view path = entry.path;
    const auto below = path.find('/', std::min(path.find('/'), path.size() - 1) + 1);
    const auto writer = identities_.find(path.substr(0, below));
    if (writer == identities_.end()) {
      planned.place = entry.place;
    } else if (below == path.npos && drafts_[writer->second].method == fhir::Method::remove) {
      return Outcome(Kind::gone, "deleted", std::string(path) + " is removed by this transaction", entry.place);
    }
    return true;
  }

  Result<bool> rewrite(const BundleEntry& entry, const TransactionEntry& planned) {
    if (!entry.resource) return true;
    const ResolveCriteria resolve = [&](std::string_view reference) {
      auto target = resolve_criteria(reference);
      if (target && planned.act == Act::write)
        unwritten_.refer(std::string(planned.type->name.view()) + "/" + planned.id, *target);
      return target;
    };
    return rewrite_references(*entry.resource, entry.full_url, names_, resolve, arena_);
  }

  // On what the store will hold when the transaction is done: what it has, less what entries replace or remove, and
  // what they write. An entry that is created under the same condition is meant in any case.
  Result<std::string_view> resolve_criteria(std::string_view reference) {
    const auto cached = resolved_.find(reference);
    if (cached != resolved_.end()) return cached->second;
    const auto mark = reference.find('?');
    const auto* type = fhir::definitions().resource(reference.substr(0, mark));
    std::string target(type->name.view());
    target += '/';
    if (const auto own = conditional_.find(std::string(reference)); own != conditional_.end()) {
      target += own->second->id;
    } else {
      auto found = find_target(*type, reference.substr(mark + 1));
      if (!found) return std::move(found.outcome());
      if (found->empty())
        return Outcome(Kind::precondition, "not-found",
                       "The conditional reference \"" + std::string(reference) + "\" matches nothing");
      target += *found;
    }
    return resolved_.emplace(reference, arena_.copy(target)).first->second;
  }

  Result<std::string> find_target(const fhir::Type& type, std::string_view criteria) {
    auto query = read_criteria(type, criteria, site_.base, site_.meanings);
    if (!query) return std::move(query.outcome());
    auto ids = unwritten_.find(*query);
    if (!ids) return std::move(ids.outcome());
    auto found = find_one(site_.snapshot, site_.access, std::move(*query));
    if (!found) return std::move(found.outcome());
    if (!found->none() && !unwritten_.replaces(type, found->id())) ids->push_back(found->id());
    plan_.batch.expect.push_back(std::move(found->expectation));
    if (ids->size() > 1)
      return Outcome(Kind::precondition, "multiple-matches",
                     "A conditional reference meets more than one " + std::string(type.name.view()));
    return ids->empty() ? std::string() : ids->front();
  }

  Result<bool> prepare_all() {
    std::vector<Outcome> refusals(read_.size());
    site_.each(read_.size(), [&](std::size_t i) {
      if (!read_[i].resource || plan_.entries[i].act != Act::write) return;
      const auto& patches = drafts_[i].patches;
      auto write = patches ? prepare_patch(*patches, i)
                           : rest::prepare(*read_[i].resource, plan_.entries[i].id, drafts_[i].method, site_.base,
                                           read_[i].place + ".resource");
      if (write)
        drafts_[i].write = std::move(*write);
      else
        refusals[i] = std::move(write.outcome());
    });
    Outcome all(Kind::unprocessable);
    for (auto& refusal : refusals) {
      if (refusal.issues.empty()) continue;
      if (refusal.kind == Kind::malformed) all.kind = refusal.kind;
      for (auto& issue : refusal.issues)
        if (all.issues.size() < most_issues) all.issues.push_back(std::move(issue));
    }
    if (!all.issues.empty()) return all;
    return true;
  }

  Result<fhir::Write> prepare_patch(const fhir::Version& version, std::size_t i) const {
    const auto incoming = patched(version, *read_[i].resource, site_.now);
    if (!incoming) return at(read_[i].place, incoming.outcome());
    // What a Binary holds was not seen before: it may name other entries. What was stored is no entry's.
    const ResolveCriteria refuse = [](std::string_view reference) -> Result<std::string_view> {
      return Outcome(Kind::unprocessable, "not-supported",
                     "\"" + std::string(reference) + "\": a patch takes references by criteria as Parameters only");
    };
    if (auto done = rewrite_references(*incoming->resource, {}, names_, refuse, *incoming->arena); !done)
      return at(read_[i].place, std::move(done.outcome()));
    auto write =
        rest::prepare(*incoming->resource, version.id, fhir::Method::update, site_.base, read_[i].place + ".resource");
    if (!write) return of_result(std::move(write.outcome()));
    write->if_version_planned = read_[i].if_match.empty();
    return write;
  }

  void order() {
    using fhir::Method;
    for (const Method method : {Method::remove, Method::create, Method::update}) {
      for (std::size_t i = 0; i < drafts_.size(); ++i) {
        auto& planned = plan_.entries[i];
        if (planned.act != Act::write || drafts_[i].method != method) continue;
        fhir::Write write = drafts_[i].write ? std::move(*drafts_[i].write) : fhir::Write{};
        if (method == Method::remove) {
          write.method = method;
          write.type = planned.type;
          write.id = planned.id;
        }
        write.if_version = drafts_[i].if_version;
        planned.write = plan_.batch.writes.size();
        plan_.batch.writes.push_back(std::move(write));
      }
    }
  }

  fhir::Arena& arena_;
  const Site& site_;
  Transaction plan_;
  std::vector<BundleEntry> read_;
  std::vector<Draft> drafts_;
  std::unordered_map<std::string, const TransactionEntry*> conditional_;  // "Type?ifNoneExist" -> its entry
  std::unordered_map<std::string_view, std::string_view> resolved_;       // conditional references
  std::unordered_map<std::string_view, std::size_t> identities_;          // "Patient/1" -> the entry that writes it
  Unwritten unwritten_;
  NewNames names_;
};

}  // namespace

void one_by_one(std::size_t count, const std::function<void(std::size_t)>& work) {
  for (std::size_t i = 0; i < count; ++i) work(i);
}

Result<Transaction> transact(Node& bundle, fhir::Arena& arena, const Site& site) {
  return Planner(arena, site).plan(bundle);
}

}  // namespace alzette::rest
