// Large values as files: see blob.h. RFC 4648 (base64).
#include "src/store/blob.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <vector>

#include "fhir/base64.h"
#include "fhir/digest.h"
#include "fhir/hex.h"

namespace alzette::store {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> make_values() {
  std::array<std::int8_t, 256> values{};
  for (auto& v : values) v = -1;
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    values[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::int8_t>(i);
  return values;
}
constexpr auto values = make_values();

void put(std::string& out, std::uint64_t n) {
  while (n >= 0x80) {
    out.push_back(static_cast<char>(n | 0x80));
    n >>= 7;
  }
  out.push_back(static_cast<char>(n));
}

bool take(std::string_view& in, std::size_t& n) {
  n = 0;
  for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<std::uint8_t>(in.front());
    in.remove_prefix(1);
    n |= std::size_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

// refused: nothing changed, another try may succeed. lost: a sync failed, and what the disk holds is unknown.
enum class Put : std::uint8_t { done, refused, lost };

Put sync(int fd) {
  if (::fsync(fd) == 0) return Put::done;
  return errno == ENOSPC || errno == EDQUOT ? Put::refused : Put::lost;
}

Put sync_folder(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Put::refused;
  const Put result = sync(fd);
  ::close(fd);
  return result;
}

std::string above(const std::string& path) { return std::filesystem::path(path).parent_path().string(); }

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

Put make_folder(const std::string& folder) {
  if (::mkdir(folder.c_str(), 0700) == 0) return sync_folder(above(folder));
  return errno == EEXIST ? Put::done : Put::refused;
}

// Writes and syncs a draft; what is left of a failed one goes.
Put write_draft(const std::string& draft, const fhir::Content& content, fhir::Digest* hash) {
  const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return Put::refused;
  const bool written = content.each([&](std::string_view piece) {
    if (hash) hash->add(piece);
    return write_all(fd, piece);
  });
  const Put result = written ? sync(fd) : Put::refused;
  const int why = errno;
  ::close(fd);
  if (result != Put::done) ::unlink(draft.c_str());
  errno = why;
  return result;
}

// A file that has its final name is whole.
Put name_draft(const std::string& draft, const std::string& path) {
  if (::rename(draft.c_str(), path.c_str()) == 0) return sync_folder(above(path));
  const int why = errno;
  ::unlink(draft.c_str());
  errno = why;
  return Put::refused;
}

class Bytes final : public fhir::Content {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_.size(); }
  std::size_t read(std::uint64_t at, std::span<char> into) const override {
    return at < bytes_.size() ? bytes_.copy(into.data(), into.size(), static_cast<std::size_t>(at)) : 0;
  }
  std::string_view in_memory() const override { return bytes_; }

 private:
  std::string_view bytes_;
};

std::string draft_mark() { return std::to_string(::getpid()) + "." + std::to_string(::gettid()) + ".new"; }

// A stored document. It is opened for each piece: an answer of a thousand documents needs no thousand descriptors.
class StoredFile final : public fhir::Content {
 public:
  StoredFile(std::string path, std::uint64_t size) : path_(std::move(path)), size_(size) {}
  bool there() const {
    struct stat about {};
    return ::stat(path_.c_str(), &about) == 0 && static_cast<std::uint64_t>(about.st_size) == size_;
  }
  std::uint64_t size() const override { return size_; }
  std::string sha256() const override { return fhir::from_hex(path_.substr(path_.rfind('/') + 1)).value_or(""); }
  std::size_t read(std::uint64_t at, std::span<char> into) const override {
    const int fd = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    std::size_t filled = 0;
    while (filled < into.size()) {
      const auto n = ::pread(fd, into.data() + filled, into.size() - filled, static_cast<off_t>(at + filled));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) break;
      filled += static_cast<std::size_t>(n);
    }
    ::close(fd);
    return filled;
  }

 private:
  std::string path_;
  std::uint64_t size_;
};

struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Where the string that begins at `begin` ends: at the first quote behind an even number of backslashes.
std::size_t end_of_string(std::string_view json, std::size_t begin) {
  for (auto at = json.find('"', begin); at != std::string_view::npos; at = json.find('"', at + 1)) {
    std::size_t slashes = 0;
    while (slashes < at - begin && json[at - slashes - 1] == '\\') ++slashes;
    if (slashes % 2 == 0) return at;
  }
  return std::string_view::npos;
}

// String values of a JSON text that are long enough to hold a large value.
std::vector<Span> long_strings(std::string_view json) {
  constexpr std::size_t enough = (Blobs::least + 2) / 3 * 4;
  std::vector<Span> found;
  for (std::size_t at = json.find('"'); at != std::string_view::npos; at = json.find('"', at)) {
    const std::size_t begin = at + 1;
    at = end_of_string(json, begin);
    if (at == std::string_view::npos) break;
    if (at - begin >= enough) found.push_back({begin, at});
    ++at;
  }
  return found;
}

}  // namespace

