// The people of the store who may be one that is asked for.
#pragma once

#include <vector>

#include "fhir/access.h"
#include "fhir/outcome.h"
#include "fhir/search/index.h"
#include "fhir/store.h"
#include "ihe/match/match.h"
#include "ihe/settings.h"

namespace ihe::match {

struct Candidate {
  fhir::Version version;
  Verdict verdict;
};

// Those that this deployment learned, else the built-in ones.
const Weights& weights_of(const Settings& settings);

// Index rows that a Patient is found by, beside those that its search parameters give.
std::vector<fhir::search::IndexRow> rows_of(const Person& person);

// Adds them to the write of a Patient whose tree is at hand; of other types nothing.
void add_keys(const fhir::Node& resource, fhir::Write& write);
bool has_keys(const fhir::Write& write);

// At least possible, the best first, without those that were merged into others and without the one of id `itself`. A
// key that more than 1,000 people share is looked at in part.
fhir::Result<std::vector<Candidate>> candidates(fhir::Snapshot& snapshot, const fhir::Access& access,
                                                const Person& person, std::string_view national_system,
                                                const Weights& weights, std::string_view itself = {});

}  // namespace ihe::match
