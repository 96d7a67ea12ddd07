#include "src/net/websocket.h"

#include "fhir/base64.h"
#include "fhir/digest.h"
#include "fhir/value.h"
#include "src/net/ascii.h"

namespace alzette::net {
namespace {

constexpr std::string_view key_suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 §1.3

// Whether a list of tokens holds one.
bool lists(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    if (same_word(trim(list.substr(0, comma)), token)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

Response refused(int status, std::string text) {
  Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  if (status == 426)
    response.headers.insert(response.headers.end(),
                            {{"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Version", "13"}});
  response.body = std::move(text) + "\n";
  return response;
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

bool may_be_sent(std::uint64_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1011) || (code >= 3000 && code <= 4999);
}

}  // namespace

Response websocket_answer(const Request& request) {
  if (request.method != "GET" || !lists(find(request.headers, "Upgrade"), "websocket"))
    return refused(426, "this is the address of a WebSocket: ask for it with GET and Upgrade: websocket");
  const auto key = find(request.headers, "Sec-WebSocket-Key");
  if (!lists(find(request.headers, "Connection"), "upgrade") || key.size() != 24 || !key.ends_with("=="))
    return refused(400, "the handshake of the WebSocket is not whole");
  if (find(request.headers, "Sec-WebSocket-Version") != "13") return refused(426, "this server speaks version 13");
  Response response;
  response.status = 101;
  response.headers = {{"Upgrade", "websocket"},
                      {"Connection", "Upgrade"},
                      {"Sec-WebSocket-Accept", fhir::encode_base64(fhir::sha1(std::string(key).append(key_suffix)))}};
  return response;
}

std::string frame(Opcode opcode, std::string_view payload) {
  std::string out;
  out.reserve(payload.size() + 10);
  out += static_cast<char>(0x80 | static_cast<unsigned>(opcode));
  const auto size = payload.size();
  const int bytes = size < 126 ? 0 : size < 65'536 ? 2 : 8;
  out += static_cast<char>(bytes == 0 ? size : bytes == 2 ? 126 : 127);
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(size >> 8 * i & 0xff);
  return out.append(payload);
}

std::string close_frame(std::uint16_t code) {
  return frame(Opcode::close, std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)});
}

Frames::Event Frames::refuse(std::uint16_t code) {
  over_ = true;
  return {Opcode::close, std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)}};
}

std::optional<Frames::Event> Frames::next(Buffer& in) {
  while (!over_) {
    const auto bytes = in.view();
    if (bytes.size() < 2) return std::nullopt;
    const auto first = static_cast<unsigned char>(bytes[0]);
    const auto second = static_cast<unsigned char>(bytes[1]);
    const auto opcode = static_cast<Opcode>(first & 0x0f);
    const bool last = (first & 0x80) != 0;
    const bool control = (first & 0x08) != 0;
    if ((first & 0x70) != 0 || (second & 0x80) == 0) return refuse(protocol_error);
    const std::size_t wide = (second & 0x7f) == 126 ? 2 : (second & 0x7f) == 127 ? 8 : 0;
    if (control && (wide != 0 || !last)) return refuse(protocol_error);
    if (bytes.size() < 2 + wide + 4) return std::nullopt;
    const auto size = wide ? big_endian(bytes.substr(2, wide)) : std::uint64_t{second} & 0x7f;
    if (size > most) return refuse(too_long);
    const auto head = 2 + wide + 4;
    if (bytes.size() - head < size) return std::nullopt;
    const auto mask = bytes.substr(2 + wide, 4);
    std::string payload(bytes.substr(head, size));
    for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(payload[i] ^ mask[i & 3]);
    in.consume(head + size);
    if (auto event = take(last, opcode, std::move(payload))) return event;
  }
  return std::nullopt;
}

std::optional<Frames::Event> Frames::take(bool last, Opcode opcode, std::string payload) {
  switch (opcode) {
    case Opcode::ping:
    case Opcode::pong:
      return Event{opcode, std::move(payload)};
    case Opcode::close:
      over_ = true;
      if (payload.size() == 1 || (payload.size() > 1 && !may_be_sent(big_endian(payload.substr(0, 2)))))
        return refuse(protocol_error);
      return Event{opcode, payload.substr(0, 2)};
    case Opcode::binary:
      return refuse(not_taken);
    case Opcode::text:
    case Opcode::more:
      break;
    default:
      return refuse(protocol_error);
  }
  if ((opcode == Opcode::more) != within_) return refuse(protocol_error);
  if (message_.size() + payload.size() > most) return refuse(too_long);
  message_ += payload;
  within_ = !last;
  if (within_) return std::nullopt;
  if (fhir::bad_utf8(message_) != std::string::npos) return refuse(not_utf8);
  return Event{Opcode::text, std::exchange(message_, {})};
}

}  // namespace alzette::net
