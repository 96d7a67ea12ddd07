#include "src/net/gzip.h"

#include <zlib.h>

#include <array>
#include <new>

#include "src/net/ascii.h"

namespace alzette::net {

namespace {

constexpr int gzip_window = 15 + 16;  // zlib: the largest window, gzip framing
constexpr std::uint64_t ratio_from = 1u << 20;

Bytef* bytes(const char* data) { return reinterpret_cast<Bytef*>(const_cast<char*>(data)); }

struct Compressor {
  z_stream z{};
  Compressor() {
    if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
  }
  ~Compressor() { deflateEnd(&z); }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;
};

}  // namespace

struct Inflater::Stream {
  z_stream z{};
};

Inflater::Inflater(std::uint64_t limit, std::uint32_t ratio)
    : stream_(std::make_unique<Stream>()), limit_(limit), ratio_(ratio) {
  if (inflateInit2(&stream_->z, gzip_window) != Z_OK) throw std::bad_alloc();
}

Inflater::~Inflater() { inflateEnd(&stream_->z); }

Inflater::State Inflater::feed(std::string_view input, const std::function<bool(std::string_view)>& sink) {
  auto& z = stream_->z;
  std::array<char, 32 << 10> window;
  z.next_in = bytes(input.data());
  z.avail_in = static_cast<uInt>(input.size());
  in_ += input.size();
  for (;;) {
    if (done_) {
      if (z.avail_in == 0) return State::more;
      if (inflateReset(&z) != Z_OK) return State::damaged;  // another member follows
      done_ = false;
    }
    z.next_out = bytes(window.data());
    z.avail_out = static_cast<uInt>(window.size());
    const int result = inflate(&z, Z_NO_FLUSH);
    const std::size_t made = window.size() - z.avail_out;
    out_ += made;
    if (out_ > limit_ || (out_ > ratio_from && out_ / ratio_ > in_)) return State::too_large;
    if (made != 0 && !sink({window.data(), made})) return State::too_large;
    if (result == Z_STREAM_END) {
      done_ = true;
    } else if (result == Z_BUF_ERROR || (result == Z_OK && z.avail_in == 0 && z.avail_out != 0)) {
      return State::more;
    } else if (result != Z_OK) {
      return State::damaged;
    }
  }
}

Inflater::State Inflater::finish() const { return done_ ? State::complete : State::damaged; }

std::string gzip(std::string_view plain) {
  thread_local Compressor compressor;
  auto& z = compressor.z;
  deflateReset(&z);
  std::string packed;
  packed.resize(deflateBound(&z, plain.size()));
  z.next_in = bytes(plain.data());
  z.avail_in = static_cast<uInt>(plain.size());
  z.next_out = bytes(packed.data());
  z.avail_out = static_cast<uInt>(packed.size());
  deflate(&z, Z_FINISH);
  packed.resize(z.total_out);
  return packed;
}

bool accepts_gzip(std::string_view accept) {
  bool any = false;
  while (!accept.empty()) {
    const auto comma = accept.find(',');
    const auto item = accept.substr(0, comma);
    accept.remove_prefix(comma == std::string_view::npos ? accept.size() : comma + 1);
    const auto semicolon = item.find(';');
    const auto coding = trim(item.substr(0, semicolon));
    auto weight = semicolon == std::string_view::npos ? std::string_view{} : trim(item.substr(semicolon + 1));
    const bool refused = weight.size() > 2 && lower(weight[0]) == 'q' && weight[1] == '=' &&
                         weight.substr(2).find_first_not_of("0.") == std::string_view::npos;
    if (same_word(coding, "gzip") || same_word(coding, "x-gzip")) return !refused;
    if (coding == "*") any = !refused;
  }
  return any;
}

}  // namespace alzette::net
