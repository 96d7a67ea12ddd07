// What a batch does to the tables. Order: refuse or go on as a whole, then one version after the other.
#include <algorithm>
#include <utility>

#include "fhir/search/custom.h"
#include "src/store/instant.h"
#include "src/store/match.h"
#include "src/store/search.h"
#include "src/store/sqlite/sqlite_view.h"
#include "src/store/sqlite/writer.h"

namespace alzette::store::sqlite {

using fhir::Key;
using fhir::Kind;
using fhir::Method;
using fhir::Outcome;
using fhir::Receipt;
using fhir::Result;
using fhir::Write;
using fhir::Written;
using fhir::search::IndexKind;
using fhir::search::IndexRow;
using fhir::search::IndexValue;

namespace {

fhir::Verb verb_of(Method method) {
  switch (method) {
    case Method::create:
      return fhir::Verb::create;
    case Method::update:
      return fhir::Verb::update;
    case Method::remove:
      return fhir::Verb::remove;
  }
  return fhir::Verb::update;
}

std::string name_of(const Write& write) { return std::string(write.type->name.view()) + "/" + write.id; }

// FNV-1a: the same on every machine, for it stands in the keys.
std::int64_t shard_of(std::string_view patient) {
  if (patient.empty()) return 0;
  std::uint64_t hash = 14695981039346656037u;
  for (const char c : patient) hash = (hash ^ static_cast<std::uint8_t>(c)) * 1099511628211u;
  return static_cast<std::int64_t>((hash ^ hash >> 32) & ((1u << fhir::shard_bits) - 1));
}

Outcome transient(std::string text) { return Outcome(Kind::conflict, "transient", std::move(text)); }

}  // namespace

std::string with_meta(const fhir::Body& body, std::int64_t version, std::int64_t instant) {
  const std::string_view bytes = body.bytes;
  std::string meta =
      "\"versionId\":\"" + std::to_string(version) + "\",\"lastUpdated\":\"" + instant_text(instant) + '"';
  if (body.meta_at < bytes.size() && bytes[body.meta_at] != '}') meta += ',';
  std::string out;
  out.reserve(bytes.size() + meta.size());
  out.append(bytes.substr(0, body.meta_at)).append(meta).append(bytes.substr(body.meta_at));
  return out;
}

Result<Receipt> Writer::apply(const Job& job) {
  const auto& batch = job.batch;
  std::vector<State*> states;
  states.reserve(batch.writes.size());
  if (auto refused = refuse(batch, states)) return std::move(*refused);
  Receipt receipt;
  receipt.reserve(batch.writes.size());
  for (std::size_t i = 0; i < batch.writes.size(); ++i) {
    const auto& write = batch.writes[i];
    receipt.push_back(write.method == Method::remove ? remove(write, *states[i])
                                                     : put(write, job.files.empty() ? "" : job.files[i], *states[i]));
  }
  for (const auto& addition : batch.additions) add_rows(addition);
  for (const auto& note : batch.notes) keep(note);
  return receipt;
}

// The list of postings and the index say the same afterwards. What the version has already is not added again, so
// that a job may repeat its last step.
void Writer::add_rows(const fhir::Addition& addition) {
  auto row = connection_.take("SELECT type, postings FROM version WHERE key = ? AND method <> 2");
  if (!row.with(addition.key).step()) return;
  const auto* type = names_.type(row.integer(0));
  if (!type) return;
  std::string before(row.text(1));
  row.reset();
  std::vector<IndexRow> fresh;
  Posting posting;
  for (const auto& one : addition.rows)
    if (one.value.kind != IndexKind::words && !Postings(before).next_of(parameter(*type, one), posting))
      fresh.push_back(one);
  if (fresh.empty()) return;
  const std::string added = postings(*type, fresh, addition.key);
  std::vector<Posting> all;
  for (const auto& list : {std::string_view(before), std::string_view(added)})
    for (Postings each(list); each.next(posting);) all.push_back(posting);
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.parameter < b.parameter; });
  std::string list;
  for (const auto& one : all) append(list, one);
  connection_.take("UPDATE version SET postings = ? WHERE key = ?").run(Bytes{list}, addition.key);
}

