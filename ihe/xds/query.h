// Runs stored queries over the registry. IHE ITI TF-2a 3.18.4.1.2.3.7, TF-2b 3.51.4.1.2.
#pragma once

#include <deque>
#include <vector>

#include "ihe/xds/stored_query.h"
#include "ihe/xds/submission.h"

namespace ihe::xds {

inline constexpr std::size_t most_results = 5'000;  // as LeafClass; as ObjectRef what the registry may look at

// Pointers lead into the registry, or into `altered`.
struct Results {
  // What is shown otherwise than it is kept: under another patient, and without the mark of limited metadata.
  struct Altered {
    Altered(const RegistryObjectIn<Shown>& kept, std::string other_patient);
    Altered(const Altered&) = delete;
    Altered& operator=(const Altered&) = delete;
    RegistryObjectIn<Shown> object;
    std::string patient;
    std::vector<LabelIn<Shown>> classifications, identifiers;
  };
  std::vector<const RegistryObjectIn<Shown>*> objects;
  std::deque<Altered> altered;
};

// The objects that answer `query`, as they are shown: entries, sets and folders before associations, each once; the
// patient of what was merged is the survivor. None, and errors in `work`, when it fails; none as well when the registry
// fails.
Results run(Work& work, Records<Shown>& registry, const StoredQuery& query);

}  // namespace ihe::xds
