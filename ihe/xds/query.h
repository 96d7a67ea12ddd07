// Runs stored queries over the registry. IHE ITI TF-2a 3.18.4.1.2.3.7, TF-2b 3.51.4.1.2.
#pragma once

#include <deque>
#include <vector>

#include "ihe/xds/stored_query.h"
#include "ihe/xds/submission.h"

namespace ihe::xds {

inline constexpr std::size_t most_results = 5'000;  // as LeafClass; as ObjectRef what the registry may look at

// Pointers lead into the registry of the work, or into `altered`.
struct Results {
  std::vector<const RegistryObject*> objects;
  std::deque<RegistryObject> altered;  // what is shown otherwise than it is kept
};

// The objects that answer `query`, as they are shown: entries, sets and folders before associations, each once; the
// patient of what was merged is the survivor. None, and errors in `work`, when it fails.
Results run(Work& work, const StoredQuery& query);

}  // namespace ihe::xds