void Writer::keep(const fhir::Note& note) {
  const std::string_view room = note.room, name = note.name;
  if (!note.text)
    connection_.take("DELETE FROM note WHERE room = ? AND name = ?").run(room, name);
  else if (note.present)
    connection_.take("UPDATE note SET text = ? WHERE room = ? AND name = ?")
        .run(std::string_view(*note.text), room, name);
  else
    connection_.take("INSERT OR REPLACE INTO note(room, name, text) VALUES(?, ?, ?)")
        .run(room, name, std::string_view(*note.text));
}

std::optional<Outcome> Writer::refuse(const fhir::Batch& batch, std::vector<State*>& states) {
  ++batch_;
  for (const auto& write : batch.writes) {
    if (!batch.access.may(verb_of(write.method), write.type->name))
      return Outcome(Kind::forbidden, "forbidden", "you may not write " + std::string(write.type->name.view()));
    State& state = state_of(names_.intern(write.type->name, connection_), write.id);
    if (std::exchange(state.batch, batch_) == batch_)
      return Outcome(Kind::malformed, "invariant", name_of(write) + " is written twice in one transaction");
    const bool moved = write.if_version && *write.if_version != (state.live ? state.version : 0);
    if (moved && write.if_version_planned) return transient(name_of(write) + " has changed meanwhile; plan it again");
    if (moved)
      return Outcome(Kind::precondition, "conflict",
                     !state.live              ? name_of(write) + " does not exist"
                     : *write.if_version == 0 ? name_of(write) + " exists already"
                                              : name_of(write) + " is at version " + std::to_string(state.version) +
                                                    ", not at the expected one; read it again");
    if (write.method == Method::create && state.live)
      return Outcome(Kind::duplicate, "duplicate", name_of(write) + " exists already");
    states.push_back(&state);
  }
  return unexpected(batch);
}

// What a query can find is judged by a clause that wants one of some codes: whether rows of these exist, and whether
// some wait to be written. Other queries may find anything.
Writer::Prospect Writer::prospect(const fhir::search::Query& query) {
  using fhir::search::Clause;
  const auto looks_elsewhere = [](const Clause& clause) {
    return clause.join != Clause::Join::none || clause.has_type || !clause.chain.empty();
  };
  const auto& clauses = query.all_of;
  Prospect least{.stored = true, .waiting = rows_.size() > 0};
  if (!query.type || query.contained != fhir::search::Contained::no) return least;
  if (std::any_of(clauses.begin(), clauses.end(), looks_elsewhere)) return least;
  auto row = connection_.take("SELECT 1 FROM token WHERE parameter = ? AND code = ? LIMIT 1");
  for (const auto& clause : clauses) {
    if (clause.modifier != fhir::search::Modifier::none || clause.parameter->code.view() == "_id") continue;
    const auto code = fhir::search::stored_code(*clause.parameter);
    const Name name = names_.find(parameter_name(query.type->name, code, fhir::search::Facet::value), connection_);
    Prospect found;
    for (const auto& term : clause.any_of) {
      const bool is_code = term.value.kind == IndexKind::token && !term.value.text.empty() && term.parts.empty();
      const auto text = bounded(term.value.text);
      found.stored = found.stored || !is_code || row.with(name, std::string_view(text)).step();
      found.waiting = found.waiting || !is_code || rows_.holds_token(name, text);
      row.reset();
    }
    least.stored = least.stored && found.stored;
    least.waiting = least.waiting && found.waiting;
  }
  return least;
}

