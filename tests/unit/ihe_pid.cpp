// PID to Patient and back; what the fields that hold "" take away.
#include <doctest/doctest.h>

#include "fhir/format/json.h"
#include "ihe/pix/pid.h"
#include "tests/unit/identity_fixture.h"

namespace {

using identity_fixture::Index;

std::shared_ptr<ihe::hl7v2::Message> message(const std::string& pid) {
  auto parsed = ihe::hl7v2::parse("MSH|^~\\&|A|B|C|D|2026||ADT^A01|1|P|2.5\r" + pid);
  REQUIRE(parsed.faults.empty());
  return parsed.message;
}

struct Read {
  explicit Read(const std::string& text) : asked(message(text)), snapshot(index.opened.store->snapshot()) {
    auto told = ihe::pix::read_pid(index.site(*snapshot), *asked, *asked->find("PID"));
    if (told)
      read = std::move(*told);
    else
      fault = told.outcome().issues.at(0).expression;
  }
  std::string json() const {
    std::string out;
    fhir::json::write(*read.patient, out);
    return out;
  }
  std::string written() {
    ihe::hl7v2::Writer writer({});
    std::vector<ihe::identity::Id> ids;
    for (const auto& node : *read.patient)
      if (node.name == "identifier" && !node.value_of("system").empty())
        ids.push_back({std::string(node.value_of("system")), std::string(node.value_of("value"))});
    ihe::pix::write_pid(index.site(*snapshot), writer, *read.patient, ids);
    return std::move(writer).finish();
  }
  Index index;
  std::shared_ptr<ihe::hl7v2::Message> asked;
  std::unique_ptr<fhir::Snapshot> snapshot;
  ihe::pix::Told read;
  std::string fault;
};

}  // namespace

TEST_CASE("pid: what a message says is read, and written as it came") {
  const std::string pid =
      "PID|1||1^^^A&1.2.3.1&ISO~7^^^B&1.2.3.2&ISO||WEBER^ANNE^MARIE^^Dr^^L||19700228|F|||1 Rue^B^Esch^^4000^LU^H||"
      "621 1^PRN^CP~^NET^Internet^a@b.lu|27 1^WPN^PH||M||||||||Y|2||||19990101|Y\r";
  Read all(pid);
  CHECK(all.fault.empty());
  CHECK(all.written() == pid);
  CHECK(all.json().find(R"("birthDate":"1970-02-28")") != std::string::npos);
  CHECK(all.json().find(R"("given":["ANNE","MARIE"])") != std::string::npos);
  CHECK(all.json().find(R"("multipleBirthInteger":2)") != std::string::npos);
  CHECK(all.read.mother == nullptr);
}

TEST_CASE("pid: the mother, partial dates, elements to be cleared, values that are not possible") {
  Read child("PID|||1^^^A||X^Y|MURRAY^JANE|2014|M|||\"\"||\"\"||||||||9^^^A");
  REQUIRE(child.read.mother);
  CHECK(child.read.mother->child("identifier")->value_of("value") == "9");
  CHECK(child.json().find(R"("birthDate":"2014")") != std::string::npos);
  CHECK(child.json().find("MURRAY") != std::string::npos);
  CHECK(child.read.cleared == std::vector<std::string_view>{"address", "telecom"});
  CHECK(Read("PID|||1^^^A||X|Y|20140231").fault == "PID^1^7");
  CHECK(Read("PID|||1^^^A||X||20140228|Z").fault == "PID^1^8");
  CHECK(Read("PID|||1^^^A||X||20140228|M|||||||||||||||||||||20149999").fault == "PID^1^29");
}
