#include <doctest/doctest.h>

#include "ihe/digest.h"

TEST_CASE("digests: the examples of FIPS 180") {
  CHECK(ihe::to_hex(ihe::sha1("abc")) == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(ihe::to_hex(ihe::sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  ihe::Digest pieces(ihe::Digest::Kind::sha256);
  pieces.add("a");
  pieces.add("bc");
  CHECK(pieces.finish() == ihe::sha256("abc"));
}

TEST_CASE("digests: hexadecimal digits in pairs, in either case") {
  CHECK(ihe::from_hex("00fFa1") == std::string("\x00\xff\xa1", 3));
  CHECK(ihe::from_hex("0").empty());
  CHECK(ihe::from_hex("0g").empty());
}