std::optional<Outcome> Writer::unexpected(const fhir::Batch& batch) {
  std::uint64_t effort = 10'000'000;  // for all together: others wait
  for (const auto& [query, ids] : batch.expect) {
    const auto [stored, waiting] = prospect(query);
    const bool allowed = query.type && batch.access.may(fhir::Verb::search, query.type->name);
    if (!stored && !waiting && allowed && ids.empty()) continue;
    if (waiting) rows_.flush();
    SqliteView view(connection_, names_, nullptr, sequence_ << fhir::shard_bits | ((1 << fhir::shard_bits) - 1));
    auto found = find(view, batch.access, query, 2, effort);
    if (!found) return std::move(found.outcome());
    if (*found != ids)
      return transient("what the condition of this request finds has changed meanwhile; plan it again");
  }
  return std::nullopt;
}

Written Writer::put(const Write& write, std::string_view files, State& state) {
  const bool existed = state.live;
  if (existed) {
    std::int64_t instant = 0;
    if (unchanged(write, files, state, instant)) return {Written::Effect::unchanged, state.version, instant};
  }
  add_version(write, state, true);
  const std::string bytes = with_meta(write.body, state.version, instant_);
  const std::string moved =
      files.empty() ? std::string() : Blobs::moved(files, write.body.meta_at, bytes.size() - write.body.bytes.size());
  auto body =
      connection_.take("INSERT INTO body(key, version, instant, files, bytes, record) VALUES(?, ?, ?, ?, ?, ?)");
  const auto packed = packing_.pack(bytes), record = packing_.pack(write.record);
  body.run(state.current, state.version, instant_, BytesOrNull{moved}, Bytes{packed}, BytesOrNull{record});
  return {existed ? Written::Effect::updated : Written::Effect::created, state.version, instant_};
}

Written Writer::remove(const Write& write, State& state) {
  if (!state.live) return {Written::Effect::absent, state.version, instant_};
  add_version(write, state, false);
  connection_.take("INSERT INTO superseded(key, until) VALUES(?, ?)").run(state.current, sequence_);
  return {Written::Effect::removed, state.version, instant_};
}

bool Writer::unchanged(const Write& write, std::string_view files, const State& state, std::int64_t& instant) {
  auto row = connection_.take("SELECT instant, bytes, files, record FROM body WHERE key = ?");
  if (!row.with(state.current).step() || packing_.unpack(row.text(3)) != write.record) return false;
  instant = row.integer(0);
  const std::string same = with_meta(write.body, state.version, instant);
  if (packing_.unpack(row.text(1)) != same) return false;
  return row.text(2) == Blobs::moved(files, write.body.meta_at, same.size() - write.body.bytes.size());
}

void Writer::add_version(const Write& write, State& state, bool live) {
  const Name type = names_.intern(write.type->name, connection_);
  auto& count = counts_[type];
  const Key before = state.live ? state.current : 0;
  const Key key = ++sequence_ << fhir::shard_bits | shard_of(write.patient);
  count.ordinal += 1;
  count.live += int{live} - int{state.live};
  const std::string list = live ? postings(*write.type, write.rows, key) : std::string();
  if (state.rid == 0) {
    state.rid = next_rid_++;
    connection_.take("INSERT INTO identity(rid, type, id, current) VALUES(?, ?, ?, ?)")
        .run(state.rid, type, std::string_view(write.id), key);
  } else {
    connection_.take("UPDATE identity SET current = ? WHERE rid = ?").run(key, state.rid);
  }
  if (before) connection_.take("INSERT INTO superseded(key, until) VALUES(?, ?)").run(before, sequence_);
  state.current = key;
  state.version += 1;
  state.live = live;
  connection_
      .take(
          "INSERT INTO version(key, rid, type, version, instant, method, ordinal, live, postings) "
          "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .run(key, state.rid, type, state.version, instant_, static_cast<std::int64_t>(write.method), count.ordinal,
           count.live, Bytes{list});
}

