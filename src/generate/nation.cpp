// The order of the nation, and who has how many documents.
#include "src/generate/nation.h"

#include <algorithm>

#include "src/generate/directory.h"
#include "src/generate/document.h"
#include "src/generate/patient.h"
#include "src/generate/record.h"

namespace alzette::generate {

const std::vector<std::string>& nation_types() {
  static const std::vector<std::string> types{"Organization", "Location",  "Practitioner",     "PractitionerRole",
                                              "Patient",      "Encounter", "Observation",      "Condition",
                                              "Immunization", "Binary",    "DocumentReference"};
  return types;
}

bool is_of_document(std::string_view type) { return type == "Binary" || type == "DocumentReference"; }

Nation::Nation(NationOptions options) : options_(std::move(options)), population_(options_.seed) {
  records_ = wanted("Encounter") || wanted("Observation") || wanted("Condition") || wanted("Immunization");
}

bool Nation::wanted(std::string_view type) const {
  return options_.only.empty() || std::find(options_.only.begin(), options_.only.end(), type) != options_.only.end();
}

// Person i with i mod 3 = 2 has none; the others share all documents evenly, so their sum is exact.
std::uint32_t Nation::documents_of(std::uint64_t person) const {
  if (options_.documents == 0 || person % 3 == 2) return 0;
  std::uint64_t holders = options_.patients - options_.patients / 3;
  std::uint64_t place = person - person / 3;
  auto shared_until = [&](std::uint64_t holder) {
    return static_cast<std::uint64_t>(static_cast<unsigned __int128>(holder) * options_.documents / holders);
  };
  return static_cast<std::uint32_t>(shared_until(place + 1) - shared_until(place));
}

void Nation::part(std::uint64_t number, const Sink& sink) const {
  Sink filtered = [&](std::string_view type, std::string&& json) {
    if (wanted(type)) sink(type, std::move(json));
  };
  if (number == 0) return directory(options_.seed, filtered);
  std::uint64_t first = (number - 1) * part_size;
  for (std::uint64_t index = first; index < std::min(first + part_size, options_.patients); ++index) {
    Person person = population_.person(index);
    for (unsigned domain = 0; wanted("Patient") && domain <= options_.domains; ++domain)
      sink("Patient", patient(options_.seed, person, domain));
    if (records_) record(options_.seed, person, filtered);
    if (!wanted("Binary") && !wanted("DocumentReference")) continue;
    for (std::uint32_t at = 0, count = documents_of(index); at < count; ++at)
      document(options_.seed, person, at, filtered);
  }
}

}  // namespace alzette::generate
