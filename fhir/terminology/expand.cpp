// Which rows an expansion has, and how they nest. How they are written is in expand_json.cpp.
// FHIR R4: http://hl7.org/fhir/R4/valueset.html#expansion
#include "fhir/terminology/expand.h"

#include <algorithm>
#include <unordered_map>

#include "fhir/search/index.h"
#include "fhir/terminology/reading.h"

namespace fhir::terminology {
namespace {

std::vector<std::string> words_of(std::string_view text) {
  const std::string folded = search::fold(text);
  std::vector<std::string> words;
  for (std::size_t at = 0; at < folded.size();) {
    const auto end = std::min(folded.find(' ', at), folded.size());
    if (end > at) words.push_back(folded.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

bool matches(const Member& member, const std::vector<std::string>& words) {
  std::string text = search::fold(member.code());
  const Names names(member.system, member.at, member.listed, {});
  for (const Name& name : names.all()) text.append("\n").append(search::fold(name.designation.value));
  return std::all_of(words.begin(), words.end(), [&](const std::string& word) { return text.find(word) != text.npos; });
}

bool is_excluded(const Member& member, const std::vector<std::string>& systems) {
  return std::any_of(systems.begin(), systems.end(), [&](const std::string& canonical) {
    const auto [url, version] = split(canonical);
    if (url != member.url) return false;
    return version.empty() || (member.system && version_matches(version, member.system->version()));
  });
}

// Places rows below the row of a parent, where the code system has one. A hierarchy that runs in circles is cut.
std::vector<std::size_t> nest(const std::vector<Member>& rows) {
  std::unordered_map<const System*, std::unordered_map<At, std::size_t>> where;
  const auto may_nest = [](const Member& row) {
    return row.system && row.at != nowhere && !row.listed && !row.imported && row.system->rows() &&
           row.system->rows()->hierarchical();
  };
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (may_nest(rows[i])) where[rows[i].system][rows[i].at] = i;
  if (where.empty()) return {};
  std::vector<std::size_t> parent(rows.size(), Expansion::npos);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!may_nest(rows[i])) continue;
    const auto& known = where[rows[i].system];
    for (const At up : rows[i].system->rows()->parents(rows[i].at))
      if (const auto found = known.find(up); found != known.end()) {
        parent[i] = found->second;
        break;
      }
  }
  enum State : std::uint8_t { fresh, open, done };
  std::vector<State> state(rows.size(), fresh);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::vector<std::size_t> path;
    std::size_t at = i;
    for (; at != Expansion::npos && state[at] == fresh; at = parent[at]) {
      state[at] = open;
      path.push_back(at);
    }
    if (at != Expansion::npos && state[at] == open) parent[at] = Expansion::npos;
    for (const auto step : path) state[step] = done;
  }
  return parent;
}

}  // namespace

Result<Expansion> expand(Composer& composer, const ValueSet& set, const ExpandRequest& request) {
  auto members = composer.all(set);
  if (!members) return std::move(members.outcome());
  Expansion made;
  made.set = &set;
  auto& rows = *members;
  if (set.active_only || request.active_only.value_or(false))
    std::erase_if(rows, [](const Member& row) { return row.inactive(); });
  if (!request.excluded_systems.empty())
    std::erase_if(rows, [&](const Member& row) { return is_excluded(row, request.excluded_systems); });
  if (request.exclude_not_for_ui)
    std::erase_if(rows, [](const Member& row) { return row.at != nowhere && row.system->at(row.at).abstract; });
  if (const auto words = words_of(request.filter); !words.empty())
    std::erase_if(rows, [&](const Member& row) { return !matches(row, words); });
  made.total = rows.size();
  if (!request.count && rows.size() - std::min<std::uint64_t>(request.offset, rows.size()) > most_unpaged)
    return Outcome(Kind::too_costly, "too-costly",
                   "The value set has " + std::to_string(rows.size()) + " codes: ask for pages with count and offset");
  const auto first = std::min<std::uint64_t>(request.offset, rows.size());
  const auto size = std::min<std::uint64_t>(request.count.value_or(rows.size()), rows.size() - first);
  const bool whole = first == 0 && size == rows.size();
  rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(first + size), rows.end());
  rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(first));
  made.rows = std::move(rows);
  if (whole && !request.exclude_nested) made.parent = nest(made.rows);
  return made;
}

}  // namespace fhir::terminology
