// FHIR R4: http://hl7.org/fhir/R4/conceptmap-operation-translate.html, http://hl7.org/fhir/R4/conceptmap.html#unmapped
#include "fhir/terminology/translate.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "fhir/parameters.h"
#include "fhir/terminology/reading.h"

namespace fhir::terminology {
namespace {

struct Match {
  std::string_view equivalence;
  std::string_view system, version, code, display;              // the answer
  std::string_view source_system, source_code, source_display;  // where it came from, by_target
  std::string map;
  const Node* target = nullptr;  // whose products are told, too
  using Key = std::array<std::string_view, 5>;
  Key key() const { return {equivalence, system, code, source_system, source_code}; }
};

// R5 says how the source relates to the target, R4 how the target relates to the source.
std::string_view equivalence_of(const Node& target) {
  if (const auto word = target.value_of("equivalence"); !word.empty()) return word;
  std::string_view word = target.value_of("relationship");
  if (word.empty())
    if (const Node* value = extension(target, "",
                                      "http://hl7.org/fhir/5.0/StructureDefinition/"
                                      "extension-ConceptMap.group.element.target.relationship"))
      word = value->text;
  constexpr std::pair<std::string_view, std::string_view> words[] = {{"related-to", "relatedto"},
                                                                     {"equivalent", "equivalent"},
                                                                     {"source-is-narrower-than-target", "wider"},
                                                                     {"source-is-broader-than-target", "narrower"},
                                                                     {"not-related-to", "disjoint"}};
  for (const auto& [newer, ours] : words)
    if (newer == word) return ours;
  return "relatedto";
}

// As seen from the other side.
std::string_view reversed(std::string_view equivalence) {
  constexpr std::pair<std::string_view, std::string_view> pairs[] = {
      {"wider", "narrower"}, {"narrower", "wider"}, {"subsumes", "specializes"}, {"specializes", "subsumes"}};
  for (const auto& [one, other] : pairs)
    if (one == equivalence) return other;
  return equivalence;
}

bool positive(std::string_view equivalence) { return equivalence != "unmatched" && equivalence != "disjoint"; }

bool is(std::string_view canonical, std::string_view wanted) {
  return wanted.empty() || canonical == wanted || split(canonical).url == wanted;
}

class Translator {
 public:
  explicit Translator(const TranslateRequest& request) : request_(request) {
    for (const auto& map : request.others) by_url_.emplace(map.resource->value_of("url"), map.resource);
  }

  std::string run() {
    for (const auto& map : request_.maps)
      for (const auto& code : request_.codes) look_in(*map.resource, code);
    const bool any =
        std::any_of(matches_.begin(), matches_.end(), [](const Match& m) { return positive(m.equivalence); });
    ParametersWriter out;
    out.boolean("result", any);
    if (matches_.empty()) out.value("message", "String", message());
    for (const auto& match : matches_) write(match, out);
    return std::move(out).finish();
  }

 private:
  std::string message() const {
    if (request_.maps.empty()) return "No concept map for this translation is known here";
    return "No mapping was found for the code";
  }

  bool applies(const Node& map) const {
    const auto scope = [&](std::initializer_list<std::string_view> names, std::string_view wanted) {
      if (wanted.empty()) return true;
      return std::any_of(names.begin(), names.end(), [&](auto name) {
        const auto text = map.value_of(name);
        return !text.empty() && is(text, wanted);
      });
    };
    return scope({"sourceUri", "sourceCanonical", "sourceScopeUri", "sourceScopeCanonical"}, request_.source_set) &&
           scope({"targetUri", "targetCanonical", "targetScopeUri", "targetScopeCanonical"}, request_.target_set);
  }

  // A map that others send on to is looked into once for each code: again it would say the same.
  void look_in(const Node& map, const Candidate& code) {
    if (!looked_.emplace(&map, &code).second || !applies(map)) return;
    for (const Node& group : map) {
      if (group.name != "group") continue;
      if (!is(group.value_of("source"), request_.source_system) ||
          !is(group.value_of("target"), request_.target_system))
        continue;
      if (request_.reverse || request_.by_target)
        look_back(map, group, code);
      else
        look_up(map, group, code);
    }
  }

