// ITI-67 Find Document References: a search of DocumentReference for a patient. IHE MHD 4.2, 3.67.
#include "ihe/mhd/iti67.h"

#include "fhir/format/json.h"
#include "ihe/restful.h"
#include "ihe/xds/registry.h"

namespace ihe {

std::string mhd::shown(const fhir::Version& version, std::string_view base) {
  constexpr std::string_view member = R"("url":")", binary = "Binary/";
  auto shown = version.body;
  if (version.record.empty() || version.type != &xds::type_of(xds::Kind::document_entry)) return shown;
  std::string start;  // of the full URL, as text of JSON
  fhir::json::write_string(std::string(base) + "/", start);
  start = start.substr(1, start.size() - 2);
  for (auto at = shown.find(binary); at != shown.npos; at = shown.find(binary, at + binary.size())) {
    if (!std::string_view(shown).substr(0, at).ends_with(member)) continue;
    shown.insert(at, start);
    at += start.size();
  }
  return shown;
}

extern constinit const Restful iti67{.id = "ITI-67",
                                     .name = "Find Document References",
                                     .actor = "Document Responder",
                                     .audit = {atna::rest, 'E'},
                                     .interactions = "search-type",
                                     .type = "DocumentReference",
                                     .asks = true,
                                     .tell = tell_search};

}  // namespace ihe
