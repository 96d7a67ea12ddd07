// HL7 v2 messages: delimiters, escapes, character sets, limits, acknowledgements.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "ihe/hl7v2.h"
#include "ihe/hl7v2_batch.h"
#include "ihe/pix/iti46.h"
#include "ihe/restful.h"
#include "ihe/transaction.h"
#include "ihe/wire/acknowledge.h"
#include "ihe/wire/charset.h"
#include "ihe/wire/hl7v2.h"
#include "tests/unit/cost.h"

namespace {

namespace v2 = ihe::hl7v2;

const std::string header = "MSH|^~\\&|APP|HOSPITAL|US|HERE|20260101||ADT^A01^ADT_A01|7|P|2.5";

std::shared_ptr<v2::Message> read(const std::string& text) {
  auto parsed = v2::parse(text);
  if (!parsed.faults.empty()) FAIL(parsed.faults.front().text);
  return parsed.message;
}

std::string segment_of(const std::string& message, const std::string& name) {
  const auto at = message.find(name + "|");
  return at == std::string::npos ? "" : message.substr(at, message.find('\r', at) - at);
}

std::string nak(const std::string& bytes) {
  const auto received = v2::receive(bytes, 0);
  CHECK(received.row == nullptr);
  return segment_of(received.refusal, "MSA").substr(0, 6) + " " + segment_of(received.refusal, "ERR");
}

}  // namespace

TEST_CASE("hl7v2: fields, repetitions, components and subcomponents") {
  const auto message = read(header + "\rPID|||1^^^A&1.2&ISO~2^^^B~~||WEBER^ANNE^\"\"\rPID|x");
  const auto& pid = *message->find("PID");
  const auto ids = message->repetitions(pid, 3);
  REQUIRE(ids.size() == 2);
  CHECK(ids[0].component(1) == "1");
  CHECK(ids[0].component(4, 2) == "1.2");
  CHECK(ids[1].component(4) == "B");
  CHECK(ids[1].component(9).empty());
  CHECK(message->first(pid, 5).component(3).empty());
  CHECK(message->first(*message->find("PID", 1), 1).text() == "x");
  CHECK(message->find("PID", 2) == nullptr);
  CHECK(message->header(1).raw() == "|");
  CHECK(message->header(2).raw() == "^~\\&");
  CHECK(message->header(9).component(2) == "A01");
}

TEST_CASE("hl7v2: other delimiters, other line ends, a byte order mark") {
  const auto message = read("\xEF\xBB\xBFMSH$%*!@$APP$\n\nPID$$$1%%%A@1.2@ISO*2\r\nZZZ$!S!!T!!R!!F!!E!");
  CHECK(message->repetitions(*message->find("PID"), 3)[0].component(4, 3) == "ISO");
  CHECK(message->first(*message->find("ZZZ"), 1).text() == "%@*$!");
}

TEST_CASE("hl7v2: blanks behind a string are optional, and blanks alone are nothing") {
  const auto message = read("MSH|^~\\&|A|B|C|D|2026||ADT^A08|  |P|2.5\rPID|||1 ^^^ X &1.2 &ISO~ ||  ^ Anna  Maria |\t");
  CHECK(message->header(10).component(1).empty());
  const auto& pid = *message->find("PID");
  CHECK(message->first(pid, 3).component(1) == "1");
  CHECK(message->first(pid, 3).component(4) == " X");
  CHECK(message->first(pid, 3).component(4, 2) == "1.2");
  CHECK(message->repetitions(pid, 3).size() == 1);
  CHECK(message->first(pid, 5).component(1).empty());
  CHECK(message->first(pid, 5).component(2) == " Anna  Maria");
  CHECK(message->first(pid, 6).empty());
}

