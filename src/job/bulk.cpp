// Bulk Data jobs as text, their queries, their files and their manifest.
#include "src/job/bulk.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "fhir/format/json.h"
#include "fhir/search/clause.h"
#include "fhir/search/compartment.h"
#include "src/net/uri.h"

namespace alzette::job {
namespace {

using fhir::search::Clause;

constexpr std::uint64_t file_bytes = 16u << 20;  // a file is answered from memory

// JSON objects of texts and lists of texts, without what is empty.
class Writing {
 public:
  void put(std::string_view name, std::string_view text) {
    if (text.empty()) return;
    key(name);
    fhir::json::write_string(text, out_);
  }
  void put(std::string_view name, std::uint64_t number) { put(name, std::string_view(std::to_string(number))); }
  void put(std::string_view name, const std::vector<std::string>& list) {
    if (list.empty()) return;
    key(name);
    for (const auto& text : list) {
      out_ += &text == list.data() ? '[' : ',';
      fhir::json::write_string(text, out_);
    }
    out_ += ']';
  }
  void put(std::string_view name, const std::vector<Writing>& list) {
    if (list.empty()) return;
    key(name);
    for (const auto& one : list) out_.append(&one == list.data() ? "[" : ",").append(one.text());
    out_ += ']';
  }
  std::string text() const { return out_ + "}"; }

