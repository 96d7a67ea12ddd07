#include "src/net/body.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <utility>

namespace alzette::net {

namespace {

// An unlinked file, which ends with its last reader.
class Spooled final : public fhir::Content {
 public:
  Spooled(int file, std::uint64_t size) : file_(file), size_(size) {}
  ~Spooled() override { ::close(file_); }
  Spooled(const Spooled&) = delete;
  Spooled& operator=(const Spooled&) = delete;

  std::uint64_t size() const override { return size_; }
  std::size_t read(std::uint64_t at, std::span<char> into) const override {
    if (at >= size_) return 0;
    for (;;) {
      const auto got = ::pread(file_, into.data(), into.size(), static_cast<off_t>(at));
      if (got < 0 && errno == EINTR) continue;
      return got > 0 ? static_cast<std::size_t>(got) : 0;
    }
  }

 private:
  int file_;
  std::uint64_t size_;
};

// Memory for bodies of medium size.
struct Lent {
  explicit Lent(std::uint64_t share) : bytes(share) { all += share; }
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;
  ~Lent() { all -= bytes; }
  static inline std::atomic<std::uint64_t> all{0};
  std::uint64_t bytes;
};

// A body in such memory.
struct Held {
  fhir::TextContent content;
  std::shared_ptr<void> lent;
};
std::shared_ptr<const fhir::Content> held(std::string bytes, std::shared_ptr<void> lent) {
  auto both = std::make_shared<Held>(fhir::TextContent(std::move(bytes)), std::move(lent));
  return {both, &both->content};
}

}  // namespace

bool BodyLimits::takes_documents(std::string_view target) const {
  return std::any_of(documents_below.begin(), documents_below.end(), [&](const std::string& below) {
    if (!target.starts_with(below)) return false;
    const auto rest = target.substr(below.size());
    return rest.empty() || rest.front() == '/' || rest.front() == '?';
  });
}

Body::~Body() { reset(); }

void Body::reset() {
  if (spool_ >= 0) ::close(spool_);
  spool_ = -1;
  size_ = 0;
  lent_.reset();
  inflater_.reset();
}

void Body::begin(bool gzip, std::uint64_t expected, bool document) {
  reset();
  document_ = document;
  most_ = document ? limits_.document_bytes : limits_.bytes;
  expected_ = gzip || expected == 0 ? limits_.spool_medium : expected;
  memory_.clear();
  memory_.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(expected, limits_.spool_from)));
  if (gzip) inflater_ = std::make_unique<Inflater>(most_, limits_.inflate_ratio);
}

Body::State Body::add(std::string_view encoded) {
  if (!inflater_) return keep(encoded);
  State kept = State::good;
  const auto state = inflater_->feed(encoded, [&](std::string_view decoded) {
    kept = keep(decoded);
    return kept == State::good;
  });
  if (kept != State::good) return kept;
  switch (state) {
    case Inflater::State::damaged:
      return State::damaged;
    case Inflater::State::too_large:
      return State::too_large;
    case Inflater::State::more:
    case Inflater::State::complete:
      break;
  }
  return State::good;
}

Body::State Body::keep(std::string_view decoded) {
  size_ += decoded.size();
  if (size_ > most_) return State::too_large;
  if (spool_ < 0 && (size_ <= limits_.spool_from || (size_ <= expected_ && lend()))) {
    memory_.append(decoded);
    return State::good;
  }
  if (spool_ < 0) {
    if (!open_spool() || !write_spool(memory_)) return State::no_space;
    memory_ = {};
    lent_.reset();
  }
  return write_spool(decoded) ? State::good : State::no_space;
}

// All that it may become, once.
bool Body::lend() {
  if (lent_) return true;
  const auto share = expected_;
  if (share > limits_.spool_medium) return false;
  auto lent = std::make_shared<Lent>(share);
  if (Lent::all > limits_.medium_bytes) return false;
  lent_ = std::move(lent);
  memory_.reserve(static_cast<std::size_t>(share));
  return true;
}

Body::State Body::finish(std::string& whole, std::shared_ptr<const fhir::Content>& spooled) {
  State state = State::good;
  if (inflater_ && inflater_->finish() != Inflater::State::complete) state = State::damaged;
  if (state == State::good) {
    if (spool_ < 0 && document_ && lent_)
      spooled = held(std::exchange(memory_, {}), std::move(lent_));
    else if (spool_ < 0)
      whole = std::exchange(memory_, {});
    else if (document_)
      spooled = std::make_shared<Spooled>(std::exchange(spool_, -1), size_);
    else if (!read_spool(whole))
      state = State::no_space;
  }
  reset();
  return state;
}

bool Body::open_spool() {
  spool_ = ::open(limits_.spool_folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (spool_ >= 0) return true;
  // Not every file system knows O_TMPFILE.
  std::string name = limits_.spool_folder + "/alzette-XXXXXX";
  spool_ = ::mkostemp(name.data(), O_CLOEXEC);
  if (spool_ >= 0) ::unlink(name.c_str());
  return spool_ >= 0;
}

bool Body::write_spool(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(spool_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool Body::read_spool(std::string& whole) const {
  whole.resize(size_);
  std::size_t at = 0;
  while (at < whole.size()) {
    const auto got = ::pread(spool_, whole.data() + at, whole.size() - at, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += static_cast<std::size_t>(got);
  }
  return true;
}

}  // namespace alzette::net
