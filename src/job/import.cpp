// $import, step by step: a source is fetched into the job's folder, then taken in by pieces of some hundred lines
// through the rules of every write. A piece that is taken in twice (after a kill) meets what it made before.
// Kick-off as in https://github.com/smart-on-fhir/bulk-import; the sources obey the rules of src/net/egress.h.
#include "src/job/import.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <fstream>

#include "fhir/format/json.h"
#include "src/job/bulk.h"
#include "src/load/intake.h"
#include "src/load/load.h"
#include "src/net/client.h"
#include "src/net/gzip.h"
#include "src/store/instant.h"

namespace alzette::job {
namespace {

using fhir::Kind;
using fhir::Outcome;
using fhir::Result;

constexpr std::size_t piece_bytes = 256 << 10;
constexpr std::size_t most_line = 32 << 20;
constexpr std::uint64_t most_unpacked = std::uint64_t{16} << 30;
constexpr std::uint32_t most_growth = 100;  // of what is packed (B16)

// Files of exports often lie packed where they are fetched from, whether the answer's headers say so or not.
Result<bool> write_out(std::string_view body, const std::string& url, const std::string& file) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  if (body.starts_with("\x1f\x8b")) {  // gzip: RFC 1952 §2.3.1; no JSON begins so
    using State = net::Inflater::State;
    net::Inflater inflater(most_unpacked, most_growth);
    auto state = inflater.feed(body, [&](std::string_view bytes) { return bool(out << bytes); });
    if (state == State::more) state = inflater.finish();
    if (out && state != State::complete)
      return Outcome(Kind::unprocessable, state == State::too_large ? "too-long" : "invalid",
                     "The source " + url + (state == State::too_large ? " grows too large" : " is damaged gzip"));
  } else {
    out << body;
  }
  out.close();
  if (!out) return Outcome(Kind::internal, "no-store", "The source cannot be kept; see whether the disk is full");
  return true;
}

Result<bool> fetch(const Work& work, const std::string& url, const std::string& file) {
  const auto endpoint = work.egress.judge(url);
  if (!endpoint) return endpoint.outcome();
  const auto address = work.egress.resolve(url);
  if (!address) return address.outcome();
  Request request;
  request.method = "GET";
  request.target = endpoint->target;
  request.headers.emplace_back("Host", endpoint->authority());
  request.headers.emplace_back("Accept", "application/fhir+ndjson");
  net::Client client(*address, std::chrono::seconds(60), endpoint->tls ? net::TlsContext::client() : nullptr,
                     endpoint->host);
  const auto answer = client.send(request);
  if (!answer) return answer.outcome();
  if (answer->status != 200)  // redirects are not followed: they could lead anywhere
    return Outcome(Kind::unprocessable, "not-found",
                   "The source " + url + " answered " + std::to_string(answer->status));
  return write_out(answer->body, url, file);
}

struct Part {
  std::string text;  // whole lines
  bool last = false;
  bool too_long = false;
};

// No more of a line is read than one may have.
Part read_part(const std::string& file, std::uint64_t from) {
  constexpr std::size_t block = 64 << 10;
  Part part;
  auto& text = part.text;
  std::ifstream in(file, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(from));
  std::size_t lines = 0;  // bytes of whole ones
  while (in && text.size() <= most_line && (lines == 0 || text.size() < piece_bytes)) {
    const auto before = text.size();
    text.resize(before + block);
    in.read(text.data() + before, block);
    text.resize(before + static_cast<std::size_t>(in.gcount()));
    if (const auto end = std::string_view(text).substr(before).rfind('\n'); end != std::string_view::npos)
      lines = before + end + 1;
  }
  part.too_long = text.size() > most_line && text.find('\n') > most_line;
  part.last = !in;
  if (!part.last) text.resize(lines);
  if (!text.empty() && text.back() != '\n') text += '\n';
  return part;
}

// Empties the lines that hold another type than the source is said to have: what is left keeps its line number.
std::string of_type(std::string_view text, std::string_view type, std::vector<std::uint64_t>& others) {
  std::string out;
  std::uint64_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    const auto line = text.substr(at, end - at);
    at = end + 1;
    fhir::Arena arena;
    const auto root = line.find_first_not_of(" \t\r") == std::string_view::npos ? Result<fhir::Node*>(Outcome())
                                                                                : fhir::json::parse(line, arena);
    const bool other = root && (*root)->value_of("resourceType") != type;
    if (other) others.push_back(number);
    if (!other) out += line;
    out += '\n';
    ++number;
  }
  return out;
}

