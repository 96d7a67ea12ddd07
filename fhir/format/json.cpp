// Reads FHIR JSON into a raw tree with RapidJSON's iterative SAX reader, in place on one copy of the text in the arena.
// FHIR R4 JSON: http://hl7.org/fhir/R4/json.html; JSON: RFC 8259.
#include "fhir/format/json.h"

#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <vector>

#include "fhir/format/place_in_text.h"
#include "fhir/utf8.h"
#include "fhir/value.h"

namespace fhir::json {

namespace {

constexpr std::string_view number_limits =
    "the number is outside what can be kept exactly (512 characters, magnitude 1e-308 to 1e308)";

constexpr std::size_t bytes_per_node = 24;  // FHIR has 25 to 40; beyond the first Limits::nodes no fewer are taken

// RapidJSON uses what its allocator gives without a look at it: where there is no memory, nothing may be given.
struct Memory {
  void* Malloc(std::size_t size) { return Realloc(nullptr, 0, size); }
  void* Realloc(void* block, std::size_t, std::size_t size) {
    if (size == 0) {
      std::free(block);
      return nullptr;
    }
    void* larger = std::realloc(block, size);
    if (!larger) throw std::bad_alloc();
    return larger;
  }
  static void Free(void* block) { std::free(block); }
};

// A fault that JSON's grammar allows but FHIR, or our limits, do not.
struct Fault {
  Kind kind = Kind::malformed;
  std::string_view code = "structure";
  std::string text;
  const char* at = nullptr;  // nullptr: where the reader stands
};

// Handler of RapidJSON's events; each returns false to stop.
class Builder {
 public:
  Builder(Arena& arena, const Limits& limits, std::string_view text)
      : arena_(arena),
        limits_(limits),
        most_nodes_(limits.nodes + text.size() / bytes_per_node),
        unicode_escapes_(text.find("\\u") != text.npos) {
    frames_.reserve(16);
    keys_.reserve(64);
  }

  bool Null() {
    if (!frames_.empty() && (frames_.back().in_list || limits_.plain)) return add(Node::Form::none, {}) != nullptr;
    return fail("null is only allowed inside a list, to align values with extensions; leave the member out");
  }
  bool Bool(bool value) { return add(Node::Form::boolean, value ? "true" : "false") != nullptr; }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    const std::string_view number(text, size);
    if (!valid_decimal(number)) {
      fault_ = {Kind::malformed, "value", std::string(number_limits), text};
      return false;
    }
    return add(Node::Form::number, number) != nullptr;
  }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    const std::string_view string(text, size);
    return decoded(string) && add(Node::Form::string, string) != nullptr;
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    const std::string_view key(text, size);
    if (!decoded(key)) return false;
    if (key.empty()) return fail("a member name is empty");
    auto& frame = frames_.back();
    if (keys_.size() - frame.keys >= limits_.members) return too_large("an object has too many members");
    keys_.push_back(key);
    frame.key = key;
    frame.index = 0;
    return true;
  }
  bool StartObject() {
    Node* node = frames_.empty() ? arena_.make<Node>() : add(Node::Form::object, {});
    if (!node) return false;
    if (frames_.size() >= limits_.depth) return too_deep();
    if (frames_.empty()) root_ = node;
    frames_.push_back({node, nullptr, {}, keys_.size(), 0, false});
    return true;
  }
  bool EndObject(rapidjson::SizeType members) {
    if (members == 0 && !limits_.plain) return fail("an object is empty; leave the member out instead");
    if (!distinct_keys()) return false;
    keys_.resize(frames_.back().keys);
    frames_.pop_back();
    return true;
  }
  bool StartArray() {
    if (frames_.empty()) return fail("a resource is an object, not a list");
    if (frames_.back().in_list) return fail("a list inside a list does not exist in FHIR");
    frames_.back().in_list = true;
    return true;
  }
  bool EndArray(rapidjson::SizeType values) {
    if (values == 0 && !limits_.plain) return fail("a list is empty; leave the member out instead");
    frames_.back().in_list = false;
    return true;
  }
  // Never called: numbers are kept as text.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }

  Node* root() const { return root_; }
  const Fault& fault() const { return fault_; }

  // Where the reader stands: "$.name[1].given[0]".
  std::string path() const {
    std::string path = "$";
    for (const auto& frame : frames_) {
      if (frame.key.empty()) continue;
      path += ".";
      path += shortened(frame.key);
      if (frame.in_list) path += "[" + std::to_string(frame.index ? frame.index - 1 : 0) + "]";
    }
    return path;
  }

  // The same as FHIRPath, as far as names are those of elements: "Patient.name[1].given[0]"; "" while the type of the
  // resource is not known.
  std::string expression() const {
    std::string_view type;
    for (const Node* child = root_ ? root_->first : nullptr; child && type.empty(); child = child->next)
      if (child->name == "resourceType" && child->form == Node::Form::string) type = child->text;
    if (limits_.plain || !is_name(type)) return {};
    std::string path(type);
    for (const auto& frame : frames_) {
      const auto name = frame.key.substr(frame.key.starts_with('_') ? 1 : 0);
      if (!is_name(name) || name == "resourceType") break;
      path.append(".").append(name);
      if (frame.in_list) path += "[" + std::to_string(frame.index ? frame.index - 1 : 0) + "]";
    }
    return path;
  }

