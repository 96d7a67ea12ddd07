// alzette xds update ID: ITI-57 · alzette xds remove ID…: ITI-62 · alzette xds remove-documents UNIQUEID…: ITI-86
#include <array>
#include <iostream>

#include "ihe/xds/names.h"
#include "src/auth/seal.h"
#include "src/clock.h"
#include "src/command/xds.h"

namespace alzette::command::xds {
namespace {

namespace scheme = ihe::xds::scheme;
using ihe::xds::RegistryObject;

constexpr std::string_view soap_address = "http://127.0.0.1:8080/soap";

struct Update {
  Peer peer;
  std::string id, status, title;
  CLI::Option* new_title = nullptr;
  std::string source_id = ihe::Settings().home_id;
  std::array<std::pair<std::string_view, std::string>, 6> codes{{{scheme::class_code, {}},
                                                                 {scheme::type_code, {}},
                                                                 {scheme::format_code, {}},
                                                                 {scheme::facility_code, {}},
                                                                 {scheme::practice_setting_code, {}},
                                                                 {scheme::confidentiality_code, {}}}};
};

// What is to become of the entry; nothing: the reason has been printed.
std::optional<ihe::xds::Change> change_of(const Update& flags) {
  ihe::xds::Change change;
  if (!flags.status.empty())
    change.status = flags.status == "approved" ? ihe::xds::status::approved : ihe::xds::status::deprecated;
  if (flags.new_title->count() > 0) change.title = flags.title;
  for (const auto& [code_scheme, text] : flags.codes) {
    if (text.empty()) continue;
    const auto code = ihe::xds::code_from(text);
    if (!code) return complain("\"" + text + "\" is no code: CODE^DISPLAY^SCHEME"), std::nullopt;
    change.codes.emplace_back(code_scheme, *code);
  }
  const bool version = change.title || !change.codes.empty();
  if (version == !change.status.empty())
    return complain("give --status alone, or what is changed in the metadata"), std::nullopt;
  return change;
}

// The entry as the registry has it now.
std::optional<RegistryObject> entry_of(const Update& flags) {
  ihe::xds::Asked asked;
  asked.definition = ihe::xds::query_named("GetDocuments");
  asked.slots = {{"XDSDocumentEntryEntryUUID", {urn_of(flags.id)}}};
  const auto call = flags.peer.call();
  auto told = flags.peer.exchange(ihe::xds::ask(asked, call), call);
  if (!told) return complain(told.outcome()), std::nullopt;
  if (tell_errors(*told) != done) return std::nullopt;
  if (told->objects.size() != 1) return complain("no entry has the id " + urn_of(flags.id)), std::nullopt;
  return std::move(told->objects.front());
}

int run_update(const Update& flags) {
  const auto change = change_of(flags);
  if (!change) return wrong_usage;
  const auto entry = entry_of(flags);
  if (!entry) return failed;
  ihe::xds::Composition of;
  of.patient = ihe::xds::patient_id(*entry);
  of.source_id = flags.source_id;
  of.now = clock::wall_ms();
  for (const auto& label : entry->classifications)
    if (label.scheme == scheme::type_code) of.content_type = ihe::xds::code_of(label);
  const auto composed = ihe::xds::compose_update(of, *entry, *change, [] { return auth::random_token(); });
  const auto call = flags.peer.call();
  return submit(flags.peer, ihe::xds::update_set(composed.objects, call), call, composed.objects);
}

struct Removal {
  Peer peer;
  std::vector<std::string> ids;
  std::string repository = ihe::Settings().repository_id;
  std::string home;
};

int answer(const Peer& peer, const ihe::xds::Posted& request, const ihe::xds::Call& call) {
  const auto told = peer.exchange(request, call);
  return told ? tell_errors(*told) : complain(told.outcome());
}

int run_remove(const Removal& flags) {
  std::vector<std::string> ids;
  for (const auto& id : flags.ids) ids.push_back(urn_of(id));
  const auto call = flags.peer.call();
  return answer(flags.peer, ihe::xds::remove(ids, call), call);
}

int run_remove_documents(const Removal& flags) {
  std::vector<ihe::xds::DocumentRequest> documents;
  for (const auto& id : flags.ids) documents.push_back({flags.home, flags.repository, id});
  const auto call = flags.peer.call();
  return answer(flags.peer, ihe::xds::remove_documents(documents, call), call);
}

}  // namespace

Subcommand update(CLI::App& app) {
  const auto flags = std::make_shared<Update>();
  auto* sub = app.add_subcommand("update", "metadata of a registered entry (ITI-57): ids of what is new, a line each");
  sub->add_option("ID", flags->id, "entryUUID")->required();
  sub->add_option("--status", flags->status, "approved or deprecated")
      ->check(CLI::IsMember({"approved", "deprecated"}));
  flags->new_title = sub->add_option("--title", flags->title)->type_name("TEXT");
  const std::array<const char*, 6> names{"--class",    "--type",     "--format",
                                         "--facility", "--practice", "--confidentiality"};
  for (std::size_t i = 0; i < names.size(); ++i)
    sub->add_option(names[i], flags->codes[i].second)->type_name("CODE^DISPLAY^SCHEME");
  sub->add_option("--source-id", flags->source_id, "who submits")->type_name("OID")->capture_default_str();
  flags->peer.declare(*sub, std::string(soap_address));
  return {sub, [flags] { return run_update(*flags); }};
}

Subcommand remove(CLI::App& app) {
  const auto flags = std::make_shared<Removal>();
  auto* sub =
      app.add_subcommand("remove", "objects from a registry (ITI-62); whatever refers to them must be named too");
  sub->add_option("ID", flags->ids, "entryUUIDs, and ids of submission sets, folders and associations")->required();
  flags->peer.declare(*sub, std::string(soap_address));
  return {sub, [flags] { return run_remove(*flags); }};
}

Subcommand remove_documents(CLI::App& app) {
  const auto flags = std::make_shared<Removal>();
  auto* sub = app.add_subcommand("remove-documents", "documents from a repository (ITI-86)");
  sub->add_option("UNIQUEID", flags->ids, "uniqueIds of the documents")->required();
  sub->add_option("--repository", flags->repository, "repositoryUniqueId")->type_name("OID")->capture_default_str();
  sub->add_option("--home", flags->home, "homeCommunityId that is asked")->type_name("URN");
  flags->peer.declare(*sub, std::string(soap_address));
  return {sub, [flags] { return run_remove_documents(*flags); }};
}

}  // namespace alzette::command::xds
