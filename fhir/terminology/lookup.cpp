// FHIR R4: http://hl7.org/fhir/R4/codesystem-operation-lookup.html
#include "fhir/terminology/lookup.h"

#include <algorithm>

#include "fhir/terminology/display.h"
#include "fhir/terminology/reading.h"
#include "fhir/terminology/wording.h"

namespace fhir::terminology {
namespace {

class Teller {
 public:
  Teller(const System& system, At at, const LookupRequest& request) : system_(system), at_(at), request_(request) {}

  std::string tell() && {
    const Concept& row = system_.at(at_);
    const Names names(&system_, at_, nullptr, {});
    const Name* best = names.best(request_.languages);
    out_.value("name", "String", system_.name());
    if (!system_.version().empty()) out_.value("version", "String", system_.version());
    out_.value("display", "String", best ? best->designation.value : row.code);
    if (row.abstract) out_.boolean("abstract", true);
    out_.value("system", "Uri", system_.url());
    out_.value("code", "Code", row.code);
    if (!row.definition.empty() && wanted("definition")) out_.value("definition", "String", row.definition);
    if (wanted("designation")) designations(names);
    if (const CodeSystem* rows = system_.rows()) properties(*rows, row);
    return std::move(out_).finish();
  }

 private:
  // Asked for by name, or nothing special is asked for.
  bool wanted(std::string_view property) const {
    const auto& asked = request_.properties;
    return asked.empty() || std::any_of(asked.begin(), asked.end(),
                                        [&](const std::string& one) { return one == property || one == "*"; });
  }

  void designations(const Names& names) {
    for (const Name& name : names.all()) {
      const Designation& one = name.designation;
      out_.begin("designation");
      if (!one.language.empty()) out_.value("language", "Code", one.language);
      if (name.main)
        out_.coding("use", term_maintenance, "preferredForLanguage", "Preferred For Language");
      else if (!one.use_code.empty())
        out_.coding("use", one.use_system, one.use_code, one.use_display);
      out_.value("value", "String", one.value);
      out_.end();
    }
  }

  void property(std::string_view code, std::string_view type, std::string_view text, std::string_view description) {
    out_.begin("property");
    out_.value("code", "Code", code);
    if (!description.empty()) out_.value("description", "String", description);
    out_.value("value", type, text);
    out_.end();
  }

  void links(std::string_view code, std::span<const At> others, const CodeSystem& rows) {
    if (!wanted(code)) return;
    for (const At other : others) property(code, "Code", rows.at(other).code, rows.at(other).display);
  }

  void properties(const CodeSystem& rows, const Concept& row) {
    if (wanted("inactive")) property("inactive", "Boolean", row.inactive ? "true" : "false", {});
    links("parent", rows.parents(at_), rows);
    links("child", rows.children(at_), rows);
    system_.each_part(at_, [&](const CodeSystem& part, At there) {
      for (const auto& one : part.properties(there)) {
        const auto& kind = part.kinds()[one.kind];
        // These are told above.
        if (part.means(kind, "inactive") || part.means(kind, "parent") || part.means(kind, "child")) continue;
        if (!wanted(kind.code)) continue;
        if (one.type == "valueCoding") {
          out_.begin("property");
          out_.value("code", "Code", kind.code);
          out_.coding("value", one.system, one.text, one.display);
          out_.end();
        } else {
          property(kind.code, one.type.substr(5), one.text, {});
        }
      }
    });
  }

  const System& system_;
  At at_;
  const LookupRequest& request_;
  ParametersWriter out_;
};

}  // namespace

Result<std::string> lookup(Composer& composer, const LookupRequest& request) {
  auto& sources = composer.sources();
  if (const auto absent = sources.missing_supplement(); !absent.empty())
    return refusal(Kind::unprocessable, "not-found", "not-found", "Required supplement not found: " + absent, {},
                   "VALUESET_SUPPLEMENT_MISSING");
  System* system = composer.system_of(request.system, request.version);
  if (!system)
    return refusal(Kind::absent, "not-found", "not-found",
                   wording::unknown_system(request.system, request.version, sources.versions(request.system),
                                           "the code cannot be looked up"),
                   "system");
  const At at = system->find(request.code);
  if (at == nowhere)
    return refusal(Kind::absent, "not-found", "invalid-code", wording::unknown_code(request.code, *system), "code");
  return Teller(*system, at, request).tell();
}

}  // namespace fhir::terminology