struct Taken {
  std::uint64_t count = 0;
  std::uint64_t refused = 0;
  std::string refusals;  // NDJSON of OperationOutcomes
};

Taken take_in(const Work& work, const Job& job, const Import& wanted, std::size_t source, std::uint64_t line,
              std::string_view text) {
  Taken taken;
  const auto tell = [&](std::uint64_t at, const Outcome& outcome) {
    taken.refusals += load::refusal_line(wanted.urls[source] + ":" + std::to_string(at + 1), outcome) + "\n";
    ++taken.refused;
  };
  std::vector<std::uint64_t> others;
  load::Piece piece;
  piece.line = line + 1;
  piece.text = of_type(text, wanted.types[source], others);
  piece.time = job.created;
  piece.salt = static_cast<std::uint32_t>(std::hash<std::string>{}(job.id) + source);
  for (const auto other : others)
    tell(line + other, {Kind::unprocessable, "invalid", "The line holds no " + wanted.types[source]});
  piece.done = [&](load::Settled&& settled) {
    taken.count = settled.tally.taken();
    for (const auto& refusal : settled.refusals) tell(refusal.line ? refusal.line - 1 : line, refusal.outcome);
  };
  load::Intake::Options options;
  options.planners = 1;
  options.base = job.base;
  options.access = job.access;
  load::Intake intake(work.store, options);
  intake.submit(std::move(piece));
  intake.drain();
  return taken;
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// The entry of the manifest that tells about a source.
File& entry_of(Progress& progress, const Import& wanted, std::size_t source) {
  const auto known = std::find_if(progress.files.begin(), progress.files.end(), [&](const File& file) {
    return file.role == "output" && file.input == wanted.urls[source];
  });
  if (known != progress.files.end()) return *known;
  return progress.files.emplace_back(File{"output", wanted.types[source], {}, wanted.urls[source], 0, 0});
}

Result<Step> step(const Work& work, Job& job) {
  const auto wanted = import_of(job.request);
  auto progress = progress_of(job.progress);
  if (progress.time.empty()) progress.time = store::instant_text(work.now);
  const auto source = static_cast<std::size_t>(progress.at);
  if (source >= wanted.urls.size()) return Step{{}, true};
  const std::string file = work.folder + "/source." + std::to_string(source);
  if (progress.page.empty()) {
    auto fetched = fetch(work, wanted.urls[source], file);
    if (!fetched) return std::move(fetched.outcome());
    progress.page = "0";
    progress.start = "0";
  } else {
    const auto part = read_part(file, number(progress.page));
    if (part.too_long) return Outcome(Kind::too_large, "too-long", "A line of " + wanted.urls[source] + " is too long");
    const auto line = number(progress.start);
    const auto taken = take_in(work, job, wanted, source, line, part.text);
    entry_of(progress, wanted, source).count += taken.count;
    progress.total += taken.count;
    if (!taken.refusals.empty() &&
        !append(work.folder, "error", "OperationOutcome", taken.refusals, taken.refused, progress))
      return Outcome(Kind::internal, "no-store", "What was refused cannot be written down");
    progress.page = std::to_string(number(progress.page) + part.text.size());
    progress.start =
        std::to_string(line + static_cast<std::uint64_t>(std::count(part.text.begin(), part.text.end(), '\n')));
    if (part.last) {
      progress.page.clear();
      ++progress.at;
    }
  }
  Step made;
  made.done = progress.at == wanted.urls.size();
  job.told = std::to_string(progress.total) + " resources taken in";
  job.progress = to_text(progress);
  return made;
}

}  // namespace

std::string to_text(const Import& wanted) {
  std::string out = R"({"url":)";
  fhir::json::write_string(wanted.url, out);
  for (std::size_t i = 0; i < wanted.urls.size(); ++i) {
    out.append(i == 0 ? R"(,"input":[{"type":)" : R"(,{"type":)");
    fhir::json::write_string(wanted.types[i], out);
    out.append(R"(,"url":)");
    fhir::json::write_string(wanted.urls[i], out);
    out += '}';
  }
  return out + (wanted.urls.empty() ? "}" : "]}");
}

Import import_of(std::string_view text) {
  Import wanted;
  fhir::Arena arena;
  const auto root = fhir::json::parse(text, arena);
  if (!root) return wanted;
  wanted.url = (*root)->value_of("url");
  for (const auto& input : **root) {
    if (input.name != "input") continue;
    wanted.types.emplace_back(input.value_of("type"));
    wanted.urls.emplace_back(input.value_of("url"));
  }
  return wanted;
}

extern constinit const JobKind import_job{.name = import_kind, .step = step};

}  // namespace alzette::job