TEST_CASE("hl7v2: a consumer's acknowledgement is read in whatever form it comes") {
  using ihe::pix::Taken;
  const auto taken = [](const std::string& text) { return ihe::pix::taken_v2(text); };
  const std::string msh = "MSH|^~\\&|C|C|A|L|2026||ACK|1|P|2.5";
  CHECK(taken(msh + "\rMSA|AA|1\r") == Taken::yes);
  CHECK(taken(msh + "\nMSA|AA|1\n") == Taken::yes);
  CHECK(taken(msh + "\r\nMSA|CA|1") == Taken::yes);
  CHECK(taken("MSH#^~\\&#C#C#A#L#2026##ACK#1#P#2.5\rMSA#AE#1\r") == Taken::never);
  CHECK(taken(msh + "\rMSA|CE|1\r") == Taken::never);
  for (const auto* other : {"", "\rMSA|AR|1\r", "\rNTE|1||MSA|AA", "\rMSA"})
    CHECK(taken(msh + other) == Taken::not_yet);
  CHECK(taken("") == Taken::not_yet);
}

TEST_CASE("hl7v2: escapes") {
  const auto text = [](const std::string& raw) {
    const auto message = read(header + "\rNTE|" + raw);
    return message->first(*message->find("NTE"), 1).text();
  };
  CHECK(text("a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f") == "a|b^c&d~e\\f");
  CHECK(text("one\\.br\\two\\X0D\\three") == "one\ntwo\rthree");
  CHECK(text("\\H\\bold\\N\\ \\Zx\\ \\C2842\\") == "bold  ");
  CHECK(text("caf\\XC3A9\\ \\XE9\\") == "caf\xC3\xA9 \xC3\xA9");
  CHECK(text("no end\\T") == "no end\\T");
  CHECK(text("\\X0\\ \\XZZ\\") == " ");
  const v2::Delimiters delimiters;
  CHECK(v2::escape("a|b^c&d~e\\f\n", delimiters) == "a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f\\X0A\\");
}

TEST_CASE("hl7v2: character sets of MSH-18, both ways") {
  const auto with = [](const std::string& charset, const std::string& name) {
    return read(header + "||||||" + charset + "\rPID|||||" + name);
  };
  const auto family = [](const v2::Message& message) { return message.first(*message.find("PID"), 5).component(1); };
  CHECK(family(*with("8859/1", "Zo\xEB")) == "Zo\xC3\xAB");
  CHECK(family(*with("8859/15", "\xA4\xBC")) == "\xE2\x82\xAC\xC5\x92");
  CHECK(family(*with("UNICODE UTF-8", "Zo\xC3\xAB")) == "Zo\xC3\xAB");
  CHECK(family(*with("", "Zo\xC3\xAB")) == "Zo\xC3\xAB");
  CHECK(family(*with("", "Zo\xEB")) == "Zo\xC3\xAB");
  CHECK(v2::in_charset_of(*with("8859/1", "x"), "MSH|^~\\&|Zo\xC3\xAB\r") == "MSH|^~\\&|Zo\xEB\r");
  const auto answer = v2::acknowledge(*with("8859/1", "x"), "AE", {{"PID^1", "102", "\xE2\x82\xAC"}}, 0);
  const auto sent = v2::in_charset_of(*with("8859/1", "x"), answer);
  CHECK(sent.find("UNICODE UTF-8") != std::string::npos);
  CHECK(sent.find("\xE2\x82\xAC") != std::string::npos);
  CHECK(nak(header + "||||||KLINGON\rPID|").starts_with("MSA|AR ERR||MSH^1^18|103"));
  CHECK(nak(header + "||||||ASCII\rPID|||||Zo\xEB").starts_with("MSA|AR ERR|||102"));
  CHECK(nak(header + "||||||UNICODE UTF-8\rPID|||||Zo\xEB").starts_with("MSA|AR"));
}