 private:
  static bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    });
  }
  struct Frame {
    Node* object;
    Node* last;
    std::string_view key;
    std::size_t keys;   // where its member names begin in keys_
    std::size_t index;  // values of this member so far
    bool in_list;
  };

  Node* add(Node::Form form, std::string_view text) {
    if (frames_.empty()) {
      fail("a resource is an object");
      return nullptr;
    }
    if (++nodes_ > most_nodes_) {
      too_large("the document has too many values");
      return nullptr;
    }
    auto& frame = frames_.back();
    if (++frame.index > limits_.array) {
      too_large("a list has too many values");
      return nullptr;
    }
    Node* node = arena_.make<Node>(frame.key, text, nullptr, nullptr, nullptr, nullptr, form, frame.in_list);
    (frame.last ? frame.last->next : frame.object->first) = node;
    frame.last = node;
    return node;
  }

  // RapidJSON 1.1.0 takes a lone low surrogate and U+0000 when they are written as escapes.
  bool decoded(std::string_view text) {
    if (!unicode_escapes_) return true;
    if (text.find('\0') != text.npos) return fail("a string contains U+0000, which FHIR does not allow");
    if (bad_utf8(text) != text.npos) return fail("a string contains half of a surrogate pair");
    return true;
  }

  // Member names of the innermost object: compared pairwise while few, sorted when many.
  bool distinct_keys() {
    const auto begin = keys_.begin() + static_cast<std::ptrdiff_t>(frames_.back().keys);
    if (keys_.end() - begin <= 16) {
      for (auto key = begin; key != keys_.end(); ++key)
        if (std::find(begin, key, *key) != key) return duplicate(*key);
      return true;
    }
    const auto before = [](std::string_view a, std::string_view b) {
      const int order = a.compare(b);
      return order ? order < 0 : a.data() < b.data();
    };
    std::sort(begin, keys_.end(), before);
    const auto twice = std::adjacent_find(begin, keys_.end());
    return twice == keys_.end() || duplicate(*(twice + 1));
  }

  bool fail(std::string text) {
    fault_ = {Kind::malformed, "structure", std::move(text), nullptr};
    return false;
  }
  bool duplicate(std::string_view key) {
    fault_ = {Kind::malformed, "structure", "the member \"" + shortened(key) + "\" is given twice in one object",
              key.data()};
    frames_.back().key = key;
    return false;
  }
  bool too_large(std::string text) {
    fault_ = {Kind::too_large, "too-long", std::move(text), nullptr};
    return false;
  }
  bool too_deep() { return fail("values are nested deeper than " + std::to_string(limits_.depth) + " levels"); }

  Arena& arena_;
  const Limits& limits_;
  const std::size_t most_nodes_;
  const bool unicode_escapes_;
  Node* root_ = nullptr;
  std::size_t nodes_ = 0;
  std::vector<Frame> frames_;
  std::vector<std::string_view> keys_;  // of all open objects
  Fault fault_;
};

Outcome refuse(std::string_view text, std::size_t offset, const Builder* reader, const Fault& fault) {
  return Outcome(fault.kind, fault.code,
                 "JSON, " + line_and_column(text, std::min(offset, text.size())) +
                     (reader ? ", at " + reader->path() : "") + ": " + fault.text,
                 reader ? reader->expression() : std::string());
}

}  // namespace

Result<Node*> parse(std::string_view text, Arena& arena, const Limits& limits) {
  if (text.size() > limits.bytes)
    return Outcome(Kind::too_large, "too-long",
                   "JSON: the document is larger than " + std::to_string(limits.bytes) + " bytes");
  if (text.starts_with("\xEF\xBB\xBF"))
    return refuse(text, 0, nullptr, {Kind::malformed, "structure", "a byte order mark is not allowed before JSON"});
  if (const auto bad = bad_utf8(text); bad != text.npos)
    return refuse(text, bad, nullptr, {Kind::malformed, "structure", "the text is not valid UTF-8"});
  if (const auto nul = text.find('\0'); nul != text.npos)
    return refuse(text, nul, nullptr, {Kind::malformed, "structure", "the text contains a zero byte"});

  char* copy = static_cast<char*>(arena.allocate(text.size() + 1, 1));
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  Builder builder(arena, limits, text);
  rapidjson::InsituStringStream stream(copy);
  rapidjson::GenericReader<rapidjson::UTF8<>, rapidjson::UTF8<>, Memory> reader;
  constexpr unsigned flags =
      rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;
  const auto result = reader.Parse<flags>(stream, builder);
  if (!result.IsError()) return builder.root();
  if (result.Code() == rapidjson::kParseErrorNumberTooBig)
    return refuse(text, result.Offset(), &builder, {Kind::malformed, "value", std::string(number_limits)});
  if (result.Code() != rapidjson::kParseErrorTermination)
    return refuse(text, result.Offset(), &builder,
                  {Kind::malformed, "structure", rapidjson::GetParseError_En(result.Code())});
  const auto& fault = builder.fault();
  const auto offset = fault.at ? static_cast<std::size_t>(fault.at - copy) : result.Offset();
  return refuse(text, offset, &builder, fault);
}

}  // namespace fhir::json
