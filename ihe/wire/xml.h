// XML as IHE's wires carry it: a hardened reader into a read-only tree that knows namespaces, and a streaming writer.
// No DTD, no entity but XML's five, no network, UTF-8 only; depth, sizes and counts have limits (bad inputs B39–B43).
// XML 1.0, https://www.w3.org/TR/xml/; Namespaces in XML 1.0. The only parser of ihe/ is behind this header.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/node.h"
#include "fhir/outcome.h"

namespace ihe::xml {

inline constexpr std::string_view xsi_ns = "http://www.w3.org/2001/XMLSchema-instance";

struct Attribute {
  std::string_view ns;  // "" for an attribute without prefix
  std::string_view name;
  std::string_view value;
  const Attribute* next = nullptr;
};

struct Namespace {
  std::string_view prefix;  // "" is the default namespace
  std::string_view uri;
  const Namespace* next = nullptr;
};

// Names are local names. All texts live in the Document's arena but `source`, which lies in the bytes that were parsed.
struct Element {
  std::string_view ns;
  std::string_view name;
  std::string_view text;    // character data directly in it, children left out, as written (not trimmed)
  std::string_view source;  // its own bytes, tags included: what a signature was made over
  const Attribute* attributes = nullptr;
  const Namespace* declared = nullptr;  // on this element
  const Element* first = nullptr;       // children in order
  const Element* next = nullptr;        // sibling
  const Element* parent = nullptr;

  bool is(std::string_view n, std::string_view local) const { return name == local && ns == n; }

  // The first child of that name in this element's own namespace, or in another one.
  const Element* child(std::string_view local) const { return child(ns, local); }
  const Element* child(std::string_view n, std::string_view local) const;
  // Down a path of names in this element's own namespace; the first of each. Null when a step is missing.
  const Element* at(std::initializer_list<std::string_view> path) const;
  // The next sibling of the same name, so that lists are walked by `for (e = x.child("id"); e; e = e->again())`.
  const Element* again() const;

  const Attribute* attribute(std::string_view n, std::string_view local) const;
  std::string_view value_of(std::string_view attribute_name) const;  // without namespace; "" when there is none
  bool has(std::string_view attribute_name) const { return attribute("", attribute_name) != nullptr; }
  std::string_view word() const;  // the text without the white space around it

  // The namespace that a prefix stands for here, as in a QName value; "" when it is not declared.
  std::string_view namespace_of(std::string_view prefix) const;

  class Iterator {
   public:
    using value_type = const Element;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::forward_iterator_tag;
    using pointer = const Element*;
    using reference = const Element&;
    Iterator() = default;
    explicit Iterator(const Element* at) : at_(at) {}
    const Element& operator*() const { return *at_; }
    const Element* operator->() const { return at_; }
    Iterator& operator++() {
      at_ = at_->next;
      return *this;
    }
    Iterator operator++(int) {
      Iterator old = *this;
      at_ = at_->next;
      return old;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const Element* at_ = nullptr;
  };
  Iterator begin() const { return Iterator(first); }
  Iterator end() const { return Iterator(); }
};

struct Document {
  fhir::Arena arena;
  const Element* root = nullptr;
};

struct Limits {
  std::size_t bytes = 32u << 20;
  std::size_t elements = 500'000;
  std::size_t attributes = 256;             // of one element, namespace declarations among them
  std::size_t attribute_bytes = 64u << 10;  // of one value
};
inline constexpr std::size_t most_depth = 256;  // as libxml2's own for trees

// `bytes` must outlive the document. Refusals are Kind::malformed (a limit: Kind::too_large) and name line and column.
fhir::Result<Document> parse(std::string_view bytes, const Limits& limits = {});

// Appends to a string that it is given, and that nobody else shortens meanwhile. Names carry their prefix ("rim:Slot");
// whoever opens the root declares them.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  static constexpr std::string_view declaration = R"(<?xml version="1.0" encoding="UTF-8"?>)";

  Writer& open(std::string_view name);
  Writer& attribute(std::string_view name, std::string_view value);
  Writer& attribute_if(std::string_view name, std::string_view value);  // nothing when the value is empty
  Writer& text(std::string_view value);
  Writer& raw(std::string_view xml);  // bytes that are XML already
  Writer& close();                    // the element opened last; `<x/>` when nothing came into it
  Writer& element(std::string_view name, std::string_view value) { return open(name).text(value).close(); }

 private:
  void end_tag();

  struct Name {
    std::size_t at, size;  // where it stands in the text
  };

  std::string& out_;
  std::vector<Name> open_;
  bool in_tag_ = false;
};

// Characters that XML cannot carry become U+FFFD.
void escape(std::string_view value, std::string& out);

}  // namespace ihe::xml
