// Packing and opening of archives with zstd (RFC 8878).
#include "fhir/archive.h"

#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <tuple>

namespace fhir {

namespace {

constexpr std::string_view magic = "ALZARCH1";
constexpr std::size_t frame_bytes = 256 * 1024;  // plain; a resource that is larger has a frame of its own
constexpr std::uint32_t largest_frame = std::uint32_t{1} << 30;

void put(std::uint32_t number, std::string& out) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(number >> shift);
}

void put(std::string_view text, std::string& out) {
  put(static_cast<std::uint32_t>(text.size()), out);
  out += text;
}

class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_(bytes) {}
  bool sound() const { return sound_; }

  std::string_view take(std::size_t size) {
    if (size > rest_.size()) sound_ = false;
    if (!sound_) return {};
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::uint32_t number() {
    std::uint32_t value = 0;
    const auto bytes = take(4);
    for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
  }
  std::string_view text() { return take(number()); }

 private:
  std::string_view rest_;
  bool sound_ = true;
};

auto key(const Archive::Entry& entry) { return std::tie(entry.type, entry.url, entry.version); }

}  // namespace

Result<Archive> Archive::open(std::string_view bytes) {
  const Outcome damaged(Kind::malformed, "structure", "The archive of definitions is damaged");
  Cursor cursor(bytes);
  if (cursor.take(magic.size()) != magic) return damaged;
  const auto entries = cursor.number(), frames = cursor.number();
  if (entries > bytes.size() || frames > bytes.size()) return damaged;
  Archive archive;
  archive.entries_.resize(entries);
  for (auto& entry : archive.entries_) {
    entry.type = cursor.text();
    entry.url = cursor.text();
    entry.version = cursor.text();
    entry.frame = cursor.number();
    entry.offset = cursor.number();
    entry.size = cursor.number();
  }
  std::vector<std::uint32_t> packed(frames);
  archive.frames_.resize(frames);
  for (std::size_t i = 0; i < frames; ++i) {
    packed[i] = cursor.number();
    archive.frames_[i].plain = cursor.number();
    if (archive.frames_[i].plain > largest_frame) return damaged;
  }
  for (std::size_t i = 0; i < frames; ++i) archive.frames_[i].packed = cursor.take(packed[i]);
  if (!cursor.sound()) return damaged;
  for (const auto& entry : archive.entries_)
    if (entry.frame >= frames || std::uint64_t{entry.offset} + entry.size > archive.frames_[entry.frame].plain)
      return damaged;
  if (!std::is_sorted(archive.entries_.begin(), archive.entries_.end(),
                      [](const Entry& a, const Entry& b) { return key(a) < key(b); }))
    return damaged;
  return archive;
}

std::span<const Archive::Entry> Archive::of(std::string_view type) const {
  const auto less = [](const auto& a, const auto& b) { return a < b; };
  const auto range = std::ranges::equal_range(entries_, type, less, &Entry::type);
  return {range.begin(), range.end()};
}

std::span<const Archive::Entry> Archive::of(std::string_view type, std::string_view url) const {
  const auto less = [](const auto& a, const auto& b) { return a < b; };
  const auto range = std::ranges::equal_range(of(type), url, less, &Entry::url);
  return {range.begin(), range.end()};
}

std::string Archive::text(const Entry& entry) const {
  const Frame& frame = frames_[entry.frame];
  std::string plain(frame.plain, '\0');
  const auto size = ZSTD_decompress(plain.data(), plain.size(), frame.packed.data(), frame.packed.size());
  if (ZSTD_isError(size) || size != plain.size()) return {};
  return plain.substr(entry.offset, entry.size);
}

void ArchiveWriter::add(std::string type, std::string url, std::string version, std::string json) {
  items_.push_back({std::move(type), std::move(url), std::move(version), std::move(json)});
}

std::string ArchiveWriter::finish(int level) {
  const auto order = [](const Item& item) { return std::tie(item.type, item.url, item.version); };
  std::ranges::stable_sort(items_, [&](const Item& a, const Item& b) { return order(a) < order(b); });
  const auto twice = std::ranges::unique(items_, [&](const Item& a, const Item& b) { return order(a) == order(b); });
  items_.erase(twice.begin(), twice.end());

  std::string index, sizes, packed, plain;
  std::uint32_t frames = 0;
  const auto close = [&] {
    if (plain.empty()) return;
    std::string frame(ZSTD_compressBound(plain.size()), '\0');
    const auto size = ZSTD_compress(frame.data(), frame.size(), plain.data(), plain.size(), level);
    put(static_cast<std::uint32_t>(size), sizes);
    put(static_cast<std::uint32_t>(plain.size()), sizes);
    packed.append(frame, 0, size);
    plain.clear();
    ++frames;
  };
  for (const Item& item : items_) {
    if (plain.size() + item.json.size() > frame_bytes) close();
    for (const std::string& text : {item.type, item.url, item.version}) put(text, index);
    put(frames, index);
    put(static_cast<std::uint32_t>(plain.size()), index);
    put(static_cast<std::uint32_t>(item.json.size()), index);
    plain += item.json;
  }
  close();
  std::string bytes(magic);
  put(static_cast<std::uint32_t>(items_.size()), bytes);
  put(frames, bytes);
  return bytes + index + sizes + packed;
}

}  // namespace fhir
