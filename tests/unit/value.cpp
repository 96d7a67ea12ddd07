#include "fhir/value.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "fhir/base64.h"

using fhir::Primitive;
using fhir::ReferenceLiteral;

namespace {

constexpr std::int64_t day = 86'400'000;

std::int64_t low(std::string_view text) {
  const auto value = fhir::parse_date_time(text);
  REQUIRE_MESSAGE(value.has_value(), text);
  return value->low;
}

std::int64_t width(std::string_view text) {
  const auto value = fhir::parse_date_time(text);
  REQUIRE_MESSAGE(value.has_value(), text);
  return value->high - value->low + 1;
}

// `value` units in canonical units, rounded to nine digits, or "none".
std::string canonical(double value, std::string_view unit) {
  const auto found = fhir::canonical_unit(unit);
  if (!found) return "none";
  char text[64];
  snprintf(text, sizeof text, "%.9g ", value * found->factor + found->offset);
  return text + found->unit;
}

}  // namespace

TEST_CASE("dates: the range that the precision leaves open, UTC without a zone") {
  CHECK(low("1970") == 0);
  CHECK(width("1970") == 365 * day);
  CHECK(width("2000") == 366 * day);
  CHECK(width("1900-02") == 28 * day);
  CHECK(width("2024-02") == 29 * day);
  CHECK(width("2024-02-29") == day);
  CHECK(low("1969-12-31") == -day);
  CHECK(low("2015-02-07T13:28:17.239-05:00") == 1423333697239);
  CHECK(low("2015-02-07T18:28:17.239Z") == 1423333697239);
  CHECK(low("2015-02-07T18:28:17.239") == 1423333697239);
  CHECK(width("2015-02-07T13:28:17Z") == 1000);
  CHECK(width("2015-02-07T13:28Z") == 60'000);
  CHECK(width("2015-02-07T13:28:17.5Z") == 100);
  CHECK(width("2015-02-07T13:28:17.123456Z") == 1);
  CHECK(low("2016-12-31T23:59:60Z") == low("2017-01-01T00:00:00Z"));
  CHECK(low("0001-01-01") == -62135596800000);
  CHECK(fhir::parse_date_time("9999-12-31")->high == 253402300799999);
}

TEST_CASE("dates B34: those that do not exist") {
  for (const char* bad : {"2024-02-30",
                          "2023-02-29",
                          "1900-02-29",
                          "0000",
                          "0000-01-01",
                          "99999",
                          "999",
                          "2024-13",
                          "2024-00",
                          "2024-1-1",
                          "2024-01-32",
                          "2024-01-00",
                          "2024-01-01T24:00:00Z",
                          "2024-01-01T10:60:00Z",
                          "2024-01-01T10:00:61Z",
                          "2024-01-01T10:00:00+24:00",
                          "2024-01-01T10:00:00+14:01",
                          "2024-01-01T10:00:00+5",
                          "2024-01-01T10:00:00.Z",
                          "2024-01-01T10:00:00.012345678901234567890123456789Z",
                          "2024-01-01 10:00:00Z",
                          "2024-01T10:00:00Z",
                          "",
                          "2024-",
                          "2024-01-01T",
                          "2024-01-01T10",
                          "2024-01-01T10:00:00Zx",
                          " 2024",
                          "-2024"})
    CHECK_MESSAGE(!fhir::parse_date_time(bad), bad);
  CHECK(fhir::parse_date_time("2024-01-01T10:00:00+14:00"));
}

TEST_CASE("dates: an instant is written so that it reads back") {
  for (const char* text : {"1970-01-01T00:00:00.000Z", "2000-02-29T23:59:59.999Z", "1969-12-31T23:59:59.999Z",
                           "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "2100-03-01T12:34:56.789Z"})
    CHECK(fhir::instant_text(low(text)) == text);
}

TEST_CASE("decimals: compared by value at any length") {
  const auto compare = [](const char* a, const char* b) {
    CHECK(fhir::compare_decimals(b, a) == -fhir::compare_decimals(a, b));
    return fhir::compare_decimals(a, b);
  };
  CHECK(compare("1.50", "1.5") == 0);
  CHECK(compare("0", "-0.00") == 0);
  CHECK(compare("0.5e1", "5") == 0);
  CHECK(compare("100", "1E2") == 0);
  CHECK(compare("-2", "-1") == -1);
  CHECK(compare("-1", "0") == -1);
  CHECK(compare("0.001", "0") == 1);
  CHECK(compare("9", "10") == -1);
  CHECK(compare("123456789012345678901234567890", "123456789012345678901234567891") == -1);
  CHECK(compare("0.1", "0.1000000000000000000000001") == -1);
}

TEST_CASE("decimals: what can be held") {
  for (const char* good : {"0", "-0", "1.0", "9.99e307", "1E-10", "10.50e+3", "123456789012345678901234567890"})
    CHECK_MESSAGE(fhir::valid_decimal(good), good);
  for (const char* bad :
       {"", "-", "01", "1.", ".5", "+1", "1e", "1e+", "1e308", "1e309", "10e308", "1e-999999", "0x1", "1 ", "NaN"})
    CHECK_MESSAGE(!fhir::valid_decimal(bad), bad);
  CHECK_FALSE(fhir::valid_decimal(std::string(513, '1')));
}

TEST_CASE("decimals: the range that the digits imply") {
  const auto is = [](const char* text, double value, double from, double to) {
    const auto range = fhir::decimal_range(text);
    REQUIRE(range);
    CHECK(range->value == value);
    CHECK(range->low == from);
    CHECK(range->high == to);
  };
  is("0.5", 0.5, 0.45, 0.55);
  is("5.4", 5.4, 5.35, 5.45);
  is("100", 100, 99.5, 100.5);
  is("100.00", 100, 99.995, 100.005);
  is("1e2", 100, 95, 105);
  is("5.40e-3", 0.0054, 0.005395, 0.005405);
  is("0", 0, -0.5, 0.5);
  is("-5", -5, -5.5, -4.5);
  CHECK_FALSE(fhir::decimal_range("x"));
}

TEST_CASE("primitives: each with what it takes and what it does not") {
  const auto check = [](Primitive primitive, std::initializer_list<std::string_view> good,
                        std::initializer_list<std::string_view> bad) {
    for (const auto text : good) CHECK_MESSAGE(fhir::valid(primitive, text), std::string(text));
    for (const auto text : bad) CHECK_MESSAGE(!fhir::valid(primitive, text), std::string(text));
  };
  check(Primitive::boolean, {"true", "false"}, {"True", "1", ""});
  check(Primitive::integer, {"0", "-1", "2147483647", "-2147483648"},
        {"2147483648", "1.0", "-0", "01", "1e2", "", "-"});
  check(Primitive::positiveInt, {"1", "2147483647"}, {"0", "-1", "2147483648"});
  check(Primitive::unsignedInt, {"0"}, {"-1", "99999999999"});
  check(Primitive::string, {"x", " ", "a\n\tb"}, {"", "\x01", "a\x7F\x1F"});
  check(Primitive::code, {"a", "a b"}, {"", " a", "a ", "a  b", "\ta"});
  check(Primitive::id, {"A-b.9", std::string(64, 'x')}, {"", "a_b", "a/b", "é", std::string(65, 'x')});
  check(Primitive::uri, {"urn:x", "a"}, {"", "a b", "a\n"});
  check(Primitive::oid, {"urn:oid:1.2.3", "urn:oid:2.999"},
        {"1.2.3", "urn:oid:3.1", "urn:oid:1", "urn:oid:1.02", "urn:oid:1."});
  check(Primitive::uuid, {"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"},
        {"urn:uuid:C757873D-EC9A-4326-A141-556F43239520", "c757873d-ec9a-4326-a141-556f43239520", "urn:uuid:c757873d"});
  check(Primitive::base64Binary, {"QQ==", "QUI=", "QUJD", "QU JD\n", "QUJDRA=="},
        {"", "Q", "QQ=", "QQ", "QQ===", "Q===", "QQ==QQ==", "QU*D", "=QQQ"});
  check(Primitive::instant, {"2015-02-07T13:28:17.239+02:00", "2015-02-07T13:28:17Z"},
        {"2015-02-07", "2015-02-07T13:28:17", "2015-02-07T13:28Z"});
  check(Primitive::dateTime, {"2015", "2015-02", "2015-02-07", "2015-02-07T13:28:17-05:00"},
        {"2015-02-07T13:28:17", "2015-02-07T13:28-05:00", "2015-02-07T25:00:00Z"});
  check(Primitive::date, {"2015", "2015-02", "2015-02-07"}, {"2015-02-07T13:28:17Z", "2015-2"});
  check(Primitive::time, {"00:00:00", "23:59:60", "12:00:00.5"}, {"24:00:00", "12:00", "12:00:00Z", "1:00:00"});
}

TEST_CASE("strings end at 1,048,576 characters, not bytes") {
  std::string text(1024 * 1024 - 1, 'x');
  CHECK(fhir::valid(Primitive::string, text + "é"));
  CHECK_FALSE(fhir::valid(Primitive::string, text + "éx"));
}

TEST_CASE("base64 is decoded") {
  CHECK(fhir::decode_base64("QUJDRA==") == "ABCD");
  CHECK(fhir::decode_base64("/+8=") == "\xFF\xEF");
  CHECK(fhir::decode_base64("").value() == "");
  CHECK_FALSE(fhir::decode_base64("QUJDR"));
  CHECK(fhir::decode_base64("QUJDREVGR0g=") == "ABCDEFGH");
  CHECK(fhir::decode_base64("QUJDRE VGR0hJ\n") == "ABCDEFGHI");
  CHECK(fhir::decode_base64(" QUJDREVG R0 g = ") == "ABCDEFGH");
  CHECK(fhir::decode_base64("+/+/gICAAAAA") == "\xFB\xFF\xBF\x80\x80\x80" + std::string(3, '\0'));
  for (const char* bad : {"QUJDRA==QUJD", "QUJDRA==Q", "QUJD=", "QUJDRA=", "=UJDRA==", "QUJDRA==\xFF",
                          "QUJD\xC3\xA9==", "QUJDREVG!0hJ", "QUJDREVGR0hJ===", "QUJDQ"})
    CHECK_FALSE_MESSAGE(fhir::decode_base64(bad), bad);
  std::string all;
  for (std::size_t length = 0; length < 300; ++length) {
    CHECK(fhir::decode_base64(fhir::encode_base64(all)) == all);
    all += static_cast<char>(length * 7 + length / 5);
  }
  std::size_t size = 0;
  CHECK(fhir::valid_base64("QUJD RA==", &size));
  CHECK(size == 4);
}

TEST_CASE("UTF-8: the place of the first bad byte") {
  CHECK(fhir::bad_utf8("") == std::string_view::npos);
  CHECK(fhir::bad_utf8("Zoë Straße 😀 ascii again and again") == std::string_view::npos);
  CHECK(fhir::bad_utf8("0123456789\xC0\xAF") == 10);
  CHECK(fhir::bad_utf8("\xED\xB0\x80") == 0);
  CHECK(fhir::bad_utf8("ab\xF5\x80\x80\x80") == 2);
  CHECK(fhir::bad_utf8("1234567\xC3") == 7);
}

TEST_CASE("B20 UTF-8 without overlong forms, surrogates and code points beyond Unicode") {
  for (const char* good : {"", "abc", "é", "€", "𐍈", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf"})
    CHECK(fhir::bad_utf8(good) == std::string_view::npos);
  for (const char* bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3", "\xe2\x82", "a\xff"})
    CHECK(fhir::bad_utf8(bad) != std::string_view::npos);
}

TEST_CASE("references: every form") {
  using Form = ReferenceLiteral::Form;
  const auto relative = fhir::parse_reference("Patient/1/_history/2");
  REQUIRE(relative);
  CHECK(relative->form == Form::relative);
  CHECK(relative->type == "Patient");
  CHECK(relative->id == "1");
  CHECK(relative->version == "2");
  const auto absolute = fhir::parse_reference("https://example.org/fhir/Patient/abc");
  REQUIRE(absolute);
  CHECK(absolute->form == Form::absolute);
  CHECK(absolute->base == "https://example.org/fhir");
  CHECK(absolute->id == "abc");
  CHECK(fhir::parse_reference("#p")->form == Form::fragment);
  CHECK(fhir::parse_reference("#p")->id == "p");
  CHECK(fhir::parse_reference("urn:oid:1.2.3")->form == Form::oid);
  CHECK(fhir::parse_reference("urn:uuid:C757873D-ec9a-4326-a141-556f43239520")->form == Form::uuid);
  CHECK(fhir::parse_reference("http://acme.com/some/where")->form == Form::uri);
  CHECK(fhir::parse_reference("http://acme.com/some/where")->type == "");
  for (const char* bad :
       {"", "Patient", "Patient/", "/Patient/1", "Horse/1", "Patient/a_b", "Patient/1/2", "Patient/1/_history/",
        "x/Patient/1", "urn:uuid:1", "urn:oid:x", "Patient/1 ", "http://", "Patient?identifier=1"})
    CHECK_MESSAGE(!fhir::parse_reference(bad), bad);
}

TEST_CASE("UCUM: equal amounts have equal canonical forms") {
  CHECK(canonical(1, "g") == canonical(1000, "mg"));
  CHECK(canonical(1, "m[H2O]") == canonical(100, "cm[H2O]"));
  CHECK(canonical(120, "mm[Hg]") == canonical(15.99864, "kPa"));
  CHECK(canonical(1, "L") == canonical(1, "dm3"));
  CHECK(canonical(1, "l") == canonical(1000, "mL"));
  CHECK(canonical(37, "Cel") == "310.15 K");
  CHECK(canonical(98.6, "[degF]") == canonical(37, "Cel"));
  CHECK(canonical(50, "%") == "0.5 1");
  CHECK(canonical(6, "[ft_i]") == canonical(72, "[in_i]"));
  CHECK(canonical(1, "[lb_av]") == "453.59237 g");
  CHECK(canonical(70, "kg/m2") == "70000 g.m-2");
  CHECK(canonical(1, "10*9/L") == canonical(1000, "10*6/L"));
  CHECK(canonical(1, "10*3/uL") == canonical(1, "10^9/L"));
  CHECK(canonical(60, "/min") == canonical(1, "Hz"));
  CHECK(canonical(80, "{beats}/min") == canonical(80, "/min"));
  CHECK(canonical(5, "mmol/L") == canonical(5000, "umol/L"));
  CHECK(canonical(1, "mL/min/{1.73_m2}") == canonical(1, "mL/min"));
  CHECK(canonical(1, "(kg.m)/s2") == canonical(1, "N"));
  CHECK(canonical(2, "k[iU]/mL") == canonical(2, "[IU]/uL"));
  CHECK(canonical(60, "U/L") == canonical(1, "umol/s/L"));
  CHECK(canonical(1, "min") == "60 s");
  CHECK(canonical(1, "cm") == "0.01 m");
  CHECK(canonical(1, "dag") == "10 g");
  CHECK(canonical(1, "g.m/s2") == "1 g.m.s-2");
  CHECK(canonical(1, "{score}") == "1 1");
}

TEST_CASE("UCUM: unknown units have none, and the form is judged apart") {
  for (const char* unknown : {"", "mmHg", "foo", "kmin", "g/", "g..m", "(g", "g)", "g m", "{x", "[in_i", "Cel/s", "m-",
                              "[pH]", "m999", "d[in_i]"})
    CHECK_MESSAGE(!fhir::canonical_unit(unknown), unknown);
  for (const char* good : {"mmHg", "mg/dL", "[pH]", "{a b}", "10*3/uL", "/min", "g/(24.h)"})
    CHECK_MESSAGE(fhir::ucum_syntax(good), good);
  for (const char* bad : {"", "mg /dL", "mg//dL", "(g", "{x", "g)", "µg", "g."})
    CHECK_MESSAGE(!fhir::ucum_syntax(bad), bad);
  CHECK_FALSE(fhir::ucum_syntax(std::string(300, 'g')));
  CHECK_FALSE(fhir::ucum_syntax(std::string(200, '(')));
}
