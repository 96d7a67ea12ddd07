// The HL7 v2 door of IHE.
#include "ihe/hl7v2.h"

#include <algorithm>

#include "ihe/wire/acknowledge.h"
#include "ihe/wire/hl7v2.h"

namespace ihe::hl7v2 {
namespace {

// Whether the row's list of "TYPE^EVENT" has this one, or any event of the type.
enum class Fit { none, type, event };

Fit fit(const Transaction& row, std::string_view type, std::string_view event) {
  Fit best = Fit::none;
  for (std::size_t at = 0; at < row.action.size();) {
    const auto end = std::min(row.action.find(' ', at), row.action.size());
    const auto one = row.action.substr(at, end - at);
    const auto mark = one.find('^');
    if (one.substr(0, mark) == type) best = std::max(best, one.substr(mark + 1) == event ? Fit::event : Fit::type);
    at = end + 1;
  }
  return best;
}

bool known_version(std::string_view version) {
  if (version.empty()) return true;
  return version.size() >= 3 && version.starts_with("2.") && version[2] >= '1' && version[2] <= '9' &&
         (version.size() == 3 || version[3] == '.');
}

// What is wrong with the header before it is asked which row takes it.
std::vector<Fault> header_faults(const Message& message) {
  std::vector<Fault> faults;
  const auto processing = message.header(11).component(1);
  if (!processing.empty() && processing != "P" && processing != "T" && processing != "D")
    faults.push_back({"MSH^1^11", "202", "MSH-11 must be P, T or D"});
  if (!known_version(message.header(12).component(1)))
    faults.push_back({"MSH^1^12", "203", "MSH-12 is no version 2.x"});
  return faults;
}

const Transaction* row_of(const Message& message, std::vector<Fault>& faults) {
  const auto type = message.header(9).component(1);
  auto event = message.header(9).component(2);
  if (const auto* evn = message.find("EVN"); event.empty() && evn) event = message.first(*evn, 1).component(1);
  Fit best = Fit::none;
  for (const auto* row : transactions()) {
    if (row->door != Door::mllp) continue;
    const auto fits = fit(*row, type, event);
    if (fits == Fit::event) return row;
    best = std::max(best, fits);
  }
  if (type.empty())
    faults.push_back({"MSH^1^9", "101", "MSH-9 does not say what the message is"});
  else if (best == Fit::none)
    faults.push_back({"MSH^1^9^1^1", "200", "No transaction of this server takes this message type"});
  else
    faults.push_back({"MSH^1^9^1^2", "201", "No transaction of this server takes this trigger event"});
  return nullptr;
}

}  // namespace

Received receive(std::string_view bytes, std::int64_t now) {
  auto parsed = parse(bytes);
  Received received{parsed.message, nullptr, {}};
  const auto& message = *parsed.message;
  const auto refuse_with = [&](std::string_view code, const std::vector<Fault>& faults) {
    received.refusal = in_charset_of(message, reject(message, code, faults, now));
    return received;
  };
  if (!parsed.faults.empty()) return refuse_with("AR", parsed.faults);
  auto faults = header_faults(message);
  if (!faults.empty()) return refuse_with("AR", faults);
  const auto* row = row_of(message, faults);
  if (!row) return refuse_with("AR", faults);
  if (message.header(10).component(1).empty())
    return refuse_with("AE", {{"MSH^1^10", "101", "The message has no control id"}});
  received.row = row;
  return received;
}

ihe::Message message_of(std::shared_ptr<const Message> message, std::string peer) {
  ihe::Message made;
  made.sender = message->header(4).component(1) + "|" + message->header(3).component(1);
  made.peer = std::move(peer);
  made.id = message->header(10).component(1);
  made.v2 = std::move(message);
  return made;
}

std::string refuse(const Message& message, const fhir::Outcome& outcome, std::int64_t now) {
  return acknowledge(message, code_of(outcome.kind), faults_of(outcome), now);
}

std::string refuse_frame(std::string_view bytes, std::string_view why, std::int64_t now) {
  constexpr std::size_t header_size = 4096;
  const auto parsed = parse(bytes.substr(0, std::min(bytes.find_first_of("\r\n"), header_size)));
  return reject(*parsed.message, "AR", {{"", "100", std::string(why)}}, now);
}

std::string in_charset_of(const Message& message, std::string answer) {
  const auto charset = message.charset == Charset::none ? Charset::utf8 : message.charset;
  bool complete = true;
  auto bytes = encode(answer, charset, complete);
  if (complete) return bytes;
  // MSH-18 of the answer must say what it is in.
  const auto end = std::min(answer.find('\r'), answer.size());
  std::size_t at = 0;
  for (int field = 1; field < 18 && at < end; ++field) at = answer.find(message.delimiters.field, at + 1);
  const auto stop = std::min(answer.find(message.delimiters.field, at + 1), end);
  return answer.replace(at + 1, stop - at - 1, name_of(Charset::utf8));
}

}  // namespace ihe::hl7v2
