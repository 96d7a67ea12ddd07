// HL7 v2 batches.
#include "ihe/hl7v2_batch.h"

#include <algorithm>
#include <charconv>

namespace ihe::hl7v2 {
namespace {

bool is(std::string_view line, std::string_view name) {
  const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
  return line.starts_with(name) && (line.size() == name.size() || !letter(line[name.size()]));
}

// What stands behind the nth separator: field n, of BHS and FHS field n + 1, as their first is the separator itself.
std::string_view field_of(std::string_view segment, char separator, std::size_t n) {
  for (std::size_t passed = 0; passed < n; ++passed) {
    const auto at = segment.find(separator);
    if (at == std::string_view::npos) return {};
    segment.remove_prefix(at + 1);
  }
  return segment.substr(0, segment.find(separator));
}

class Reader {
 public:
  Reader(const BatchLimits& limits, ReadBatch& read) : limits_(limits), read_(read) {}

  void read(std::string_view bytes) {
    for (std::size_t at = 0; at < bytes.size() && read_.fault.empty();) {
      const auto end = std::min(bytes.find_first_of("\r\n", at), bytes.size());
      if (end > at) line(bytes.substr(at, end - at), bytes);
      at = end + 1;
    }
  }

 private:
  void refuse(std::string why) { read_.fault = std::move(why); }

  void line(std::string_view line, std::string_view bytes) {
    auto& groups = read_.batch.groups;
    if (ended_) return refuse("Something follows the end of the file of batches");
    if (is(line, "FHS")) {
      if (!read_.batch.file.empty() || !groups.empty()) return refuse("FHS does not stand first");
      if (header(line)) read_.batch.file = line;
    } else if (is(line, "BHS")) {
      if (open_ && !groups.back().header.empty()) return refuse("A batch begins before the one before has ended");
      if (header(line)) begin(line);
    } else if (is(line, "MSH")) {
      message(line);
    } else if (is(line, "BTS")) {
      if (!open_) return refuse("BTS ends no batch");
      if (!meets(line, groups.back().messages.size())) return refuse("BTS-1 is not the number of messages");
      open_ = false;
    } else if (is(line, "FTS")) {
      if (read_.batch.file.empty()) return refuse("FTS ends no file of batches");
      if (!meets(line, groups.size())) return refuse("FTS-1 is not the number of batches");
      ended_ = true;
    } else if (!open_ || groups.back().messages.empty()) {
      refuse("A segment stands outside of messages");
    } else {
      auto& message = groups.back().messages.back();
      message = bytes.substr(static_cast<std::size_t>(message.data() - bytes.data()),
                             static_cast<std::size_t>(line.data() + line.size() - message.data()));
    }
  }

  bool header(std::string_view line) {
    if (line.size() > 4 && line[4] != line[3]) {
      separator_ = line[3];
      return true;
    }
    refuse("The header of the batch does not name its delimiters");
    return false;
  }

  void begin(std::string_view header) {
    read_.batch.groups.push_back({header, {}});
    open_ = true;
  }

  void message(std::string_view line) {
    if (!open_ && !read_.batch.groups.empty()) return refuse("A message follows a batch and is in none");
    if (!open_) begin({});
    if (++count_ > limits_.messages)
      return refuse("The batch has more than " + std::to_string(limits_.messages) + " messages");
    read_.batch.groups.back().messages.push_back(line);
  }

  // A trailer need not count.
  bool meets(std::string_view trailer, std::size_t count) const {
    const auto told = field_of(trailer, separator_, 1);
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(told.data(), told.data() + told.size(), number);
    return told.empty() || (error == std::errc() && end == told.data() + told.size() && number == count);
  }

  const BatchLimits& limits_;
  ReadBatch& read_;
  std::size_t count_ = 0;
  char separator_ = '|';
  bool open_ = false, ended_ = false;
};

// A line of the answer: sender and receiver change places, and the control id is what is referred to.
void append_header(std::string_view asked, std::string& out) {
  const char separator = asked[3];
  std::string line(asked.substr(0, 4));
  line += field_of(asked, separator, 1);
  for (const std::size_t n : {5, 6, 3, 4, 0, 0, 0, 0, 0, 11}) {
    line += separator;
    if (n > 0) line += field_of(asked, separator, n - 1);
  }
  while (line.size() > 4 && line.back() == separator) line.pop_back();
  out.append(line) += '\r';
}

void append_trailer(std::string_view name, std::string_view header, std::size_t count, std::string& out) {
  (out.append(name) += header[3]).append(std::to_string(count)) += '\r';
}

}  // namespace

bool is_batch(std::string_view bytes) { return is(bytes, "FHS") || is(bytes, "BHS"); }

ReadBatch read_batch(std::string_view bytes, const BatchLimits& limits) {
  ReadBatch read;
  Reader(limits, read).read(bytes);
  return read;
}

std::string answer_batch(const Batch& batch, const std::vector<std::string>& answers) {
  std::string out;
  if (!batch.file.empty()) append_header(batch.file, out);
  auto answer = answers.begin();
  for (const auto& group : batch.groups) {
    if (!group.header.empty()) append_header(group.header, out);
    for (std::size_t i = 0; i < group.messages.size(); ++i) out += *answer++;
    if (!group.header.empty()) append_trailer("BTS", group.header, group.messages.size(), out);
  }
  if (!batch.file.empty()) append_trailer("FTS", batch.file, batch.groups.size(), out);
  return out;
}

}  // namespace ihe::hl7v2
