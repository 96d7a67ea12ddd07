// $export of the system, of all patients, of a group: begins a job. Bulk Data Access 2.0:
// http://hl7.org/fhir/uv/bulkdata/STU2/export.html
#include <algorithm>
#include <set>

#include "fhir/search/term.h"
#include "fhir/value.h"
#include "src/job/bulk.h"
#include "src/job/status.h"
#include "src/operation/operation.h"
#include "src/operation/refusal.h"
#include "src/rest/reply.h"

namespace alzette::operation {
namespace {

using fhir::Kind;
using fhir::Outcome;
using fhir::Result;

Outcome invalid(std::string_view parameter, std::string text) {
  return {Kind::malformed, "value", std::string(parameter) + ": " + std::move(text), place_of(parameter)};
}

Outcome not_here(std::string text) {
  return {Kind::malformed, "not-found", "patient: " + std::move(text), place_of("patient")};
}

void split(std::string_view text, std::vector<std::string>& out) {
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find(',', at), text.size());
    if (end > at) out.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
}

// Searches of several types in one text: a comma divides them where a type and a question mark follow.
void split_filters(std::string_view text, std::vector<std::string>& out) {
  std::size_t start = 0;
  for (std::size_t comma = text.find(','); comma != std::string_view::npos; comma = text.find(',', comma + 1)) {
    const auto mark = text.find('?', comma);
    if (mark == std::string_view::npos || !fhir::definitions().resource(text.substr(comma + 1, mark - comma - 1)))
      continue;
    out.emplace_back(text.substr(start, comma - start));
    start = comma + 1;
  }
  out.emplace_back(text.substr(start));
}

// "1" of Patient/1, relative or below our base; "" of any other reference.
std::string_view patient_of(const rest::Call& call, std::string_view reference) {
  const auto literal = fhir::parse_reference(reference);
  const bool here = literal && (literal->base.empty() || literal->base == call.base);
  return here && literal->type == "Patient" ? literal->id : std::string_view();
}

class Reader {
 public:
  Reader(const rest::Call& call, const Input& input, bool lenient) : call_(call), input_(input), lenient_(lenient) {}

  using Refusal = std::optional<Outcome>;

  Result<job::Export> read(job::Extent extent) {
    for (const auto& issue : input_.ignored) wanted_.ignored.push_back(issue.diagnostics);
    wanted_.extent = extent;
    wanted_.group = extent == job::Extent::group ? call_.id : std::string();
    wanted_.url = std::string(call_.base) + call_.request.target;
    using Part = Refusal (Reader::*)();
    for (const Part part :
         {Part(&Reader::read_format), Part(&Reader::read_times), Part(&Reader::read_types), Part(&Reader::read_filters),
          Part(&Reader::read_elements), Part(&Reader::read_patients), Part(&Reader::read_group)})
      if (auto refusal = (this->*part)()) return std::move(*refusal);
    return std::move(wanted_);
  }

 private:
  // Who is to be lenient goes on without what is wrong, and tells of it in the end.
  Refusal unless_lenient(Outcome refusal) {
    if (!lenient_) return refusal;
    wanted_.ignored.push_back(refusal.issues.front().diagnostics);
    return std::nullopt;
  }

  Refusal read_format() {
    std::string format(input_.text("_outputFormat"));
    std::replace(format.begin(), format.end(), ' ', '+');  // it was not percent-encoded in the URL
    if (format.empty() || format == "application/fhir+ndjson" || format == "application/ndjson" || format == "ndjson")
      return std::nullopt;
    return invalid("_outputFormat", "only application/fhir+ndjson is written");
  }

  Refusal read_times() {
    for (auto [name, text] : {std::pair("_since", &wanted_.since), std::pair("_until", &wanted_.until)}) {
      *text = fhir::search::with_plus(input_.text(name));
      if (!text->empty() && !fhir::valid(fhir::Primitive::instant, *text))
        return invalid(name, "takes an instant such as 2026-01-31T08:05:00Z");
    }
    return std::nullopt;
  }

  Refusal read_types() {
    std::vector<std::string> names;
    const auto given = input_.all("_type");
    for (const auto* argument : given) split(argument->value ? argument->value->text : "", names);
    wanted_.typed = !names.empty();
    const auto* patients = fhir::definitions().compartment("Patient");
    for (auto& name : names) {
      const auto* type = fhir::definitions().resource(name);
      job::Export alone;
      alone.extent = wanted_.extent;
      alone.types = {name};
      alone.typed = true;
      const bool inside = type && job::types_of(alone, all_).size() == 1;
      if (!inside) {
        auto refusal =
            invalid("_type", type ? "the " + std::string(patients->type.view()) + " compartment holds no " + name
                                  : "\"" + name + "\" is not a resource type of FHIR R4");
        if (auto refused = unless_lenient(std::move(refusal))) return refused;
        continue;
      }
      if (!call_.access.may(fhir::Verb::search, name))
        return Outcome(Kind::forbidden, "forbidden", "you may not search " + name);
      wanted_.types.push_back(std::move(name));
    }
    return std::nullopt;
  }

  Refusal read_filters() {
    for (const auto* argument : input_.all("_typeFilter"))
      split_filters(argument->value ? argument->value->text : "", wanted_.filters);
    std::vector<std::string> good;
    for (const auto& filter : wanted_.filters) {
      const auto* type = fhir::definitions().resource(std::string_view(filter).substr(0, filter.find('?')));
      job::Export alone;
      alone.filters = {filter};
      auto query =
          type && filter.find('?') != std::string::npos
              ? job::query_of(alone, *type, call_.base, call_.meanings)
              : Result<fhir::search::Query>(invalid("_typeFilter", "\"" + filter + "\" is not Type?parameters"));
      if (query) {
        good.push_back(filter);
        continue;
      }
      const auto& issue = query.outcome().issues.front();
      if (auto refused =
              unless_lenient(Outcome(Kind::malformed, issue.code, issue.diagnostics, place_of("_typeFilter"))))
        return refused;
    }
    wanted_.filters = std::move(good);
    return std::nullopt;
  }

