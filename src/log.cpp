#include "src/log.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <mutex>

#include "src/clock.h"

namespace alzette::log {

namespace {

constexpr std::size_t buffer_limit = 32u << 10;
constexpr std::size_t text_limit = 512;  // of one value; the rest is cut

std::atomic<Level> least{Level::info};
std::mutex mutex;    // of the buffer
std::string buffer;  // lines that wait

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
  }
  return "error";
}

void append_padded(std::string& text, int number, int width) {
  std::array<char, 12> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  for (auto missing = width - (end - digits.data()); missing > 0; --missing) text.push_back('0');
  text.append(digits.data(), end);
}

void append_time(std::string& text, std::int64_t wall_ms) {
  const std::time_t seconds = wall_ms / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  append_padded(text, parts.tm_year + 1900, 4);
  text.push_back('-');
  append_padded(text, parts.tm_mon + 1, 2);
  text.push_back('-');
  append_padded(text, parts.tm_mday, 2);
  text.push_back('T');
  append_padded(text, parts.tm_hour, 2);
  text.push_back(':');
  append_padded(text, parts.tm_min, 2);
  text.push_back(':');
  append_padded(text, parts.tm_sec, 2);
  text.push_back('.');
  append_padded(text, static_cast<int>(wall_ms % 1000), 3);
  text.push_back('Z');
}

// Everything that is not printable ASCII is written as \u00XX, byte by byte: no control sequence survives.
void append_text(std::string& text, std::string_view value) {
  static constexpr std::string_view digits = "0123456789abcdef";
  text.push_back('"');
  for (const char c : value.substr(0, text_limit)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text.push_back('\\');
      text.push_back(c);
    } else if (byte < 0x20 || byte >= 0x7f) {
      text += "\\u00";
      text.push_back(digits[byte >> 4]);
      text.push_back(digits[byte & 15]);
    } else {
      text.push_back(c);
    }
  }
  text.push_back('"');
}

void append_value(std::string& text, const Field& field) {
  if (const auto* words = std::get_if<std::string_view>(&field.value)) {
    append_text(text, *words);
  } else if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
    std::array<char, 24> digits;
    text.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), *number).ptr);
  } else {
    text += std::get<bool>(field.value) ? "true" : "false";
  }
}

void append_line(std::string& text, std::int64_t wall_ms, Level level, std::string_view event,
                 std::initializer_list<Field> fields) {
  text += R"({"time":")";
  append_time(text, wall_ms);
  text.append(R"(","level":")").append(name_of(level)).append(R"(","event":)");
  append_text(text, event);
  for (const auto& field : fields) {
    text.push_back(',');
    append_text(text, field.name);
    text.push_back(':');
    append_value(text, field);
  }
  text.push_back('}');
}

void put(std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nobody reads the log: serving goes on
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void put_buffer() {
  put(buffer);
  buffer.clear();
}

}  // namespace

void set_level(Level level) { least = level; }
bool enabled(Level level) { return level >= least.load(std::memory_order_relaxed); }

std::string line(std::int64_t wall_ms, Level level, std::string_view event, std::initializer_list<Field> fields) {
  std::string text;
  append_line(text, wall_ms, level, event, fields);
  return text;
}

void write(Level level, std::string_view event, std::initializer_list<Field> fields) {
  write_later(level, event, fields);
  flush();
}

void write_later(Level level, std::string_view event, std::initializer_list<Field> fields) {
  if (!enabled(level)) return;
  auto text = line(clock::wall_ms(), level, event, fields);
  text.push_back('\n');
  const std::lock_guard lock(mutex);
  buffer += text;
  if (buffer.size() > buffer_limit) put_buffer();
}

void flush() {
  const std::lock_guard lock(mutex);
  put_buffer();
}

}  // namespace alzette::log
