// HL7 v2: reading and writing. HL7 v2.5 chapter 2.
#include "ihe/wire/hl7v2.h"

#include <algorithm>

#include "fhir/value.h"
#include "ihe/wire/charset.h"

namespace ihe::hl7v2 {
namespace {

bool upper_or_digit(char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool is_name(std::string_view name) {
  return name.size() == 3 && name[0] >= 'A' && name[0] <= 'Z' && upper_or_digit(name[1]) && upper_or_digit(name[2]);
}

// The nth part of `text` between separators, counted from 1.
std::string_view part(std::string_view text, char separator, std::size_t n) {
  for (; n > 1; --n) {
    const auto at = text.find(separator);
    if (at == std::string_view::npos) return {};
    text.remove_prefix(at + 1);
  }
  return text.substr(0, text.find(separator));
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t") == std::string_view::npos; }

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// \X0D0A\ … Bytes that are no UTF-8 are taken as Latin-1.
void append_hex(std::string_view digits, std::string& out) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    const int high = digit_of(digits[i]), low = digit_of(digits[i + 1]);
    if (high < 0 || low < 0) return;
    bytes += static_cast<char>(high * 16 + low);
  }
  out += fhir::bad_utf8(bytes) == std::string_view::npos ? bytes : from_latin1(bytes);
}

void append_escape(std::string_view word, const Delimiters& delimiters, std::string& out) {
  if (word == "F")
    out += delimiters.field;
  else if (word == "S")
    out += delimiters.component;
  else if (word == "T")
    out += delimiters.subcomponent;
  else if (word == "R")
    out += delimiters.repetition;
  else if (word == "E")
    out += delimiters.escape;
  else if (word.starts_with('X'))
    append_hex(word.substr(1), out);
  else if (word.starts_with(".br") || word.starts_with(".sp"))
    out += '\n';
  // Others lay out or mark text (\H\ \N\ \.in\ \Z…\): they say nothing of its content.
}

struct Reader {
  Message& message;
  const Limits& limits;
  std::vector<Fault>& faults;

  void refuse(std::string location, std::string_view code, std::string text) {
    faults.push_back({std::move(location), code, std::move(text)});
  }

  // MSH-1 and MSH-2 say how the rest is to be read.
  bool read_delimiters(std::string_view bytes) {
    if (!bytes.starts_with("MSH") || bytes.size() < 8) {
      refuse("", "100", "The message does not start with MSH and its delimiters");
      return false;
    }
    auto& d = message.delimiters;
    const auto end = bytes.find(bytes[3], 4);
    const auto coding = bytes.substr(4, std::min(end, bytes.find_first_of("\r\n")) - 4);
    const std::string all = bytes[3] + std::string(coding);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const bool usable = all[i] > ' ' && all[i] < 0x7F && !digit_or_letter(all[i]);
      if (!usable || all.find(all[i], i + 1) != std::string::npos) {
        refuse("MSH^1^2", "102", "The delimiters in MSH-1 and MSH-2 must be five different marks");
        return false;
      }
    }
    if (coding.size() != 4 && coding.size() != 5) {  // the fifth marks truncation, from 2.7 on
      refuse("MSH^1^2", "102", "MSH-2 must hold four encoding characters");
      return false;
    }
    d = {bytes[3], coding[0], coding[1], coding[2], coding[3]};
    return true;
  }

  static bool digit_or_letter(char c) { return upper_or_digit(c) || (c >= 'a' && c <= 'z'); }

  void read_segments() {
    std::string_view rest = message.text;
    while (!rest.empty()) {
      const auto end = std::min(rest.find_first_of("\r\n"), rest.size());
      const auto line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (line.empty()) continue;
      if (message.segments.size() == limits.segments)
        return refuse("", "100", "The message has more than " + std::to_string(limits.segments) + " segments");
      if (!read_segment(line)) return;
    }
  }

