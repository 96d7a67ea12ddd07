#include "src/net/answer.h"

#include <array>
#include <charconv>

#include "src/net/ascii.h"
#include "src/net/gzip.h"

namespace alzette::net {

namespace {

std::string_view issue_code(int status) {
  switch (status) {
    case 408:
      return "timeout";
    case 413:
    case 414:
    case 431:
      return "too-long";
    case 405:
    case 415:
    case 417:
    case 501:
      return "not-supported";
    case 500:
      return "exception";
    case 503:
      return "transient";
    default:
      return "structure";
  }
}

bool is_text(std::string_view type) {
  const auto plain = trim(type.substr(0, type.find(';')));
  return plain.starts_with("text/") || plain.ends_with("json") || plain.ends_with("xml") ||
         plain.ends_with("javascript");
}

void append_number(std::string& text, std::uint64_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  text.append(digits.data(), end);
}

// A value made of data must not end its line.
void append_value(std::string& text, std::string_view value) {
  const auto start = text.size();
  text.append(value);
  for (auto i = start; i < text.size(); ++i)
    if (static_cast<unsigned char>(text[i]) < 0x20 || text[i] == 0x7f) text[i] = ' ';
}

}  // namespace

void compress(Response& response, bool takes_gzip, std::uint32_t from) {
  const auto& content = response.content;
  if (content && !content->keeps_gzip()) return;
  const auto size = content ? content->size() : response.body.size();
  if (size < from || response.status == 304 || response.status == 204) return;
  if (!is_text(find(response.headers, "Content-Type")) || !find(response.headers, "Content-Encoding").empty()) return;
  response.headers.emplace_back("Vary", "Accept-Encoding");
  if (!takes_gzip) return;
  if (content)
    response.content = content->gzipped();
  else
    response.body = gzip(response.body);
  response.headers.emplace_back("Content-Encoding", "gzip");
}

std::string head_of(Response& response, const Exchange& exchange, std::string_view date) {
  std::string head;
  head.reserve(384);
  head += "HTTP/1.1 ";
  append_number(head, static_cast<std::uint64_t>(response.status));
  head += ' ';
  head += reason_phrase(response.status);
  head += "\r\nDate: ";
  head += date;
  for (const auto& [name, value] : response.headers) {
    head += "\r\n";
    head += name;
    head += ": ";
    append_value(head, value);
  }
  if (!exchange.id.empty()) {
    head += "\r\nX-Request-Id: ";
    head += exchange.id;
  }
  const bool bodiless = response.status == 101 || response.status == 204 || response.status == 304;
  if (!bodiless) {
    head += "\r\nContent-Length: ";
    append_number(head, response.body.size() + (response.content ? response.content->size() : 0));
  }
  if (!exchange.keep_alive)
    head += "\r\nConnection: close";
  else if (exchange.http10)
    head += "\r\nConnection: keep-alive";
  head += "\r\n\r\n";
  if (bodiless || exchange.head_only) {
    response.body.clear();
    response.content = nullptr;
  }
  return head;
}

Response refusal_answer(const Refusal& refusal, bool fhir) {
  Response response;
  response.status = refusal.status;
  if (refusal.status == 405) response.headers.emplace_back("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  if (refusal.status == 503) response.headers.emplace_back("Retry-After", "1");
  if (!fhir) {
    response.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
    response.body.append(refusal.reason).append("\n");
    return response;
  }
  response.headers.emplace_back("Content-Type", "application/fhir+json; charset=utf-8");
  response.body = R"({"resourceType":"OperationOutcome","issue":[{"severity":"error","code":")";
  response.body.append(issue_code(refusal.status)).append(R"(","diagnostics":")");
  response.body.append(refusal.reason).append(R"("}]})");
  return response;
}

}  // namespace alzette::net
