// Accounts, as Patient.identifier of type AN and Encounter.account.
#include "ihe/pix/move_account.h"

#include "fhir/build.h"
#include "fhir/incoming.h"
#include "fhir/search/query.h"
#include "ihe/identity/record.h"
#include "ihe/pix/visit.h"

namespace ihe::pix {
namespace {

using fhir::Kind;
using fhir::Node;
using fhir::Outcome;
using fhir::Result;
using identity::Id;
using identity::Record;

constexpr std::uint32_t most_visits = 10'000;
constexpr std::uint64_t effort = 2'000'000;  // index rows that one search may look at

bool names(const Node* identifier, const Id& id) {
  return identifier && identifier->value_of("system") == id.system && identifier->value_of("value") == id.value;
}

const Node* account_in(const Node& patient, const Id& account) {
  for (const auto& child : patient) {
    const auto* type = child.name == "identifier" && names(&child, account) ? child.child("type") : nullptr;
    const auto* coding = type ? type->child("coding") : nullptr;
    if (coding && coding->value_of("code") == "AN") return &child;
  }
  return nullptr;
}

class Move {
 public:
  Move(const Site& site, const AccountMove& move) : site_(site), move_(move) { batch_.access = site.access; }

  Result<bool> identifier(Record& from, Record& to) {
    const auto* own = account_in(*from.patient, move_.account);
    if (!own) return true;
    if (!account_in(*to.patient, move_.named)) {
      auto& named = fhir::build::add_copy(*to.arena, editable(to), *own);
      rename(*to.arena, named);
      if (auto done = write(to); !done) return done;
    }
    auto& patient = editable(from);
    fhir::build::remove(patient, *account_in(patient, move_.account));
    return write(from);
  }

  Result<bool> visits(const std::string& from, const std::string& to) {
    const auto* type = fhir::definitions().resource("Encounter");
    const auto query = fhir::search::parse(type, {{"patient", "Patient/" + from}}, site_.base, false);
    if (!query) return query.outcome();
    const auto page = site_.snapshot.search(site_.access, *query, most_visits, effort);
    if (!page) return page.outcome();
    if (!page->next.empty()) return Outcome(Kind::too_costly, "too-costly", "The patient has more than 10,000 visits");
    for (const auto& [version, match] : page->entries) {
      const auto received = is_visit(version.id) ? fhir::receive(version.body) : Result<fhir::Incoming>(Outcome());
      const auto* account = received ? received->resource->child("account") : nullptr;
      if (!account || !names(account->child("identifier"), move_.account)) continue;
      if (auto done = visit(version, *received->resource, to); !done) return done;
    }
    return true;
  }

  Result<fhir::Batch> finish() && {
    if (batch_.writes.empty())
      return Outcome(Kind::unprocessable, "not-found", "The patient has no such account", "account");
    return std::move(batch_);
  }

 private:
  Result<bool> write(const Record& record) {
    auto made = identity::write_of(site_, record);
    if (!made) return std::move(made.outcome());
    batch_.writes.push_back(std::move(*made));
    return true;
  }

  void rename(fhir::Arena& arena, Node& identifier) const {
    fhir::build::set(arena, identifier, "value", move_.named.value);
    if (!move_.named.system.empty()) fhir::build::set(arena, identifier, "system", move_.named.system);
  }

  Result<bool> visit(const fhir::Version& version, const Node& stored, const std::string& to) {
    fhir::Arena arena;
    auto& encounter = fhir::build::copy(arena, stored);
    for (const auto name : {"meta", "subject", "account"}) fhir::build::remove(encounter, name);
    fhir::build::add_reference(arena, encounter, "subject", "Patient/" + to);
    add_account(arena, encounter, move_.named);
    auto made = fhir::prepare(encounter, version.id, fhir::Method::update, site_.base);
    if (!made) return std::move(made.outcome());
    made->if_version = version.version;
    made->if_version_planned = true;
    batch_.writes.push_back(std::move(*made));
    return true;
  }

  const Site& site_;
  const AccountMove& move_;
  fhir::Batch batch_;
};

}  // namespace

Result<fhir::Batch> move_account(const Site& site, const AccountMove& move, std::string_view feeder) {
  auto to = identity::holder(site, move.to, "surviving", feeder);
  if (!to) return std::move(to.outcome());
  auto from = identity::holder(site, move.from, "subsumed", feeder);
  if (!from) return std::move(from.outcome());
  if (to->id == from->id)
    return Outcome(Kind::unprocessable, "business-rule", "The previous and the new patient are the same", "subsumed");
  Move moving(site, move);
  const auto to_id = to->id, from_id = from->id;
  if (auto done = moving.identifier(*from, *to); !done) return std::move(done.outcome());
  if (auto done = moving.visits(from_id, to_id); !done) return std::move(done.outcome());
  return std::move(moving).finish();
}

}  // namespace ihe::pix