  bool read_segment(std::string_view line) {
    const auto name = line.substr(0, 3);
    if (!is_name(name) || (line.size() > 3 && line[3] != message.delimiters.field)) {
      refuse("", "100", "Segment " + std::to_string(message.segments.size() + 1) + " does not start with its name");
      return false;
    }
    Segment segment;
    segment.name = name;
    segment.fields.push_back(name);
    if (name == "MSH") segment.fields.push_back(line.substr(3, 1));
    for (std::size_t at = 4; at <= line.size();) {
      const auto end = std::min(line.find(message.delimiters.field, at), line.size());
      if (segment.fields.size() > limits.fields) {
        refuse(std::string(name), "102", "The segment has more than " + std::to_string(limits.fields) + " fields");
        return false;
      }
      segment.fields.push_back(line.substr(at, end - at));
      at = end + 1;
      if (!few_repetitions(name, segment)) return false;
    }
    message.segments.push_back(std::move(segment));
    return true;
  }

  bool few_repetitions(std::string_view name, const Segment& segment) {
    const auto& field = segment.fields.back();
    const auto marks = std::count(field.begin(), field.end(), message.delimiters.repetition);
    if (static_cast<std::size_t>(marks) < limits.repetitions) return true;
    refuse(std::string(name) + "^1^" + std::to_string(segment.fields.size() - 1), "102",
           "The field repeats more than " + std::to_string(limits.repetitions) + " times");
    return false;
  }
};

// MSH-18 of bytes whose coding is not known yet: its names are ASCII.
std::string_view declared_charset(std::string_view bytes, char separator, char repetition) {
  const auto header = bytes.substr(0, bytes.find_first_of("\r\n"));
  return part(part(header, separator, 18), repetition, 1);
}

}  // namespace

std::string_view Repetition::raw_component(std::size_t n) const {
  return delimiters_ ? part(raw_, delimiters_->component, n) : std::string_view();
}

std::string Repetition::component(std::size_t n, std::size_t subcomponent) const {
  if (!delimiters_) return {};
  auto found = unescape(part(raw_component(n), delimiters_->subcomponent, subcomponent), *delimiters_);
  found.resize(found.find_last_not_of(" \t") + 1);  // blanks behind a string are optional: HL7 v2.5 2.A, ST
  return found == "\"\"" ? std::string() : found;
}

std::string Repetition::text() const { return delimiters_ ? unescape(raw_, *delimiters_) : std::string(); }

const Segment* Message::find(std::string_view name, std::size_t occurrence) const {
  for (const auto& segment : segments)
    if (segment.name == name && occurrence-- == 0) return &segment;
  return nullptr;
}

Repetition Message::first(const Segment& segment, std::size_t field) const {
  const auto raw = segment.field(field);
  if (segment.name == "MSH" && field <= 2) return {raw, delimiters};
  const auto repetition = raw.substr(0, raw.find(delimiters.repetition));
  return {is_blank(repetition) ? std::string_view() : repetition, delimiters};
}

std::vector<Repetition> Message::repetitions(const Segment& segment, std::size_t field) const {
  std::vector<Repetition> all;
  auto raw = segment.field(field);
  for (std::size_t at = 0; at < raw.size();) {
    const auto end = std::min(raw.find(delimiters.repetition, at), raw.size());
    if (const auto repetition = raw.substr(at, end - at); !is_blank(repetition))
      all.emplace_back(repetition, delimiters);
    at = end + 1;
  }
  return all;
}

Parsed parse(std::string_view bytes, const Limits& limits) {
  Parsed parsed{std::make_shared<Message>(), {}};
  auto& message = *parsed.message;
  Reader reader{message, limits, parsed.faults};
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);  // a byte order mark
  if (bytes.size() > limits.bytes) {
    reader.refuse("", "100", "The message is larger than " + std::to_string(limits.bytes) + " bytes");
    bytes = bytes.substr(0, std::min(bytes.find_first_of("\r\n"), std::size_t{4096}));
  }
  if (!reader.read_delimiters(bytes)) return parsed;
  const auto declared = declared_charset(bytes, message.delimiters.field, message.delimiters.repetition);
  const auto charset = charset_of(declared);
  if (!charset)
    reader.refuse("MSH^1^18", "103", "The character set is not known; ASCII, 8859/1, 8859/15, UNICODE UTF-8 are");
  message.charset = charset.value_or(Charset::none);
  auto text = decode(bytes, message.charset);
  if (!text) {
    reader.refuse("", "102", "The text is not in the character set that MSH-18 names");
    text = from_latin1(bytes);
  }
  message.text = std::move(*text);
  reader.read_segments();
  return parsed;
}