 private:
  void key(std::string_view name) { out_.append(out_.size() > 1 ? ",\"" : "\"").append(name).append("\":"); }
  std::string out_ = "{";
};

std::vector<std::string> list_of(const fhir::Node& node, std::string_view name) {
  std::vector<std::string> list;
  for (const auto& child : node)
    if (child.name == name) list.emplace_back(child.text);
  return list;
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// Those that any of the filters of this type find.
fhir::Result<bool> add_filters(const Export& wanted, const fhir::Type& type, std::string_view base,
                               const fhir::search::Meanings* meanings, std::vector<Clause>& all_of) {
  std::optional<Clause> any;
  const std::string prefix = std::string(type.name.view()) + "?";
  for (const auto& filter : wanted.filters) {
    if (!filter.starts_with(prefix)) continue;
    const auto parameters = net::query_parameters(std::string_view(filter).substr(prefix.size()));
    if (!parameters)
      return fhir::Outcome(fhir::Kind::malformed, "invalid", "_typeFilter: '" + filter + "' is not a search");
    for (const auto& [name, value] : *parameters)
      if (fhir::search::shapes_answer(name))
        return fhir::Outcome(fhir::Kind::malformed, "invalid",
                             "_typeFilter: '" + name + "' shapes the answer of a search, and has no meaning here");
    auto query = fhir::search::parse(&type, *parameters, base, false, {}, 0, meanings);
    if (!query) return std::move(query.outcome());
    Clause group;
    group.join = Clause::Join::all;
    group.parts = std::move(query->all_of);
    any = any ? fhir::search::joined(Clause::Join::any, std::move(*any), std::move(group)) : std::move(group);
  }
  if (any) all_of.push_back(std::move(*any));
  return true;
}

const fhir::Compartment& patients() { return *fhir::definitions().compartment("Patient"); }

Clause any_id(const fhir::Type& type, const std::vector<std::string>& ids) {
  Clause clause;
  clause.parameter = type.parameter("_id");
  for (const auto& id : ids) {
    fhir::search::Term term;
    term.value.kind = fhir::search::IndexKind::token;
    term.value.text = id;
    term.any_system = true;
    clause.any_of.push_back(std::move(term));
  }
  return clause;
}

// What the patients have to satisfy in whose compartments things are exported.
std::vector<Clause> owners(const Export& wanted) {
  if (!wanted.chosen) return {};
  return {any_id(*fhir::definitions().resource("Patient"), wanted.patients)};
}

}  // namespace

std::string to_text(const Export& wanted) {
  Writing out;
  out.put("extent", static_cast<std::uint64_t>(wanted.extent));
  out.put("url", wanted.url);
  out.put("group", wanted.group);
  out.put("since", wanted.since);
  out.put("until", wanted.until);
  out.put("type", wanted.types);
  out.put("typed", wanted.typed ? "true" : "");
  out.put("filter", wanted.filters);
  out.put("element", wanted.elements);
  out.put("patient", wanted.patients);
  out.put("chosen", wanted.chosen ? "true" : "");
  out.put("ignored", wanted.ignored);
  return out.text();
}

Export export_of(std::string_view text) {
  fhir::Arena arena;
  const auto root = fhir::json::parse(text, arena);
  if (!root) return {};
  const auto& node = **root;
  Export wanted;
  wanted.extent = static_cast<Extent>(number(node.value_of("extent")));
  wanted.url = node.value_of("url");
  wanted.group = node.value_of("group");
  wanted.since = node.value_of("since");
  wanted.until = node.value_of("until");
  wanted.types = list_of(node, "type");
  wanted.typed = node.value_of("typed") == "true" || !wanted.types.empty();  // which earlier programs did not write
  wanted.filters = list_of(node, "filter");
  wanted.elements = list_of(node, "element");
  wanted.patients = list_of(node, "patient");
  wanted.chosen = node.value_of("chosen") == "true";
  wanted.ignored = list_of(node, "ignored");
  return wanted;
}

std::vector<const fhir::Type*> types_of(const Export& wanted, const fhir::Access& access) {
  std::vector<const fhir::Type*> types;
  for (const auto& type : fhir::definitions().types) {
    if (type.kind != fhir::TypeKind::resource || type.abstract) continue;
    const auto name = type.name.view();
    const bool named = std::find(wanted.types.begin(), wanted.types.end(), name) != wanted.types.end();
    if ((wanted.typed && !named) || !access.may(fhir::Verb::search, name)) continue;
    if (wanted.extent != Extent::system && !fhir::search::in_compartment_of(type, patients(), {})) continue;
    types.push_back(&type);
  }
  return types;
}

fhir::Result<fhir::search::Query> query_of(const Export& wanted, const fhir::Type& type, std::string_view base,
                                           const fhir::search::Meanings* meanings) {
  fhir::search::Parameters parameters;
  if (!wanted.since.empty()) parameters.emplace_back("_lastUpdated", "ge" + wanted.since);
  if (!wanted.until.empty()) parameters.emplace_back("_lastUpdated", "le" + wanted.until);
  auto query = fhir::search::parse(&type, parameters, base, false);
  if (!query) return query;
  if (auto done = add_filters(wanted, type, base, meanings, query->all_of); !done) return std::move(done.outcome());
  if (wanted.extent == Extent::system || type.name.view() == "Provenance") return query;
  if (auto inside = fhir::search::in_compartment_of(type, patients(), owners(wanted)))
    query->all_of.push_back(std::move(*inside));
  return query;
}

fhir::Result<std::set<std::string>> of_patients(const Export& wanted, const std::set<std::string>& names,
                                                fhir::Snapshot& snapshot, const fhir::Access& access) {
  std::map<const fhir::Type*, std::vector<std::string>> ids;
  for (const auto& name : names) {
    const auto slash = name.find('/');
    if (const auto* type = fhir::definitions().resource(name.substr(0, slash)); type && slash != name.npos)
      ids[type].push_back(name.substr(slash + 1));
  }
  std::set<std::string> inside;
  for (const auto& [type, asked] : ids) {
    auto of_owners = fhir::search::in_compartment_of(*type, patients(), owners(wanted));
    if (!of_owners) continue;
    fhir::search::Query query;
    query.type = type;
    query.all_of.push_back(any_id(*type, asked));
    query.all_of.push_back(std::move(*of_owners));
    const auto found = snapshot.find(access, query, static_cast<std::uint32_t>(asked.size()));
    if (!found) return found.outcome();
    for (const auto& id : *found) inside.insert(std::string(type->name.view()) + "/" + id);
  }
  return inside;
}

std::string to_text(const Progress& progress) {
  Writing out;
  out.put("start", progress.start);
  out.put("time", progress.time);
  out.put("at", progress.at);
  out.put("page", progress.page);
  out.put("total", progress.total);
  std::vector<Writing> files;
  for (const auto& file : progress.files) {
    auto& one = files.emplace_back();
    one.put("role", file.role);
    one.put("type", file.type);
    one.put("name", file.name);
    one.put("input", file.input);
    one.put("count", file.count);
    one.put("bytes", file.bytes);
  }
  out.put("file", files);
  return out.text();
}

Progress progress_of(std::string_view text) {
  Progress progress;
  fhir::Arena arena;
  const auto root = text.empty() ? fhir::Result<fhir::Node*>(nullptr) : fhir::json::parse(text, arena);
  if (!root || !*root) return progress;
  const auto& node = **root;
  progress.start = node.value_of("start");
  progress.time = node.value_of("time");
  progress.at = number(node.value_of("at"));
  progress.page = node.value_of("page");
  progress.total = number(node.value_of("total"));
  for (const auto& child : node) {
    if (child.name != "file") continue;
    progress.files.push_back({std::string(child.value_of("role")), std::string(child.value_of("type")),
                              std::string(child.value_of("name")), std::string(child.value_of("input")),
                              number(child.value_of("count")), number(child.value_of("bytes"))});
  }
  return progress;
}

bool append(const std::string& folder, std::string_view role, std::string_view type, std::string_view lines,
            std::uint64_t count, Progress& progress) {
  File* file = nullptr;
  std::size_t number_of_type = 1;
  for (auto& one : progress.files) {
    if (one.role != role || one.type != type) continue;
    ++number_of_type;
    file = &one;
  }
  if (!file || file->bytes + lines.size() > file_bytes) {
    const std::string name = std::string(role == "output" ? "" : std::string(role) + ".") + std::string(type) + "." +
                             std::to_string(number_of_type) + ".ndjson";
    file = &progress.files.emplace_back(File{std::string(role), std::string(type), name, {}, 0, 0});
  }
  const int fd = ::open((folder + "/" + file->name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  bool good = ::ftruncate(fd, static_cast<off_t>(file->bytes)) == 0;
  auto at = static_cast<off_t>(file->bytes);
  for (std::string_view rest = lines; good && !rest.empty();) {
    const auto written = ::pwrite(fd, rest.data(), rest.size(), at);
    good = written > 0;
    if (good) rest.remove_prefix(static_cast<std::size_t>(written));
    at += written;
  }
  good = ::fsync(fd) == 0 && good;
  ::close(fd);
  file->bytes += good ? lines.size() : 0;
  file->count += good ? count : 0;
  return good;
}

std::string manifest_of(const Job& job) {
  const auto progress = progress_of(job.progress);
  std::string out = R"({"transactionTime":)";
  fhir::json::write_string(progress.time, out);
  out += R"(,"request":)";
  fhir::json::write_string(export_of(job.request).url, out);
  out += R"(,"requiresAccessToken":false)";
  for (const std::string_view role : {"output", "deleted", "error"}) {
    out.append(",\"").append(role).append("\":[");
    bool any = false;
    for (const auto& file : progress.files) {
      if (file.role != role) continue;
      out.append(any ? ",{\"type\":" : "{\"type\":");
      any = true;
      fhir::json::write_string(role == "deleted" ? "Bundle" : role == "error" ? "OperationOutcome" : file.type, out);
      if (!file.input.empty()) fhir::json::write_string(file.input, out.append(",\"inputUrl\":"));
      if (!file.name.empty())
        fhir::json::write_string(job.base + "/_job/" + job.id + "/" + file.name, out.append(",\"url\":"));
      out.append(",\"count\":").append(std::to_string(file.count)).append("}");
    }
    out += ']';
  }
  return out + "}";
}

std::vector<std::string> files_of(const Job& job) {
  std::vector<std::string> names;
  for (const auto& file : progress_of(job.progress).files) names.push_back(file.name);
  return names;
}

}  // namespace alzette::job
