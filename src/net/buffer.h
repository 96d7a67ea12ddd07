// Bytes of a connection on their way in.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

namespace alzette::net {

// Bytes received and not yet understood.
class Buffer {
 public:
  std::string_view view() const { return {data_.get() + begin_, end_ - begin_}; }
  std::pair<char*, std::size_t> room(std::size_t least);
  void commit(std::size_t n) { end_ += n; }
  void consume(std::size_t n);
  void append(std::string_view bytes);
  bool empty() const { return begin_ == end_; }
  void shrink(std::size_t to);  // when empty

 private:
  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0, begin_ = 0, end_ = 0;
};

}  // namespace alzette::net
