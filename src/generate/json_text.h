// FHIR JSON straight into a string: commas are kept by the writer, names and values are ours and hold nothing that
// needs escaping.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace alzette::generate {

class JsonText {
 public:
  explicit JsonText(std::string& out) : out_(out) {}

  JsonText& resource(std::string_view type, std::string_view id) {
    out_ += '{';
    return text("resourceType", type).text("id", id);
  }
  JsonText& text(std::string_view name, std::string_view value) {
    key(name);
    return quoted(value);
  }
  // A number or boolean, as it shall stand.
  JsonText& raw(std::string_view name, std::string_view value) {
    key(name);
    out_ += value;
    return *this;
  }
  JsonText& number(std::string_view name, std::uint64_t value) {
    char digits[20];
    auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    return raw(name, {digits, static_cast<std::size_t>(end - digits)});
  }
  JsonText& list(std::string_view name) {
    key(name);
    out_ += '[';
    return *this;
  }
  JsonText& object(std::string_view name) {
    key(name);
    out_ += '{';
    return *this;
  }
  // The next member of a list.
  JsonText& object() {
    separate();
    out_ += '{';
    return *this;
  }
  JsonText& item(std::string_view value) {
    separate();
    return quoted(value);
  }
  JsonText& end_object() {
    out_ += '}';
    return *this;
  }
  JsonText& end_list() {
    out_ += ']';
    return *this;
  }

  JsonText& coding(std::string_view system, std::string_view code, std::string_view display = {}) {
    object().text("system", system).text("code", code);
    if (!display.empty()) text("display", display);
    return end_object();
  }
  JsonText& concept_of(std::string_view name, std::string_view system, std::string_view code,
                       std::string_view display = {}) {
    return object(name).list("coding").coding(system, code, display).end_list().end_object();
  }
  JsonText& concepts(std::string_view name, std::string_view system, std::string_view code,
                     std::string_view display = {}) {
    list(name).object().list("coding").coding(system, code, display).end_list().end_object();
    return end_list();
  }
  JsonText& identifier(std::string_view system, std::string_view value) {
    return object().text("system", system).text("value", value).end_object();
  }
  JsonText& reference(std::string_view name, std::string_view target) {
    return object(name).text("reference", target).end_object();
  }
  JsonText& reference(std::string_view target) { return object().text("reference", target).end_object(); }

 private:
  void separate() {
    if (out_.back() != '{' && out_.back() != '[') out_ += ',';
  }
  void key(std::string_view name) {
    separate();
    quoted(name);
    out_ += ':';
  }
  JsonText& quoted(std::string_view value) {
    out_ += '"';
    out_ += value;
    out_ += '"';
    return *this;
  }
  std::string& out_;
};

}  // namespace alzette::generate
