#include "fhir/node.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

using fhir::Arena;

TEST_CASE("arena: texts stay where they are while it grows, and large ones fit") {
  Arena arena(64);
  const auto first = arena.copy("first");
  const std::string large(100'000, 'x');
  const auto copy = arena.copy(large);
  for (int i = 0; i < 1000; ++i) arena.copy("filler");
  CHECK(first == "first");
  CHECK(copy == large);
  CHECK(arena.copy("").empty());
  CHECK(arena.bytes() >= large.size() + 6000);
  CHECK(arena.bytes() < 4'000'000);
}

TEST_CASE("arena: objects are aligned whatever was allocated before") {
  Arena arena(128);
  for (std::size_t odd = 1; odd < 40; ++odd) {
    arena.allocate(odd, 1);
    const auto* node = arena.make<fhir::Node>();
    CHECK(reinterpret_cast<std::uintptr_t>(node) % alignof(fhir::Node) == 0);
    CHECK(node->first == nullptr);
    CHECK(node->form == fhir::Node::Form::object);
  }
}

TEST_CASE("arena: what was moved away is empty and may be used again") {
  Arena arena;
  const auto text = arena.copy("kept");
  const Arena other = std::move(arena);
  CHECK(text == "kept");
}
