// From the raw tree of a wire format to FHIR: each node gets its Element and concrete Type, `_name` members become the
// children of their primitives, `resourceType` becomes the type. Structural faults are collected, all of them.
#pragma once

#include <vector>

#include "fhir/definitions.h"
#include "fhir/node.h"
#include "fhir/outcome.h"

namespace fhir {

// Binds `raw` as a resource. The tree is changed in place. Faults (unknown element, unknown or missing resourceType,
// list where one value belongs and the reverse, object for primitive, null padding that does not fit, two types of one
// choice) are appended to `issues` with FHIRPath expressions; nodes with a fault are left unbound or dropped so that
// later checks can go on. nullptr when there is no type to bind to.
Node* bind(Node* raw, Arena& arena, std::vector<Issue>& issues);

// How JSON writes a value of the primitive type.
Node::Form form_of(Primitive primitive);

}  // namespace fhir
