// The image under construction: one block of zeroed memory in which the structures of fhir/definitions.h are made in
// place, so that every self-relative offset is right when the block is written out. Nothing ever moves in it.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fhir/definitions.h"

namespace profiles {

class Image {
 public:
  Image() : block_(static_cast<char*>(std::calloc(capacity, 1)), &std::free) {
    if (!block_) throw std::bad_alloc();
  }

  template <class T>
  T* place(std::size_t count) {
    T* items = static_cast<T*>(static_cast<void*>(reserve(count * sizeof(T), alignof(T))));
    for (std::size_t i = 0; i < count; ++i) new (items + i) T();
    return items;
  }

  void set(fhir::Text& text, std::string_view value) {
    if (value.empty()) return;
    text.offset = distance(&text, intern(value));
    text.size = static_cast<std::uint32_t>(value.size());
  }

  template <class T>
  void set(fhir::Ref<T>& ref, const T* target) {
    ref.offset = target ? distance(&ref, target) : 0;
  }

  // A new list of `count` items, to be filled by the caller.
  template <class T>
  T* set(fhir::List<T>& list, std::size_t count) {
    T* items = count ? place<T>(count) : nullptr;
    share(list, items, count);
    return items;
  }

  template <class T>
  void share(fhir::List<T>& list, const T* items, std::size_t count) {
    list.offset = count ? distance(&list, items) : 0;
    list.count = static_cast<std::uint32_t>(count);
  }

  // Lists of text repeat much (all 146 types as targets): equal ones are stored once.
  void set(fhir::List<fhir::Text>& list, const std::vector<std::string>& values) {
    std::string key;
    for (const std::string& value : values) key += value + '\n';
    auto [found, fresh] = lists_.try_emplace(key, nullptr);
    if (fresh) {
      found->second = place<fhir::Text>(values.size());
      for (std::size_t i = 0; i < values.size(); ++i) set(found->second[i], values[i]);
    }
    share(list, found->second, values.size());
  }

  std::string_view bytes() const { return {block_.get(), size_}; }

 private:
  static constexpr std::size_t capacity = std::size_t{64} << 20;

  char* reserve(std::size_t bytes, std::size_t alignment) {
    size_ = (size_ + alignment - 1) / alignment * alignment;
    if (size_ + bytes > capacity) throw std::runtime_error("the image is larger than foreseen");
    char* place = block_.get() + size_;
    size_ += bytes;
    return place;
  }

  const char* intern(std::string_view value) {
    auto found = texts_.find(value);
    if (found != texts_.end()) return found->second;
    char* copy = reserve(value.size(), 1);
    std::memcpy(copy, value.data(), value.size());
    texts_.emplace(std::string_view(copy, value.size()), copy);
    return copy;
  }

  static std::int32_t distance(const void* from, const void* to) {
    return static_cast<std::int32_t>(static_cast<const char*>(to) - static_cast<const char*>(from));
  }

  std::unique_ptr<char, decltype(&std::free)> block_;
  std::size_t size_ = 0;
  std::unordered_map<std::string_view, const char*> texts_;
  std::unordered_map<std::string, fhir::Text*> lists_;
};

}  // namespace profiles
