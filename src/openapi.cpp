// The OpenAPI document, from the rows of src/rest and src/operation. OpenAPI 3.0.3:
// https://spec.openapis.org/oas/v3.0.3
#include "src/openapi.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "fhir/format/json.h"
#include "src/operation/operation.h"
#include "src/rest/interaction.h"

namespace alzette {
namespace {

using rest::Interaction;

// What one address answers to one method; batch and transaction share theirs.
struct Verb {
  std::set<std::string_view> does;  // "search-type", "$everything"
  bool by_form = false;             // takes parameters as a form
  bool takes_body = false;
  bool takes_query = false;
  std::set<std::string_view> headers = {};
};

// By address, then by method in small letters.
using Paths = std::map<std::string, std::map<std::string, Verb>>;

// The request headers that an interaction obeys, beside those of negotiation.
struct Heeded {
  std::string_view code, header;
};
constexpr Heeded heeded[] = {
    {"read", "If-None-Match"},   {"read", "If-Modified-Since"},
    {"vread", "If-None-Match"},  {"vread", "If-Modified-Since"},
    {"create", "If-None-Exist"}, {"create", "Prefer"},
    {"update", "If-Match"},      {"update", "If-None-Match"},
    {"update", "Prefer"},        {"patch", "If-Match"},
    {"patch", "Prefer"},         {"delete", "If-Match"},
    {"delete", "Prefer"},        {"search-type", "Prefer"},
    {"search-system", "Prefer"}, {"history-instance", "Prefer"},
    {"history-type", "Prefer"},  {"history-system", "Prefer"},
    {"batch", "Prefer"},         {"transaction", "Prefer"},
};

struct Header {
  std::string_view name, description;
};
constexpr Header headers[] = {
    {"If-Match", "the version that is changed, as its ETag: W/\"3\""},
    {"If-None-Match", "the version that is known already; on a write *: there must be none"},
    {"If-Modified-Since", "the time of the version that is known already"},
    {"If-None-Exist", "criteria: nothing is created where something meets them"},
    {"Prefer", "return=minimal, representation or OperationOutcome; handling=strict or lenient; respond-async"},
};

constexpr std::string_view forms[] = {"application/fhir+json", "application/fhir+xml"};

std::string text(std::string_view value) {
  std::string out;
  fhir::json::write_string(value, out);
  return out;
}

// "[type]/[id]" as "/{type}/{id}".
std::string template_of(std::string_view path) {
  std::string out = "/";
  for (const char c : path) out += c == '[' ? '{' : c == ']' ? '}' : c;
  return out;
}

std::string lower(std::string_view method) {
  std::string out(method);
  for (auto& c : out) c = static_cast<char>(c | 0x20);
  return out;
}

void add_interactions(Paths& paths) {
  for (const auto* row : rest::interactions()) {
    if (row->code == "operation") continue;
    auto& verb = paths[template_of(row->path)][lower(row->method)];
    verb.does.insert(row->code);
    for (const auto& [code, header] : heeded)
      if (code == row->code) verb.headers.insert(header);
    verb.by_form = row->path.ends_with("_search");
    verb.takes_body = !verb.by_form && (row->method == "POST" || row->method == "PUT" || row->method == "PATCH");
    verb.takes_query = row->method == "GET" || row->conditional;
  }
}

std::vector<std::string> types_of(const operation::Operation& operation) {
  std::vector<std::string> types;
  for (std::string_view rest = operation.types; !rest.empty();) {
    const auto end = std::min(rest.find(' '), rest.size());
    types.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (types.empty()) types.emplace_back("{type}");
  return types;
}

void add_operations(Paths& paths) {
  for (const auto* row : operation::operations()) {
    std::vector<std::string> places;
    if (row->levels & operation::on_system) places.emplace_back("/");
    for (const auto& type : types_of(*row)) {
      if (row->levels & operation::on_type) places.push_back("/" + type + "/");
      if (row->levels & operation::on_instance) places.push_back("/" + type + "/{id}/");
      if (row->levels & operation::on_version) places.push_back("/" + type + "/{id}/_history/{vid}/");
    }
    const auto code = std::string_view(row->code);
    for (const auto& place : places) {
      auto& path = paths[place + "$" + std::string(code)];
      path["post"].does.insert(code);
      path["post"].takes_body = true;
      path["post"].headers.insert("Prefer");
      if (row->affects_state) continue;
      path["get"].does.insert(code);
      path["get"].takes_query = true;
      path["get"].headers.insert("Prefer");
    }
  }
}

// The words in braces are what a path is parametrised by.
std::string parameters_of(std::string_view path) {
  std::string out;
  for (auto at = path.find('{'); at != path.npos; at = path.find('{', at + 1)) {
    const auto name = path.substr(at + 1, path.find('}', at) - at - 1);
    if (!out.empty()) out += ',';
    out.append(R"({"name":")").append(name).append(R"(","in":"path","required":true,"schema":)");
    if (name == "type" || name == "compartment")
      out += name == "type" ? R"({"$ref":"#/components/schemas/Type"})" : R"({"type":"string"})";
    else
      out += R"({"type":"string","pattern":"^[A-Za-z0-9.\\-]{1,64}$"})";
    out += '}';
  }
  return out;
}

// `more`: media types beside those of resources.
std::string content(std::string_view schema, std::string_view more = {}) {
  std::string out = R"("content":{)";
  for (const auto form : forms)
    out.append(form == forms[0] ? "\"" : ",\"")
        .append(form)
        .append(R"(":{"schema":{"$ref":"#/components/schemas/)")
        .append(schema)
        .append("\"}}");
  return out.append(more) + "}";
}

constexpr std::string_view patches =
    R"(,"application/json-patch+json":{"schema":{"type":"array","items":{"type":"object"}}})"
    R"(,"application/xml-patch+xml":{"schema":{"type":"string"}})";

void append_verb(std::string_view path, std::string_view method, const Verb& verb, std::string& out) {
  std::string what;
  for (const auto code : verb.does) what.append(what.empty() ? "" : " or ").append(code);
  out.append("\"").append(method).append(R"(":{"summary":)").append(text(what));
  out.append(R"(,"operationId":)").append(text(std::string(method) + " " + std::string(path)));
  std::string parameters;
  const auto refer = [&](std::string_view name) {
    parameters.append(parameters.empty() ? "" : ",").append(R"({"$ref":"#/components/parameters/)").append(name) +=
        "\"}";
  };
  if (verb.takes_query) refer("query");
  for (const auto header : verb.headers) refer(header);
  if (!parameters.empty()) out.append(R"(,"parameters":[)").append(parameters).append("]");
  if (verb.by_form)
    out +=
        R"(,"requestBody":{"content":{"application/x-www-form-urlencoded":{"schema":{"$ref":"#/components/schemas/Parameters"}}}})";
  if (verb.takes_body)
    out.append(R"(,"requestBody":{)")
        .append(content("Resource", method == "patch" ? patches : std::string_view{}))
        .append("}");
  out.append(R"(,"responses":{"2XX":{"description":"done; the resource, Bundle or Parameters",)");
  out.append(content("Resource")).append(R"(},"default":{"description":"refused, and why",)");
  out.append(content("Outcome")).append("}}}");
}

void append_paths(std::string& out) {
  Paths paths;
  add_interactions(paths);
  add_operations(paths);
  out += R"("paths":{)";
  for (const auto& [path, verbs] : paths) {
    if (out.back() != '{') out += ',';
    out.append(text(path)).append(":{");
    if (const auto parameters = parameters_of(path); !parameters.empty())
      out.append(R"("parameters":[)").append(parameters).append("],");
    for (const auto& [method, verb] : verbs) {
      if (&verb != &verbs.begin()->second) out += ',';
      append_verb(path, method, verb, out);
    }
    out += '}';
  }
  out += '}';
}

void append_components(std::string& out) {
  out += R"("components":{"schemas":{"Type":{"type":"string","enum":[)";
  bool first = true;
  for (const auto& type : fhir::definitions().types) {
    if (type.kind != fhir::TypeKind::resource || type.abstract) continue;
    out.append(first ? "" : ",").append(text(type.name));
    first = false;
  }
  out +=
      R"(]},"Resource":{"type":"object","description":"a resource of FHIR R4","required":["resourceType"],)"
      R"("properties":{"resourceType":{"type":"string"}},"additionalProperties":true},)"
      R"("Outcome":{"type":"object","required":["resourceType","issue"],"properties":{"resourceType":)"
      R"({"type":"string","enum":["OperationOutcome"]},"issue":{"type":"array","items":{"type":"object"}}}},)"
      R"("Parameters":{"type":"object","additionalProperties":{"type":"string"}}},)"
      R"("parameters":{"query":{"name":"parameters","in":"query","description":)"
      R"("search parameters with their modifiers, _format and the like: the CapabilityStatement at /metadata lists them",)"
      R"("style":"form","explode":true,"schema":{"$ref":"#/components/schemas/Parameters"}})";
  for (const auto& [name, description] : headers)
    out.append(",")
        .append(text(name))
        .append(R"(:{"name":)")
        .append(text(name))
        .append(R"(,"in":"header","schema":{"type":"string"},"description":)")
        .append(text(description)) += '}';
  out += "}}";
}

}  // namespace

const std::string& openapi() {
  static const std::string document = [] {
    std::string out = R"({"openapi":"3.0.3","info":{"title":"Alzette FHIR R4 server","version":")" ALZETTE_VERSION
                      R"("},"servers":[{"url":"/fhir"}],)";
    append_paths(out);
    out += ',';
    append_components(out);
    return out + "}";
  }();
  return document;
}

}  // namespace alzette
