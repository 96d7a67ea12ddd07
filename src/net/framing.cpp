#include "src/net/framing.h"

#include "fhir/hex.h"
#include "src/net/ascii.h"
#include "src/net/uri.h"

namespace alzette::net {

namespace {

constexpr std::uint32_t method_limit = 32;
constexpr std::uint32_t chunk_digits = 16;
constexpr std::uint32_t chunk_overhead = 16u << 10;  // extensions and trailers of one body together

// Printable, tab, or a byte above ASCII.
constexpr bool is_field_text(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7f) || c == '\t';
}

bool all_tokens(std::string_view text) {
  for (const char c : text)
    if (!is_token(c)) return false;
  return !text.empty();
}

// Host = uri-host [":" port]; registered names, IPv4 and bracketed IPv6.
bool is_host(std::string_view text) {
  if (text.empty() || text.size() > 300) return false;
  for (const char c : text)
    if (!is_digit(c) && !is_alpha(c) && std::string_view("-._~!$&'()*+,;=:[]%").find(c) == std::string_view::npos)
      return false;
  return true;
}

template <class Visit>
void for_each_item(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    visit(trim(list.substr(0, comma)));
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace

bool HeadCheck::refuse(int status, std::string_view reason) {
  refused_ = true;
  refusal_ = {status, reason};
  return false;
}

HeadCheck::Place HeadCheck::place(std::string_view part) const {
  return {static_cast<std::size_t>(part.data() - buffer_.data()), part.size()};
}

HeadCheck::State HeadCheck::check(std::string_view buffer, const HeadLimits& limits) {
  if (refused_) return State::refused;
  buffer_ = buffer;
  if (!buffer.empty() && !is_token(buffer.front())) {
    refuse(400, "the request line must begin with a method");
    return State::refused;
  }
  for (;;) {
    const auto end = buffer.find('\n', seen_);
    const auto line_size = (end == std::string_view::npos ? buffer.size() : end) - at_;
    if (fields_ == 0 && line_size > limits.request_line) {
      refuse(414, "the request line is too long; send a search by POST [type]/_search instead");
      return State::refused;
    }
    if (fields_ != 0 && at_ + line_size - fields_ > limits.fields) {
      refuse(431, "the header fields are too long");
      return State::refused;
    }
    if (end == std::string_view::npos) {
      seen_ = buffer.size();
      return State::more;
    }
    if (line_size == 0 || buffer[end - 1] != '\r') {
      refuse(400, "a line must end with CR LF");
      return State::refused;
    }
    const auto line = buffer.substr(at_, line_size - 1);
    at_ = seen_ = end + 1;
    if (fields_ == 0) {
      if (!request_line(line)) return State::refused;
      fields_ = at_;
    } else if (line.empty()) {
      return finish() ? State::complete : State::refused;
    } else if (++count_ > limits.count) {
      refuse(431, "too many header fields");
      return State::refused;
    } else if (!field(line)) {
      return State::refused;
    }
  }
}

bool HeadCheck::request_line(std::string_view line) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return refuse(400, "the request line must be: method, target and version, one space between them");
  const auto method = line.substr(0, first);
  const auto target = line.substr(first + 1, last - first - 1);
  const auto version = line.substr(last + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return refuse(400, "the version is not HTTP/1.0 or HTTP/1.1");
  if (method.size() > method_limit || !all_tokens(method)) return refuse(400, "the method is not a token");
  if (method == "TRACE" || method == "CONNECT") return refuse(405, "TRACE and CONNECT are not served");
  http10_ = version.back() == '0';
  head_.keep_alive = !http10_;
  method_ = place(method);
  if (target == "*" && method == "OPTIONS") {
    target_ = place(target);
    return true;
  }
  return take_target(target);
}

bool HeadCheck::take_target(std::string_view target) {
  for (const char c : target)
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '#')
      return refuse(400, "the request target holds a character that must be percent-encoded");
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!same_word(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    absolute_ = true;
    const auto slash = target.find('/');
    if (slash == std::string_view::npos) return refuse(400, "the request target has no path");
    authority_ = place(target.substr(0, slash));
    target.remove_prefix(slash);
    break;
  }
  if (target.empty() || target.front() != '/') return refuse(400, "the request target must begin with /");
  if (const auto fault = target_fault(target); !fault.empty()) return refuse(400, fault);
  target_ = place(target);
  return true;
}

bool HeadCheck::field(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') return refuse(400, "folded header lines are refused");
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !all_tokens(line.substr(0, colon)))
    return refuse(400, "a header line must be: name, colon without a space before it, value");
  const auto name = line.substr(0, colon);
  const auto value = trim(line.substr(colon + 1));
  for (const char c : value)
    if (!is_field_text(c)) return refuse(400, "a header value holds a control character");

