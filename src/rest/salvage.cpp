// A batch of which one entry cannot be read. FHIR R4: http://hl7.org/fhir/R4/http.html#transaction
#include "src/rest/salvage.h"

#include <memory>
#include <string>

#include "fhir/format/json.h"

namespace alzette::rest {
namespace {

using fhir::Outcome;

constexpr std::size_t most_entries = 10'000;  // each is read on its own

// Walks JSON text by its brackets and quotes alone; what stands between them is not judged.
class Scan {
 public:
  explicit Scan(std::string_view text) : text_(text) {}

  bool take(char c) {
    blank();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::size_t at() const { return at_; }

  // The string that begins here, with its quotes.
  std::optional<std::string_view> string() {
    blank();
    const auto start = at_;
    if (at_ >= text_.size() || text_[at_] != '"') return std::nullopt;
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_)
      if (text_[at_] == '\\') ++at_;
    if (at_ >= text_.size()) return std::nullopt;
    ++at_;
    return text_.substr(start, at_ - start);
  }

  // Any value, up to the comma or bracket behind it.
  std::optional<std::string_view> value() {
    blank();
    const auto start = at_;
    for (std::size_t depth = 0; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        if (!string()) return std::nullopt;
        --at_;
      } else if (c == '{' || c == '[') {
        ++depth;
      } else if (depth == 0 && (c == ',' || c == '}' || c == ']')) {
        return text_.substr(start, at_ - start);
      } else if (c == '}' || c == ']') {
        --depth;
      }
    }
    return std::nullopt;
  }

 private:
  void blank() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

struct Layout {
  bool batch = false;
  std::vector<std::string_view> entries;
};

bool read_entries(Scan& scan, std::vector<std::string_view>& entries) {
  if (!scan.take('[')) return false;
  do {
    const auto entry = scan.value();
    if (!entry || entry->empty() || entries.size() == most_entries) return false;
    entries.push_back(*entry);
  } while (scan.take(','));
  return scan.take(']');
}

std::optional<Layout> layout_of(std::string_view text) {
  Scan scan(text);
  Layout layout;
  if (!scan.take('{')) return std::nullopt;
  do {
    const auto name = scan.string();
    if (!name || !scan.take(':')) return std::nullopt;
    if (*name == "\"entry\"") {
      if (!layout.entries.empty() || !read_entries(scan, layout.entries)) return std::nullopt;
      continue;
    }
    const auto value = scan.value();
    if (!value) return std::nullopt;
    if (*name == "\"type\"") layout.batch = value->starts_with("\"batch\"");
  } while (scan.take(','));
  if (!scan.take('}') || !layout.batch || layout.entries.empty()) return std::nullopt;
  return layout;
}

}  // namespace

std::optional<Salvaged> salvage(std::string_view text) {
  const auto layout = layout_of(text);
  if (!layout) return std::nullopt;
  Salvaged salvaged;
  salvaged.refused.resize(layout->entries.size());
  std::string kept;
  kept.reserve(text.size());
  std::size_t done = 0;
  for (std::size_t i = 0; i < layout->entries.size(); ++i) {
    const auto entry = layout->entries[i];
    fhir::Arena arena;
    auto read = fhir::json::parse(entry, arena);
    if (read) continue;
    auto& outcome = salvaged.refused[i].emplace(std::move(read.outcome()));
    for (auto& issue : outcome.issues) issue.expression = "Bundle.entry[" + std::to_string(i) + "]";
    const auto start = static_cast<std::size_t>(entry.data() - text.data());
    kept.append(text.substr(done, start - done)).append(R"({"fullUrl":"urn:unreadable"})");
    done = start + entry.size();
  }
  kept.append(text.substr(done));
  const auto bytes = std::make_shared<std::string>(std::move(kept));
  auto bundle = rest::receive(*bytes, fhir::Format::json, true);
  if (!bundle) return std::nullopt;
  bundle->keeps = bytes;
  salvaged.bundle = std::move(*bundle);
  return salvaged;
}

}  // namespace alzette::rest
