// MIME packages: the first line is the Content-Type, the rest the body. Read from memory and in pieces it must be the
// same message; each part lies within the body.
#include "ihe/wire/mtom.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

namespace {

class Pieces final : public fhir::Content {
 public:
  explicit Pieces(std::string text) : text_(std::move(text)) {}
  std::uint64_t size() const override { return text_.size(); }
  std::size_t read(std::uint64_t at, std::span<char> into) const override {
    if (at >= text_.size()) return 0;
    return text_.copy(into.data(), std::min<std::size_t>(into.size(), 13), static_cast<std::size_t>(at));
  }

 private:
  std::string text_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const auto line = std::min(all.find('\n'), all.size());
  const auto type = all.substr(0, line);
  const std::string body(all.substr(std::min(line + 1, all.size())));
  const auto whole = ihe::mtom::read(std::make_shared<fhir::TextContent>(body), type);
  const auto pieces = ihe::mtom::read(std::make_shared<Pieces>(body), type);
  if (static_cast<bool>(whole) != static_cast<bool>(pieces)) std::abort();
  if (!whole) return 0;
  if (whole->root != pieces->root || whole->parts.size() != pieces->parts.size()) std::abort();
  for (std::size_t i = 0; i < whole->parts.size(); ++i)
    if (whole->parts[i].content->text() != pieces->parts[i].content->text()) std::abort();
  ihe::mtom::Attachments attachments(whole->parts);
  const auto document = ihe::xml::parse(whole->root);
  if (document) static_cast<void>(attachments.bytes_of(*document->root));
  return 0;
}