  switch (name.size()) {
    case 4:
      if (!same_word(name, "host")) break;
      if (host_.size != 0) return refuse(400, "two Host headers");
      if (!is_host(value)) return refuse(400, "the Host header is not a host name with an optional port");
      host_ = place(value);
      break;
    case 6:
      if (!same_word(name, "expect")) break;
      if (!same_word(value, "100-continue")) return refuse(417, "the only expectation known here is 100-continue");
      head_.expects_continue = !http10_;
      break;
    case 10:
      if (same_word(name, "connection"))
        for_each_item(value, [this](std::string_view item) {
          if (same_word(item, "close")) head_.keep_alive = false;
          if (http10_ && same_word(item, "keep-alive")) head_.keep_alive = true;
        });
      break;
    case 14:
      if (same_word(name, "content-length")) return content_length(value);
      break;
    case 16:
      if (same_word(name, "content-encoding")) return content_encoding(value);
      break;
    case 17:
      if (same_word(name, "transfer-encoding")) return transfer_encoding(value);
      [[fallthrough]];
    default:
      if (same_word(name, "x-http-method-override") || same_word(name, "x-http-method") ||
          same_word(name, "x-method-override"))
        return refuse(400, "method overrides are refused; send the method itself");
  }
  return true;
}

bool HeadCheck::transfer_encoding(std::string_view value) {
  if (head_.chunked || unknown_coding_) return refuse(400, "two Transfer-Encoding headers");
  if (http10_) return refuse(400, "HTTP/1.0 has no Transfer-Encoding");
  if (!all_tokens(value)) return refuse(400, "the Transfer-Encoding must be: chunked");
  head_.chunked = same_word(value, "chunked");
  unknown_coding_ = !head_.chunked;
  return true;
}

bool HeadCheck::content_length(std::string_view value) {
  if (length_) return refuse(400, "two Content-Length headers");
  length_ = true;
  if (value.empty()) return refuse(400, "the Content-Length is not a number");
  for (const char c : value) {
    if (!is_digit(c)) return refuse(400, "the Content-Length is not a number");
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (head_.length > (UINT64_MAX - digit) / 10) return refuse(400, "the Content-Length is not a sane number");
    head_.length = head_.length * 10 + digit;
  }
  return true;
}

bool HeadCheck::content_encoding(std::string_view value) {
  if (encoding_) return refuse(415, "two Content-Encoding headers");
  encoding_ = true;
  head_.gzip = same_word(value, "gzip") || same_word(value, "x-gzip");
  if (!head_.gzip && !value.empty() && !same_word(value, "identity"))
    return refuse(415, "the only content coding known here is gzip, once");
  return true;
}

bool HeadCheck::finish() {
  if (host_.size == 0 && !http10_) return refuse(400, "no Host header");
  if ((head_.chunked || unknown_coding_) && length_)
    return refuse(400, "Transfer-Encoding together with Content-Length");
  if (unknown_coding_) return refuse(501, "the only transfer coding known here is chunked");
  if (absolute_ && !same_word(authority_.in(buffer_), host_.in(buffer_)))
    return refuse(400, "the request target names another host than the Host header");
  head_.size = at_;
  head_.http10 = http10_;
  head_.fields = count_;
  head_.method = method_.in(buffer_);
  head_.target = target_.in(buffer_);
  return true;
}

Chunks::State Chunks::next(std::string_view& input, std::string_view& data) {
  while (!input.empty()) {
    if (at_ == At::data) {
      data = input.substr(0, left_);
      input.remove_prefix(data.size());
      left_ -= data.size();
      if (left_ == 0) at_ = At::data_cr;
      return State::data;
    }
    at_ = after(input.front());
    if (at_ == At::bad) return State::refused;
    input.remove_prefix(1);
    if (at_ == At::done) return State::complete;
  }
  return at_ == At::bad ? State::refused : State::more;
}

Chunks::At Chunks::after_digit(char c) {
  const int digit = fhir::hex_digit(c);
  if (digit >= 0) {
    if (++digits_ > chunk_digits) return At::bad;
    left_ = left_ << 4 | static_cast<std::uint64_t>(digit);
    return At::size;
  }
  if (digits_ == 0) return At::bad;
  if (c == '\r') return At::size_lf;
  return c == ';' || c == ' ' || c == '\t' ? At::extension : At::bad;
}

Chunks::At Chunks::after(char c) {
  switch (at_) {
    case At::size:
      return after_digit(c);
    case At::extension:
      if (c == '\r') return At::size_lf;
      return is_field_text(c) && ++overhead_ <= chunk_overhead ? At::extension : At::bad;
    case At::size_lf:
      if (c != '\n') return At::bad;
      digits_ = 0;
      return left_ == 0 ? At::trailer : At::data;
    case At::data_cr:
      return c == '\r' ? At::data_lf : At::bad;
    case At::data_lf:
      return c == '\n' ? At::size : At::bad;
    case At::trailer:
      if (c == '\r') return At::final_lf;
      return is_token(c) && ++overhead_ <= chunk_overhead ? At::trailer_name : At::bad;
    case At::trailer_name:
      if (c == ':') return At::trailer_value;
      return is_token(c) && ++overhead_ <= chunk_overhead ? At::trailer_name : At::bad;
    case At::trailer_value:
      if (c == '\r') return At::trailer_lf;
      return is_field_text(c) && ++overhead_ <= chunk_overhead ? At::trailer_value : At::bad;
    case At::trailer_lf:
      return c == '\n' ? At::trailer : At::bad;
    case At::final_lf:
      return c == '\n' ? At::done : At::bad;
    case At::data:
    case At::done:
    case At::bad:
      break;
  }
  return At::bad;
}

}  // namespace alzette::net
