// What references lead to: contained resources, entries of the bundle around,
// and what the caller knows beyond. FHIR R4:
// http://hl7.org/fhir/R4/references.html, bundle.html#references
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fhir/node.h"
#include "fhir/value.h"

namespace fhir::validate {

// As Options::beyond.
using Resolve = std::function<const Node*(std::string_view reference)>;

// The entries of one bundle.
class Entries {
 public:
  explicit Entries(const Node& bundle);

  struct Entry {
    const Node* resource = nullptr;
    std::string_view full_url;
  };
  // The entry that `reference`, said in an entry with `from` as its fullUrl,
  // leads to.
  const Entry* find(std::string_view reference, std::string_view from) const;
  const Entry* of(const Node& resource) const;
  // Any entry of this type and id, whatever its fullUrl says.
  const Entry* by_id(std::string_view type, std::string_view id) const;
  std::string_view type() const { return type_; }
  // Whether everything that is referred to must be in the bundle.
  bool closed() const { return type_ == "document" || type_ == "message"; }

 private:
  std::string_view type_;
  std::vector<Entry> entries_;
  std::map<std::string, std::size_t, std::less<>> by_url_;
  std::map<std::string, std::size_t, std::less<>> by_id_;
  std::unordered_map<const Node*, std::size_t> by_resource_;
};

// What a resource contains.
class Contained {
 public:
  explicit Contained(const Node& container) : container_(container) {}
  // The first of this id, null when there is none.
  const Node* find(std::string_view id) const;

 private:
  const Node& container_;
  mutable std::optional<std::unordered_map<std::string_view, const Node*>> by_id_;  // made when it is first asked
};

// Where a resource stands.
struct Scope {
  const Node* resource = nullptr;   // itself, contained or not
  const Node* container = nullptr;  // the resource that contains it, or itself
  const Entries* entries = nullptr;
  std::string_view full_url;
  const Resolve* beyond = nullptr;
  std::shared_ptr<const Contained> contained;  // of the container

  // `node` stands by itself: it is what contains.
  void enter(const Node& node);

  struct Found {
    const Node* resource = nullptr;
    enum class Where : std::uint8_t { contained, bundled, beyond } where = Where::beyond;
  };
  Found find(std::string_view reference) const;
  // As seen from a resource that was found.
  Scope of(const Found& found) const;
};

// As seen from `node` within `scope`: another one when it is a resource, of an entry or contained.
Scope scope_of(const Node& node, const Scope& scope);

}  // namespace fhir::validate
