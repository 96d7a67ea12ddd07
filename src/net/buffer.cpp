#include "src/net/buffer.h"

#include <algorithm>
#include <cstring>

namespace alzette::net {

std::pair<char*, std::size_t> Buffer::room(std::size_t least) {
  if (capacity_ - end_ >= least) return {data_.get() + end_, capacity_ - end_};
  const auto used = end_ - begin_;
  if (capacity_ - used >= least) {
    std::memmove(data_.get(), data_.get() + begin_, used);
  } else {
    capacity_ = std::max(capacity_ * 2, used + least);
    std::unique_ptr<char[]> larger(new char[capacity_]);
    if (used != 0) std::memcpy(larger.get(), data_.get() + begin_, used);
    data_ = std::move(larger);
  }
  begin_ = 0;
  end_ = used;
  return {data_.get() + end_, capacity_ - end_};
}

void Buffer::consume(std::size_t n) {
  begin_ += n;
  if (begin_ == end_) begin_ = end_ = 0;
}

void Buffer::append(std::string_view bytes) {
  std::copy(bytes.begin(), bytes.end(), room(bytes.size()).first);
  commit(bytes.size());
}

void Buffer::shrink(std::size_t to) {
  if (!empty() || capacity_ <= to) return;
  data_.reset();
  capacity_ = 0;
}

}  // namespace alzette::net
