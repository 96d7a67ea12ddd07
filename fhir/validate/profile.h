// A profile compiled for validation: its snapshot as a tree of Shapes, each
// with what it demands beyond being there.
//
//   Shape Observation ─ children → component (slicing by value:code) ─ slices →
//   component:systolic ─ children → value[x]
//
// FHIR R4: http://hl7.org/fhir/R4/profiling.html, elementdefinition.html
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/canonical.h"
#include "fhir/definitions.h"
#include "fhir/outcome.h"
#include "fhir/path/path.h"

namespace fhir::validate {

inline constexpr std::uint32_t unlimited = 0xFFFFFFFF;

// One way that a discriminator goes: a child's name, an extension by its url,
// resolve(), ofType(X).
struct Step {
  enum class Kind : std::uint8_t { child, extension, resolve, of_type };
  Kind kind = Kind::child;
  std::string name;
};

struct Discriminator {
  enum class Kind : std::uint8_t { value, exists, type, profile };  // pattern is value by another name
  Kind kind = Kind::value;
  std::vector<Step> steps;  // empty: $this
  bool understood = true;
};

struct ShapeType {
  std::string code;  // "Reference"
  std::vector<std::string_view> profiles;
  std::vector<std::string_view> targets;
  std::vector<std::string_view> aggregation;  // "contained", "bundled", "referenced"; empty: any
};

struct ShapeRule {
  std::string_view key, human;
  bool error = true;
  path::Compiled program;
};

struct ShapeBinding {
  std::string_view value_set;
  Strength strength = Strength::none;
};

struct Shape {
  std::string name;   // "value[x]"; of the root its type
  std::string stem;   // of a choice "value", otherwise ""
  std::string slice;  // "systolic"
  std::string id;     // "Observation.component:systolic"
  std::uint32_t min = 0;
  std::uint32_t max = unlimited;
  const Node* fixed = nullptr;
  const Node* pattern = nullptr;
  const Node* least = nullptr;  // minValue[x]
  const Node* most = nullptr;   // maxValue[x]
  std::uint32_t max_length = 0;
  std::vector<ShapeType> types;                // empty: those of the base
  std::vector<ShapeBinding> bindings;          // beyond those of R4 itself
  std::vector<ShapeRule> rules;                // beyond those of R4 itself
  std::string_view same_as;                    // contentReference: "#Questionnaire.item"
  bool must_have_value = false;                // elementdefinition: the extensions alone do not do
  std::vector<std::string_view> languages;     // of a narrative: what its sections are controlled by
  std::vector<std::string_view> alternatives;  // extensions that may stand in for the value

  bool sliced = false;
  bool ordered = false;
  bool closed = false;
  bool open_at_end = false;
  std::vector<Discriminator> discriminators;
  std::vector<std::unique_ptr<Shape>> children;
  std::vector<std::unique_ptr<Shape>> slices;

  // Whether an occurrence of an element can be looked at through this shape.
  bool covers(const Node& node) const {
    return node.element &&
           (node.name == name || (!stem.empty() && node.element->choice && node.element->name.view() == stem));
  }
  const Shape* child(std::string_view child_name) const;
};

struct Profile {
  std::string url, version;
  const Type* type = nullptr;  // the R4 type it constrains; null for logical models
  bool modifier = false;       // an extension that is a modifier
  std::unique_ptr<Shape> root;
  std::shared_ptr<const Canonical> structure;  // with its snapshot
  std::shared_ptr<const Arena> arena;          // nodes that the shapes point to
};

// From a structure that has a snapshot.
Result<std::shared_ptr<const Profile>> compile(const std::shared_ptr<const Canonical>& structure);

}  // namespace fhir::validate
