// ITI-10 PIX Update Notification.
#include "ihe/pix/iti10.h"

#include <algorithm>

#include "fhir/format/json.h"
#include "ihe/identity/record.h"
#include "ihe/pix/pid.h"
#include "ihe/settings.h"
#include "ihe/wire/acknowledge.h"

namespace ihe::pix {
namespace {

using fhir::Kind;
using fhir::Outcome;
using fhir::Result;
using identity::Id;
using identity::Record;

Outcome wrong(const std::string& what) { return {Kind::malformed, "invalid", "The file of PIX consumers: " + what}; }

Result<Consumer> read_consumer(const fhir::Node& node, const identity::Domains& domains) {
  Consumer consumer;
  for (const auto& member : node) {
    if (member.name == "address") {
      consumer.address = member.text;
    } else if (member.name == "ca") {
      consumer.ca = member.text;
    } else if (member.name == "url") {
      consumer.url = member.text;
    } else if (member.name == "device") {
      consumer.device = member.text;
    } else if (member.name == "application") {
      consumer.application = member.text;
    } else if (member.name == "facility") {
      consumer.facility = member.text;
    } else if (member.name == "domains") {
      const auto* domain = domains.by_name(member.text);
      if (!domain) domain = domains.by_oid(member.text);
      if (!domain) domain = domains.by_uri(member.text);
      if (!domain) return wrong("\"" + std::string(member.text) + "\" is no domain of --domains");
      consumer.domains.push_back(domain->uri);
    } else {
      return wrong("unknown member \"" + std::string(member.name) +
                   "\"; known are address, ca, url, device, application, facility, domains");
    }
  }
  const bool soap = !consumer.url.empty();
  if (soap && !consumer.url.starts_with("http://")) return wrong("a \"url\" is an http address");
  if (soap && consumer.device.empty()) return wrong("a consumer with a \"url\" needs its OID as \"device\"");
  if (!soap && consumer.address.find(':') == std::string::npos)
    return wrong("a consumer needs an \"address\": \"host:port\", or a \"url\"");
  if (consumer.domains.empty()) return wrong("a consumer needs \"domains\"");
  return consumer;
}

// What of a patient decides who is of one person with it.
std::vector<std::string> ties(const fhir::Node& patient) {
  std::vector<std::string> all;
  for (const auto& held : identity::held_by(patient))
    all.push_back(held.id.system + "|" + held.id.value + (held.old ? " old" : ""));
  for (const auto& link : patient) {
    const auto* other = link.name == "link" ? link.child("other") : nullptr;
    if (other) all.push_back(std::string(link.value_of("type")) + " " + std::string(other->value_of("reference")));
  }
  std::sort(all.begin(), all.end());
  return all;
}

// The version before, where there was one.
Result<std::optional<Record>> record_before(const Site& site, const fhir::Version& version) {
  if (version.version <= 1) return std::optional<Record>();
  const auto before = site.snapshot.vread(site.access, *version.type, version.id, version.version - 1);
  if (!before || before->deleted()) return std::optional<Record>();
  auto record = identity::read_record(*before);
  if (!record) return std::move(record.outcome());
  return std::optional<Record>(std::move(*record));
}

Result<std::vector<Record>> group_of(const Site& site, Record record) {
  std::vector<Record> one;
  one.push_back(std::move(record));
  return identity::group_of(site, std::move(one));
}

std::optional<News> news_in(const Consumer& consumer, std::vector<Record> group) {
  News news;
  for (const auto& uri : consumer.domains)
    for (const auto& member : group)
      for (const auto& held : identity::held_by(*member.patient)) {
        if (held.old || held.account || held.id.system != uri) continue;
        if (std::find(news.ids.begin(), news.ids.end(), held.id) == news.ids.end()) news.ids.push_back(held.id);
      }
  if (news.ids.empty()) return std::nullopt;
  news.record = std::move(group.front());
  return news;
}

// Whoever was of one person with the record and is no more; those that the same commit wrote tell it themselves.
Result<std::vector<Record>> left_behind(const Site& site, const fhir::Version& version, Record before,
                                        const std::vector<Record>& now) {
  auto group = group_of(site, std::move(before));
  if (!group) return group;
  std::erase_if(*group, [&](const Record& member) {
    if (member.id == version.id) return true;
    const auto still = std::any_of(now.begin(), now.end(), [&](const Record& one) { return one.id == member.id; });
    if (still) return true;
    const auto stored = site.snapshot.read(site.access, *version.type, member.id);
    return !stored || stored->last_updated == version.last_updated;
  });
  return group;
}

void write_header(hl7v2::Writer& writer, const Site& site, const Consumer& consumer, std::string_view control_id) {
  const auto& marks = writer.delimiters();
  const auto type = std::string("ADT") + marks.component + "A31" + marks.component + "ADT_A05";
  writer.segment("MSH").field("ALZETTE").field("LU").field(consumer.application).field(consumer.facility);
  writer.field(hl7v2::timestamp(site.now)).skip(1).raw(type).field(control_id).field("P").field("2.5");
  writer.skip(5).field("UNICODE UTF-8");
  writer.segment("EVN").skip(1).field(hl7v2::timestamp(site.now));
}

}  // namespace

Result<std::vector<Consumer>> read_consumers(std::string_view text, const identity::Domains& domains) {
  fhir::Arena arena;
  const auto parsed = fhir::json::parse("{\"consumers\":" + std::string(text) + "}", arena);
  if (!parsed) return parsed.outcome();
  std::vector<Consumer> consumers;
  for (const auto& node : **parsed) {
    if (node.form != fhir::Node::Form::object || !node.listed) return wrong("it must be a list of objects: [{…}]");
    auto consumer = read_consumer(node, domains);
    if (!consumer) return std::move(consumer.outcome());
    consumers.push_back(std::move(*consumer));
  }
  return consumers;
}

Result<std::vector<News>> news_of(const Site& site, const Consumer& consumer, const fhir::Version& version) {
  std::vector<News> all;
  std::vector<Record> now;
  auto stored = record_before(site, version);
  if (!stored) return std::move(stored.outcome());
  auto& before = *stored;
  if (!version.deleted()) {
    auto record = identity::read_record(version);
    if (!record) return std::move(record.outcome());
    if (!identity::replaced_by(*record->patient).empty()) return all;  // its survivor tells
    if (before && ties(*before->patient) == ties(*record->patient)) return all;
    auto group = group_of(site, std::move(*record));
    if (!group) return std::move(group.outcome());
    if (auto news = news_in(consumer, *group)) all.push_back(std::move(*news));
    now = std::move(*group);
  }
  if (!before || !identity::replaced_by(*before->patient).empty()) return all;
  auto left = left_behind(site, version, std::move(*before), now);
  if (!left) return std::move(left.outcome());
  while (!left->empty()) {
    auto group = group_of(site, std::move(left->front()));
    if (!group) return std::move(group.outcome());
    left->erase(left->begin());
    std::erase_if(*left, [&](const Record& one) {
      return std::any_of(group->begin(), group->end(), [&](const Record& other) { return other.id == one.id; });
    });
    if (auto news = news_in(consumer, std::move(*group))) all.push_back(std::move(*news));
  }
  return all;
}

atna::Record record_of(std::string_view transaction, std::string_view name, std::string consumer, std::string_view at,
                       const std::vector<Id>& ids) {
  atna::Record record{transaction, name, {"110110", 'R'}};
  record.sender = std::move(consumer);
  record.peer = at.substr(0, at.rfind(':'));
  record.sends = true;
  for (const auto& id : ids) record.told.patients.push_back(id.system + "|" + id.value);
  return record;
}

Result<std::vector<Notification>> notifications(const Site& site, const Consumer& consumer,
                                                const fhir::Version& version,
                                                const std::function<std::string()>& control_id) {
  const auto news = news_of(site, consumer, version);
  if (!news) return news.outcome();
  std::vector<Notification> messages;
  for (const auto& one : *news) {
    hl7v2::Writer writer({});
    std::string ids;
    for (const auto& id : one.ids) ids += (ids.empty() ? "" : "~") + write_cx(site, writer, id);
    auto record = record_of("ITI-10", "PIX Update Notification", consumer.facility + "|" + consumer.application,
                            consumer.address, one.ids);
    record.id = control_id();
    write_header(writer, site, consumer, record.id);
    writer.segment("PID").skip(2).raw(ids).skip(1).raw(" ");  // whatever domains call the person: 3.10.4.1.2.3
    writer.segment("PV1").skip(1).field("N");
    messages.push_back({std::move(writer).finish(), std::move(record)});
  }
  return messages;
}

}  // namespace ihe::pix
