// A text that many answers share: sent from where it lies, and packed once. RFC 1952, RFC 9110 §8.4.1.
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
  explicit SharedText(std::string text) : text_(std::move(text)) {}
  std::uint64_t size() const override { return text_.size(); }
  std::size_t read(std::uint64_t at, std::span<char> into) const override { return text_.read(at, into); }
  std::string_view in_memory() const override { return text_.in_memory(); }
  std::shared_ptr<const fhir::Content> gzipped() const;  // made when it is first asked for

 private:
  fhir::TextContent text_;
  mutable std::once_flag once_;
  mutable std::shared_ptr<const fhir::Content> gzipped_;
};

}  // namespace alzette::net
