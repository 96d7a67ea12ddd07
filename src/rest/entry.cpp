// One entry of a batch or transaction. FHIR R4: http://hl7.org/fhir/R4/bundle.html#bundle
#include "src/rest/entry.h"

#include <algorithm>

#include "fhir/definitions.h"
#include "fhir/search/refusal.h"
#include "src/net/uri.h"

namespace alzette::rest {
namespace {

using fhir::Kind;
using fhir::Node;
using fhir::Outcome;

Node* child_of(Node& node, std::string_view name) {
  for (Node* child = node.first; child; child = child->next)
    if (child->name == name) return child;
  return nullptr;
}

Outcome wrong(const BundleEntry& entry, std::string_view code, std::string text, std::string_view below = ".request") {
  return {Kind::malformed, code, std::move(text), entry.place + std::string(below)};
}

// Criteria may name addresses as well: Patient?identifier=http://…|1
bool is_absolute(std::string_view url) {
  return url.substr(0, url.find('?')).find("://") != std::string_view::npos || url.starts_with("//");
}

fhir::Result<bool> read_url(std::string_view url, std::string_view base, BundleEntry& entry) {
  if (is_absolute(url)) {
    if (!url.starts_with(base) || (url.size() > base.size() && url[base.size()] != '/' && url[base.size()] != '?'))
      return wrong(entry, "not-supported", "request.url must lie below this server's base " + std::string(base),
                   ".request.url");
    url.remove_prefix(base.size());
  }
  if (url.starts_with('/')) url.remove_prefix(1);
  const auto [path, query] = net::split_target(url);
  auto decoded = net::percent_decode(path);
  if (!decoded || net::target_fault("/" + std::string(url)) != std::string_view{})
    return wrong(entry, "value", "request.url is not a valid address", ".request.url");
  entry.path = std::move(*decoded);
  if (entry.path.ends_with('/')) entry.path.pop_back();  // as in the address of a request
  entry.query = query;
  return true;
}

bool nests(const Node& resource) {
  if (!resource.type || resource.type->name.view() != "Bundle") return false;
  const auto type = resource.value_of("type");
  return type == "batch" || type == "transaction";
}

}  // namespace

Headers BundleEntry::conditions() const {
  Headers headers;
  const auto add = [&](const char* name, std::string_view value) {
    if (!value.empty()) headers.emplace_back(name, value);
  };
  add("If-None-Match", if_none_match);
  add("If-Modified-Since", if_modified_since);
  add("If-Match", if_match);
  add("If-None-Exist", if_none_exist);
  return headers;
}

std::string BundleEntry::target() const {
  std::string text = path;
  if (!query.empty()) text.append("?").append(query);
  return text;
}

fhir::Result<BundleEntry> read_entry(Node& node, std::size_t index, std::string_view base) {
  BundleEntry entry;
  entry.place = "Bundle.entry[" + std::to_string(index) + "]";
  entry.full_url = node.value_of("fullUrl");
  const Node* request = node.child("request");
  if (!request) return wrong(entry, "required", "Each entry needs a request with method and url");
  entry.method = request->value_of("method");
  entry.if_none_match = request->value_of("ifNoneMatch");
  entry.if_modified_since = request->value_of("ifModifiedSince");
  entry.if_match = request->value_of("ifMatch");
  entry.if_none_exist = request->value_of("ifNoneExist");
  const auto known = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
  if (std::find(known.begin(), known.end(), entry.method) == known.end())
    return wrong(entry, "not-supported", "request.method must be GET, HEAD, POST, PUT, PATCH or DELETE",
                 ".request.method");
  if (!request->child("url")) return wrong(entry, "required", "request.url is missing", ".request.url");
  if (auto url = read_url(request->value_of("url"), base, entry); !url) return std::move(url.outcome());

  Node* resource = child_of(node, "resource");
  const bool patches = entry.method == "PATCH";
  const bool writes = patches || entry.method == "POST" || entry.method == "PUT";
  if (writes && !resource && !entry.path.ends_with("_search"))
    return wrong(entry, "required",
                 patches ? "PATCH needs its patch: a Binary, or Parameters"
                         : std::string(entry.method) + " needs the resource that it stores",
                 ".resource");
  if (!resource || !writes) return entry;
  if (!resource->type) return wrong(entry, "structure", "The resource has no known resourceType", ".resource");
  if (nests(*resource) || entry.path.empty())
    return wrong(entry, "not-supported", "A batch or transaction cannot stand inside another", ".resource");
  resource->name = resource->type->name.view();
  resource->listed = false;
  entry.resource = resource;
  return entry;
}

Outcome at(std::string_view place, Outcome outcome) {
  for (auto& issue : outcome.issues) {
    if (issue.expression.starts_with("Bundle.")) continue;
    if (issue.expression.starts_with(fhir::search::place_prefix)) issue.parameter = std::move(issue.expression);
    issue.expression = place;
  }
  return outcome;
}

std::vector<Node*> entries_of(Node& bundle) {
  std::vector<Node*> entries;
  for (Node* child = bundle.first; child; child = child->next)
    if (child->name == "entry") entries.push_back(child);
  return entries;
}

}  // namespace alzette::rest
