// Acknowledgements.
#include "ihe/wire/acknowledge.h"

#include <algorithm>
#include <array>

#include "fhir/value.h"

namespace ihe::hl7v2 {
namespace {

using fhir::Kind;

constexpr std::size_t most_faults = 50;

// Equal for equal messages, so that a replay gets the same acknowledgement.
std::string control_id(const Message& message) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : message.text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string id = "ACK-";
  for (int shift = 60; shift >= 0; shift -= 4) id += digits[hash >> shift & 15];
  return id;
}

// Before 2.5, ERR has one field with segment, sequence, field and code.
bool old_errors(const Message& message) {
  const auto version = message.header(12).component(1);
  return version.starts_with("2.1") || version.starts_with("2.2") || version.starts_with("2.3") ||
         version.starts_with("2.4");
}

struct Text {
  std::string_view code, text;
};
constexpr std::array<Text, 13> table_0357{{{"0", "Message accepted"},
                                           {"100", "Segment sequence error"},
                                           {"101", "Required field missing"},
                                           {"102", "Data type error"},
                                           {"103", "Table value not found"},
                                           {"200", "Unsupported message type"},
                                           {"201", "Unsupported event code"},
                                           {"202", "Unsupported processing id"},
                                           {"203", "Unsupported version id"},
                                           {"204", "Unknown key identifier"},
                                           {"205", "Duplicate key identifier"},
                                           {"206", "Application record locked"},
                                           {"207", "Application internal error"}}};

std::string_view text_of(std::string_view code) {
  const auto found =
      std::find_if(table_0357.begin(), table_0357.end(), [&](const Text& one) { return one.code == code; });
  return found == table_0357.end() ? std::string_view() : found->text;
}

// "PID^1^3" with the delimiters of the message.
std::string location_of(std::string location, const Delimiters& delimiters) {
  std::replace(location.begin(), location.end(), '^', delimiters.component);
  return location;
}

std::string_view fault_code(const fhir::Issue& issue, Kind kind) {
  if (kind == Kind::busy || kind == Kind::timeout || kind == Kind::internal) return "207";
  if (kind == Kind::conflict) return "206";
  if (kind == Kind::duplicate || issue.code == "duplicate") return "205";
  if (issue.code == "required") return "101";
  if (issue.code == "code-unknown") return "103";
  if (issue.code == "code-invalid" || issue.code == "not-found" || issue.code == "business-rule") return "204";
  if (issue.code == "structure") return "100";
  return kind == Kind::unsupported ? "200" : "102";
}

// Whether MSH-15 wants the accept acknowledgement of this outcome: HL7 table 0155.
bool asks_for_commit(const Message& message, bool success) {
  const auto condition = message.header(15).component(1);
  return condition == "AL" || condition == (success ? "SU" : "ER");
}

}  // namespace

std::string timestamp(std::int64_t now) {
  std::string text;
  for (const char c : fhir::instant_text(now).substr(0, 19))
    if (c >= '0' && c <= '9') text += c;
  return text + "+0000";
}

void start_answer(Writer& writer, const Message& message, std::string_view type, std::int64_t now) {
  const auto raw = [&](std::size_t n) { return message.header(n).raw(); };
  writer.segment("MSH").raw(raw(5)).raw(raw(6)).raw(raw(3)).raw(raw(4));
  writer.field(timestamp(now)).skip(1).raw(location_of(std::string(type), writer.delimiters()));
  writer.field(control_id(message)).raw(raw(11).empty() ? "P" : raw(11)).raw(raw(12).empty() ? "2.5" : raw(12));
  writer.skip(5).raw(name_of(message.charset));
}

void add_msa(Writer& writer, const Message& message, std::string_view code) {
  writer.segment("MSA").field(code).raw(message.header(10).raw());
}

void add_errors(Writer& writer, const Message& message, const std::vector<Fault>& faults) {
  const auto& marks = writer.delimiters();
  for (std::size_t i = 0; i < std::min(faults.size(), most_faults); ++i) {
    const auto& fault = faults[i];
    auto location = location_of(fault.location, marks);
    writer.segment("ERR");
    if (old_errors(message)) {
      // ERR-1: segment, sequence, field, code; what lies deeper has no place.
      std::string parts[3] = {"MSH", "1", ""};
      for (std::size_t n = 0, at = 0; n < 3 && at <= location.size() && !location.empty(); ++n) {
        const auto end = std::min(location.find(marks.component, at), location.size());
        parts[n] = location.substr(at, end - at);
        at = end + 1;
      }
      writer.raw(parts[0] + marks.component + parts[1] + marks.component + parts[2] + marks.component +
                 std::string(fault.code) + marks.subcomponent + escape(text_of(fault.code), marks) +
                 marks.subcomponent + "HL70357");
      continue;
    }
    writer.skip(1).raw(location);
    writer.raw(writer.join({std::string(fault.code), std::string(text_of(fault.code)), "HL70357"}))
        .field(fault.severity);
    writer.skip(3).field(fault.text);
  }
}

std::string reject(const Message& message, std::string_view code, const std::vector<Fault>& faults, std::int64_t now) {
  Writer writer(message.delimiters);
  std::string type = "ACK";
  if (const auto event = message.header(9).component(2); !event.empty()) type += "^" + event + "^ACK";
  start_answer(writer, message, type, now);
  add_msa(writer, message, code);
  add_errors(writer, message, faults);
  return std::move(writer).finish();
}

std::string acknowledge(const Message& message, std::string_view code, const std::vector<Fault>& faults,
                        std::int64_t now) {
  std::string answer(code);
  if (asks_for_commit(message, code == "AA")) answer[0] = 'C';
  return reject(message, answer, faults, now);
}

std::string_view code_of(Kind kind) {
  switch (kind) {
    case Kind::malformed:
    case Kind::unprocessable:
    case Kind::absent:
    case Kind::gone:
    case Kind::duplicate:
    case Kind::precondition:
    case Kind::too_large:
    case Kind::too_costly:
      return "AE";
    case Kind::unauthenticated:
    case Kind::forbidden:
    case Kind::unsupported:
    case Kind::conflict:
    case Kind::busy:
    case Kind::timeout:
    case Kind::internal:
      return "AR";
  }
  return "AR";
}

std::vector<Fault> faults_of(const fhir::Outcome& outcome) {
  std::vector<Fault> faults;
  for (const auto& issue : outcome.issues) {
    const bool located = issue.expression.find('^') != std::string::npos;
    if (!issue.refuses() && issue.severity != fhir::Severity::warning) continue;
    faults.push_back({located ? issue.expression : std::string(), fault_code(issue, outcome.kind), issue.diagnostics,
                      issue.refuses() ? "E" : "W"});
  }
  return faults;
}

}  // namespace ihe::hl7v2