std::string serialise(const Message& message) {
  std::string out;
  out.reserve(message.text.size());
  for (const auto& segment : message.segments) {
    out += segment.name;
    for (std::size_t n = 1; n < segment.fields.size(); ++n) {
      if (segment.name == "MSH" && n == 1) continue;
      out += message.delimiters.field;
      out += segment.fields[n];
    }
    out += '\r';
  }
  return out;
}

std::string unescape(std::string_view written, const Delimiters& delimiters) {
  std::string out;
  out.reserve(written.size());
  for (std::size_t at = 0; at < written.size();) {
    const auto start = written.find(delimiters.escape, at);
    out += written.substr(at, start - at);
    if (start == std::string_view::npos) break;
    const auto end = written.find(delimiters.escape, start + 1);
    if (end == std::string_view::npos) {
      out += written.substr(start);
      break;
    }
    append_escape(written.substr(start + 1, end - start - 1), delimiters, out);
    at = end + 1;
  }
  return out;
}

std::string escape(std::string_view text, const Delimiters& delimiters) {
  std::string out;
  out.reserve(text.size());
  const auto mark = [&](std::string_view word) { (out += delimiters.escape).append(word) += delimiters.escape; };
  for (const char c : text) {
    if (c == delimiters.field)
      mark("F");
    else if (c == delimiters.component)
      mark("S");
    else if (c == delimiters.subcomponent)
      mark("T");
    else if (c == delimiters.repetition)
      mark("R");
    else if (c == delimiters.escape)
      mark("E");
    else if (c == '\r')
      mark("X0D");
    else if (c == '\n')
      mark("X0A");
    else if (static_cast<unsigned char>(c) < 0x20)
      out += ' ';
    else
      out += c;
  }
  return out;
}

Writer& Writer::segment(std::string_view name) {
  if (!out_.empty()) out_ += '\r';
  out_ += name;
  if (name == "MSH") {
    out_ += delimiters_.field;
    out_ += {delimiters_.component, delimiters_.repetition, delimiters_.escape, delimiters_.subcomponent};
  }
  return *this;
}

Writer& Writer::field(std::string_view text) { return raw(escape(text, delimiters_)); }

Writer& Writer::raw(std::string_view written) {
  (out_ += delimiters_.field) += written;
  return *this;
}

Writer& Writer::skip(std::size_t fields) {
  out_.append(fields, delimiters_.field);
  return *this;
}

std::string Writer::join(const std::vector<std::string>& components) const {
  std::string out;
  for (const auto& component : components) {
    if (&component != &components.front()) out += delimiters_.component;
    out += escape(component, delimiters_);
  }
  while (out.ends_with(delimiters_.component)) out.pop_back();
  return out;
}

std::string Writer::join_sub(const std::vector<std::string>& parts) const {
  std::string out;
  for (const auto& one : parts) {
    if (&one != &parts.front()) out += delimiters_.subcomponent;
    out += escape(one, delimiters_);
  }
  return out;
}

// Fields at the end of a segment that hold nothing are left out.
std::string Writer::finish() && {
  std::string out;
  for (std::size_t at = 0; at < out_.size();) {
    const auto end = std::min(out_.find('\r', at), out_.size());
    auto line = std::string_view(out_).substr(at, end - at);
    while (line.size() > 4 && line.ends_with(delimiters_.field)) line.remove_suffix(1);
    (out += line) += '\r';
    at = end + 1;
  }
  return out;
}

}  // namespace ihe::hl7v2