  void look_up(const Node& map, const Node& group, const Candidate& code) {
    if (!is(group.value_of("source"), code.system)) return;
    bool mapped = false;
    for (const Node& element : group) {
      if (element.name != "element" || element.value_of("code") != code.code) continue;
      mapped = true;
      for (const Node& target : element) {
        if (target.name != "target" || !dependencies_hold(target)) continue;
        add({equivalence_of(target), group.value_of("target"), group.value_of("targetVersion"), target.value_of("code"),
             target.value_of("display"), group.value_of("source"), code.code, element.value_of("display"),
             canonical(map), &target});
      }
    }
    const Node* unmapped = group.child("unmapped");
    if (!mapped && unmapped) look_unmapped(map, group, *unmapped, code);
  }

  void look_unmapped(const Node& map, const Node& group, const Node& unmapped, const Candidate& code) {
    const auto mode = unmapped.value_of("mode");
    const auto target = group.value_of("target");
    if (mode == "provided" || mode == "use-source-code")
      add({"equal", target, {}, code.code, code.display, code.system, code.code, {}, canonical(map), nullptr});
    if (mode == "fixed")
      add({"inexact",
           target,
           {},
           unmapped.value_of("code"),
           unmapped.value_of("display"),
           code.system,
           code.code,
           {},
           canonical(map),
           nullptr});
    constexpr int most = 8;  // maps that send on to other maps
    if (mode != "other-map" || sent_on_ == most) return;
    ++sent_on_;
    const auto url = unmapped.child("url") ? unmapped.value_of("url") : unmapped.value_of("otherMap");
    for (auto [other, end] = by_url_.equal_range(split(url).url); other != end; ++other) look_in(*other->second, code);
    --sent_on_;
  }

  void look_back(const Node& map, const Node& group, const Candidate& code) {
    if (!is(group.value_of("target"), code.system)) return;
    for (const Node& element : group) {
      if (element.name != "element") continue;
      for (const Node& target : element) {
        if (target.name != "target" || target.value_of("code") != code.code) continue;
        const auto equivalence = equivalence_of(target);
        if (request_.by_target)
          add({equivalence, group.value_of("target"), group.value_of("targetVersion"), target.value_of("code"),
               target.value_of("display"), group.value_of("source"), element.value_of("code"),
               element.value_of("display"), canonical(map), nullptr});
        else
          add({reversed(equivalence),
               group.value_of("source"),
               group.value_of("sourceVersion"),
               element.value_of("code"),
               element.value_of("display"),
               {},
               {},
               {},
               canonical(map),
               nullptr});
      }
    }
  }

  // What a target depends on must be said by the request, and be so.
  bool dependencies_hold(const Node& target) const {
    for (const Node& needed : target) {
      if (needed.name != "dependsOn") continue;
      const auto holds = [&](const Candidate& given) {
        return given.system == needed.value_of("property") && given.code == needed.value_of("value");
      };
      if (std::none_of(request_.dependencies.begin(), request_.dependencies.end(), holds)) return false;
    }
    return true;
  }

  static std::string canonical(const Node& map) { return joined(map.value_of("url"), map.value_of("version")); }

  void add(Match match) {
    if (match.code.empty() && match.equivalence != "unmatched") return;
    if (told_.insert(match.key()).second) matches_.push_back(std::move(match));
  }

  void write(const Match& match, ParametersWriter& out) const {
    out.begin("match");
    out.value("equivalence", "Code", match.equivalence);
    if (!match.code.empty()) out.coding("concept", match.system, match.code, match.display, match.version);
    if (request_.by_target) out.coding("source", match.source_system, match.source_code, match.source_display);
    if (match.target)
      for (const Node& product : *match.target) {
        if (product.name != "product") continue;
        out.begin("product");
        out.value("element", "Uri", product.value_of("property"));
        out.coding("concept", product.value_of("system"), product.value_of("value"), product.value_of("display"));
        out.end();
      }
    if (!match.map.empty())
      out.value(request_.by_target ? "originMap" : "source", request_.by_target ? "Canonical" : "Uri", match.map);
    out.end();
  }

  const TranslateRequest& request_;
  std::multimap<std::string_view, const Node*> by_url_;  // maps that others may send on to
  std::set<std::pair<const Node*, const Candidate*>> looked_;
  int sent_on_ = 0;
  std::vector<Match> matches_;
  std::set<Match::Key> told_;
};

}  // namespace

std::string translate(const TranslateRequest& request) { return Translator(request).run(); }

}  // namespace fhir::terminology