bool keep_names(const std::string& folder) { return sync_folder(folder) == Put::done; }

bool from_base64(std::string_view text, std::string& bytes) {
  if (text.empty() || text.size() % 4 != 0) return false;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  bytes.resize(text.size() / 4 * 3);
  char* to = bytes.data();
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::uint32_t n = 0;
    for (std::size_t j = i; j < i + 4; ++j) {
      const bool pad = j >= text.size() - padding;
      const auto value = pad ? std::int8_t{0} : values[static_cast<std::uint8_t>(text[j])];
      if (value < 0) return false;
      n = n << 6 | static_cast<std::uint32_t>(value);
    }
    *to++ = static_cast<char>(n >> 16);
    *to++ = static_cast<char>(n >> 8);
    *to++ = static_cast<char>(n);
  }
  for (std::size_t i = bytes.size() - padding; i < bytes.size(); ++i)
    if (bytes[i] != 0) return false;  // bits that the padding should have left zero
  bytes.resize(bytes.size() - padding);
  return true;
}

fhir::Result<std::string> Blobs::take_out(fhir::Body& body) const {
  if (body.bytes.size() < least) return std::string();
  std::string list;
  std::string left;
  std::string bytes;
  std::size_t copied = 0;
  std::size_t meta_at = body.meta_at;
  for (const auto& [begin, end] : long_strings(body.bytes)) {
    if (!from_base64(std::string_view(body.bytes).substr(begin, end - begin), bytes)) continue;
    const auto digest = fhir::sha256(bytes);
    if (auto refused = keep(path(fhir::to_hex(digest)), bytes)) return std::move(*refused);
    left.append(body.bytes, copied, begin - copied);
    copied = end;
    if (begin < body.meta_at) meta_at -= end - begin;
    put(list, left.size());
    put(list, bytes.size());
    list.append(digest);
  }
  if (list.empty()) return list;
  left.append(body.bytes, copied);
  body.bytes = std::move(left);
  body.meta_at = meta_at;
  return list;
}

namespace {

// Told at once: errno says why.
std::optional<fhir::Outcome> outcome_of(Put result) {
  const std::string why = std::strerror(errno);
  if (result == Put::done) return std::nullopt;
  if (result == Put::refused)
    return fhir::Outcome(fhir::Kind::busy, "no-store", "the document cannot be written to the disk: " + why);
  return fhir::Outcome(fhir::Kind::internal, "exception", "the disk failed to keep a document: " + why);
}

}  // namespace

fhir::Result<std::string> Blobs::keep(const std::vector<fhir::Document>& documents) const {
  std::string list;
  for (const auto& document : documents) {
    auto hash = keep(*document.bytes);
    if (!hash) return hash;
    put(list, document.at);
    put(list, document.bytes->size());
    list.append(*hash);
  }
  return list;
}

fhir::Result<std::string> Blobs::keep(const fhir::Content& content) const {
  if (auto known = content.sha256(); !known.empty() && StoredFile(path(fhir::to_hex(known)), content.size()).there())
    return known;
  constexpr std::uint64_t small = 4u << 20;  // known documents are not written again
  if (content.size() <= small || content.in_memory().size() == content.size()) {
    const auto held = content.in_memory().empty() ? content.text() : std::string();
    const auto bytes = held.empty() ? content.in_memory() : std::string_view(held);
    if (bytes.size() != content.size())
      return fhir::Outcome(fhir::Kind::busy, "no-store", "the document cannot be read from its file");
    auto digest = fhir::sha256(bytes);
    if (auto refused = keep(path(fhir::to_hex(digest)), bytes)) return std::move(*refused);
    return digest;
  }
  const auto draft = path("draft." + draft_mark());
  if (auto refused = make_folders(draft)) return std::move(*refused);
  fhir::Digest hashing(fhir::Digest::Kind::sha256);
  if (auto refused = outcome_of(write_draft(draft, content, &hashing))) return std::move(*refused);
  auto digest = hashing.finish();
  const auto target = path(fhir::to_hex(digest));
  if (auto refused = make_folders(target)) {
    ::unlink(draft.c_str());
    return std::move(*refused);
  }
  if (auto refused = outcome_of(name_draft(draft, target))) return std::move(*refused);
  return digest;
}

