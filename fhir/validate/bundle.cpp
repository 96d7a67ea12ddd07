// Bundles: http://hl7.org/fhir/R4/bundle.html,
// http://hl7.org/fhir/R4/documents.html
#include <algorithm>
#include <set>

#include "fhir/definitions.h"
#include "fhir/utf8.h"
#include "fhir/validate/resources.h"

namespace fhir::validate {

namespace {

bool has_scheme(std::string_view url) {
  const auto mark = url.find_first_of(":/?#");
  return mark != url.npos && mark > 0 && url[mark] == ':';
}

bool is_http(std::string_view url) { return url.starts_with("http://") || url.starts_with("https://"); }

void judge_full_url(const Node& entry, const Place& place, const Say& say) {
  const auto url = entry.value_of("fullUrl");
  if (url.empty()) return;
  const Place here{&place, "fullUrl", 0, false};
  if (!has_scheme(url))
    return say(here, "invalid", "fullUrl must be absolute: '" + shortened(url) + "'", Severity::error);
  const Node* resource = entry.child("resource");
  const auto parsed = parse_reference(url);
  if (!resource || !resource->type || !is_http(url) || !parsed || parsed->type.empty()) return;
  const auto id = resource->value_of("id");
  if (parsed->type != resource->type->name.view() || (!id.empty() && parsed->id != id) || id.empty())
    say(here, "invalid",
        "fullUrl is the address of " + std::string(parsed->type) + "/" + std::string(parsed->id) +
            ", but the entry holds " + std::string(resource->type->name) +
            (id.empty() ? std::string(" without an id") : "/" + std::string(id)),
        Severity::error);
}

// bundle.html#searchset
void judge_result(const Node& entry, const Place& place, const Say& say) {
  const Node* resource = entry.child("resource");
  const Node* search = entry.child("search");
  if (!resource || !resource->type) return;
  const auto mode = search ? search->value_of("mode") : std::string_view();
  const bool outcome = resource->type->name.view() == "OperationOutcome";
  if (mode == "outcome" && !outcome)
    say(place, "invalid", "search.mode is outcome, so the resource must be an OperationOutcome", Severity::error);
  if ((mode == "match" || mode == "include") && outcome)
    say(place, "invalid", "an OperationOutcome is no match: its search.mode is outcome", Severity::error);
  if (!outcome && resource->value_of("id").empty())
    say(place, "required", "what a search finds must have an id", Severity::error);
}

// Links of the paging kind are one each; a stylesheet that is a Binary lies in
// the bundle.
void judge_links(const Node& bundle, const Place& place, const Entries& entries, const Say& say) {
  constexpr std::string_view single[] = {"self", "first", "previous", "prev", "next", "last"};
  std::set<std::string_view> seen;
  std::uint32_t index = 0;
  for (const Node& link : bundle) {
    if (link.name != "link") continue;
    const Place here{&place, "link", index++, true};
    const auto relation = link.value_of("relation"), url = link.value_of("url");
    const bool once = std::find(std::begin(single), std::end(single), relation) != std::end(single);
    if (once && !seen.insert(relation).second)
      say(here, "invalid", "there is more than one link '" + std::string(relation) + "'", Severity::error);
    if (relation == "stylesheet" && entries.type() == "document" && !has_scheme(url) && !entries.find(url, {}))
      say(here, "not-found", "the stylesheet '" + shortened(url) + "' is not in the bundle", Severity::error);
  }
}

}  // namespace

void judge_bundle(const Node& bundle, const Place& place, const Entries& entries, const Say& say) {
  judge_links(bundle, place, entries, say);
  std::uint32_t index = 0;
  for (const Node& entry : bundle) {
    if (entry.name != "entry") continue;
    const Place here{&place, "entry", index++, true};
    judge_full_url(entry, here, say);
    if (entries.type() == "searchset") judge_result(entry, here, say);
  }
}

void judge_bundled_reference(std::string_view reference, const Place& place, const Scope& scope, bool first,
                             const Say& say) {
  const auto parsed = parse_reference(reference);
  if (!parsed || !scope.entries || parsed->form == ReferenceLiteral::Form::fragment) return;
  const std::string shown = quoted(reference);
  if (const auto* entry = scope.entries->find(reference, scope.full_url)) {
    const auto type = entry->resource->type->name.view();
    if (!parsed->type.empty() && parsed->type != type)
      say(place, "business-rule", shown + " leads to a resource of type " + std::string(type), Severity::error);
    return;
  }
  using Form = ReferenceLiteral::Form;
  const bool local = parsed->form == Form::uuid || parsed->form == Form::oid;
  std::string uuid = "urn:uuid:";
  const auto* same = scope.entries->find(uuid.append(parsed->id), {});
  if (parsed->form == Form::relative && same && same->resource->type->name.view() != parsed->type)
    say(place, "business-rule", shown + " has the UUID of an entry of type " + std::string(same->resource->type->name),
        Severity::error);
  const bool must = local || (first && parsed->form == Form::relative);
  if (scope.entries->closed() && must)
    say(place, "not-found",
        shown + " is not in the bundle" +
            (scope.entries->by_id(parsed->type, parsed->id) ? std::string(": an entry has that type and id, but its "
                                                                          "fullUrl is another")
                                                            : std::string()),
        Severity::error);
}

void judge_entries(const Node& bundle, const Place& place, const Say& say) {
  const auto type = bundle.value_of("type");
  const bool asks = type == "transaction" || type == "batch";
  const bool answers = type == "transaction-response" || type == "batch-response";
  const bool history = type == "history";
  std::uint32_t index = 0;
  for (const Node& entry : bundle) {
    if (entry.name != "entry") continue;
    const Place here{&place, "entry", index++, true};
    if ((entry.child("request") != nullptr) != (asks || history))
      say(here, "invariant", "bdl-3: request must be given in a batch, transaction or history, and only there",
          Severity::error);
    if ((entry.child("response") != nullptr) != (answers || history))
      say(here, "invariant",
          "bdl-4: response must be given in a batch-response, transaction-response or history, and only there",
          Severity::error);
  }
}

}  // namespace fhir::validate
