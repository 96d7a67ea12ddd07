// meta: the profiles, tags and security labels of a resource or of one of its versions, or of all resources of a type
// or of the system. FHIR R4: http://hl7.org/fhir/R4/resource-operation-meta.html
#include "src/operation/meta.h"

#include <map>
#include <tuple>

#include "fhir/bind.h"
#include "fhir/format/json.h"
#include "fhir/search/query.h"
#include "src/operation/operation.h"
#include "src/rest/reply.h"
#include "src/rest/vread.h"

namespace alzette::operation {

StoredMeta::StoredMeta(std::string_view body) : arena(body.size() * 4 + 1024) {
  auto raw = fhir::json::parse(body, arena);
  std::vector<fhir::Issue> issues;
  resource = raw ? fhir::bind(*raw, arena, issues) : nullptr;
  for (fhir::Node* child = resource ? resource->first : nullptr; child && !meta; child = child->next)
    if (child->name == "meta") meta = child;
}

MetaIdentity identity_of(const fhir::Node& entry) {
  if (entry.form != fhir::Node::Form::object) return {std::string(entry.text), {}};
  return {std::string(entry.value_of("system")), std::string(entry.value_of("code"))};
}

Response meta_reply(std::string_view meta) {
  std::string text = R"({"resourceType":"Parameters","parameter":[{"name":"return")";
  // A parameter has a value, and a value is not empty.
  constexpr std::string_view none =
      R"({"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"not-applicable"}]})";
  text.append(R"(,"valueMeta":)").append(meta.size() > 2 ? meta : none);
  return rest::json_reply(200, text + "}]}");
}

namespace {

using fhir::Kind;
using fhir::Node;
using fhir::Outcome;

constexpr std::uint32_t page_size = 500;
constexpr std::size_t most_resources = 20'000;  // with profiles, tags or labels, looked through for one answer

// What a type or the system uses: each profile, tag and label once, in order.
class Used {
 public:
  fhir::Result<bool> look_through(const rest::Call& call, std::string_view parameter) {
    auto query = fhir::search::parse(call.type, {{std::string(parameter) + ":missing", "false"}}, call.base, false);
    if (!query) return std::move(query.outcome());
    while (true) {
      auto page = call.snapshot.search(call.access, *query, page_size, call.effort);
      if (!page) return std::move(page.outcome());
      for (const auto& entry : page->entries) take(entry.version->body);
      seen_ += page->entries.size();
      if (page->next.empty()) return true;
      if (seen_ > most_resources)
        return Outcome(Kind::too_costly, "too-costly",
                       "More than " + std::to_string(most_resources) +
                           " resources have profiles, tags or labels: ask a type or a resource");
      query->page = std::move(page->next);
    }
  }

  std::string text() const {
    std::string out;
    for (const std::string_view name : {"profile", "security", "tag"}) {
      const auto found = used_.find(name);
      if (found == used_.end()) continue;
      out.append(out.empty() ? "{\"" : ",\"").append(name).append("\":[");
      for (const auto& [identity, value] : found->second) {
        if (out.back() != '[') out += ',';
        out += value;
      }
      out += ']';
    }
    return out.empty() ? out : out + "}";
  }

 private:
  void take(std::string_view body) {
    const StoredMeta stored(body);
    if (!stored.meta) return;
    for (const Node& child : *stored.meta) {
      if (child.name != "profile" && child.name != "security" && child.name != "tag") continue;
      std::string value;
      if (child.form == Node::Form::object)
        fhir::json::write(child, value);
      else
        fhir::json::write_string(child.text, value);
      used_[std::string(child.name)].emplace(identity_of(child), std::move(value));
    }
  }

  std::map<std::string, std::map<MetaIdentity, std::string>, std::less<>> used_;
  std::size_t seen_ = 0;
};

fhir::Result<rest::Plan> run(const rest::Call& call, const Input&) {
  if (!call.id.empty()) {
    auto version = call.version.empty() ? call.snapshot.read(call.access, *call.type, call.id) : rest::version_at(call);
    if (!version) return std::move(version.outcome());
    const StoredMeta stored(version->body);
    std::string text;
    if (stored.meta) fhir::json::write(*stored.meta, text);
    return rest::Plan(meta_reply(text));
  }
  Used used;
  for (const auto* parameter : {"_profile", "_security", "_tag"})
    if (auto done = used.look_through(call, parameter); !done) return std::move(done.outcome());
  return rest::Plan(meta_reply(used.text()));
}

}  // namespace

extern constinit const Operation meta{.code = "meta",
                                      .definition = "http://hl7.org/fhir/OperationDefinition/Resource-meta",
                                      .levels = on_system | on_type | on_instance | on_version,
                                      .types = "",
                                      .lane = rest::Lane::worker,
                                      .run = run};

}  // namespace alzette::operation
