// A text that many answers share: sent from where it lies, and packed once. A large one lies in a file as well, whose
// pages the kernel sends as they are: to copy them would be a third of what an answer costs.
// RFC 1952, RFC 9110 §8.4.1.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "fhir/content.h"

namespace alzette::net {

class SharedText final : public fhir::Content {
 public:
  explicit SharedText(std::string text);
  ~SharedText() override;
  SharedText(const SharedText&) = delete;
  SharedText& operator=(const SharedText&) = delete;
  std::uint64_t size() const override { return text_.size(); }
  std::size_t read(std::uint64_t at, std::span<char> into) const override { return text_.read(at, into); }
  std::string_view in_memory() const override { return text_.in_memory(); }
  int file() const override { return file_; }
  bool keeps_gzip() const override { return true; }
  std::shared_ptr<const fhir::Content> gzipped() const override;

 private:
  fhir::TextContent text_;
  int file_ = -1;
  mutable std::once_flag once_;
  mutable std::shared_ptr<const fhir::Content> gzipped_;
};

}  // namespace alzette::net
