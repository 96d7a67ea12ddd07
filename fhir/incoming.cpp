// The write path up to the store's door. FHIR R4: http://hl7.org/fhir/R4/http.html#create
#include "fhir/incoming.h"

#include <algorithm>

#include "fhir/base64.h"
#include "fhir/bind.h"
#include "fhir/format/json.h"
#include "fhir/format/xml.h"
#include "fhir/search/index.h"
#include "fhir/search/most_rows.h"
#include "fhir/validate/validate.h"
#include "fhir/value.h"

namespace fhir {
namespace {

bool refuses(const Issue& issue) { return issue.refuses(); }

// All faults at once: those of the structure, and those of the values that are left. What may only be missing or
// broken because binding dropped something is not said.
void add_faults_of_values(const Node& resource, std::vector<Issue>& issues) {
  for (auto& issue : validate::resource(resource))
    if (refuses(issue) && issue.code != "required" && issue.code != "invariant") issues.push_back(std::move(issue));
}

// What a profile may lack and still say all that it demands: its name, its status, and ids of its elements (sdf-14,
// sdf-17), which their paths give. Published ones do, so they are stored as they are; $validate tells what is missing.
void forgive_profile(const Node& resource, std::vector<Issue>& issues) {
  if (resource.type->name.view() != "StructureDefinition") return;
  const auto lacks_ids = [](const Issue& issue) { return issue.diagnostics.starts_with("sdf-14:"); };
  const bool no_ids = std::any_of(issues.begin(), issues.end(), lacks_ids);
  std::erase_if(issues, [&](const Issue& issue) {
    if (issue.code == "invariant") return no_ids && (lacks_ids(issue) || issue.diagnostics.starts_with("sdf-17:"));
    return issue.code == "required" &&
           (issue.expression == "StructureDefinition.name" || issue.expression == "StructureDefinition.status");
  });
}

// "Patient.name[0]" (or the root under another name) at `place`: "Bundle.entry[3].resource.name[0]".
void put_in_place(std::string_view place, std::vector<Issue>& issues) {
  if (place.empty()) return;
  for (auto& issue : issues) {
    const auto dot = issue.expression.find('.');
    const auto below = dot == std::string::npos ? std::string() : issue.expression.substr(dot);
    issue.expression = std::string(place) + below;
  }
}

// The patient whose compartment the resource is in: itself, or the first patient that a parameter of the
// compartment's definition names.
std::string patient_of(const Type& type, std::string_view id, const std::vector<search::IndexRow>& rows) {
  if (type.name.view() == "Patient") return std::string(id);
  const auto* compartment = definitions().compartment("Patient");
  if (!compartment) return {};
  for (const auto& member : compartment->members) {
    if (member.type.view() != type.name.view()) continue;
    for (const auto& code : member.parameters)
      for (const auto& row : rows)
        if (!row.contained && row.parameter->code.view() == code.view() &&
            row.value.kind == search::IndexKind::reference && row.facet == search::Facet::value &&
            row.value.type == "Patient")
          return row.value.text;
  }
  return {};
}

}  // namespace

std::string Ids::next(std::int64_t now) {
  constexpr std::string_view digits = "0123456789abcdefghjkmnpqrstvwxyz";
  const std::uint32_t count = counter_.fetch_add(1, std::memory_order_relaxed);
  std::string id(20, '0');
  const auto put = [&](std::size_t at, std::size_t size, std::uint64_t value) {
    for (std::size_t i = size; i-- > 0; value >>= 5) id[at + i] = digits[value & 31];
  };
  put(0, 9, static_cast<std::uint64_t>(now));  // 45 bits of milliseconds: until the year 3084
  put(9, 4, count & 0xFFFFF);                  // a million ids within one millisecond
  put(13, 7, salt_);
  return id;
}

bool is_id(std::string_view text) { return valid_id(text) && text != "." && text != ".."; }

Kind kind_of(const std::vector<Issue>& issues) {
  for (const auto& issue : issues)
    if (refuses(issue) && (issue.code == "structure" || issue.code == "invalid" || issue.code == "value"))
      return Kind::malformed;
  return Kind::unprocessable;
}

Result<Incoming> receive(std::string_view bytes, Format format, bool keep_faults) {
  Incoming incoming;
  incoming.arena = std::make_unique<Arena>(std::clamp<std::size_t>(bytes.size() * 2, 4096, 1u << 20));
  const bool xml = format == Format::xml;
  auto read = xml ? xml::read(bytes, *incoming.arena, incoming.issues) : json::parse(bytes, *incoming.arena);
  if (!read) return std::move(read.outcome());
  for (Node* child = *read ? (*read)->first : nullptr; child; child = child->next)
    if (child->name == "entry") incoming.entries.push_back(child);
  incoming.resource = xml ? *read : bind(*read, *incoming.arena, incoming.issues);
  const bool faulty = std::any_of(incoming.issues.begin(), incoming.issues.end(), refuses);
  if (!incoming.resource || (faulty && !keep_faults)) {
    if (incoming.resource) add_faults_of_values(*incoming.resource, incoming.issues);
    Outcome outcome(kind_of(incoming.issues));
    outcome.issues = std::move(incoming.issues);
    return outcome;
  }
  return incoming;
}

std::optional<Outcome> faults_of(const Node& resource, std::string_view place) {
  auto issues = validate::resource(resource);
  forgive_profile(resource, issues);
  if (std::none_of(issues.begin(), issues.end(), refuses)) return std::nullopt;
  put_in_place(place, issues);
  Outcome outcome(kind_of(issues));
  outcome.issues = std::move(issues);
  return outcome;
}

Result<Write> lay_out(const Node& resource, std::string_view id, Method method, std::string_view base) {
  Write write;
  write.method = method;
  write.type = resource.type;
  write.id = id;
  write.body = json::body_of(resource, id);
  write.rows = search::extract(resource, base);
  if (const auto most = search::most_rows_of(*resource.type); write.rows.size() >= most)
    return Outcome(Kind::too_large, "too-long",
                   "The resource has more than " + std::to_string(most) + " values that searches look at; divide it");
  write.patient = patient_of(*resource.type, write.id, write.rows);
  return write;
}

void set_data(Write& binary, std::shared_ptr<const Content> bytes) {
  if (bytes->size() == 0) return;
  constexpr std::uint64_t small = 64u << 10;
  auto& text = binary.body.bytes;
  text.pop_back();  // data is the last element of a Binary
  text.append(R"(,"data":")");
  if (bytes->size() < small)
    text += encode_base64(bytes->text());
  else
    binary.documents.push_back({text.size(), std::move(bytes)});
  text.append("\"}");
}

Result<Write> prepare(const Node& resource, std::string_view id, Method method, std::string_view base,
                      std::string_view place) {
  if (auto faults = faults_of(resource, place)) return std::move(*faults);
  return lay_out(resource, id, method, base);
}

}  // namespace fhir
