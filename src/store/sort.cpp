// The order of _sort: see sort.h.
#include "src/store/sort.h"

#include "fhir/search/custom.h"
#include "src/store/match.h"

namespace alzette::store {

using fhir::ParameterType;
using fhir::search::Facet;
using fhir::search::IndexKind;

namespace {

IndexKind kind_of(ParameterType type) {
  switch (type) {
    case ParameterType::string:
      return IndexKind::string;
    case ParameterType::token:
      return IndexKind::token;
    case ParameterType::reference:
      return IndexKind::reference;
    case ParameterType::date:
      return IndexKind::date;
    case ParameterType::number:
      return IndexKind::number;
    case ParameterType::quantity:
      return IndexKind::quantity;
    case ParameterType::uri:
      return IndexKind::uri;
    case ParameterType::composite:
    case ParameterType::special:
      return IndexKind::composite;
  }
  return IndexKind::composite;
}

}  // namespace

bool sortable(const fhir::SearchParameter& parameter) {
  const auto code = parameter.code.view();
  return code == "_id" || code == "_lastUpdated" || kind_of(parameter.type) != IndexKind::composite;
}

Sorter::Sorter(View& view, const std::vector<fhir::search::Sort>& sort, const fhir::Type* type) : view_(view) {
  for (const auto& by : sort) {
    const auto code = by.parameter->code.view();
    Column column{.kind = kind_of(by.parameter->type), .descending = by.descending};
    if (code == "_id") {
      column.by = By::id;
      column.kind = IndexKind::uri;  // compared as text
    } else if (code == "_lastUpdated") {
      column.by = By::updated;
      column.kind = IndexKind::date;
    } else {
      column.parameter =
          type ? view.name(parameter_name(type->name, fhir::search::stored_code(*by.parameter), Facet::value))
               : unknown;
    }
    columns_.push_back(column);
  }
}

SortValue Sorter::value_of(const Column& column, const Entry& entry) {
  SortValue best;
  if (column.by == By::updated) {
    best.present = true;
    best.value.kind = IndexKind::date;
    best.value.low = best.value.high = entry.instant;
    return best;
  }
  if (column.by == By::id || column.parameter == unknown) {
    best.present = column.by == By::id;
    best.value.kind = IndexKind::uri;
    if (best.present) best.text = view_.identity(entry.rid).id;
    return best;
  }
  Posting posting;
  for (Postings all(entry.postings); all.next_of(column.parameter, posting);) {
    const auto& value = posting.value;
    if (value.kind != column.kind || value.canonical) continue;
    if (!best.present || (column.descending ? sorts_before(best.value, value) : sorts_before(value, best.value)))
      best.value = value;
    best.present = true;
  }
  if (best.value.kind == IndexKind::reference && best.present) {
    // In the order of their texts, for which there is no index.
    const auto target = view_.identity(best.value.target);
    const auto* type = view_.type(target.type);
    best.value.kind = IndexKind::uri;
    best.text = (type ? std::string(type->name.view()) + "/" : std::string()) + target.id;
  } else {
    best.text = best.value.text;
  }
  return best;
}

Sortable Sorter::of(Key key) {
  Sortable out;
  out.key = key;
  Entry entry;
  if (!view_.entry(key, entry)) return out;
  for (const auto& column : columns_) out.values.push_back(value_of(column, entry));
  return out;
}

bool Sorter::before(const Sortable& a, const Sortable& b) const {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const auto& x = a.values[i];
    const auto& y = b.values[i];
    if (x.present != y.present) return x.present;
    if (!x.present) continue;
    if (sorts_before(x.whole(), y.whole())) return !columns_[i].descending;
    if (sorts_before(y.whole(), x.whole())) return columns_[i].descending;
  }
  return columns_[0].descending ? a.key > b.key : a.key < b.key;
}

bool Sorter::same_first(const Sortable& a, const Sortable& b) const {
  const auto& x = a.values[0];
  const auto& y = b.values[0];
  return x.present == y.present && (!x.present || sorts_same(x.whole(), y.whole()));
}

bool Sorter::walkable() const {
  const auto& first = columns_[0];
  return first.by != By::value ||
         (first.parameter != unknown && first.kind != IndexKind::reference && first.kind != IndexKind::composite);
}

std::unique_ptr<Keys> Sorter::walk(Name type, const Sortable* from) {
  const auto& first = columns_[0];
  const bool single = columns_.size() == 1;
  switch (first.by) {
    case By::id:
      return view_.by_id(type, first.descending, from ? &from->values[0].text : nullptr);
    case By::updated: {
      auto keys = view_.keys({.shape = Scan::Shape::type, .parameter = type}, first.descending, false);
      if (from)
        keys->seek(single             ? from->key
                   : first.descending ? view_.first_at(from->values[0].value.low + 1) - 1
                                      : view_.first_at(from->values[0].value.low));
      return keys;
    }
    case By::value:
      break;
  }
  // With further parameters the whole group of the value is sorted again; it begins at its first key.
  const Key key = !from ? 0 : single ? from->key : first.descending ? INT64_MAX : 0;
  const Value value = from ? from->values[0].whole() : Value{};
  return view_.sorted(first.parameter, first.kind, first.descending, from ? &value : nullptr, key);
}

}  // namespace alzette::store
