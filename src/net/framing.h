// Our own check of HTTP/1.x framing, in front of Beast's parser, which accepts ambiguous messages (B01–B08).
// It reads the raw head line by line as it arrives and refuses what two parsers could read differently.
// RFC 9112 §2–§7.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace alzette::net {

struct HeadLimits {
  std::uint32_t request_line = 64u << 10;
  std::uint32_t fields = 48u << 10;  // all header lines together
  std::uint32_t count = 200;         // header lines
};

struct Refusal {
  int status = 400;
  std::string_view reason;  // static text
};

// What the head says about the message.
struct Head {
  std::size_t size = 0;  // of the head in bytes, final CRLF included
  std::string_view method;
  std::string_view target;   // in origin-form, "*" for OPTIONS; views into the buffer
  std::uint64_t length = 0;  // of the body, when not chunked
  bool chunked = false;
  bool keep_alive = true;
  bool expects_continue = false;
  bool gzip = false;  // Content-Encoding
  bool http10 = false;
  std::uint32_t fields = 0;  // number of header lines
};

// Checks a head that arrives in pieces. `buffer` is everything received since the head began.
class HeadCheck {
 public:
  enum class State : std::uint8_t { more, complete, refused };
  State check(std::string_view buffer, const HeadLimits& limits);

  const Head& head() const { return head_; }           // when complete
  const Refusal& refusal() const { return refusal_; }  // when refused

 private:
  bool request_line(std::string_view line);
  bool take_target(std::string_view target);
  bool field(std::string_view line);
  bool transfer_encoding(std::string_view value);
  bool content_length(std::string_view value);
  bool content_encoding(std::string_view value);
  bool finish();
  bool refuse(int status, std::string_view reason);

  // The buffer may move between calls: places, not views, are kept.
  struct Place {
    std::size_t at = 0, size = 0;
    std::string_view in(std::string_view buffer) const { return buffer.substr(at, size); }
  };
  Place place(std::string_view part) const;

  std::string_view buffer_;  // of the running call
  std::size_t at_ = 0;       // start of the line that is not complete yet
  std::size_t seen_ = 0;     // up to here there is no line end
  std::size_t fields_ = 0;   // where the header lines begin; 0: still in the request line
  std::uint32_t count_ = 0;
  bool http10_ = false, length_ = false, unknown_coding_ = false, encoding_ = false, absolute_ = false,
       refused_ = false;
  Place method_, target_, authority_, host_;
  Head head_;
  Refusal refusal_;
};

// Takes a chunked body apart, in pieces as it arrives. Extensions are dropped, trailers are read and dropped.
class Chunks {
 public:
  enum class State : std::uint8_t { more, data, complete, refused };

  // Takes bytes from the front of `input`; with State::data, `data` holds bytes of the body. Call again until
  // `more` (input is used up), `complete` (the rest of the input is the next message) or `refused` (400).
  State next(std::string_view& input, std::string_view& data);

 private:
  enum class At : std::uint8_t {
    size,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer,  // at the start of a trailer line, or of the final CRLF
    trailer_name,
    trailer_value,
    trailer_lf,
    final_lf,
    done,
    bad
  };
  At after(char c);
  At after_digit(char c);

  At at_ = At::size;
  std::uint64_t left_ = 0;  // of the chunk
  std::uint32_t digits_ = 0;
  std::uint32_t overhead_ = 0;  // bytes of extensions and trailers
};

}  // namespace alzette::net
