#include "src/log.h"

#include <doctest/doctest.h>

using alzette::log::Level;
using alzette::log::line;

TEST_CASE("log: one JSON object with the fields in order") {
  CHECK(line(1'700'000'000'007, Level::warning, "request",
             {{"route", "GET [type]/[id]"}, {"status", 404}, {"slow", false}, {"bytes", std::uint64_t{12}}}) ==
        R"({"time":"2023-11-14T22:13:20.007Z","level":"warning","event":"request","route":"GET [type]/[id]",)"
        R"("status":404,"slow":false,"bytes":12})");
}

TEST_CASE("B114 log: no input can forge a line or drive a terminal") {
  const auto text = line(0, Level::info, "x", {{"id", "a\r\n{\"level\":\"error\"}\x1b[31m\x7f\x9b"}});
  for (const char c : text) CHECK((static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f));
  CHECK(text.find(R"("id":"a\u000d\u000a{\"level\":\"error\"}\u001b[31m\u007f\u009b"})") != std::string::npos);
}

TEST_CASE("log: long texts are cut") {
  CHECK(line(0, Level::info, "x", {{"id", std::string(100'000, 'x')}}).size() < 1000);
}
