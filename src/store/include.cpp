// _include and _revinclude, resolved from postings; canonicals lead to what has the address. FHIR R4:
// http://hl7.org/fhir/R4/search.html#include
#include <unordered_map>
#include <unordered_set>

#include "fhir/search/custom.h"
#include "src/store/address.h"
#include "src/store/plan.h"
#include "src/store/search.h"

namespace alzette::store {

using fhir::search::Facet;
using fhir::search::Query;

namespace {

constexpr std::uint64_t rows_for_one = 16;  // that canonicals may lead to: versions beside the one that is included

class Including {
 public:
  Including(View& view, const fhir::Access& access, const Query& query, std::size_t at_most)
      : view_(view),
        access_(access),
        query_(query),
        most_(at_most),
        effort_(rows_for_one * at_most),
        addresses_(view, effort_) {}

  Included run(const std::vector<Key>& matches) {
    seen_.insert(matches.begin(), matches.end());
    auto fresh = step(matches, true);
    while (!fresh.empty() && !out_.capped) fresh = step(fresh, false);
    return std::move(out_);
  }

 private:
  // What `keys` lead to and was not seen before. Only :iterate goes on from included resources.
  std::vector<Key> step(const std::vector<Key>& keys, bool matches) {
    std::vector<Key> fresh;
    for (const Key key : keys) {
      for (const auto& one : query_.include)
        if (matches || one.iterate) forward(one, key, fresh);
      for (const auto& one : query_.revinclude)
        if (matches || one.iterate) backward(one, key, fresh);
      if (effort_.spent()) out_.capped = true;
      if (out_.capped) break;
    }
    return fresh;
  }

  void add(Key key, std::vector<Key>& fresh) {
    if (out_.capped || !seen_.insert(key).second) return;
    if (out_.keys.size() == most_) {
      out_.capped = true;
      return;
    }
    out_.keys.push_back(key);
    fresh.push_back(key);
  }

  void forward(const fhir::search::Include& wanted, Key key, std::vector<Key>& fresh) {
    Entry entry;
    if (!view_.entry(key, entry)) return;
    const auto* type = view_.type(entry.type);
    if (!type || (wanted.source && wanted.source != type)) return;
    std::unordered_set<Name> names;
    for (const Name name : parameters(*type, wanted)) names.insert(name);
    std::vector<std::pair<Rid, std::string>> targets;  // with the version of a canonical
    Posting posting;
    for (Postings all(entry.postings); all.next(posting);)
      if (posting.part_count == 0 && posting.value.kind == fhir::search::IndexKind::reference &&
          names.contains(posting.parameter))
        targets.emplace_back(posting.value.target, posting.value.exact);
    for (const auto& [target, version] : targets) {
      const auto identity = view_.identity(target);
      if (identity.type == 0) {
        addressed(wanted, target, version, fresh);
        continue;
      }
      const Key found = view_.current_of(target);
      if (found == 0) continue;
      const auto* target_type = view_.type(identity.type);
      if (!target_type || (!wanted.target.empty() && wanted.target != target_type->name.view())) continue;
      if (access_.may(fhir::Verb::read, target_type->name)) add(found, fresh);
    }
  }

  void addressed(const fhir::search::Include& wanted, Rid url, std::string_view version, std::vector<Key>& fresh) {
    for (const auto& one : addresses_.at(url))
      if (one.address.is(version) && (wanted.target.empty() || wanted.target == one.type->name.view()) &&
          access_.may(fhir::Verb::read, one.type->name))
        add(one.key, fresh);
  }

  void backward(const fhir::search::Include& wanted, Key key, std::vector<Key>& fresh) {
    Entry entry;
    if (!view_.entry(key, entry)) return;
    const Rid rid = entry.rid;
    const auto* type = view_.type(entry.type);
    if (!type || (!wanted.target.empty() && wanted.target != type->name.view())) return;
    const auto own = addresses_.of(*type, entry.postings);
    referring(wanted, rid, nullptr, fresh);
    if (own.url != unknown) referring(wanted, own.url, &own, fresh);
  }

  // `address`: null where `rid` is that of a resource, which is named by its id.
  void referring(const fhir::search::Include& wanted, Rid rid, const Address* address, std::vector<Key>& fresh) {
    const auto sources = wanted.source ? std::vector<const fhir::Type*>{wanted.source} : view_.types();
    for (const auto* source : sources) {
      if (!access_.may(fhir::Verb::read, source->name)) continue;
      for (const Name name : parameters(*source, wanted)) {
        const auto keys =
            view_.keys({.shape = Scan::Shape::reference, .parameter = name, .target = rid}, false, address != nullptr);
        for (Key from = 0; !out_.capped && keys->next(from);)
          if (view_.current(from) && (!address || addresses_.names(from, name, *address))) add(from, fresh);
      }
    }
  }

  // The reference parameters of a type that an include names, as far as there is anything indexed under them.
  const std::vector<Name>& parameters(const fhir::Type& type, const fhir::search::Include& wanted) {
    auto& names = names_[&wanted][&type];
    if (names.known) return names.list;
    names.known = true;
    const auto add = [&](const fhir::SearchParameter& parameter) {
      if (parameter.type != fhir::ParameterType::reference) return;
      if (wanted.parameter && wanted.parameter->code.view() != parameter.code.view()) return;
      const Name name = view_.name(parameter_name(type.name, fhir::search::stored_code(parameter), Facet::value));
      if (name != unknown) names.list.push_back(name);
    };
    for (const auto& parameter : type.search) add(parameter);
    for (const auto& custom : fhir::search::custom_parameters(type))
      if (custom.complete) add(*custom.parameter);
    return names.list;
  }

  struct NameList {
    bool known = false;
    std::vector<Name> list;
  };
  View& view_;
  const fhir::Access& access_;
  const Query& query_;
  const std::size_t most_;
  Effort effort_;
  Addresses addresses_;
  std::unordered_set<Key> seen_;
  std::unordered_map<const fhir::search::Include*, std::unordered_map<const fhir::Type*, NameList>> names_;
  Included out_;
};

}  // namespace

Included include(View& view, const fhir::Access& access, const Query& query, const std::vector<Key>& matches,
                 std::size_t at_most) {
  if (query.include.empty() && query.revinclude.empty()) return {};
  return Including(view, access, query, at_most).run(matches);
}

}  // namespace alzette::store
