// The framing check: a head gives the same verdict whole and byte by byte, and never reads outside its buffer; a
// chunked body gives the same bytes in pieces of any size.
#include "src/net/framing.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

using alzette::net::Chunks;
using alzette::net::HeadCheck;

namespace {

struct Verdict {
  HeadCheck::State state;
  int status = 0;
  std::size_t size = 0;
  std::string target;
  std::uint64_t length = 0;
  bool operator==(const Verdict&) const = default;
};

Verdict verdict(const HeadCheck& check, HeadCheck::State state) {
  Verdict told{state, 0, 0, {}, 0};
  if (state == HeadCheck::State::refused) told.status = check.refusal().status;
  if (state == HeadCheck::State::complete) {
    told.size = check.head().size;
    told.target = std::string(check.head().target);
    told.length = check.head().length;
  }
  return told;
}

Verdict read_head(std::string_view input, std::size_t step) {
  HeadCheck check;
  auto state = HeadCheck::State::more;
  for (std::size_t n = std::min(step, input.size()); state == HeadCheck::State::more; n += step) {
    const std::vector<char> exact(input.begin(),
                                  input.begin() + static_cast<std::ptrdiff_t>(std::min(n, input.size())));
    state = check.check({exact.data(), exact.size()}, {});
    if (state != HeadCheck::State::more) return verdict(check, state);
    if (n >= input.size()) break;
  }
  return {state, 0, 0, {}, 0};
}

std::string read_body(std::string_view input, std::size_t step) {
  Chunks chunks;
  std::string body;
  while (!input.empty()) {
    const std::vector<char> exact(input.begin(),
                                  input.begin() + static_cast<std::ptrdiff_t>(std::min(step, input.size())));
    std::string_view piece(exact.data(), exact.size());
    for (auto state = Chunks::State::data; state == Chunks::State::data;) {
      std::string_view data;
      state = chunks.next(piece, data);
      if (state == Chunks::State::data) body += data;
      if (state == Chunks::State::refused) return body + "|refused";
      if (state == Chunks::State::complete) return body + "|complete";
    }
    input.remove_prefix(exact.size());
  }
  return body + "|more";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (!(read_head(input, 1) == read_head(input, 7)) || !(read_head(input, 7) == read_head(input, size + 1))) abort();
  if (read_body(input, 1) != read_body(input, 5) || read_body(input, 5) != read_body(input, size + 1)) abort();
  return 0;
}
