// The one tree for every FHIR resource, data type and Parameters, whether it came as JSON or XML.
// A node is a FHIR element *occurrence*: a list of three names is three sibling nodes called "name".
// Nodes, and all text they point to, live in an Arena and die with it.
//
//   Patient ─ first → id "p1" ─ next → name ─ next → name ─ next → birthDate "1970-01-01"
//                                       └ first → family "Weber"      └ first → extension …
//
// Primitive extensions (JSON `_birthDate`) are the children of the primitive's node.
// A primitive that has only extensions has form `none` and empty text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string_view>
#include <vector>

namespace fhir {

struct Element;  // definitions.h
struct Type;     // definitions.h

// Bump allocator. Everything is released at once; destructors are not run.
class Arena {
 public:
  explicit Arena(std::size_t first_block = 16 * 1024) : block_size_(first_block) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  Arena(Arena&&) = default;
  Arena& operator=(Arena&&) = default;
  ~Arena() = default;

  void* allocate(std::size_t bytes, std::size_t align = alignof(std::max_align_t)) {
    auto at = (used_ + align - 1) & ~(align - 1);
    if (blocks_.empty() || at + bytes > capacity_) {
      grow(bytes + align);
      at = 0;
    }
    used_ = at + bytes;
    return blocks_.back().get() + at;
  }
  template <class T, class... Args>
  T* make(Args&&... args) {
    return ::new (allocate(sizeof(T), alignof(T))) T{static_cast<Args&&>(args)...};
  }
  std::string_view copy(std::string_view text);
  std::size_t bytes() const { return total_; }

 private:
  void grow(std::size_t least);
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t block_size_;
  std::size_t capacity_ = 0;
  std::size_t used_ = 0;
  std::size_t total_ = 0;
};

struct Node {
  // How the value was written. `object` has only children; `none` is a primitive without a value.
  enum class Form : std::uint8_t { object, string, number, boolean, none };

  std::string_view name;             // element name as in JSON: "birthDate", "valueQuantity"; the root's is its type
  std::string_view text;             // a primitive's literal: unescaped string, or number and boolean as written (1.50)
  const Element* element = nullptr;  // set by bind(); null at the root and for unknown elements
  const Type* type = nullptr;        // set by bind(): concrete type (of a choice, of a contained resource)
  Node* first = nullptr;             // children in order
  Node* next = nullptr;              // sibling
  Form form = Form::object;
  bool listed = false;  // came inside a JSON array, or its element repeats

  bool has_value() const { return form != Form::object && form != Form::none; }
  const Node* child(std::string_view child_name) const {
    for (const Node* c = first; c; c = c->next)
      if (c->name == child_name) return c;
    return nullptr;
  }
  std::string_view value_of(std::string_view child_name) const {
    const Node* c = child(child_name);
    return c ? c->text : std::string_view{};
  }

  class Iterator {
   public:
    using value_type = const Node;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::forward_iterator_tag;
    using pointer = const Node*;
    using reference = const Node&;
    Iterator() = default;
    explicit Iterator(const Node* at) : at_(at) {}
    const Node& operator*() const { return *at_; }
    const Node* operator->() const { return at_; }
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
    const Node* at_ = nullptr;
  };
  Iterator begin() const { return Iterator(first); }
  Iterator end() const { return Iterator(); }
};

}  // namespace fhir
