// Files one after the other through the intake; the journal follows what is durable.
#include "src/load/load.h"

#include <atomic>
#include <cstdio>
#include <fstream>
#include <mutex>

#include "fhir/format/json.h"
#include "src/clock.h"
#include "src/load/files.h"
#include "src/load/journal.h"
#include "src/load/progress_bar.h"

namespace alzette::load {
namespace {

constexpr std::size_t shown_refusals = 10;

std::string_view word(fhir::Severity severity) {
  switch (severity) {
    case fhir::Severity::fatal:
      return "fatal";
    case fhir::Severity::error:
      return "error";
    case fhir::Severity::warning:
      return "warning";
    case fhir::Severity::information:
      return "information";
  }
  return "error";
}

std::uint32_t salt_of(const std::string& path, std::uint64_t piece) {
  std::uint64_t hash = 0xCBF29CE484222325u;
  for (char letter : path) hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001B3u;
  return static_cast<std::uint32_t>(hash ^ (hash >> 32)) + static_cast<std::uint32_t>(piece);
}

class Loader {
 public:
  Loader(fhir::Store& store, const LoadOptions& options)
      : options_(options),
        journal_(options.data),
        bar_("resources"),
        intake_(store, {.planners = options.planners,
                        .keep_documents = options.keep_documents,
                        .base = options.base,
                        .bytes_on_their_way = Intake::bytes_of_a_load()}) {}

  fhir::Result<LoadResult> run() {
    auto files = files_of(options_.paths);
    if (!files) return files.outcome();
    if (!options_.refused_file.empty()) {
      refused_.open(options_.refused_file, std::ios::trunc);
      if (!refused_)
        return fhir::Outcome(fhir::Kind::malformed, "not-found", options_.refused_file + ": cannot be written");
    }
    std::vector<std::shared_ptr<Current>> all;
    for (const auto& file : *files) {
      bytes_ += file.size;
      all.push_back(std::make_shared<Current>(file, journal_.begin(file, clock::wall_ms(), options_.again)));
    }
    journal_.sync();
    int rank = 0;
    for (const auto& current : all) {
      if (rank_of(current->file.path) != rank) intake_.drain();
      rank = rank_of(current->file.path);
      take(current);
      passed_ += current->file.size;
      if (intake_.broken()) break;
    }
    intake_.drain();
    if (intake_.broken()) {
      result_.complete = false;
      bar_.note("The store takes no more writes; the load ends here. See the refusals for the reason.");
    }
    result_.seconds = bar_.seconds();
    return result_;
  }

 private:
  // What of a file is on its way; lives until its last piece is settled.
  struct Current {
    Current(File from, Progress at) : file(std::move(from)), progress(at) {}
    File file;
    Progress progress;
    bool stopped = false;  // the store gave up: what it refused from here on is not done, the next run takes it in
  };

  void take(const std::shared_ptr<Current>& current) {
    const File& file = current->file;
    if (current->progress.finished) {
      ++result_.skipped;
      return;
    }
    ++result_.files;
    result_.refused_before += current->progress.refused;
    Reader reader(file);
    std::uint64_t number = 0;
    while (true) {
      auto read = reader.next();
      if (!read) {
        result_.complete = false;
        write_refusal(file.path, read.outcome());
        return;
      }
      auto& text = *read;
      if (!text) break;
      submit(current, std::move(*text), number++);
      bar_.update(bytes_ ? static_cast<double>(passed_ + reader.bytes_read()) / static_cast<double>(bytes_) : 1,
                  taken_.load(std::memory_order_relaxed));
      if (intake_.broken()) return;
    }
    finish(current);
  }

