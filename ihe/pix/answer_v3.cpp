#include "ihe/pix/answer_v3.h"

namespace ihe::pix {

Answer refuse_v3(const Message& message, const fhir::Outcome& outcome, const Moment& moment) {
  return {hl7v3::refuse(*message.soap, {moment.id, moment.now}, outcome), {}};
}

std::string_view custodian_of(const hl7v3::Asked& asked) {
  const auto* id = asked.message->at({"receiver", "device", "id"});
  const auto root = id ? id->value_of("root") : std::string_view();
  return root.empty() ? hl7v3::interaction_ids : root;
}

}  // namespace ihe::pix