std::string Writer::postings(const fhir::Type& type, std::span<const IndexRow> rows, Key key) {
  auto& order = scratch_order_;
  order.clear();
  for (const auto& row : rows) {
    const Name name = parameter(type, row);
    if (row.value.kind == IndexKind::words)
      mark_words(name, row.value.text, scratch_words_);
    else
      order.emplace_back(name, &row);
  }
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  auto& all = scratch_postings_;
  all.clear();
  all.reserve(order.size());
  std::string list;
  list.reserve(order.size() * 16);
  for (const auto& [name, row] : order) {
    auto& posting = all.emplace_back();
    posting.parameter = name;
    posting.part_count = std::min(row->parts.size(), most_parts);
    if (posting.part_count == 0) posting.value = intern(row->value);
    for (std::size_t i = 0; i < posting.part_count; ++i) posting.parts[i] = intern(row->parts[i]);
    append(list, posting);
  }
  rows_.add(key, all);
  if (!scratch_words_.empty()) rows_.add_words(key, std::exchange(scratch_words_, {}));
  return list;
}

Value Writer::intern(const IndexValue& from) {
  Value value;
  value.kind = from.kind;
  value.canonical = from.canonical;
  value.lean = from.lean;
  value.text = from.text;
  value.low = from.low;
  value.high = from.high;
  value.number = from.number;
  value.upper = from.upper;
  switch (from.kind) {
    case IndexKind::token:
      value.system = from.system.empty() ? 0 : names_.intern(from.system, connection_);
      break;
    case IndexKind::quantity:
      value.system = from.system.empty() ? 0 : names_.intern(from.system, connection_);
      value.exact = from.unit;
      break;
    case IndexKind::reference:
      value.target = rid_of(from.type.empty() ? 0 : names_.intern(from.type, connection_), from.text);
      value.exact = from.system;
      value.text = {};
      break;
    case IndexKind::string:
      value.exact = from.exact;
      break;
    case IndexKind::date:
    case IndexKind::number:
    case IndexKind::uri:
    case IndexKind::composite:
    case IndexKind::words:
      break;
  }
  return value;
}

Name Writer::parameter(const fhir::Type& type, const IndexRow& row) {
  const ParameterKey key{&type, row.parameter, row.facet, row.contained, row.through};
  const auto found = parameters_.find(key);
  if (found != parameters_.end()) return found->second;
  const auto code = fhir::search::stored_code(*row.parameter);
  const Name name = names_.intern(row.through     ? chained_name(type.name, fhir::search::stored_code(*row.through),
                                                                 row.contained->name, code, row.facet)
                                  : row.contained ? contained_name(row.contained->name, code, row.facet)
                                                  : parameter_name(type.name, code, row.facet),
                                  connection_);
  parameters_.emplace(key, name);
  return name;
}

Writer::State& Writer::state_of(Name type, std::string_view id) {
  scratch_.assign(reinterpret_cast<const char*>(&type), sizeof type);
  scratch_.append(id);
  const auto found = states_.find(std::string_view(scratch_));
  if (found != states_.end()) return found->second;
  State state;
  auto row = connection_.take("SELECT rid, current FROM identity WHERE type = ? AND id = ?");
  if (row.with(type, id).step()) {
    state.rid = row.integer(0);
    state.current = row.integer(1);
  }
  if (state.current) {
    auto version = connection_.take("SELECT version, method FROM version WHERE key = ?");
    if (version.with(state.current).step()) {
      state.version = version.integer(0);
      state.live = version.integer(1) != static_cast<std::int64_t>(Method::remove);
    }
  }
  return states_.emplace(scratch_, state).first->second;
}

Rid Writer::rid_of(Name type, std::string_view id) {
  State& state = state_of(type, id);
  if (state.rid == 0) {
    state.rid = next_rid_++;
    connection_.take("INSERT INTO identity(rid, type, id) VALUES(?, ?, ?)").run(state.rid, type, id);
  }
  return state.rid;
}

}  // namespace alzette::store::sqlite
