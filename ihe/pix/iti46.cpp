#include "ihe/pix/iti46.h"

#include "ihe/door.h"
#include "ihe/pix/answer_v3.h"
#include "ihe/pix/patient.h"
#include "ihe/wire/hl7v2.h"

namespace ihe::pix {
namespace {

constexpr std::string_view interaction = "PRPA_IN201302UV02";
constexpr std::string_view own_device = "1.3.182.4.4.1";  // where the national domain is kept

void write_device(xml::Writer& writer, std::string_view side, std::string_view type_code, std::string_view root) {
  writer.open(side).attribute("typeCode", type_code);
  writer.open("device").attribute("classCode", "DEV").attribute("determinerCode", "INSTANCE");
  hl7v3::write_id(writer, "id", root, {});
  writer.close().close();
}

std::string message(const Site& site, const Consumer& consumer, const News& news, std::string_view token) {
  std::string out;
  xml::Writer writer(out);
  writer.open(interaction).attribute("xmlns", hl7v3::ns).attribute("xmlns:xsi", xml::xsi_ns);
  writer.attribute("ITSVersion", "XML_1.0");
  hl7v3::write_id(writer, "id", own_device, token);
  writer.open("creationTime").attribute("value", hl7v3::timestamp(site.now)).close();
  hl7v3::write_id(writer, "interactionId", hl7v3::interaction_ids, interaction);
  writer.open("processingCode").attribute("code", "P").close();
  writer.open("processingModeCode").attribute("code", "T").close();
  writer.open("acceptAckCode").attribute("code", "AL").close();
  write_device(writer, "receiver", "RCV", consumer.device);
  write_device(writer, "sender", "SND", own_device);
  hl7v3::open_control(writer, "PRPA_TE201302UV02");
  write_event(writer, own_device, [&] {
    for (const auto& id : news.ids) write_ii(site, writer, id);
    writer.open("statusCode").attribute("code", "active").close();
    // No more of the person than its name, for verification: 3.46.4.1.2.2.
    writer.open("patientPerson").attribute("classCode", "PSN").attribute("determinerCode", "INSTANCE");
    write_names(writer, *news.record.patient);
    writer.close();
  });
  writer.close().close();
  return out;
}

}  // namespace

fhir::Result<std::vector<Notification>> notifications_v3(const Site& site, const Consumer& consumer,
                                                         const fhir::Version& version,
                                                         const std::function<std::string()>& token) {
  const auto news = news_of(site, consumer, version);
  if (!news) return news.outcome();
  std::vector<Notification> envelopes;
  for (const auto& one : *news) {
    const auto id = token();
    soap::Addressing addressing;
    addressing.action = "urn:hl7-org:v3:" + std::string(interaction);
    addressing.message_id = uuid_of(id);
    addressing.to = consumer.url;
    addressing.reply_to.address = soap::anonymous;
    constexpr std::string_view http = "http://";
    const auto at = std::string_view(consumer.url).substr(http.size());
    auto record = record_of("ITI-46", "PIX Update Notification", consumer.device, at.substr(0, at.find('/')), one.ids);
    record.id = addressing.message_id;
    envelopes.push_back({soap::write(soap::Version::v12, addressing, message(site, consumer, one, id)), record});
  }
  return envelopes;
}

Taken taken_v2(std::string_view answer) {
  const auto parsed = hl7v2::parse(answer);
  const auto* msa = parsed.message->find("MSA");
  const auto code = msa ? parsed.message->first(*msa, 1).component(1) : std::string();
  if (code == "AA" || code == "CA") return Taken::yes;
  return code == "AE" || code == "CE" ? Taken::never : Taken::not_yet;
}

Taken taken_v3(int status, std::string_view answer) {
  const auto envelope = soap::read(answer);
  const auto* read = std::get_if<soap::Envelope>(&envelope);
  const auto* code = read && read->body ? read->body->at({"acknowledgement", "typeCode"}) : nullptr;
  if (!code) return status == 202 ? Taken::yes : Taken::not_yet;
  const auto said = code->value_of("code");
  if (said == "AA" || said == "CA") return Taken::yes;
  return said == "AE" || said == "CE" ? Taken::never : Taken::not_yet;
}

}  // namespace ihe::pix
