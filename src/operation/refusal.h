// Where a refusal of an operation's parameter points to.
#pragma once

#include <string>
#include <string_view>

namespace alzette::operation {

// Its place in Parameters. Who asked by a query alone is told "http." and the name instead: see invoke.cpp.
std::string place_of(std::string_view parameter);

}  // namespace alzette::operation
