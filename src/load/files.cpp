// Folders to files, files to pieces; zlib reads gzip and plain files alike.
#include "src/load/files.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>
#include <tuple>

namespace alzette::load {
namespace {

namespace fs = std::filesystem;
using fhir::Kind;
using fhir::Outcome;

constexpr std::size_t lines_a_piece = 128;
constexpr std::size_t bytes_a_piece = 256 * 1024;
constexpr std::size_t largest_document = std::size_t{1} << 30;
constexpr std::size_t read_at_once = 256 * 1024;

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string_view without_gz(std::string_view name) {
  if (name.ends_with(".gz")) name.remove_suffix(3);
  return name;
}

bool lines_by_name(std::string_view path) {
  auto name = without_gz(path);
  return name.ends_with(".ndjson") || name.ends_with(".jsonl");
}

bool taken_from_folder(const fs::path& path) {
  std::string name = path.filename().string();
  return !name.starts_with('.') &&
         (lines_by_name(name) || without_gz(name).ends_with(".json") || without_gz(name).ends_with(".xml"));
}

Outcome unreadable(const std::string& path, const std::string& why) {
  return Outcome(Kind::malformed, "not-found", path + ": " + why);
}

fhir::Result<File> describe(const fs::path& path) {
  std::error_code error;
  File file;
  file.path = fs::weakly_canonical(path, error).string();
  if (!error) file.size = fs::file_size(path, error);
  if (!error) file.modified = fs::last_write_time(path, error).time_since_epoch().count();
  if (error) return unreadable(path.string(), error.message());
  return file;
}

bool only_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

}  // namespace

int rank_of(std::string_view path) {
  constexpr std::array types{"Organization", "Location", "Practitioner", "PractitionerRole", "Patient", "Encounter"};
  auto name = file_name(path);
  if (name.starts_with("hospitalInformation")) return 0;
  if (name.starts_with("practitionerInformation")) return 1;
  auto stem = name.substr(0, name.find('.'));
  auto found = std::find(types.begin(), types.end(), stem);
  return found != types.end() ? 2 + static_cast<int>(found - types.begin()) : 2 + static_cast<int>(types.size());
}

fhir::Result<std::vector<File>> files_of(const std::vector<std::string>& paths) {
  std::vector<File> all;
  for (const auto& path : paths) {
    std::vector<fs::path> found;
    std::error_code error;
    if (fs::is_directory(path, error)) {
      fs::recursive_directory_iterator walk(path, error), end;
      for (; !error && walk != end; walk.increment(error))
        if (walk->is_regular_file() && taken_from_folder(walk->path())) found.push_back(walk->path());
    } else if (fs::exists(path, error)) {
      found.emplace_back(path);
    } else {
      return unreadable(path, error ? error.message() : "there is no such file or folder");
    }
    if (error) return unreadable(path, error.message());
    if (found.empty()) return unreadable(path, "holds no .json, .xml, .ndjson or .jsonl file (plain or .gz)");
    for (const auto& one : found) {
      auto file = describe(one);
      if (!file) return file.outcome();
      all.push_back(std::move(*file));
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const File& a, const File& b) {
    return std::tuple(rank_of(a.path), std::string_view(a.path)) <
           std::tuple(rank_of(b.path), std::string_view(b.path));
  });
  all.erase(std::unique(all.begin(), all.end(), [](const File& a, const File& b) { return a.path == b.path; }),
            all.end());
  return all;
}

struct Reader::State {
  std::string path;
  gzFile file = nullptr;
  std::string buffer;  // read and not yet handed out, from `at` on
  std::size_t at = 0;
  std::uint64_t line = 1;
  bool started = false;
  bool by_line = false;
  bool ended = false;
  std::string fault;
  std::string_view rest() const { return std::string_view(buffer).substr(at); }
};

Reader::Reader(const File& file) : state_(std::make_unique<State>()) {
  state_->path = file.path;
  state_->by_line = lines_by_name(file.path);
  state_->file = gzopen(file.path.c_str(), "rb");
  if (state_->file) gzbuffer(state_->file, 128 * 1024);
}

Reader::~Reader() {
  if (state_->file) gzclose(state_->file);
}

std::uint64_t Reader::bytes_read() const {
  auto offset = state_->file ? gzoffset(state_->file) : 0;
  return offset < 0 ? 0 : static_cast<std::uint64_t>(offset);
}

// False at the end of the file or at damage (state_->fault).
bool Reader::fill() {
  auto& state = *state_;
  if (state.ended) return false;
  if (state.at > 0) {
    state.buffer.erase(0, state.at);
    state.at = 0;
  }
  std::size_t held = state.buffer.size();
  state.buffer.resize(held + read_at_once);
  int got = gzread(state.file, state.buffer.data() + held, static_cast<unsigned>(read_at_once));
  state.buffer.resize(held + static_cast<std::size_t>(std::max(got, 0)));
  if (got > 0) return true;
  state.ended = true;
  int error = Z_OK;
  const char* text = gzerror(state.file, &error);
  if (error != Z_OK && error != Z_STREAM_END) state.fault = error == Z_BUF_ERROR ? "the gzip file is cut short" : text;
  return false;
}

fhir::Result<std::optional<Text>> Reader::next() {
  auto& state = *state_;
  if (!state.file) return unreadable(state.path, "cannot be opened");
  if (!state.started) {
    state.started = true;
    fill();
    // A file is NDJSON by its name, or when its first line is closed and the next one opens again.
    auto end = state.buffer.find('\n');
    auto next = end == std::string::npos ? end : state.buffer.find_first_not_of(" \t\r\n", end);
    auto last = end == std::string::npos ? end : state.buffer.find_last_not_of(" \t\r", end - (end > 0 ? 1 : 0));
    if (next != std::string::npos && last != std::string::npos && last < end)
      state.by_line = state.by_line || (state.buffer[last] == '}' && state.buffer[next] == '{');
  }
  return state.by_line ? lines() : document();
}

fhir::Result<std::optional<Text>> Reader::lines() {
  auto& state = *state_;
  Text piece;
  piece.line = state.line;
  std::size_t taken = 0;
  while (taken < lines_a_piece && piece.text.size() < bytes_a_piece) {
    auto end = state.rest().find('\n');
    if (end == std::string_view::npos) {
      if (state.rest().size() > largest_document)
        return Outcome(Kind::too_large, "too-long",
                       state.path + " line " + std::to_string(state.line) + " is too long");
      if (fill()) continue;
      if (!state.fault.empty()) break;
      end = state.rest().size();
      if (end == 0) break;
    }
    piece.text += state.rest().substr(0, end);
    piece.text += '\n';
    state.at = std::min(state.at + end + 1, state.buffer.size());
    ++state.line;
    ++taken;
  }
  if (taken > 0) return std::optional(std::move(piece));
  if (!state.fault.empty()) return unreadable(state.path, state.fault);
  return std::optional<Text>();
}

fhir::Result<std::optional<Text>> Reader::document() {
  auto& state = *state_;
  while (fill())
    if (state.buffer.size() > largest_document)
      return Outcome(Kind::too_large, "too-long", state.path + " is larger than 1 GiB: split it, or use NDJSON");
  if (!state.fault.empty()) return unreadable(state.path, state.fault);
  if (only_blank(state.buffer)) return std::optional<Text>();
  Text piece;
  piece.text.swap(state.buffer);
  return std::optional(std::move(piece));
}

}  // namespace alzette::load
