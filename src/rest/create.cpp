// create: POST [base]/[type], also conditional by If-None-Exist. A body's id is ignored.
// FHIR R4: http://hl7.org/fhir/R4/http.html#create, #ccreate
#include <iterator>

#include "ihe/mhd/provide.h"
#include "src/net/ascii.h"
#include "src/rest/criteria.h"
#include "src/rest/interaction.h"
#include "src/rest/provide.h"
#include "src/rest/reply.h"

namespace alzette::rest {
namespace {

// A header that is there but empty is a condition without criteria, not the lack of one.
const std::string* header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers)
    if (net::same_word(key, name)) return &value;
  return nullptr;
}

fhir::Result<Plan> run(const Call& call) {
  if (const auto none = no_parameters(call); !none) return none.outcome();
  auto incoming = resource_of(call);
  if (!incoming) return std::move(incoming.outcome());
  fhir::Batch batch{call.access, {}, {}};
  if (const auto* criteria = header(call.request.headers, "If-None-Exist")) {
    auto found = find_one(call.snapshot, call.access, *call.type, *criteria, call.base, call.meanings);
    if (!found) return std::move(found.outcome());
    if (!found->none()) {
      auto version = call.snapshot.read(call.access, *call.type, found->id());
      if (!version) return std::move(version.outcome());
      return Plan(found_reply(call, std::move(*version)));
    }
    batch.expect.push_back(std::move(found->expectation));
  }

  if (ihe::mhd::is_entry(*(*incoming)->resource)) {
    auto plan = publish_document(call, *(*incoming)->resource);
    if (plan && plan->batch)
      std::move(batch.expect.begin(), batch.expect.end(), std::back_inserter(plan->batch->expect));
    return plan;
  }
  auto write = rest::prepare(**incoming, call.ids.next(call.now), fhir::Method::create, call.base);
  if (!write) return std::move(write.outcome());
  write->if_version = 0;
  auto answer = answer_for(call, *write);
  batch.writes.push_back(std::move(*write));
  return written_plan(std::move(answer), std::move(batch));
}

}  // namespace

extern constinit const Interaction create{.code = "create",
                                          .level = Level::type,
                                          .method = "POST",
                                          .path = "[type]",
                                          .lane = Lane::by_size,
                                          .needs = fhir::Verb::create,
                                          .run = run};

}  // namespace alzette::rest
