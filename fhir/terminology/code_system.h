// A code system compiled for use: rows in the order of the resource, texts in one arena, an index by code, the
// hierarchy in both directions. Made once for each resource and shared; it keeps nothing of the tree it came from.
//
//   concepts   code1 | code2 | code2a | code2b | …        a concept is its position
//   hierarchy  up:   code2a -> code2       down: code2 -> code2a, code2b
//   tables     properties, designations, marks: sorted by concept, found by its range
//
// FHIR R4: http://hl7.org/fhir/R4/codesystem.html
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/definitions.h"
#include "fhir/node.h"

namespace fhir::terminology {

using At = std::uint32_t;
inline constexpr At nowhere = 0xFFFFFFFF;

enum class Content : std::uint8_t { not_present, example, fragment, complete, supplement };

// Of a to b.
enum class Subsumption : std::uint8_t { equivalent, subsumes, subsumed_by, not_subsumed };
std::string_view word_of(Subsumption outcome);  // "subsumed-by"

struct Concept {
  std::string_view code = {}, display = {}, definition = {};
  std::string_view status = {};  // "retired", "deprecated", …; "" when nothing is said
  bool inactive = false;
  bool abstract = false;  // not selectable
  bool nested = false;    // stands below another in the resource
};

struct Designation {
  At at = nowhere;
  std::string_view language, value;
  std::string_view use_system, use_code, use_display;
  std::string_view status = {};  // standards-status: "withdrawn", "deprecated"
  std::string_view sct_id = {};  // coding-sctdescid: which description of SNOMED CT it is
};

struct Property {
  At at = nowhere;
  std::uint16_t kind = 0;            // index into kinds()
  std::string_view type;             // "valueCode", "valueString", …
  std::string_view text;             // the literal; of a Coding its code
  std::string_view system, display;  // of a Coding
};

struct PropertyKind {
  std::string_view code, uri, type, description;
};

// What an extension of a concept says and an expansion passes on: as a property, or as the extension that it was.
struct Mark {
  At at = nowhere;
  std::string_view extension;  // the url's last part: "rendering-style"
  std::string_view type, text;
};

class CodeSystem {
 public:
  explicit CodeSystem(const Node& resource);
  explicit CodeSystem(const fhir::CodeSystem& table);  // of the definitions: codes, displays and parents alone

  std::string_view url() const { return url_; }
  std::string_view version() const { return version_; }
  std::string_view name() const { return name_; }
  std::string_view title() const { return title_; }
  std::string_view language() const { return language_; }
  std::string_view supplements() const { return supplements_; }
  std::string_view status() const { return status_; }                      // "draft", "active", "retired"
  std::string_view standards_status() const { return standards_status_; }  // "deprecated", "withdrawn", …
  Content content() const { return content_; }
  bool experimental() const { return experimental_; }
  bool case_sensitive() const { return case_sensitive_; }
  bool version_needed() const { return version_needed_; }
  bool hierarchical() const { return !up_.empty(); }

  std::span<const Concept> concepts() const { return concepts_; }
  const Concept& at(At at) const { return concepts_[at]; }
  At find(std::string_view code) const;  // `nowhere` when there is none; without case where the system has none

  std::span<const At> parents(At at) const { return range(up_, at); }
  std::span<const At> children(At at) const { return range(down_, at); }
  bool subsumes(At ancestor, At descendant) const;  // itself as well
  Subsumption relation(At a, At b) const;
  std::vector<At> below(At ancestor) const;  // itself first
  std::vector<At> above(At descendant) const;

  std::span<const PropertyKind> kinds() const { return kinds_; }
  std::span<const Property> properties(At at) const { return of(properties_, at); }
  std::span<const Designation> designations(At at) const { return of(designations_, at); }
  std::span<const Mark> marks(At at) const { return of(marks_, at); }
  // The kind that `name` means: its code, or by uri when it is one of the standard's own properties.
  bool means(const PropertyKind& kind, std::string_view name) const;

 private:
  struct Links {  // from a concept to others, sorted
    std::vector<std::uint32_t> starts;
    std::vector<At> ends;
    bool empty() const { return ends.empty(); }
  };
  std::span<const At> range(const Links& links, At at) const;
  template <class T>
  static std::span<const T> of(const std::vector<T>& rows, At at);

  void read_head(const Node& resource);
  void read_concepts(const Node& parent, At parent_at, int depth);
  void read_property(const Node& node, At at);
  void read_marks(const Node& node, At at);
  std::uint16_t kind_of(std::string_view code);
  void index();
  void link_properties();
  static Links links_of(std::vector<std::pair<At, At>>& pairs, std::size_t concepts);
  std::vector<At> closure(const Links& links, At from) const;
  std::string_view keep(std::string_view text) { return texts_.copy(text); }

  Arena texts_;
  std::string_view url_, version_, name_, title_, language_, supplements_, status_, standards_status_;
  Content content_ = Content::complete;
  bool experimental_ = false, case_sensitive_ = true, version_needed_ = false;
  std::vector<Concept> concepts_;
  std::vector<At> by_code_;               // sorted by code, or by folded code
  std::vector<std::pair<At, At>> pairs_;  // child, parent; empty once linked
  Links up_, down_;
  std::vector<PropertyKind> kinds_;
  std::vector<Property> properties_;
  std::vector<Designation> designations_;
  std::vector<Mark> marks_;
};

// Codes of systems without case: ASCII letters alike.
std::string folded_code(std::string_view code);
bool same_code(std::string_view a, std::string_view b, bool case_sensitive);

}  // namespace fhir::terminology
