#include "ihe/identity/matricule.h"

#include <doctest/doctest.h>

#include <string>

using ihe::identity::any_matricule_fault;
using ihe::identity::matricule_check_digits;
using ihe::identity::matricule_fault;
using ihe::identity::matricule_forms;
using ihe::identity::MatriculeFault;

TEST_CASE("matricule: valid numbers") {
  for (const char* number : {"1893120105732", "1918090138700", "1970010100101", "2001053104251", "2012123177747",
                             "1984022912336", "2023000099926"}) {
    CAPTURE(number);
    CHECK(matricule_fault(number) == MatriculeFault::none);
  }
}

TEST_CASE("matricule: the date is checked apart from the digits") {
  CHECK(matricule_fault("1985022912324") == MatriculeFault::date);
  auto digits = matricule_check_digits("19850229123");
  CHECK(digits[0] == '2');
  CHECK(digits[1] == '4');
  CHECK(matricule_fault("1985130112324") == MatriculeFault::date);
  CHECK(matricule_fault("1985043112324") == MatriculeFault::date);
  CHECK(matricule_fault("0000010112324") == MatriculeFault::date);
}

TEST_CASE("matricule: public samples with wrong check digits") {
  struct Sample {
    const char* number;
    const char* right;
  };
  for (auto [number, right] :
       {Sample{"1998041799999", "24"}, Sample{"1972121434125", "05"}, Sample{"1987121213412", "44"}}) {
    CAPTURE(number);
    CHECK(matricule_fault(number) == MatriculeFault::check_digits);
    auto digits = matricule_check_digits(std::string_view(number).substr(0, 11));
    CHECK(std::string(digits.begin(), digits.end()) == right);
  }
}

TEST_CASE("matricule: every single wrong digit and every swap of neighbours is found") {
  const std::string good = "1893120105732";
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (char digit = '0'; digit <= '9'; ++digit) {
      std::string bad = good;
      bad[at] = digit;
      CAPTURE(bad);
      CHECK((matricule_fault(bad) == MatriculeFault::none) == (bad == good));
    }
    if (at + 1 < 11 && good[at] != good[at + 1]) {
      std::string bad = good;
      std::swap(bad[at], bad[at + 1]);
      CAPTURE(bad);
      CHECK(matricule_fault(bad) != MatriculeFault::none);
    }
  }
}

TEST_CASE("matricule: what is no number at all") {
  CHECK(matricule_fault("") == MatriculeFault::length);
  CHECK(matricule_fault("189312010573") == MatriculeFault::length);
  CHECK(matricule_fault("18931201057320") == MatriculeFault::length);
  CHECK(matricule_fault("189312010573X") == MatriculeFault::digits);
  CHECK(matricule_fault("1893 12010573") == MatriculeFault::digits);
}

TEST_CASE("matricule: the eleven digits of before 2014") {
  CHECK(any_matricule_fault("18931201057") == MatriculeFault::none);
  CHECK(any_matricule_fault("18931201058") == MatriculeFault::none);  // second series
  CHECK(any_matricule_fault("18931201056") == MatriculeFault::check_digits);
  CHECK(any_matricule_fault("18930230057") == MatriculeFault::date);
  CHECK(any_matricule_fault("1893120105") == MatriculeFault::length);
  CHECK(any_matricule_fault("1893120105732") == MatriculeFault::none);
  CHECK(matricule_forms("18931201057") == std::vector<std::string>{"18931201057", "1893120105732"});
  CHECK(matricule_forms("1893120105732") == std::vector<std::string>{"1893120105732", "18931201057"});
  CHECK(matricule_forms("1970010100101") == std::vector<std::string>{"1970010100101"});
  CHECK(matricule_forms("no number") == std::vector<std::string>{"no number"});
}