  // Patient.name of patients, name of every type that has it.
  Refusal read_elements() {
    std::vector<std::string> written;
    for (const auto* argument : input_.all("_elements")) split(argument->value ? argument->value->text : "", written);
    for (auto& path : written) {
      const auto dot = path.find('.');
      const auto type = dot == std::string::npos ? std::string_view() : std::string_view(path).substr(0, dot);
      const auto name = std::string_view(path).substr(dot == std::string::npos ? 0 : dot + 1);
      const auto& types = fhir::definitions().types;
      const bool known = std::any_of(types.begin(), types.end(), [&](const fhir::Type& one) {
        return one.kind == fhir::TypeKind::resource && !one.abstract && (type.empty() || one.name.view() == type) &&
               std::any_of(one.elements.begin(), one.elements.end(),
                           [&](const fhir::Element& element) { return element.name.view() == name; });
      });
      if (known)
        wanted_.elements.push_back(std::move(path));
      else if (auto refused =
                   unless_lenient(invalid("_elements", "\"" + path + "\" is not an element of " +
                                                           (type.empty() ? "any resource type" : std::string(type)))))
        return refused;
    }
    return std::nullopt;
  }

  Refusal read_patients() {
    for (const auto* argument : input_.all("patient")) {
      const auto* value = argument->value;
      const auto reference = value ? value->value_of("reference") : std::string_view();
      const auto id = patient_of(call_, reference);
      if (id.empty()) return invalid("patient", "takes references such as Patient/1");
      wanted_.chosen = true;
      if (call_.snapshot.read(call_.access, *fhir::definitions().resource("Patient"), id))
        wanted_.patients.emplace_back(id);
      else if (auto refused = unless_lenient(not_here("there is no " + std::string(reference) + " here")))
        return refused;
    }
    return std::nullopt;
  }

  // The members of the group as it is now, less the inactive ones; where patients are named, those of them.
  Refusal read_group() {
    if (wanted_.extent != job::Extent::group) return std::nullopt;
    auto group = call_.snapshot.read(call_.access, *call_.type, call_.id);
    if (!group) return std::move(group.outcome());
    auto incoming = fhir::receive(group->body, fhir::Format::json, true);
    if (!incoming) return std::move(incoming.outcome());
    std::vector<std::string> members;
    for (const auto& member : *incoming->resource) {
      const auto* entity = member.name == "member" ? member.child("entity") : nullptr;
      if (!entity || member.value_of("inactive") == "true") continue;
      if (const auto id = patient_of(call_, entity->value_of("reference")); !id.empty()) members.emplace_back(id);
    }
    if (wanted_.chosen)
      if (auto refused = read_chosen(members)) return refused;
    wanted_.patients = std::move(members);
    wanted_.chosen = true;
    return std::nullopt;
  }

  // Leaves of the members those who are named; each that is named has to be one.
  Refusal read_chosen(std::vector<std::string>& members) {
    const std::set<std::string> all(members.begin(), members.end());
    const std::set<std::string> named(wanted_.patients.begin(), wanted_.patients.end());
    for (const auto& id : named)
      if (!all.contains(id))
        if (auto refused = unless_lenient(not_here("Patient/" + id + " is no member of the group"))) return refused;
    std::erase_if(members, [&](const auto& id) { return !named.contains(id); });
    return std::nullopt;
  }

  const rest::Call& call_;
  const Input& input_;
  const bool lenient_;
  const fhir::Access all_ = fhir::Access::local_developer();
  job::Export wanted_;
};

Result<rest::Plan> begin(const rest::Call& call, const Input& input, job::Extent extent) {
  if (!rest::respond_async(call.request))
    return Outcome(Kind::malformed, "required", "$export works in the background: send Prefer: respond-async");
  auto wanted = Reader(call, input, rest::lenient(call.request)).read(extent);
  if (!wanted) return std::move(wanted.outcome());
  return job::kick_off(call, job::export_kind, job::to_text(*wanted));
}

Result<rest::Plan> export_system(const rest::Call& call, const Input& input) {
  return begin(call, input, job::Extent::system);
}

Result<rest::Plan> export_patients(const rest::Call& call, const Input& input) {
  return begin(call, input, job::Extent::patients);
}

Result<rest::Plan> export_group(const rest::Call& call, const Input& input) {
  if (call.id.empty())
    return Outcome(Kind::malformed, "required", "$export of a Group is asked for at Group/[id]/$export");
  return begin(call, input, job::Extent::group);
}

}  // namespace

extern constinit const Operation system_export{
    .code = "export",
    .definition = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export",
    .levels = on_system,
    .types = "",
    .lane = rest::Lane::worker,
    .run = export_system};

extern constinit const Operation patient_export{
    .code = "export",
    .definition = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/patient-export",
    .levels = on_type,
    .types = "Patient",
    .lane = rest::Lane::worker,
    .run = export_patients};

extern constinit const Operation group_export{
    .code = "export",
    .definition = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/group-export",
    .levels = on_type | on_instance,
    .types = "Group",
    .lane = rest::Lane::worker,
    .run = export_group};

}  // namespace alzette::operation
