// Answers in the form that was asked for: handlers answer resources in JSON.
#pragma once

#include <memory>
#include <mutex>

#include "fhir/content.h"
#include "src/http.h"
#include "src/negotiate.h"

namespace alzette {

// Puts all that a response says into its body; false where that is more than memory should hold.
bool make_whole(Response& response);

Response too_large_for_form();  // 406

// What is no resource stays as it is.
Response in_form(Response response, const AnswerForm& form);

// The statement is long and asked for often: its XML is kept as long as it says the same.
class KeptStatement {
 public:
  Response in_form(Response response, const AnswerForm& form);

 private:
  struct Kept {
    std::shared_ptr<const fhir::Content> json;
    Response answer;
  };
  std::mutex mutex_;
  std::shared_ptr<const Kept> kept_;
};

}  // namespace alzette
