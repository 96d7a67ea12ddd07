// The FHIR door: every HTTP request comes in here, finds its row, is run on its lane, and leaves as a Response.
// FHIR R4: http://hl7.org/fhir/R4/http.html
#pragma once

#include <cstdint>
#include <memory>

#include "fhir/access.h"
#include "fhir/store.h"
#include "ihe/settings.h"
#include "src/auth/seal.h"
#include "src/http.h"
#include "src/judge.h"
#include "src/lane.h"
#include "src/rest/interaction.h"

namespace alzette {

class Trail;

class Door {
 public:
  struct Limits {
    std::size_t core_body = 16u << 10;         // bytes of a body that is still validated there
    std::uint64_t core_effort = 4'000;         // index rows a search may look at on a connection's own thread: some ms
    std::uint64_t worker_effort = 50'000'000;  // and on a worker
    unsigned plans = 8;                        // made for one request before a conflict is answered
  };

  // What is handed in must outlive the door. `access` is the one policy until authentication is configured.
  Door(fhir::Store& store, WorkerLane& workers, const auth::Seal& seal, const fhir::validate::Profiles& profiles,
       fhir::Access access, std::uint32_t salt, const ihe::Settings& settings);
  Door(fhir::Store& store, WorkerLane& workers, const auth::Seal& seal, const fhir::validate::Profiles& profiles,
       fhir::Access access, std::uint32_t salt, const ihe::Settings& settings, Limits limits);
  ~Door();
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  // Where the files of jobs lie, and which addresses these and subscriptions may ask; to be said before the first
  // request.
  void take_jobs(std::string folder, const net::Egress& egress);

  // Where the audit records of transactions of IHE go that only ask, and whether searches and reads leave one; to be
  // said before the first request.
  void take_trail(Trail& trail, bool asking);

  // What becomes of writes that break a profile; without this nothing is judged by profiles on write.
  void take_profiles(ProfilePolicy policy);

  // What codes mean to searches.
  const fhir::search::Meanings& meanings() const;

  void handle(Request request, Respond respond);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace alzette