TEST_CASE("hl7v2: B99 what is no message gets its refusal") {
  const std::vector<std::string> all{std::string(""),
                                     std::string("MSHH0\r"),
                                     std::string("MSH|0||\r|2.7"),
                                     std::string("MSH|^|||||||^A|||2.2\r^AA"),
                                     std::string("\x01\\\\0"),
                                     std::string("PID|1"),
                                     std::string("MSH"),
                                     std::string("MSH|^~\\&"),
                                     std::string("MSH|^^^^|\r"),
                                     std::string("MSH|abcd|\r"),
                                     header + "\r\x01\\\\0",
                                     header + "\rpid|1",
                                     header + "\rPIDX"};
  for (const auto& bytes : all) {
    CAPTURE(bytes);
    CHECK(nak(bytes).starts_with("MSA|AR"));
  }
}

TEST_CASE("hl7v2: B100 limits end in a refusal, which costs no more than a good message of that length") {
  std::string many = header;
  for (int i = 0; i < 100'000; ++i) many += "\rZZZ";
  const std::vector<std::pair<std::string, std::string>> refused{
      {header + "\rPID|||" + std::string(100'000, '~'), "MSA|AR ERR||PID^1^3|102"},
      {header + "\rPID" + std::string(100'000, '|'), "MSA|AR"},
      {many, "MSA|AR"},
      {header + "\rNTE|" + std::string(5u << 20, 'x'), "MSA|AR"},
      {"MSH|^~\\&" + std::string(1'000'000, '\\'), "MSA|AR"}};
  for (const auto& [bytes, answer] : refused) {
    CAPTURE(answer);
    CHECK(nak(bytes).starts_with(answer));
    std::string good = header;
    while (good.size() < std::min<std::size_t>(bytes.size(), 1'000'000)) good += "\rNTE|" + std::string(2000, 'x');
    REQUIRE(v2::receive(good, 0).row != nullptr);
    CHECK(cost::of([&] { v2::receive(bytes, 0); }) < 10 * cost::of([&] { v2::receive(good, 0); }));
  }
}

TEST_CASE("hl7v2: which header no row takes") {
  const auto with = [](const std::string& type, const std::string& processing, const std::string& version) {
    return "MSH|^~\\&|A|B|C|D|2026||" + type + "|7|" + processing + "|" + version + "\rPID|";
  };
  CHECK(nak(with("ORU^R01", "P", "2.5")) ==
        "MSA|AR ERR||MSH^1^9^1^1|200^Unsupported message type^HL70357|E||||No transaction of this server takes this "
        "message type");
  CHECK(nak(with("ADT^A99", "P", "2.5")).starts_with("MSA|AR ERR||MSH^1^9^1^2|201^Unsupported event code^HL70357|E"));
  CHECK(nak(with("ADT^A01", "X", "2.5")).starts_with("MSA|AR ERR||MSH^1^11|202"));
  CHECK(nak(with("ADT^A01", "P", "3.0")).starts_with("MSA|AR ERR||MSH^1^12|203"));
  CHECK(nak(with("ADT^A99", "P", "2.3.1")) == "MSA|AR ERR|MSH^1^9^201&Unsupported event code&HL70357");
  CHECK(nak("MSH|^~\\&|A|B|C|D|2026||ORU^R01|7|P|2.5|||AL|AL\rPID|").starts_with("MSA|AR"));
  for (const std::string id : {"", "^", "^7"})
    CHECK(nak("MSH|^~\\&|A|B|C|D|2026||ADT^A01|" + id + "|P|2.5\rPID|").starts_with("MSA|AE ERR||MSH^1^10|101"));
  CHECK(v2::receive(with("ADT^A01", "P", "2.5"), 0).row->id == "ITI-8");
  CHECK(v2::receive(with("QBP^Q23^QBP_Q21", "T", "2.5.1"), 0).row->id == "ITI-9");
}

TEST_CASE("hl7v2: acknowledgements swap sender and receiver, in either mode") {
  const auto message = read(header + "\rPID|");
  CHECK(v2::acknowledge(*message, "AA", {}, 0)
            .starts_with("MSH|^~\\&|US|HERE|APP|HOSPITAL|19700101000000+0000||ACK^A01^ACK|ACK-"));
  CHECK(v2::acknowledge(*message, "AA", {}, 0).ends_with("|P|2.5\rMSA|AA|7\r"));
  const auto enhanced = read(header + "|||AL|NE\rPID|");
  CHECK(segment_of(v2::acknowledge(*enhanced, "AA", {}, 0), "MSA") == "MSA|CA|7");
  CHECK(segment_of(v2::acknowledge(*enhanced, "AE", {}, 0), "MSA") == "MSA|CE|7");
  // MSH-15 and MSH-16, and the codes that answer a success and an error: whoever sends gets an answer.
  const std::vector<std::array<std::string, 3>> conditions{
      {"AL|AL", "CA", "CE"}, {"AL|", "CA", "CE"}, {"NE|AL", "AA", "AE"}, {"|AL", "AA", "AE"},   {"NE|NE", "AA", "AE"},
      {"ER|NE", "AA", "CE"}, {"SU|", "CA", "AE"}, {"|NE", "AA", "AE"},   {"SU|AL", "CA", "AE"}, {"?|NE", "AA", "AE"}};
  for (const auto& [wanted, success, error] : conditions) {
    INFO(wanted);
    const auto asked = read(header + "|||" + wanted + "\rPID|");
    const auto code = [&](const std::string& answer) { return segment_of(answer, "MSA").substr(4, 2); };
    CHECK(code(v2::acknowledge(*asked, "AA", {}, 0)) == success);
    CHECK(code(v2::acknowledge(*asked, "AE", {}, 0)) == error);
  }
  CHECK(v2::refuse(*message, fhir::Outcome(fhir::Kind::busy, "transient", "x"), 0).find("MSA|AR|7\rERR|||207") !=
        std::string::npos);
}

TEST_CASE("hl7v2: a batch is told apart into its messages, and their answers are a batch") {
  const std::string bytes =
      "FHS|^~\\&|A|B|C|D|20260101||file||F1\r"
      "BHS|^~\\&|A|B|C|D|20260101||night|x|B1\rMSH|^~\\&|1\rPID|1\n\rZZZ\rMSH|2\rBTS|2|done\r\n"
      "BHS$^~\\&$A$$C$$$$$$B2\rMSH|3\rBTS\rFTS|2\r";
  REQUIRE(v2::is_batch(bytes));
  const auto read = v2::read_batch(bytes);
  REQUIRE(read.fault.empty());
  REQUIRE(read.batch.groups.size() == 2);
  CHECK(read.batch.groups[0].messages == std::vector<std::string_view>{"MSH|^~\\&|1\rPID|1\n\rZZZ", "MSH|2"});
  CHECK(v2::answer_batch(read.batch, {"MSH|one\rMSA\r", "MSH|two\r", "MSH|three\r"}) ==
        "FHS|^~\\&|C|D|A|B||||||F1\r"
        "BHS|^~\\&|C|D|A|B||||||B1\rMSH|one\rMSA\rMSH|two\rBTS|2\r"
        "BHS$^~\\&$C$$A$$$$$$$B2\rMSH|three\rBTS$1\rFTS|2\r");
  const auto bare = v2::read_batch("FHS|^~\\&|A\rMSH|1\r");
  CHECK(v2::answer_batch(bare.batch, {"MSH|a\r"}) == "FHS|^~\\&|||A\rMSH|a\rFTS|1\r");
  CHECK(v2::answer_batch(v2::read_batch("BHS|^~\\&\r").batch, {}) == "BHS|^~\\&\rBTS|0\r");
  for (const char* other : {"", "MSH|^~\\&|A", "BHSX|", " BHS|"}) CHECK_FALSE(v2::is_batch(other));
}

TEST_CASE("hl7v2: a batch that cannot be trusted as a whole is refused") {
  const std::vector<std::pair<std::string, std::string>> broken{
      {"BHS\rMSH|1\rBTS|1", "does not name its delimiters"},
      {"BHS||A\rMSH|1\rBTS|1", "does not name its delimiters"},
      {"BHS|^~\\&\rMSH|1\rBTS|2", "not the number of messages"},
      {"BHS|^~\\&\rMSH|1\rBTS|-1", "not the number of messages"},
      {"FHS|^~\\&\rBHS|^~\\&\rBTS|0\rFTS|2", "not the number of batches"},
      {"BHS|^~\\&\rPID|1\rMSH|1\rBTS", "outside of messages"},
      {"BHS|^~\\&\rMSH|1\rBTS\rPID|1", "outside of messages"},
      {"BHS|^~\\&\rMSH|1\rBHS|^~\\&\rBTS", "before the one before has ended"},
      {"BHS|^~\\&\rBTS\rFHS|^~\\&", "does not stand first"},
      {"BHS|^~\\&\rBTS\rBTS", "ends no batch"},
      {"BHS|^~\\&\rBTS\rFTS", "ends no file"},
      {"FHS|^~\\&\rFTS\rMSH|1", "follows the end"},
      {"FHS|^~\\&\rMSH|1\rBTS|1\rMSH|2\rFTS|2", "is in none"}};
  for (const auto& [bytes, why] : broken) {
    INFO(bytes);
    CHECK(v2::read_batch(bytes).fault.find(why) != std::string::npos);
  }
  std::string many = "BHS|^~\\&\r";
  for (int i = 0; i < 3; ++i) many += "MSH|1\r";
  CHECK(v2::read_batch(many, {3}).fault.empty());
  CHECK(v2::read_batch(many, {2}).fault == "The batch has more than 2 messages");
}

TEST_CASE("hl7v2: real messages are written as they came") {
  const char* corpora = std::getenv("ALZETTE_CORPORA");
  if (corpora == nullptr) return;
  for (const char* folder : {"hl7v2/msconv", "hl7v2/openhie-cr-pixpdq"})
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(corpora) / folder)) {
      std::stringstream bytes;
      bytes << std::ifstream(entry.path()).rdbuf();
      const auto message = read(bytes.str());
      std::string lines;
      for (const char c : message->text) {
        if (c != '\r' && c != '\n')
          lines += c;
        else if (!lines.empty() && lines.back() != '\r')
          lines += '\r';
      }
      if (!lines.ends_with('\r')) lines += '\r';
      CHECK_MESSAGE(v2::serialise(*message) == lines, entry.path().string());
    }
}

TEST_CASE("transactions: each row declares its audit event and what it needs") {
  CHECK_FALSE(ihe::transactions().empty());
  for (const auto* row : ihe::transactions()) {
    INFO(row->id);
    const auto event = row->audit.event;
    CHECK((event == "110110" || event == "110112" || event == "110106" || event == "110107"));
    CHECK(std::string_view("CRUDE").find(row->audit.action) != std::string_view::npos);
    // A query is executed; what is told changes something.
    CHECK((event == "110112") == (row->needs == fhir::Verb::search));
    CHECK(fhir::definitions().resource(row->needs_on) != nullptr);
    CHECK(row->id.starts_with("ITI-"));
    CHECK_FALSE(row->name.empty());
    CHECK_FALSE(row->actor.empty());
  }
}

TEST_CASE("transactions: those that are FHIR at the wire declare their audit event as well") {
  CHECK_FALSE(ihe::restful().empty());
  for (const auto* row : ihe::restful()) {
    INFO(row->id);
    const auto event = row->audit.event;
    CHECK(
        (event == ihe::atna::rest || event == "110110" || event == "110112" || event == "110106" || event == "110107"));
    CHECK(std::string_view("CRUDE").find(row->audit.action) != std::string_view::npos);
    CHECK_FALSE(row->interactions.empty());
    CHECK(static_cast<bool>(row->tell));
    CHECK((row->type.empty() || fhir::definitions().resource(row->type)));
    CHECK(row->id.starts_with("ITI-"));
    CHECK_FALSE(row->name.empty());
    CHECK_FALSE(row->actor.empty());
  }
}
