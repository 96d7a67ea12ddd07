// gzip, then blocks of 512 bytes: header, content, header, content, ..., two blocks of zeros.
#include "src/package/tar.h"

#include "src/net/gzip.h"

namespace alzette::package {
namespace {

using fhir::Kind;
using fhir::Outcome;

constexpr std::size_t block = 512;

std::string_view until_zero(std::string_view field) { return field.substr(0, field.find('\0')); }

// Octal with blanks and zeros around it; nothing where other characters stand.
std::optional<std::size_t> octal(std::string_view field) {
  std::size_t value = 0;
  bool any = false;
  for (const char c : field) {
    if (c == ' ' || c == '\0') {
      if (any) break;
      continue;
    }
    if (c < '0' || c > '7' || value >> 40) return std::nullopt;
    value = value * 8 + static_cast<std::size_t>(c - '0');
    any = true;
  }
  return any ? std::optional(value) : std::nullopt;
}

bool checksum_fits(std::string_view header) {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < block; ++i)
    sum += i >= 148 && i < 156 ? std::size_t{' '} : static_cast<unsigned char>(header[i]);
  return octal(header.substr(148, 8)) == sum;
}

// The path of a pax header's records: "30 path=package/x.json\n".
std::string_view pax_path(std::string_view records) {
  while (!records.empty()) {
    std::size_t size = 0, at = 0;
    while (at < records.size() && records[at] >= '0' && records[at] <= '9' && size < block * block)
      size = size * 10 + static_cast<std::size_t>(records[at++] - '0');
    if (size <= at || size > records.size()) return {};
    const auto record = records.substr(at, size - at);
    if (record.starts_with(" path=")) return record.substr(6, record.find('\n') - 6);
    records.remove_prefix(size);
  }
  return {};
}

Outcome damaged(const std::string& why) {
  return Outcome(Kind::malformed, "structure", "The package is not a gzip-compressed tar archive: " + why);
}

std::optional<Outcome> unpack(std::string_view gzip, std::size_t limit, std::string& tar) {
  constexpr std::uint32_t ratio = 1000;
  net::Inflater inflater(limit, ratio);
  using State = net::Inflater::State;
  auto state = inflater.feed(gzip, [&](std::string_view piece) {
    tar += piece;
    return true;
  });
  if (state == State::more || state == State::complete) state = inflater.finish();
  if (state == State::complete) return std::nullopt;
  if (state == State::too_large)
    return Outcome(Kind::too_large, "too-long", "The package unpacks to more than " + std::to_string(limit) + " bytes");
  return damaged("its gzip stream is damaged or cut short");
}

}  // namespace

std::optional<Outcome> read_tgz(std::string_view gzip, const TarLimits& limits,
                                const std::function<void(std::string_view, std::string_view)>& take) {
  std::string tar;
  if (auto fault = unpack(gzip, limits.bytes, tar)) return fault;
  std::string_view rest = tar;
  std::string long_path;
  std::size_t files = 0;
  while (rest.size() >= block) {
    const auto header = rest.substr(0, block);
    rest.remove_prefix(block);
    if (header.find_first_not_of('\0') == header.npos) return std::nullopt;
    const auto size = octal(header.substr(124, 12));
    if (!checksum_fits(header) || !size) return damaged("a header is broken");
    if (*size > rest.size()) return damaged("a file is cut short");
    if (++files > limits.files)
      return Outcome(Kind::too_large, "too-long",
                     "The package has more than " + std::to_string(limits.files) + " files");
    const auto content = rest.substr(0, *size);
    rest.remove_prefix(std::min((*size + block - 1) / block * block, rest.size()));
    const char kind = header[156];
    if (kind == 'x' || kind == 'L') {
      long_path = kind == 'x' ? pax_path(content) : until_zero(content);
      continue;
    }
    std::string path = std::move(long_path);
    long_path.clear();
    if (path.empty()) {
      const auto prefix = header.substr(257, 5) == "ustar" ? until_zero(header.substr(345, 155)) : std::string_view();
      if (!prefix.empty()) path.append(prefix).append("/");
      path.append(until_zero(header.substr(0, 100)));
    }
    if (path.size() > limits.path) return damaged("a path is too long");
    if (kind == '0' || kind == '\0') take(path, content);
  }
  return std::nullopt;
}

}  // namespace alzette::package
