// Writes an expansion. What R4 has no elements for comes as the extensions that stand for those of R5.
// FHIR R4: http://hl7.org/fhir/R4/valueset-definitions.html#ValueSet.expansion; versioning of extensions:
// http://hl7.org/fhir/R5/versions.html#extensions
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "fhir/format/json.h"
#include "fhir/format/json_commas.h"
#include "fhir/terminology/expand.h"
#include "fhir/terminology/reading.h"
#include "fhir/terminology/wording.h"

namespace fhir::terminology {
namespace {

using json::Commas;

constexpr std::string_view expansion_property =
    "http://hl7.org/fhir/5.0/StructureDefinition/"
    "extension-ValueSet.expansion.property";
constexpr std::string_view contains_property =
    "http://hl7.org/fhir/5.0/StructureDefinition/"
    "extension-ValueSet.expansion.contains.property";

void put(std::string_view name, std::string_view text, std::string& out) {
  out.append("\"").append(name).append("\":");
  json::write_string(text, out);
}

// `type` is the name of a value[x]: numbers and booleans stand bare.
void put_value(std::string_view type, std::string_view text, std::string& out) {
  const bool bare = type == "valueBoolean" || type == "valueInteger" || type == "valueDecimal";
  out.append("\"").append(type).append("\":");
  if (bare)
    out += text;
  else
    json::write_string(text, out);
}

bool whole(const Node& node) {
  return node.element && std::all_of(node.begin(), node.end(), [](const Node& child) { return whole(child); });
}

struct Shown {
  std::string code, uri, type, text, system, display;
};

class Writer {
 public:
  Writer(const Expansion& expansion, const ExpandRequest& request, const Usage& usage)
      : expansion_(expansion), request_(request), usage_(usage) {
    std::map<std::string_view, std::set<const System*>> seen;
    for (const auto& [canonical, system] : usage.systems) seen[system->url()].insert(system);
    for (const auto& [url, systems] : seen)
      if (systems.size() > 1) several_.insert(url);
  }

  std::string write(std::vector<Echo> echo, std::string_view uuid, std::string_view timestamp) {
    std::string rows;
    write_rows(rows);
    std::string out = head();
    out += R"("expansion":{)";
    write_extensions(out);
    put("identifier", "urn:uuid:" + std::string(uuid), out);
    out += ',';
    put("timestamp", timestamp, out);
    out.append(R"(,"total":)").append(std::to_string(expansion_.total));
    if (request_.offset || request_.count) out.append(R"(,"offset":)").append(std::to_string(request_.offset));
    write_parameters(std::move(echo), out);
    if (!rows.empty()) out.append(R"(,"contains":[)").append(rows).append("]");
    out += "}}";
    return out;
  }

 private:
  // The value set's own elements, open for what follows.
  std::string head() const {
    constexpr std::array<std::string_view, 12> left_out{
        "description", "purpose",       "useContext",        "jurisdiction",

        "meta",        "text",          "contained",         "compose",
        "expansion",   "implicitRules", "modifierExtension", "resourceType"};
    const Node& resource = *expansion_.set->source.resource;
    Node root = resource;
    std::vector<Node> kept;
    for (const Node& child : resource) {
      const bool skip = std::find(left_out.begin(), left_out.end(), child.name) != left_out.end();
      if ((!skip || (child.name == "compose" && request_.include_definition)) && whole(child)) kept.push_back(child);
    }
    for (std::size_t i = 0; i < kept.size(); ++i) kept[i].next = i + 1 < kept.size() ? &kept[i + 1] : nullptr;
    root.first = kept.empty() ? nullptr : &kept.front();
    root.next = nullptr;
    root.name = "ValueSet";
    root.type = definitions().type("ValueSet");
    std::string out;
    json::write(root, out);
    out.back() = ',';
    return out;
  }

  void write_parameters(std::vector<Echo> echo, std::string& out) const {
    for (const auto& [name, value] : usage_.rules) echo.push_back({name, "Uri", value});
    const Node* own = expansion_.set->source.resource;
    for (const auto& [canonical, system] : usage_.systems) {
      echo.push_back({"used-codesystem", "Uri", canonical});
      if (system->fragment()) echo.push_back({"used-fragment", "Uri", canonical});
      for (const auto& by : system->supplements())
        echo.push_back({"used-supplement", "Uri", joined(by->url(), by->version())});
      if (const auto word = wording::standing(*system, own); !word.empty())
        echo.push_back({"warning-" + std::string(word), "Uri", canonical});
    }
    for (const auto& [canonical, resource] : usage_.value_sets) {
      echo.push_back({"used-valueset", "Uri", canonical});
      if (const auto word = wording::standing(*resource, own); !word.empty())
        echo.push_back({"warning-" + std::string(word), "Uri", canonical});
    }
    if (usage_.versions_ignored) echo.push_back({"versionsMatch", "Boolean", "true"});
    if (echo.empty()) return;
    out += R"(,"parameter":[)";
    Commas commas(out);
    for (const auto& one : echo) {
      commas.next() += '{';
      put("name", one.name, out);
      out += ',';
      put_value("value" + one.type, one.value, out);
      out += '}';
    }
    out += ']';
  }

