// Bytes that may be more than memory should hold: a document, the body of a message. They lie in a string, or in a
// file that the shell keeps open; whoever reads them takes a piece at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fhir {

class Content {
 public:
  virtual ~Content() = default;
  virtual std::uint64_t size() const = 0;
  // Fills `into` from `at`, less at the end. The count; 0 before the end when the bytes cannot be read any more.
  // Any thread may read.
  virtual std::size_t read(std::uint64_t at, std::span<char> into) const = 0;
  // Its raw SHA-256, where that is known without reading it; else "".
  virtual std::string sha256() const { return {}; }
  // All of it, when it lies in memory anyway; else "".
  virtual std::string_view in_memory() const { return {}; }
  // The descriptor of a file that holds it, from its start and as long as this lives, to be sent from there; -1: none.
  virtual int file() const { return -1; }
  // Its gzip form, where it keeps one for all who ask: made when the first one does, else null.
  virtual bool keeps_gzip() const { return false; }
  virtual std::shared_ptr<const Content> gzipped() const { return nullptr; }

  // Piece by piece, in order; false when it cannot be read, or `take` said false.
  bool each(const std::function<bool(std::string_view)>& take) const;
  // Bytes from `at`, `count` at most; shorter than asked for when they cannot be read.
  std::string text(std::uint64_t at = 0, std::uint64_t count = UINT64_MAX) const;
};

class TextContent final : public Content {
 public:
  explicit TextContent(std::string text) : text_(std::move(text)) {}
  std::uint64_t size() const override { return text_.size(); }
  std::size_t read(std::uint64_t at, std::span<char> into) const override;
  std::string_view in_memory() const override { return text_; }

 private:
  std::string text_;
};

// A stretch of another content, which it keeps alive.
class PartOfContent final : public Content {
 public:
  PartOfContent(std::shared_ptr<const Content> whole, std::uint64_t at, std::uint64_t size)
      : whole_(std::move(whole)), at_(at), size_(size) {}
  std::uint64_t size() const override { return size_; }
  std::size_t read(std::uint64_t at, std::span<char> into) const override;
  std::string_view in_memory() const override;

 private:
  std::shared_ptr<const Content> whole_;
  std::uint64_t at_;
  std::uint64_t size_;
};

// Several, one after the other.
class JoinedContent final : public Content {
 public:
  explicit JoinedContent(std::vector<std::shared_ptr<const Content>> pieces);
  std::uint64_t size() const override { return size_; }
  std::size_t read(std::uint64_t at, std::span<char> into) const override;

 private:
  std::vector<std::shared_ptr<const Content>> pieces_;
  std::uint64_t size_ = 0;
};

}  // namespace fhir
