// WebSocket frames: whatever comes, in pieces of any size, gives the same events.
#include "src/net/websocket.h"

#include <cstdint>
#include <cstdlib>
#include <string>

using alzette::net::Buffer;
using alzette::net::Frames;

namespace {

std::string events_of(std::string_view bytes, std::size_t piece) {
  Frames frames;
  Buffer in;
  std::string all;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    in.append(bytes.substr(at, piece));
    while (const auto event = frames.next(in))
      all.append(std::to_string(static_cast<int>(event->opcode))).append(":").append(event->payload).append("\n");
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (events_of(bytes, 1) != events_of(bytes, size + 1)) std::abort();
  return 0;
}