  void write_extensions(std::string& out) const {
    std::string list;
    Commas commas(list);
    for (const auto& [code, uri] : properties_) {
      commas.next().append(R"({"extension":[{"url":"code","valueCode":)");
      json::write_string(code, list);
      list += '}';
      if (!uri.empty()) {
        list += R"(,{"url":"uri","valueUri":)";
        json::write_string(uri, list);
        list += '}';
      }
      list.append(R"(],"url":")").append(expansion_property).append("\"}");
    }
    std::string fragments;
    for (const auto& [canonical, system] : usage_.systems)
      if (system->fragment()) fragments.append(fragments.empty() ? "" : ", ").append(system->url());
    if (!fragments.empty()) {
      commas.next().append(
          R"({"url":"http://hl7.org/fhir/StructureDefinition/valueset-unclosed","valueBoolean":true},)");
      list += R"({"url":"http://hl7.org/fhir/StructureDefinition/valueset-unclosed-reason","valueString":)";
      json::write_string("This extension is based on a fragment of the code system " + fragments, list);
      list += '}';
    }
    if (!list.empty()) out.append(R"("extension":[)").append(list).append("],");
  }

  void write_rows(std::string& out) {
    if (expansion_.parent.empty()) {
      Commas commas(out);
      for (const auto& row : expansion_.rows) {
        open_row(row, commas.next());
        out += '}';
      }
      return;
    }
    children_.resize(expansion_.rows.size());
    Commas commas(out);
    for (std::size_t i = 0; i < expansion_.rows.size(); ++i)
      if (expansion_.parent[i] != Expansion::npos) children_[expansion_.parent[i]].push_back(i);
    for (std::size_t i = 0; i < expansion_.rows.size(); ++i)
      if (expansion_.parent[i] == Expansion::npos) write_tree(i, commas.next());
  }

  // Without recursion: a code system may name parents a hundred thousand levels deep.
  void write_tree(std::size_t root, std::string& out) {
    struct Step {
      std::size_t row, next;
    };
    std::vector<Step> path{{root, 0}};
    open_row(expansion_.rows[root], out);
    while (!path.empty()) {
      auto& [row, next] = path.back();
      const auto& below = children_[row];
      if (next == below.size()) {
        out += below.empty() ? "}" : "]}";
        path.pop_back();
        continue;
      }
      out += next == 0 ? R"(,"contains":[)" : ",";
      const auto child = below[next++];
      open_row(expansion_.rows[child], out);
      path.push_back({child, 0});
    }
  }

  void open_row(const Member& row, std::string& out) {
    const bool here = row.system && row.at != nowhere;
    const auto language = expansion_.set->source.resource->value_of("language");
    const Names names(row.system, row.at, row.listed, language);
    const Name* best = names.best(request_.languages);
    out += '{';
    write_row_extensions(row, out);
    put("system", row.url, out);
    if (row.newest && several_.count(row.url)) put("version", row.newest->version(), out += ',');
    if (here && row.system->at(row.at).abstract) out += R"(,"abstract":true)";
    if (row.inactive()) out += R"(,"inactive":true)";
    put("code", row.code(), out += ',');
    if (best) put("display", best->designation.value, out += ',');
    if (request_.include_designations) write_designations(names, best, out);
  }

  void write_designations(const Names& names, const Name* shown, std::string& out) const {
    std::string list;
    Commas commas(list);
    for (const Name& name : names.all()) {
      const Designation& one = name.designation;
      if (&name == shown || !wanted(name)) continue;
      commas.next() += '{';
      Commas parts(list);
      std::string marks;
      const auto mark = [&](std::string_view extension, std::string_view type, std::string_view text) {
        marks.append(marks.empty() ? "{\"url\":\"" : ",{\"url\":\"")
            .append(extension_base)
            .append(extension)
            .append("\",");
        put_value(type, text, marks);
        marks += '}';
      };
      if (name.retired()) mark("structuredefinition-standards-status", "valueCode", one.status);
      if (!one.sct_id.empty()) mark("coding-sctdescid", "valueId", one.sct_id);
      if (!marks.empty()) parts.next().append(R"("extension":[)").append(marks).append("]");
      if (!one.language.empty()) put("language", one.language, parts.next());
      if (name.main) {
        put("system", term_maintenance, parts.next().append(R"("use":{)"));
        list += R"(,"code":"preferredForLanguage","display":"Preferred For Language"})";
      } else if (!one.use_code.empty()) {
        parts.next() += R"("use":{)";
        Commas use(list);
        if (!one.use_system.empty()) put("system", one.use_system, use.next());
        put("code", one.use_code, use.next());
        if (!one.use_display.empty()) put("display", one.use_display, use.next());
        list += '}';
      }
      put("value", one.value, parts.next());
      list += '}';
    }
    if (commas.any()) out.append(R"(,"designation":[)").append(list).append("]");
  }

