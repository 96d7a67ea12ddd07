// $closure: a client's table of which of its codes subsume which, kept by name and grown call by call.
// The table is a ConceptMap of the store, so it has versions: each code is an element, what subsumes it are its
// targets. FHIR R4: http://hl7.org/fhir/R4/terminology-service.html#closure, conceptmap-operation-closure.html
#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <vector>

#include "fhir/canonical.h"
#include "fhir/digest.h"
#include "fhir/format/json.h"
#include "fhir/hex.h"
#include "fhir/terminology/wording.h"
#include "fhir/value.h"
#include "src/operation/inquiry.h"
#include "src/operation/refusal.h"
#include "src/rest/reply.h"

namespace alzette::operation {
namespace {

using fhir::Kind;
using fhir::Node;
using fhir::Outcome;
using fhir::Result;
namespace terminology = fhir::terminology;

constexpr std::size_t most_codes = 5'000;
constexpr std::size_t most_pairs = 40'000;  // each is a value that searches of ConceptMaps look at

// By system: the version whose hierarchy it is; each code, and the codes that subsume it.
struct Codes {
  std::string version;  // "" = it has none, or it is not known
  std::map<std::string, std::set<std::string>> above;
};
using Table = std::map<std::string, Codes>;

std::string id_of(std::string_view name) { return "closure-" + fhir::to_hex(fhir::sha256(name)).substr(0, 32); }

Table read(const Node& map) {
  Table table;
  for (const Node& group : map) {
    if (group.name != "group") continue;
    auto& codes = table[std::string(group.value_of("source"))];
    codes.version = group.value_of("sourceVersion");
    for (const Node& element : group) {
      if (element.name != "element") continue;
      auto& above = codes.above[std::string(element.value_of("code"))];
      for (const Node& target : element)
        if (target.name == "target") above.emplace(target.value_of("code"));
    }
  }
  return table;
}

std::size_t size_of(const Table& table) {
  std::size_t size = 0;
  for (const auto& [system, codes] : table) size += codes.above.size();
  return size;
}

// `bare`: codes that nothing subsumes, too.
std::string write(const Table& table, std::string_view id, std::string_view name, std::string_view version,
                  std::int64_t now, bool bare) {
  std::string out = R"({"resourceType":"ConceptMap","id":)";
  const auto put = [&](std::string_view key, std::string_view text) {
    out.append(",\"").append(key).append("\":");
    fhir::json::write_string(text, out);
  };
  fhir::json::write_string(id, out);
  put("url", std::string(terminology::closure_base) + std::string(id));
  if (!version.empty()) put("version", version);
  put("title", name);
  out += R"(,"status":"active","experimental":true)";
  put("date", fhir::instant_text(now));
  std::string groups;
  for (const auto& [system, codes] : table) {
    std::string elements;
    for (const auto& [code, above] : codes.above) {
      if (above.empty() && !bare) continue;
      elements += elements.empty() ? R"({"code":)" : R"(,{"code":)";
      fhir::json::write_string(code, elements);
      for (const auto& target : above) {
        elements += &target == &*above.begin() ? R"(,"target":[{"code":)" : R"(,{"code":)";
        fhir::json::write_string(target, elements);
        elements += R"(,"equivalence":"subsumes"})";
      }
      elements += above.empty() ? "}" : "]}";
    }
    if (elements.empty()) continue;
    groups += groups.empty() ? "{" : ",{";
    for (const std::string_view end : {"source", "target"}) {
      groups.append("\"").append(end).append("\":");
      fhir::json::write_string(system, groups);
      if (!codes.version.empty()) {
        groups.append(",\"").append(end).append("Version\":");
        fhir::json::write_string(codes.version, groups);
      }
      if (end == "source") groups += ',';
    }
    groups.append(R"(,"element":[)").append(elements).append("]}");
  }
  if (!groups.empty()) out.append(R"(,"group":[)").append(groups).append("]");
  return out + "}";
}

const std::set<std::string>* row_of(const Codes& codes, const std::string& code) {
  const auto found = codes.above.find(code);
  return found == codes.above.end() ? nullptr : &found->second;
}

// What `newer` has beyond `older`.
Table difference(const Table& newer, const Table& older) {
  Table more;
  for (const auto& [system, codes] : newer) {
    const auto known = older.find(system);
    for (const auto& [code, above] : codes.above) {
      const auto* before = known == older.end() ? nullptr : row_of(known->second, code);
      for (const auto& target : above) {
        if (before && before->contains(target)) continue;
        more[system].version = codes.version;
        more[system].above[code].insert(target);
      }
    }
  }
  return more;
}

// Those that are new, by the system that knows them.
using Added = std::map<terminology::System*, std::set<std::string>>;

std::optional<Outcome> add(Table& table, terminology::Composer& composer, const Node& coding, Added& added) {
  const auto url = coding.value_of("system"), code = coding.value_of("code");
  terminology::System* system = composer.system_of(url, coding.value_of("version"));
  if (!system || system->find(code) == terminology::nowhere)
    return terminology::refusal(
        Kind::unprocessable, system ? "code-invalid" : "not-found", system ? "invalid-code" : "not-found",
        system ? terminology::wording::unknown_code(code, *system) : terminology::wording::unknown_system(url, {}, {}));
  auto& codes = table[std::string(url)];
  const std::string version(system->version());
  if (codes.version.empty()) codes.version = version;
  // What was told of another version's hierarchy may be wrong by now.
  if (codes.version != version)
    return Outcome(Kind::unprocessable, "business-rule",
                   "The closure table holds " + std::string(url) + " as of version " + codes.version + ", now it is " +
                       (version.empty() ? "one without version" : version) +
                       ": start the table anew, by its name alone, and give it all its codes again",
                   place_of("concept"));
  if (codes.above.try_emplace(std::string(code)).second && system->rows()) added[system].emplace(code);
  return std::nullopt;
}

Outcome too_many(std::size_t most, std::string_view what) {
  return {Kind::too_costly, "too-costly",
          "A closure table holds " + std::to_string(most) + " " + std::string(what) + " at most"};
}

// How codes that are new stand to all of their system: from each the way up is gone once.
std::optional<Outcome> relate(Table& table, const Added& added) {
  std::size_t pairs = 0;
  for (const auto& [system, fresh] : added) {
    auto& codes = table[std::string(system->url())].above;
    std::multimap<terminology::At, std::string_view> known;
    for (const auto& [code, above] : codes) {
      pairs += above.size();
      if (const auto at = system->find(code); at != terminology::nowhere) known.emplace(at, code);
    }
    for (auto& [code, above] : codes) {
      const auto at = system->find(code);
      if (at == terminology::nowhere) continue;
      for (const auto ancestor : system->rows()->above(at)) {
        if (ancestor == at) continue;
        for (auto [one, end] = known.equal_range(ancestor); one != end; ++one)
          if (fresh.contains(code) || fresh.contains(std::string(one->second)))
            pairs += above.emplace(one->second).second;
      }
      if (pairs > most_pairs) return too_many(most_pairs, "pairs");
    }
  }
  return std::nullopt;
}

struct Stored {
  Table table;
  std::int64_t version = 0;  // 0: there is none
};

Result<Stored> stored(const rest::Call& call, const std::string& id, std::optional<std::int64_t> version = {}) {
  const auto& type = *fhir::definitions().resource("ConceptMap");
  auto found =
      version ? call.snapshot.vread(call.access, type, id, *version) : call.snapshot.read(call.access, type, id);
  if (!found) {
    if (!version && (found.outcome().kind == Kind::absent || found.outcome().kind == Kind::gone)) return Stored{};
    return std::move(found.outcome());
  }
  const auto made = fhir::make_canonical(std::move(found->body));
  if (!made) return Outcome(Kind::internal, "exception", "The stored closure table cannot be read");
  return Stored{read(*made->resource), found->version};
}

Outcome lost() {
  return {Kind::absent, "not-found",
          "There is no closure table of that name and version: start it anew, by its name alone", place_of("name")};
}

// All that came after a version that the client has.
Result<rest::Plan> replay(const rest::Call& call, const std::string& id, std::string_view name, std::string_view text) {
  std::int64_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc() || end != text.data() + text.size())
    return Outcome(Kind::malformed, "value", "version is the number that a closure table was answered with",
                   place_of("version"));
  const auto now = stored(call, id);
  if (!now) return now.outcome();
  if (now->version == 0 || version > now->version) return lost();
  const auto then = version == 0 ? Result<Stored>(Stored{}) : stored(call, id, version);
  if (!then) return then.outcome();
  return rest::Plan(rest::json_reply(
      200, write(difference(now->table, then->table), id, name, std::to_string(now->version), call.now, false)));
}

Result<rest::Plan> run(const rest::Call& call, const Input& input) {
  const std::string name(input.text("name"));
  if (name.empty() || name.size() > 200)
    return Outcome(Kind::malformed, "value", "name has 1 to 200 characters", place_of("name"));
  const auto id = id_of(name);
  const auto concepts = input.all("concept");
  if (const auto version = input.text("version"); !version.empty()) {
    if (!concepts.empty())
      return Outcome(Kind::malformed, "invalid", "Give either concept or version: the one adds, the other repeats");
    return replay(call, id, name, version);
  }
  const auto& type = *fhir::definitions().resource("ConceptMap");
  if (!call.access.may(fhir::Verb::update, "ConceptMap"))
    return Outcome(Kind::forbidden, "forbidden", "Not allowed on ConceptMap");
  auto before = stored(call, id);
  if (!before) return std::move(before.outcome());
  // Who holds a table that is not here any more would be told nothing about the codes that it had before.
  if (!concepts.empty() && before->version == 0) return lost();
  Table table = concepts.empty() ? Table{} : before->table;
  auto inquiry = Inquiry::begin(call, input);
  if (!inquiry) return std::move(inquiry.outcome());
  if (size_of(table) + concepts.size() > most_codes) return too_many(most_codes, "codes");
  Added added;
  for (const auto* argument : concepts)
    if (auto refused = add(table, (*inquiry)->composer(), *argument->value, added)) return std::move(*refused);
  if (auto refused = relate(table, added)) return std::move(*refused);

  auto text = std::make_shared<std::string>(write(table, id, name, {}, call.now, true));
  auto incoming = rest::receive(*text);
  if (!incoming) return std::move(incoming.outcome());
  const auto method = before->version == 0 ? fhir::Method::create : fhir::Method::update;
  auto made = fhir::prepare(*incoming->resource, id, method, call.base);
  if (!made) return std::move(made.outcome());
  made->type = &type;
  made->if_version = before->version;
  made->if_version_planned = true;
  rest::Plan plan;
  plan.batch.emplace();
  plan.batch->access = call.access;
  plan.batch->writes.push_back(std::move(*made));
  plan.reply = [more = difference(table, concepts.empty() ? Table{} : before->table), id, name,
                now = call.now](rest::Effect& effect) {
    return rest::json_reply(200, write(more, id, name, std::to_string(effect.receipt.front().version), now, false));
  };
  return plan;
}

}  // namespace

extern constinit const Operation closure{.code = "closure",
                                         .definition = "http://hl7.org/fhir/OperationDefinition/ConceptMap-closure",
                                         .levels = on_system,
                                         .types = "",
                                         .lane = rest::Lane::worker,
                                         .affects_state = true,
                                         .run = run};

}  // namespace alzette::operation
