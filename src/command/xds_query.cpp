// alzette xds query NAME [PARAMETER=VALUE…]: ITI-18 and ITI-51
#include <algorithm>
#include <iostream>

#include "ihe/xds/attribute.h"
#include "src/command/xds.h"

namespace alzette::command::xds {
namespace {

using ihe::xds::Asked;
using ihe::xds::QueryDefinition;
using ihe::xds::QueryParameter;
using ihe::xds::RegistryObject;

struct Flags {
  Peer peer;
  std::string name, home;
  std::vector<std::string> parameters;
  bool references = false, xml = false;
};

std::string names_of(const std::vector<std::string_view>& names) {
  std::string out;
  for (const auto name : names) out.append(out.empty() ? "" : ", ").append(name);
  return out;
}

// The parameter that `name` means: as the framework has it, with or without "$", or the end of it where only one ends
// so.
const QueryParameter* parameter_of(const QueryDefinition& query, std::string_view name) {
  if (name.starts_with('$')) name.remove_prefix(1);
  const QueryParameter* found = nullptr;
  std::vector<std::string_view> all;
  for (const auto& parameter : query.parameters) {
    if (parameter.name == name) return &parameter;
    if (!parameter.name.ends_with(name)) continue;
    found = &parameter;
    all.push_back(parameter.name);
  }
  if (all.size() == 1) return found;
  const bool several = !all.empty();
  if (!several)
    for (const auto& parameter : query.parameters) all.push_back(parameter.name);
  complain(std::string(query.name) + (several ? ": several parameters end so: " : ": there is no such parameter: ") +
           std::string(name) + (several ? ": " : "; there are ") + names_of(all));
  return nullptr;
}

// Short words for the URNs that are typed most.
std::string value_of(const QueryParameter& parameter, const std::string& value) {
  if (parameter.name.ends_with("Status") && (value == "Approved" || value == "Deprecated"))
    return "urn:oasis:names:tc:ebxml-regrep:StatusType:" + value;
  if (parameter.name == "XDSDocumentEntryType") {
    if (value == "Stable") return "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1";
    if (value == "OnDemand") return "urn:uuid:34268e47-fdf5-41a6-ba33-82133c465248";
  }
  if (parameter.name == "AssociationTypes" && value.find(':') == std::string::npos)
    return value == "HasMember"      ? "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"
           : value == "IsSnapshotOf" ? "urn:ihe:iti:2010:AssociationType:IsSnapshotOf"
                                     : "urn:ihe:iti:2007:AssociationType:" + value;
  return value;
}

// NAME=VALUE is one more alternative, NAME+=VALUE begins a list that must be met as well.
bool add(Asked& query, const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0) return complain(text + ": a parameter is NAME=VALUE"), false;
  const bool further = text[equals - 1] == '+';
  const auto* parameter = parameter_of(*query.definition, text.substr(0, equals - (further ? 1 : 0)));
  if (!parameter) return false;
  auto value = value_of(*parameter, text.substr(equals + 1));
  const auto last = std::find_if(query.slots.rbegin(), query.slots.rend(),
                                 [&](const auto& slot) { return slot.first == parameter->name; });
  if (further || last == query.slots.rend())
    query.slots.push_back({std::string(parameter->name), {std::move(value)}});
  else
    last->second.push_back(std::move(value));
  return true;
}

// What is available is what is asked for, unless it is said otherwise.
void add_usual_status(Asked& query) {
  for (const auto& parameter : query.definition->parameters) {
    const bool given = std::any_of(query.slots.begin(), query.slots.end(),
                                   [&](const auto& slot) { return slot.first == parameter.name; });
    if (parameter.required && parameter.name.ends_with("Status") && !given)
      query.slots.push_back({std::string(parameter.name), {value_of(parameter, "Approved")}});
  }
}

std::string_view last_of(std::string_view text) { return text.substr(text.rfind(':') + 1); }

void print(const RegistryObject& object) {
  std::cout << ihe::xds::word_of(object.kind) << '\t' << plain(object.id) << '\t' << plain(last_of(object.status));
  if (object.kind == ihe::xds::Kind::association) {
    std::cout << '\t' << plain(last_of(object.type)) << '\t' << plain(object.source) << '\t' << plain(object.target);
  } else {
    std::cout << '\t' << plain(ihe::xds::unique_id(object)) << '\t' << plain(object.mime_type) << '\t'
              << plain(object.name.empty() ? std::string() : object.name.front().value);
  }
  std::cout << '\n';
}

int run(const Flags& flags) {
  Asked asked;
  asked.definition = ihe::xds::query_named(flags.name);
  if (!asked.definition) {
    std::vector<std::string_view> all;
    for (const auto& query : ihe::xds::query_definitions()) all.push_back(query.name);
    complain(flags.name + " is no stored query; there are " + names_of(all));
    return wrong_usage;
  }
  asked.leaf_class = !flags.references;
  asked.home = flags.home;
  for (const auto& parameter : flags.parameters)
    if (!add(asked, parameter)) return wrong_usage;
  add_usual_status(asked);
  const auto call = flags.peer.call();
  const auto told = flags.peer.exchange(ihe::xds::ask(asked, call), call);
  if (!told) return complain(told.outcome());
  if (flags.xml) {
    std::cout << told->body << '\n';
  } else {
    for (const auto& object : told->objects) print(object);
    for (const auto& reference : told->references) std::cout << plain(reference) << '\n';
  }
  return tell_errors(*told);
}

}  // namespace

Subcommand query(CLI::App& app) {
  const auto flags = std::make_shared<Flags>();
  auto* sub = app.add_subcommand("query", "stored queries of a registry (ITI-18, ITI-51): what is found, a line each");
  sub->add_option("NAME", flags->name, "the query: FindDocuments, GetDocuments, … or its id")->required();
  sub->add_option("PARAMETER=VALUE", flags->parameters,
                  "parameters by name or the end of it (PatientId=…); the same again is an alternative, NAME+=VALUE "
                  "must be met as well; Status is Approved unless it is given");
  sub->add_flag("--refs", flags->references, "ask for ids alone (ObjectRef)");
  sub->add_flag("--xml", flags->xml, "print the answer as it came");
  sub->add_option("--home", flags->home, "homeCommunityId that is asked")->type_name("URN");
  flags->peer.declare(*sub, "http://127.0.0.1:8080/soap");
  return {sub, [flags] { return run(*flags); }};
}

}  // namespace alzette::command::xds