  bool wanted(const Name& name) const {
    if (request_.designations.empty()) return true;
    return std::any_of(request_.designations.begin(), request_.designations.end(), [&](const std::string& filter) {
      const auto [system, code] = split(filter);
      if (code.empty()) return name.designation.language == filter || name.designation.use_code == filter;
      if (system == "urn:ietf:bcp:47") return name.designation.language == code;
      return name.designation.use_system == system && name.designation.use_code == code;
    });
  }

  // Extensions that are passed on, and the properties.
  void write_row_extensions(const Member& row, std::string& out) {
    std::map<std::string, std::pair<std::string, std::string>> passed;  // name to type and text
    std::vector<Shown> shown;
    collect(row, passed, shown);
    if (passed.empty() && shown.empty()) return;
    out += R"("extension":[)";
    Commas commas(out);
    for (const auto& [name, value] : passed) {
      commas.next().append(R"({"url":")").append(extension_base).append(name).append("\",");
      put_value(value.first, value.second, out);
      out += '}';
    }
    for (const auto& one : shown) {
      properties_.emplace(one.code, one.uri);
      commas.next() += R"({"extension":[{"url":"code","valueCode":)";
      json::write_string(one.code, out);
      out += R"(},{"url":"value",)";
      if (one.type == "valueCoding") {
        out += R"("valueCoding":{)";
        Commas parts(out);
        if (!one.system.empty()) put("system", one.system, parts.next());
        put("code", one.text, parts.next());
        if (!one.display.empty()) put("display", one.display, parts.next());
        out += '}';
      } else {
        put_value(one.type, one.text, out);
      }
      out.append(R"(}],"url":")").append(contains_property).append("\"}");
    }
    out += "],";
  }

  bool asked(std::string_view property) const {
    return std::any_of(request_.properties.begin(), request_.properties.end(),
                       [&](const std::string& one) { return one == property || one == "*"; });
  }

  void collect(const Member& row, std::map<std::string, std::pair<std::string, std::string>>& passed,
               std::vector<Shown>& shown) const {
    std::map<std::string, Shown> own;  // by code: those that a value set may say otherwise
    const auto standard = [&](std::string_view code, std::string_view name, std::string_view type,
                              std::string_view text) {
      own[std::string(code)] = {std::string(code),
                                std::string(concept_properties) + std::string(name),
                                std::string(type),
                                std::string(text),
                                {},
                                {}};
    };
    const auto mark = [&](std::string_view extension, std::string_view type, std::string_view text) {
      if (extension.ends_with("conceptOrder")) standard("order", "order", "valueDecimal", text);
      if (extension.ends_with("-label")) standard("label", "label", "valueString", text);
      if (extension == "itemWeight" || extension.ends_with("rdinalValue"))
        standard("weight", "itemWeight", "valueDecimal", text);
      if (extension.starts_with("rendering-")) passed[std::string(extension)] = {std::string(type), std::string(text)};
    };
    if (row.system && row.at != nowhere) {
      const Concept& concept_row = row.system->at(row.at);
      row.system->each_part(row.at, [&](const CodeSystem& part, At there) {
        for (const auto& one : part.marks(there)) mark(one.extension, one.type, one.text);
        for (const auto& one : part.properties(there)) {
          const auto& kind = part.kinds()[one.kind];
          if (asked(kind.code) && kind.code != "status")
            shown.push_back({std::string(kind.code), std::string(kind.uri), std::string(one.type),
                             std::string(one.text), std::string(one.system), std::string(one.display)});
        }
      });
      const auto status = !concept_row.status.empty() ? concept_row.status : concept_row.inactive ? "inactive" : "";
      if (!status.empty() && status != "active") standard("status", "status", "valueCode", status);
      if (asked("definition") && !concept_row.definition.empty())
        standard("definition", "definition", "valueString", concept_row.definition);
    }
    if (row.listed && row.listed->node) {
      const Node& node = *row.listed->node;
      constexpr std::array<std::string_view, 5> marks{"valueset-conceptOrder", "valueset-label", "itemWeight",
                                                      "rendering-style", "rendering-xhtml"};
      for (const auto name : marks)
        if (const Node* value = extension(node, name)) mark(name, value->name, value->text);
      for (const std::string_view name :
           {"valueset-deprecated", "valueset-concept-definition", "structuredefinition-standards-status"})
        if (const Node* value = extension(node, name))
          passed[std::string(name)] = {std::string(value->name), std::string(value->text)};
    }
    for (auto& [code, one] : own) shown.push_back(std::move(one));
  }

  const Expansion& expansion_;
  const ExpandRequest& request_;
  const Usage& usage_;
  std::set<std::string_view> several_;             // systems of which several versions take part
  std::map<std::string, std::string> properties_;  // those that rows have: code to uri
  std::vector<std::vector<std::size_t>> children_;
};

}  // namespace

std::string to_json(const Expansion& expansion, const ExpandRequest& request, const Usage& usage,
                    std::vector<Echo> echo, std::string_view uuid, std::string_view timestamp) {
  return Writer(expansion, request, usage).write(std::move(echo), uuid, timestamp);
}

}  // namespace fhir::terminology
