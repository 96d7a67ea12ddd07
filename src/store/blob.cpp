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
#include "src/auth/digest.h"

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

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out.push_back(digits[static_cast<std::uint8_t>(c) >> 4]);
    out.push_back(digits[static_cast<std::uint8_t>(c) & 15]);
  }
  return out;
}

std::string_view raw(const auth::Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
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

// Under another name first: a file that has its final name is whole.
Put write_durably(const std::string& path, std::string_view bytes) {
  const std::string draft = path + "." + std::to_string(::getpid()) + "." + std::to_string(::gettid()) + ".new";
  const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return Put::refused;
  Put result = write_all(fd, bytes) ? sync(fd) : Put::refused;
  const int why = errno;
  ::close(fd);
  if (result == Put::done && ::rename(draft.c_str(), path.c_str()) == 0) return sync_folder(above(path));
  if (result == Put::done) result = Put::refused;
  ::unlink(draft.c_str());
  errno = why;
  return result;
}

bool read_all(const std::string& path, std::string& bytes) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  struct stat about {};
  bool good = ::fstat(fd, &about) == 0;
  bytes.resize(good ? static_cast<std::size_t>(about.st_size) : 0);
  for (std::size_t at = 0; good && at < bytes.size();) {
    const auto n = ::read(fd, bytes.data() + at, bytes.size() - at);
    if (n < 0 && errno == EINTR) continue;
    good = n > 0;
    if (good) at += static_cast<std::size_t>(n);
  }
  ::close(fd);
  return good;
}

struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// String values of a JSON text that are long enough to hold a large value.
std::vector<Span> long_strings(std::string_view json) {
  constexpr std::size_t enough = (Blobs::least + 2) / 3 * 4;
  std::vector<Span> found;
  for (std::size_t at = json.find('"'); at != std::string_view::npos; at = json.find('"', at)) {
    const std::size_t begin = ++at;
    while (at < json.size() && json[at] != '"') at += json[at] == '\\' ? 2 : 1;
    if (at >= json.size()) break;
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
    const auto digest = auth::sha256(bytes);
    if (auto refused = keep(path(hex(raw(digest))), bytes)) return std::move(*refused);
    left.append(body.bytes, copied, begin - copied);
    copied = end;
    if (begin < body.meta_at) meta_at -= end - begin;
    put(list, left.size());
    put(list, bytes.size());
    list.append(raw(digest));
  }
  if (list.empty()) return list;
  left.append(body.bytes, copied);
  body.bytes = std::move(left);
  body.meta_at = meta_at;
  return list;
}

std::optional<fhir::Outcome> Blobs::keep(const std::string& target, std::string_view bytes) const {
  Put result = Put::done;
  if (::access(target.c_str(), F_OK) == 0) {
    result = sync_folder(above(target));  // another thread may have named it just now
  } else {
    {
      const std::lock_guard lock(*making_folders_);
      for (const auto& folder : {folder_, above(above(target)), above(target)})
        if (result == Put::done) result = make_folder(folder);
    }
    if (result == Put::done) result = write_durably(target, bytes);
  }
  const std::string why = std::strerror(errno);
  if (result == Put::done) return std::nullopt;
  if (result == Put::refused)
    return fhir::Outcome(fhir::Kind::busy, "no-store", "the document cannot be written to the disk: " + why);
  return fhir::Outcome(fhir::Kind::internal, "exception", "the disk failed to keep a document: " + why);
}

fhir::Result<std::string> Blobs::put_back(std::string_view body, std::string_view list) const {
  std::string whole;
  std::string bytes;
  std::size_t copied = 0;
  bool good = true;
  good &= each(list, [&](const File& file) {
    good = good && file.offset >= copied && file.offset <= body.size() && read_all(path(file.hash), bytes) &&
           bytes.size() == file.size;
    if (!good) return;
    whole.append(body.substr(copied, file.offset - copied));
    copied = file.offset;
    whole.append(fhir::encode_base64(bytes));
  });
  if (!good)
    return fhir::Outcome(fhir::Kind::internal, "exception",
                         "a document of this resource cannot be read; run `alzette check` on the stopped server");
  whole.append(body.substr(copied));
  return whole;
}

bool Blobs::each(std::string_view list, const std::function<void(const File&)>& take_file) {
  File file;
  while (!list.empty()) {
    if (!take(list, file.offset) || !take(list, file.size) || list.size() < 32) return false;
    file.hash = hex(list.substr(0, 32));
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
  std::string bytes;
  return read_all(path(file.hash), bytes) && bytes.size() == file.size && hex(raw(auth::sha256(bytes))) == file.hash;
}

std::string Blobs::path(std::string_view hash) const {
  std::string out = folder_;
  out.append("/").append(hash.substr(0, 2)).append("/").append(hash.substr(2, 2)).append("/").append(hash);
  return out;
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
