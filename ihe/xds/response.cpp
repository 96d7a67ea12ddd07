// Answers of XDS actors. IHE ITI TF-3 4.2.4.
#include "ihe/xds/response.h"

#include "ihe/wire/ebxml.h"

namespace ihe::xds {
namespace {

constexpr std::string_view severity = "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:";

std::string_view text_of(Status status) {
  switch (status) {
    case Status::success:
      return "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success";
    case Status::partial:
      return "urn:ihe:iti:2007:ResponseStatusType:PartialSuccess";
    case Status::failure:
      break;
  }
  return "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure";
}

std::string severity_of(bool warning) { return std::string(severity) + (warning ? "Warning" : "Error"); }

void write_errors(xml::Writer& to, const Errors& errors) {
  if (errors.list().empty()) return;
  to.open("rs:RegistryErrorList").attribute("highestSeverity", severity_of(!errors.failed()));
  for (const auto& error : errors.list())
    to.open("rs:RegistryError")
        .attribute("errorCode", error.code)
        .attribute("codeContext", error.context)
        .attribute("severity", severity_of(error.warning))
        .attribute_if("location", error.location)
        .close();
  to.close();
}

}  // namespace

void write_registry_response(xml::Writer& to, Status status, const Errors& errors) {
  to.open("rs:RegistryResponse").attribute("xmlns:rs", ebxml::rs_ns).attribute("status", text_of(status));
  write_errors(to, errors);
  to.close();
}

std::string registry_response(const Errors& errors) {
  std::string out;
  xml::Writer writer(out);
  write_registry_response(writer, errors.failed() ? Status::failure : Status::success, errors);
  return out;
}

std::string query_response(const Errors& errors, const std::vector<const RegistryObjectIn<Shown>*>& results,
                           bool leaf_class) {
  constexpr std::size_t usual = 6 * 1024;  // of an entry
  std::string out;
  out.reserve(usual * (1 + (leaf_class ? results.size() : 0)));  // one more for what comes around them
  xml::Writer to(out);
  to.open("query:AdhocQueryResponse")
      .attribute("xmlns:query", ebxml::query_ns)
      .attribute("xmlns:rim", ebxml::rim_ns)
      .attribute("xmlns:rs", ebxml::rs_ns)
      .attribute("status", text_of(errors.failed() ? Status::failure : Status::success));
  write_errors(to, errors);
  to.open("rim:RegistryObjectList");
  for (const auto* object : results) {
    if (leaf_class)
      ebxml::write(to, *object);
    else
      to.open("rim:ObjectRef").attribute("id", object->id).attribute_if("home", object->home).close();
  }
  to.close().close();
  return out;
}

Answer refuse_registry(const Message&, const fhir::Outcome& outcome, const Moment&) {
  Errors errors;
  add_failure(errors, outcome, false);
  return {registry_response(errors)};
}

Answer refuse_repository(const Message&, const fhir::Outcome& outcome, const Moment&) {
  Errors errors;
  add_failure(errors, outcome, true);
  return {registry_response(errors)};
}

Answer refuse_query(const Message&, const fhir::Outcome& outcome, const Moment&) {
  Errors errors;
  add_failure(errors, outcome, false);
  return {query_response(errors, {}, true)};
}

void add_failure(Errors& errors, const fhir::Outcome& outcome, bool repository) {
  const std::string text = outcome.issues.empty() ? "" : outcome.issues.front().diagnostics;
  if (outcome.kind == fhir::Kind::too_costly) return errors.add(code::too_many, text);
  const bool busy = outcome.kind == fhir::Kind::busy || outcome.kind == fhir::Kind::timeout;
  if (busy) return errors.add(repository ? code::repository_busy : code::registry_busy, text);
  errors.add(repository ? code::repository : code::registry, text);
}

}  // namespace ihe::xds
