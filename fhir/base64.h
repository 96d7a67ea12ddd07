// Base64 as FHIR writes it: RFC 4648 section 4, without line breaks. Reading it is in value.h.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "fhir/content.h"

namespace fhir {

std::string encode_base64(std::string_view bytes);

// Another content in base64, encoded while it is read.
class Base64Content final : public Content {
 public:
  explicit Base64Content(std::shared_ptr<const Content> bytes) : bytes_(std::move(bytes)) {}
  std::uint64_t size() const override { return (bytes_->size() + 2) / 3 * 4; }
  std::size_t read(std::uint64_t at, std::span<char> into) const override;

 private:
  std::shared_ptr<const Content> bytes_;
};

}  // namespace fhir
