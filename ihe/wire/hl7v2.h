// HL7 v2 messages ("ER7"): a view of segments, fields, repetitions, components over one UTF-8 text, and a writer.
// No model classes: what a field means is the transaction's business. HL7 v2.5 chapter 2; IHE ITI TF-2 Appendix C.
//
//   MSH|^~\&|APP|FACILITY|…      PID|||1^^^A&1.2.3&ISO~2^^^B||WEBER^ANNE
//      │└ MSH-2: component, repetition, escape, subcomponent     └ PID-3 repeats
//      └ MSH-1: the field separator
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/outcome.h"

namespace ihe::hl7v2 {

struct Delimiters {
  char field = '|', component = '^', repetition = '~', escape = '\\', subcomponent = '&';
};

struct Limits {
  std::size_t bytes = 4u << 20;
  std::size_t segments = 2'000;
  std::size_t fields = 500;         // of a segment
  std::size_t repetitions = 1'000;  // of a field
};

// One repetition of a field, as written.
class Repetition {
 public:
  Repetition() = default;
  Repetition(std::string_view raw, const Delimiters& delimiters) : raw_(raw), delimiters_(&delimiters) {}
  std::string_view raw() const { return raw_; }
  bool empty() const { return raw_.empty(); }
  bool null() const { return raw_ == "\"\""; }                               // HL7's "delete what you have"
  std::string component(std::size_t n, std::size_t subcomponent = 1) const;  // counted from 1; without escapes
  std::string_view raw_component(std::size_t n) const;
  std::string text() const;  // the whole, without escapes: of fields that have no components

 private:
  std::string_view raw_;
  const Delimiters* delimiters_ = nullptr;
};

struct Segment {
  std::string_view name;
  std::vector<std::string_view> fields;  // fields[n] is field n; fields[0] is the name
  std::string_view field(std::size_t n) const { return n < fields.size() ? fields[n] : std::string_view(); }
};

// How text was coded on the wire: MSH-18, HL7 table 0211. `none`: not given; ASCII is meant, UTF-8 and Latin-1 occur.
enum class Charset : std::uint8_t { none, ascii, latin1, latin15, utf8 };

struct Message {
  std::string text;  // in UTF-8
  Delimiters delimiters;
  Charset charset = Charset::none;
  std::vector<Segment> segments;  // views of `text`

  Message() = default;
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;
  Message(Message&&) = delete;
  Message& operator=(Message&&) = delete;

  const Segment* find(std::string_view name, std::size_t occurrence = 0) const;
  Repetition first(const Segment& segment, std::size_t field) const;
  // Of MSH; empty where not even that could be read.
  Repetition header(std::size_t field) const {
    return segments.empty() ? Repetition() : first(segments.front(), field);
  }
  std::vector<Repetition> repetitions(const Segment& segment, std::size_t field) const;  // those that are not empty
};

// Where and why a message is refused. `location` as in ERR-2: "PID^1^3^1^4"; `code` of HL7 table 0357; `severity` of
// table 0516: a message is taken with warnings.
struct Fault {
  std::string location;
  std::string_view code;
  std::string text;
  std::string_view severity = "E";
};

// Whether the text could be read. Even where it could not, `message` may hold enough of MSH to answer to it.
struct Parsed {
  std::shared_ptr<Message> message;
  std::vector<Fault> faults;  // none: it is good
};

// Segments may end in CR, LF or both. Never throws for its input, takes time in proportion to it.
Parsed parse(std::string_view bytes, const Limits& limits = {});

// The message again, segments ended by CR: equal to what came, line ends aside.
std::string serialise(const Message& message);

// Bytes in another coding; nothing where it has no place for a character.
std::string encode(std::string_view utf8, Charset charset, bool& complete);

std::string_view name_of(Charset charset);  // as in MSH-18

std::string escape(std::string_view text, const Delimiters& delimiters);
std::string unescape(std::string_view written, const Delimiters& delimiters);

// Writes a message with the delimiters of the one that it answers.
class Writer {
 public:
  explicit Writer(const Delimiters& delimiters) : delimiters_(delimiters) {}

  // Starts a segment; fields follow in order.
  Writer& segment(std::string_view name);
  Writer& field(std::string_view text);                                // escaped
  Writer& raw(std::string_view written);                               // as it stands: joined components, echoed fields
  Writer& skip(std::size_t fields);                                    // empty ones
  std::string join(const std::vector<std::string>& components) const;  // escaped, by the component separator
  std::string join_sub(const std::vector<std::string>& parts) const;   // escaped, by the subcomponent separator
  const Delimiters& delimiters() const { return delimiters_; }
  std::string finish() &&;

 private:
  Delimiters delimiters_;
  std::string out_;
};

}  // namespace ihe::hl7v2
