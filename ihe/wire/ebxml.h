// ebXML registry objects as XML, both ways. Read by local names alone, for senders differ in their namespaces and
// prefixes; written valid against ebRIM 3.0 with the prefix `rim`, which the caller's root declares.
// OASIS ebRIM 3.0, ebRS 3.0; IHE ITI TF-3 4.2.1.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fhir/outcome.h"
#include "ihe/wire/xml.h"
#include "ihe/xds/registry_object.h"

namespace ihe::ebxml {

inline constexpr std::string_view rim_ns = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0";
inline constexpr std::string_view rs_ns = "urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0";
inline constexpr std::string_view lcm_ns = "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0";
inline constexpr std::string_view query_ns = "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0";

inline constexpr std::size_t most_objects = 20'000;  // of one submission

// The first child of this local name, whatever its namespace.
const xml::Element* child(const xml::Element& of, std::string_view name);

// RequestSlotList and RegistryObjectList of `request`. Classifications that stand beside the object they classify are
// put into it; packages without a node are submission sets or folders by their identifiers. Refused: what is neither a
// registry object nor a reference, a package that is neither set nor folder, an id given twice.
fhir::Result<xds::Submission> read(const xml::Element& request);

std::vector<xds::Slot> read_slots(const xml::Element& parent);

template <class Form>
void write(xml::Writer& to, const xds::RegistryObjectIn<Form>& object);
extern template void write(xml::Writer&, const xds::RegistryObjectIn<xds::Owned>&);
extern template void write(xml::Writer&, const xds::RegistryObjectIn<xds::Shown>&);

}  // namespace ihe::ebxml
