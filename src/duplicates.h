// Keeps the identity unit's work-list of potential duplicates (ihe/identity/duplicate.h): behind each change of a
// Patient its pairs are looked for, by a thread that leaves the processor to whoever asks; those who were stored before
// there was a work-list come first.
#pragma once

#include <memory>
#include <string>

#include "fhir/access.h"
#include "fhir/incoming.h"
#include "fhir/store.h"
#include "ihe/settings.h"

namespace alzette {

class Duplicates {
 public:
  enum class Links : std::uint8_t { off, propose, link };  // link: pairs that are certain are linked at once

  // What is handed in must outlive this; `folder` holds the mark of what was looked at.
  Duplicates(fhir::Store& store, const fhir::Access& access, const ihe::Settings& settings, fhir::Ids& ids, Links links,
             const std::string& folder);
  ~Duplicates();

  // Ends the thread; what was not looked at yet is after the next start.
  void stop();

  // Of the store: something was committed.
  void committed(const fhir::Batch& batch);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace alzette
