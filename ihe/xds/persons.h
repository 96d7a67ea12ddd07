// Authors, authenticators and patients: XCN, XON and PID fields in XDS, contained or referred-to resources in FHIR.
// IHE TF-3 4.2.3.1.4 (author), 4.2.3.2.23 (sourcePatientInfo); MHD 4.2 Volume 3.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/node.h"
#include "ihe/xds/registry_object.h"

namespace ihe::xds {

// ── XDS to FHIR: adds contained resources to `owner`, whose ids begin with `id`; answers the reference to use ───────
std::string add_practitioner(fhir::Arena& arena, fhir::Node& owner, std::string_view xcn, const std::string& id);
std::string add_organization(fhir::Arena& arena, fhir::Node& owner, std::string_view xon, const std::string& id);
std::string add_source_patient(fhir::Arena& arena, fhir::Node& owner, const std::vector<std::string>& pid,
                               const std::string& id);
// The author, or one who is meant to read, as one resource: a PractitionerRole when more is known than the person.
std::string add_author(fhir::Arena& arena, fhir::Node& owner, const Label& author, const std::string& id);

// ── FHIR to XDS ──────────────────────────────────────────────────────────────────────────────────────────────────────
std::string xcn_from(const fhir::Node& practitioner);
std::string xon_from(const fhir::Node& organization);
std::vector<std::string> xtn_from(const fhir::Node& resource);  // of each telecom
std::vector<std::string> pid_from(const fhir::Node& patient);

// The resource that a Reference means, null when there is none.
using Resolve = std::function<const fhir::Node*(const fhir::Node& reference)>;
// An author classification of `scheme` from the resource that an author reference means. Its id is left empty.
Label author_from(const fhir::Node& resource, std::string_view scheme, const Resolve& resolve);

}  // namespace ihe::xds
