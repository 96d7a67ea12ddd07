// Documents with real bytes: a DocumentReference and the Binary it points to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/generate/person.h"
#include "src/generate/resource.h"

namespace alzette::generate {

// Document `number` (from 0) of a person: Binary first, then its DocumentReference.
void document(std::uint64_t seed, const Person& person, std::uint32_t number, const Sink& sink);

// A PDF 1.4 file with these lines, 50 to a page; letters beyond Latin-1 lose their marks.
std::string pdf(std::string_view title, const std::vector<std::string>& lines);

}  // namespace alzette::generate
