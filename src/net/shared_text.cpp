#include "src/net/shared_text.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>

#include "src/net/gzip.h"

namespace alzette::net {

namespace {

constexpr std::size_t small = 64u << 10;  // copied as quickly as its pages are gathered

// Without a name. The pages of a disk's file system lie together, which those of a memfd do not: sending them costs a
// fifth less. -1 when there is no room for it.
int file_of(std::string_view text) {
  std::error_code error;
  const auto folder = std::filesystem::temp_directory_path(error);
  int file = error ? -1 : ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file < 0) file = ::memfd_create("text", MFD_CLOEXEC);
  if (file < 0) return -1;
  for (std::size_t at = 0; at < text.size();) {
    const auto written = ::write(file, text.data() + at, text.size() - at);
    if (written <= 0) return ::close(file), -1;
    at += static_cast<std::size_t>(written);
  }
  return file;
}

}  // namespace

SharedText::SharedText(std::string text) : text_(std::move(text)) {
  if (size() > small) file_ = file_of(in_memory());
}

SharedText::~SharedText() {
  if (file_ >= 0) ::close(file_);
}

std::shared_ptr<const fhir::Content> SharedText::gzipped() const {
  std::call_once(once_, [this] { gzipped_ = std::make_shared<fhir::TextContent>(gzip(in_memory())); });
  return gzipped_;
}

}  // namespace alzette::net
