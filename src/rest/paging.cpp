// Links and page tokens. FHIR R4: http://hl7.org/fhir/R4/http.html#paging; RFC 3986 §3.4 (characters of a query)
#include "src/rest/paging.h"

#include <algorithm>

#include "fhir/search/refusal.h"
#include "src/net/uri.h"

namespace alzette::rest {
namespace {

bool is_about_form(std::string_view name) {
  return name == "_page" || name == "_count" || name == "_format" || name == "_pretty" || name == "_summary" ||
         name == "_elements" || name == "_total" || name == "_explain";
}

// A query may hold these as they are; a link that reads like what was asked is easier to check.
void append_encoded(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const auto kept = std::min(text.find_first_of(":/,$@*"), text.size());
    out += net::percent_encode(text.substr(0, kept));
    out += text.substr(kept, 1);
    text.remove_prefix(std::min(kept + 1, text.size()));
  }
}

}  // namespace

std::string link(std::string_view base, std::string_view below_base, const fhir::search::Parameters& parameters,
                 std::string_view page) {
  std::string url(base);
  if (!below_base.empty()) url.append("/").append(below_base);
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    if (name == "_page") continue;
    url += separator;
    append_encoded(name, url);
    url += '=';
    append_encoded(value, url);
    separator = '&';
  }
  if (!page.empty()) (url += separator).append("_page=").append(page);
  return url;
}

std::string link(const Call& call, std::string_view below_base, fhir::search::Parameters parameters,
                 std::string_view page) {
  for (const auto& parameter : call.parameters)
    if (parameter.first == "_format" || parameter.first == "_pretty") parameters.push_back(parameter);
  return link(call.base, below_base, parameters, page);
}

std::string page_context(const Call& call, std::string_view below_base, const fhir::search::Parameters& parameters) {
  std::string context = call.access.subject;
  (context += '\n').append(below_base);
  for (const auto& [name, value] : parameters)
    if (!is_about_form(name)) (((context += '\n').append(name)) += '=').append(value);
  return context;
}

fhir::Result<std::string> open_page(const Call& call, std::string_view sealed, std::string_view context) {
  auto token = call.seal.open(sealed, context);
  if (!token)
    return fhir::Outcome(fhir::Kind::malformed, "value",
                         "_page is not a token of this server for this query: follow the next link as it was given",
                         fhir::search::place_of("_page"));
  return std::move(*token);
}

}  // namespace alzette::rest
