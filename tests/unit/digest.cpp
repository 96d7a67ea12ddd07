#include "fhir/digest.h"

#include <doctest/doctest.h>

#include "fhir/hex.h"

TEST_CASE("digests: the examples of FIPS 180") {
  CHECK(fhir::to_hex(fhir::sha1("abc")) == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(fhir::to_hex(fhir::sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  fhir::Digest pieces(fhir::Digest::Kind::sha256);
  pieces.add("a");
  pieces.add("bc");
  CHECK(pieces.finish() == fhir::sha256("abc"));
}

TEST_CASE("digests: hexadecimal digits in pairs, in either case") {
  CHECK(fhir::from_hex("00fFa1") == std::string("\x00\xff\xa1", 3));
  CHECK_FALSE(fhir::from_hex("0"));
  CHECK_FALSE(fhir::from_hex("0g"));
}
