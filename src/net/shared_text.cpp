#include "src/net/shared_text.h"

#include "src/net/gzip.h"

namespace alzette::net {

std::shared_ptr<const fhir::Content> SharedText::gzipped() const {
  std::call_once(once_, [this] { gzipped_ = std::make_shared<fhir::TextContent>(gzip(in_memory())); });
  return gzipped_;
}

}  // namespace alzette::net
