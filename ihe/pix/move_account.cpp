// Accounts, as Patient.identifier of type AN and Encounter.account.
#include "ihe/pix/move_account.h"

#include "fhir/build.h"
#include "ihe/identity/record.h"
#include "ihe/pix/move_visits.h"
#include "ihe/pix/visit.h"

namespace ihe::pix {
namespace {

using fhir::Kind;
using fhir::Node;
using fhir::Outcome;
using fhir::Result;
using identity::Id;
using identity::Record;

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
    const auto* own = account_in(*from.patient, move_.account.id);
    if (!own) return true;
    if (!account_in(*to.patient, move_.named)) {
      auto& named = fhir::build::add_copy(*to.arena, editable(to), *own);
      rename(*to.arena, named);
      if (auto done = write(to); !done) return done;
    }
    auto& patient = editable(from);
    fhir::build::remove(patient, *account_in(patient, move_.account.id));
    return write(from);
  }

  Result<bool> visits(const std::string& from, const std::string& to) {
    const auto charged = [&](const Node& encounter) {
      const auto* account = encounter.child("account");
      return account && names(account->child("identifier"), move_.account.id);
    };
    const auto rename = [&](fhir::Arena& arena, Node& encounter) {
      fhir::build::remove(encounter, "account");
      add_account(arena, encounter, move_.named);
    };
    return move_visits(site_, {from, to, move_.to.id, charged, rename}, batch_);
  }

  Result<fhir::Batch> finish() && {
    if (batch_.writes.empty())
      return Outcome(Kind::unprocessable, "not-found", "The patient has no such account", move_.account.place);
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

  const Site& site_;
  const AccountMove& move_;
  fhir::Batch batch_;
};

}  // namespace

Result<fhir::Batch> move_account(const Site& site, const AccountMove& move, std::string_view feeder) {
  auto to = identity::holder(site, move.to, feeder);
  if (!to) return std::move(to.outcome());
  auto from = identity::holder(site, move.from, feeder);
  if (!from) return std::move(from.outcome());
  if (to->id == from->id)
    return Outcome(Kind::unprocessable, "business-rule", "The previous and the new patient are the same",
                   move.from.place);
  Move moving(site, move);
  const auto to_id = to->id, from_id = from->id;
  if (auto done = moving.identifier(*from, *to); !done) return std::move(done.outcome());
  if (auto done = moving.visits(from_id, to_id); !done) return std::move(done.outcome());
  return std::move(moving).finish();
}

}  // namespace ihe::pix