std::optional<fhir::Outcome> Blobs::keep(const std::string& target, std::string_view bytes) const {
  if (::access(target.c_str(), F_OK) == 0)
    return outcome_of(sync_folder(above(target)));  // another thread may have named it just now
  if (auto refused = make_folders(target)) return refused;
  const auto draft = target + "." + draft_mark();
  if (auto refused = outcome_of(write_draft(draft, Bytes(bytes), nullptr))) return refused;
  return outcome_of(name_draft(draft, target));
}

std::optional<fhir::Outcome> Blobs::make_folders(const std::string& target) const {
  for (const auto& folder : {folder_, above(target)}) {
    const std::lock_guard lock((*making_folders_)[std::hash<std::string>()(folder) % making_folders_->size()]);
    if (auto refused = outcome_of(make_folder(folder))) return refused;
  }
  return std::nullopt;
}

fhir::Result<std::string> Blobs::put_back(std::string_view body, std::string_view list) const {
  const auto found = documents(list);
  bool good = found.has_value();
  std::uint64_t size = 0;
  if (good)
    for (const auto& document : *found) size += document.bytes->size();
  if (size > most)
    return fhir::Outcome(fhir::Kind::too_costly, "too-costly",
                         "the documents of this resource are more than an answer holds: read a Binary by itself");
  std::string whole;
  std::size_t copied = 0;
  for (std::size_t i = 0; good && i < found->size(); ++i) {
    const auto& document = (*found)[i];
    const auto bytes = document.bytes->text();
    good = document.at >= copied && document.at <= body.size() && bytes.size() == document.bytes->size();
    if (!good) break;
    whole.append(body.substr(copied, document.at - copied));
    copied = document.at;
    whole.append(fhir::encode_base64(bytes));
  }
  if (!good)
    return fhir::Outcome(fhir::Kind::internal, "exception",
                         "a document of this resource cannot be read; run `alzette check` on the stopped server");
  whole.append(body.substr(copied));
  return whole;
}

std::optional<std::vector<fhir::Document>> Blobs::documents(std::string_view list) const {
  std::vector<fhir::Document> found;
  bool good = true;
  good &= each(list, [&](const File& file) {
    const auto content = std::make_shared<StoredFile>(path(file.hash), file.size);
    good = good && content->there();
    found.push_back({file.offset, content});
  });
  if (!good) return std::nullopt;
  return found;
}

bool Blobs::each(std::string_view list, const std::function<void(const File&)>& take_file) {
  File file;
  while (!list.empty()) {
    if (!take(list, file.offset) || !take(list, file.size) || list.size() < 32) return false;
    file.hash = fhir::to_hex(list.substr(0, 32));
    list.remove_prefix(32);
    take_file(file);
  }
  return true;
}

std::string Blobs::moved(std::string_view list, std::size_t at, std::size_t bytes) {
  std::string out;
  std::size_t offset = 0;
  std::size_t size = 0;
  while (!list.empty() && take(list, offset) && take(list, size) && list.size() >= 32) {
    put(out, offset >= at ? offset + bytes : offset);
    put(out, size);
    out.append(list.substr(0, 32));
    list.remove_prefix(32);
  }
  return out;
}

bool Blobs::intact(const File& file) const {
  const StoredFile content(path(file.hash), file.size);
  fhir::Digest hashing(fhir::Digest::Kind::sha256);
  const bool read = content.there() && content.each([&](std::string_view piece) {
    hashing.add(piece);
    return true;
  });
  return read && fhir::to_hex(hashing.finish()) == file.hash;
}

// In few folders: to make one costs as much as to write the document, and each is found by its hashed name in a folder
// of a hundred thousand as well.
std::string Blobs::path(std::string_view hash) const {
  std::string out = folder_;
  out.append("/").append(hash.substr(0, 2)).append("/");
  const auto there = [](const std::string& file) { return ::access(file.c_str(), F_OK) == 0; };
  const auto earlier = out + std::string(hash.substr(2, 2)) + "/" + std::string(hash);
  out.append(hash);
  return there(out) || !there(earlier) ? out : earlier;
}

void Blobs::each_stored(const std::function<void(const std::string&)>& take_hash) const {
  std::error_code gone;
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_, gone))
    if (entry.is_regular_file()) found.push_back(entry.path().filename().string());
  for (const auto& hash : found) take_hash(hash);
}

bool Blobs::remove(const std::string& hash) const { return ::unlink(path(hash).c_str()) == 0; }

}  // namespace alzette::store