  void submit(const std::shared_ptr<Current>& current, Text&& text, std::uint64_t number) {
    std::uint64_t last = text.line == 0 ? 1 : text.line - 1;
    if (text.line > 0)
      for (char letter : text.text) last += letter == '\n' ? 1 : 0;
    if (last <= current->progress.done) return;
    Piece piece;
    piece.line = text.line;
    piece.text = std::move(text.text);
    piece.time = current->progress.started;
    piece.salt = salt_of(current->file.path, number);
    piece.done = [this, current, last](Settled&& settled) { done(*current, last, settled); };
    intake_.submit(std::move(piece));
  }

  // Pieces are settled in order, one at a time.
  void done(Current& current, std::uint64_t last, const Settled& settled) {
    std::lock_guard lock(mutex_);
    result_.tally += settled.tally;
    taken_.store(result_.tally.taken(), std::memory_order_relaxed);
    for (const auto& refusal : settled.refusals) {
      std::string place = current.file.path;
      if (refusal.line) place += " line " + std::to_string(refusal.line);
      if (refusal.entry >= 0) place += " entry " + std::to_string(refusal.entry);
      report(place, refusal.outcome);
    }
    for (const auto& refusal : settled.refusals)
      current.stopped = current.stopped || refusal.outcome.kind == fhir::Kind::internal;
    if (current.stopped) return;
    current.progress.refused += settled.tally.refused;
    current.progress.done = last;
    journal_.record(current.file, current.progress);
  }

  // The last mark of a file follows its last piece through the intake, as a piece without text. A file of which
  // something was refused is to be loaded again, once the reason is gone: what it made already stays as it is.
  void finish(const std::shared_ptr<Current>& current) {
    Piece end;
    end.line = 1;
    end.done = [this, current](Settled&&) {
      std::lock_guard lock(mutex_);
      if (current->stopped) return;
      if (current->progress.refused > 0)
        current->progress = {.started = current->progress.started};
      else
        current->progress.finished = true;
      journal_.record(current->file, current->progress);
    };
    intake_.submit(std::move(end));
  }

  void write_refusal(const std::string& place, const fhir::Outcome& outcome) {
    std::lock_guard lock(mutex_);
    ++result_.tally.refused;
    report(place, outcome);
  }

  void report(const std::string& place, const fhir::Outcome& outcome) {
    if (refused_.is_open()) refused_ << refusal_line(place, outcome) << '\n';
    if (shown_++ < shown_refusals && !outcome.issues.empty()) {
      const auto& issue = outcome.issues.front();
      bar_.note("refused: " + place + ": " + issue.diagnostics +
                (issue.expression.empty() ? "" : " (" + issue.expression + ")"));
    } else if (shown_ == shown_refusals + 1) {
      bar_.note(options_.refused_file.empty() ? "More was refused; --refused FILE writes all of it down."
                                              : "More was refused; see " + options_.refused_file + ".");
    }
  }

  const LoadOptions& options_;
  Journal journal_;
  ProgressBar bar_;
  std::ofstream refused_;
  std::mutex mutex_;
  LoadResult result_;
  std::uint64_t bytes_ = 0, passed_ = 0;
  std::atomic<std::uint64_t> taken_{0};
  std::size_t shown_ = 0;
  Intake intake_;  // last: its threads end before what they use
};

}  // namespace

std::string refusal_line(const std::string& place, const fhir::Outcome& outcome) {
  std::string out = R"({"resourceType":"OperationOutcome","issue":[)";
  for (const auto& issue : outcome.issues) {
    if (out.back() != '[') out += ',';
    out += R"({"severity":")";
    out += word(issue.severity);
    out += R"(","code":")" + issue.code + R"(","diagnostics":)";
    fhir::json::write_string(place + ": " + issue.diagnostics, out);
    if (!issue.expression.empty()) {
      out += R"(,"expression":[)";
      fhir::json::write_string(issue.expression, out);
      out += ']';
    }
    out += '}';
  }
  return out + "]}";
}

fhir::Result<LoadResult> load(fhir::Store& store, const LoadOptions& options) { return Loader(store, options).run(); }

}  // namespace alzette::load
