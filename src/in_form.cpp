// From JSON to what was asked for.
#include "src/in_form.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "fhir/format/json.h"
#include "fhir/format/xml.h"
#include "src/net/shared_text.h"
#include "src/rest/reply.h"

namespace alzette {

bool make_whole(Response& response) {
  constexpr std::uint64_t most_in_memory = 128u << 20;
  if (!response.content) return true;
  if (response.content->size() > most_in_memory) return false;
  response.body = response.content->text();
  response.content = nullptr;
  return true;
}

Response too_large_for_form() {
  const fhir::Outcome outcome(fhir::Kind::unsupported, "not-supported",
                              "A document of this size is given as JSON or as its own media type");
  return rest::json_reply(406, fhir::to_json(outcome));
}

Response in_form(Response response, const AnswerForm& form) {
  const auto type = std::find_if(response.headers.begin(), response.headers.end(),
                                 [](const auto& header) { return header.first == "Content-Type"; });
  const bool empty = response.body.empty() && !response.content;
  if (empty || type == response.headers.end() || type->second != rest::fhir_json) return response;
  const bool in_memory = response.content && !response.content->in_memory().empty();
  if ((form.format == fhir::Format::xml || (form.pretty && in_memory)) && !make_whole(response))
    return too_large_for_form();
  if (!form.content_type.empty()) type->second = form.content_type;
  if (form.format == fhir::Format::xml)
    response.body = fhir::xml::from_json(response.body, form.pretty);
  else if (form.pretty && !response.content)
    response.body = fhir::json::indent(response.body);
  return response;
}

Response KeptStatement::in_form(Response response, const AnswerForm& form) {
  if (form.format != fhir::Format::xml || form.pretty) return alzette::in_form(std::move(response), form);
  {
    const std::lock_guard lock(mutex_);
    if (kept_ && kept_->json == response.content) return kept_->answer;
  }
  auto made = std::make_shared<Kept>();
  made->json = response.content;
  made->answer = alzette::in_form(std::move(response), form);
  made->answer.content = std::make_shared<net::SharedText>(std::exchange(made->answer.body, {}));
  const std::lock_guard lock(mutex_);
  kept_ = made;
  return kept_->answer;
}

}  // namespace alzette
