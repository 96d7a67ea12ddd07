// Structured logs: one JSON object a line on stderr. No patient data: a request is logged by its route's pattern,
// never by its path or query. Text is escaped, so that no input can forge a line or drive a terminal (B114).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace alzette::log {

enum class Level : std::uint8_t { debug, info, warning, error };

struct Field {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, bool> value;

  Field(std::string_view n, std::string_view v) : name(n), value(v) {}
  Field(std::string_view n, const char* v) : name(n), value(std::string_view(v)) {}
  Field(std::string_view n, const std::string& v) : name(n), value(std::string_view(v)) {}
  Field(std::string_view n, bool v) : name(n), value(v) {}
  template <class Integer>
  requires std::is_integral_v<Integer> Field(std::string_view n, Integer v)
      : name(n), value(static_cast<std::int64_t>(v)) {}
};

void set_level(Level least);  // info unless told
bool enabled(Level level);

// {"time":"2026-01-02T03:04:05.678Z","level":"info","event":"listening","address":"127.0.0.1:8080"}
void write(Level level, std::string_view event, std::initializer_list<Field> fields = {});

// As write(), but kept until the next flush() or write(), or 32 KiB: for lines of every request.
void write_later(Level level, std::string_view event, std::initializer_list<Field> fields);
void flush();

// The line without its end, as the tests see it.
std::string line(std::int64_t wall_ms, Level level, std::string_view event, std::initializer_list<Field> fields);

}  // namespace alzette::log
