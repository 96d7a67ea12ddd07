// See identity.h. Messages hold no more than their transaction demands.
#include "tests/bench/parts/identity.h"

#include <memory>
#include <random>

namespace bench {
namespace {

std::string root_of(const Person& person) { return person.system.substr(std::string("urn:oid:").size()); }

std::string digits_of(const std::string& date) {
  std::string digits;
  for (const char c : date)
    if (c != '-') digits += c;
  return digits;
}

std::string v2(const std::string& type, const std::string& query) {
  return frame("MSH|^~\\&|BENCH|HOSPITAL|ALZETTE|LU|20260101080000||" + type + "|1|P|2.5\rQPD|" + query + "\rRCP|I\r");
}

std::string v3(const std::string& name, const std::string& parameters) {
  const auto device = [](const std::string& side, const std::string& code) {
    return "<" + side + " typeCode=\"" + code +
           R"("><device classCode="DEV" determinerCode="INSTANCE"><id root="2.999.1"/></device></)" + side + ">";
  };
  return R"(<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing">)"
         R"(<s:Header><a:Action s:mustUnderstand="1">urn:hl7-org:v3:)" +
         name + "</a:Action><a:MessageID>urn:uuid:0e1f</a:MessageID></s:Header><s:Body><" + name +
         R"( xmlns="urn:hl7-org:v3" ITSVersion="XML_1.0"><id root="2.999.2" extension="1"/>)"
         R"(<creationTime value="20260101080000"/><interactionId root="2.16.840.1.113883.1.6" extension=")" +
         name + R"("/><processingCode code="P"/><processingModeCode code="T"/><acceptAckCode code="AL"/>)" +
         device("receiver", "RCV") + device("sender", "SND") +
         R"(<controlActProcess classCode="CACT" moodCode="EVN"><code code="PRPA_TE201305UV02"/><queryByParameter>)"
         R"(<queryId root="2.999.3" extension="1"/><statusCode code="new"/><responsePriorityCode code="I"/>)"
         "<parameterList>" +
         parameters + "</parameterList></queryByParameter></controlActProcess></" + name + "></s:Body></s:Envelope>";
}

std::string parameter(const std::string& name, const std::string& value) {
  return "<" + name + ">" + value + "<semanticsText>" + name + "</semanticsText></" + name + ">";
}

std::string soap(const std::string& body) {
  return "POST /soap HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/soap+xml; charset=UTF-8\r\n"
         "Content-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string ii(const Person& one) { return "<value root=\"" + root_of(one) + "\" extension=\"" + one.value + "\"/>"; }

std::string cx(const Person& one) { return one.value + "^^^&" + root_of(one) + "&ISO"; }

// What a source would send that knows the name, the date and the sex, but no number.
std::string described(const Person& one) {
  return R"({"resourceType":"Parameters","parameter":[{"name":"resource","resource":{"resourceType":"Patient","name":[{)"
         R"("family":")" +
         one.family + R"(","given":[")" + one.given + R"("]}],"birthDate":")" + one.birth_date + R"("}}]})";
}

}  // namespace

std::vector<Question> questions(const Pools& pools) {
  auto random = std::make_shared<std::mt19937>(4);
  auto of = [&pools, random](bool mllp, const char* name, std::string (*request)(const Person&)) {
    return Question{name, mllp,
                    [&pools, random, request] { return request(pools.people[(*random)() % pools.people.size()]); }};
  };
  return {
      of(true, "ITI-9", [](const Person& one) { return v2("QBP^Q23^QBP_Q21", "IHE PIX Query|1|" + cx(one)); }),
      of(false, "ITI-45",
         [](const Person& one) { return soap(v3("PRPA_IN201309UV02", parameter("patientIdentifier", ii(one)))); }),
      of(false, "ITI-83",
         [](const Person& one) {
           return get("/fhir/Patient/$ihe-pix?sourceIdentifier=" + encoded(one.system + "|" + one.value));
         }),
      of(true, "ITI-21 by identifier",
         [](const Person& one) {
           return v2("QBP^Q22^QBP_Q21", "IHE PDQ Query|1|@PID.3.1^" + one.value + "~@PID.3.4.2^" + root_of(one));
         }),
      of(false, "ITI-47 by identifier",
         [](const Person& one) { return soap(v3("PRPA_IN201305UV02", parameter("livingSubjectId", ii(one)))); }),
      of(false, "ITI-78 by identifier",
         [](const Person& one) { return get("/fhir/Patient?identifier=" + encoded(one.system + "|" + one.value)); }),
      of(true, "ITI-21 by name and date",
         [](const Person& one) {
           return v2("QBP^Q22^QBP_Q21", "IHE PDQ Query|1|@PID.5.1.1^" + one.family + "~@PID.5.2^" + one.given +
                                            "~@PID.7^" + digits_of(one.birth_date));
         }),
      of(false, "ITI-47 by name and date",
         [](const Person& one) {
           return soap(v3("PRPA_IN201305UV02",
                          parameter("livingSubjectBirthTime", "<value value=\"" + digits_of(one.birth_date) + "\"/>") +
                              parameter("livingSubjectName", "<value><family>" + one.family + "</family><given>" +
                                                                 one.given + "</given></value>")));
         }),
      of(false, "ITI-78 by name and date",
         [](const Person& one) {
           return get("/fhir/Patient?family=" + encoded(one.family) + "&given=" + encoded(one.given) +
                      "&birthdate=" + one.birth_date);
         }),
      of(false, "$match", [](const Person& one) { return send("POST", "/fhir/Patient/$match", described(one)); }),
  };
}

}  // namespace bench
