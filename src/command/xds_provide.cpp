// alzette xds provide FILE…: ITI-41 · alzette xds register FILE…: ITI-42 · alzette xds publish FILE…: ITI-65
#include <algorithm>
#include <array>
#include <fstream>
#include <iostream>
#include <iterator>

#include "fhir/incoming.h"
#include "ihe/mhd/bundle.h"
#include "ihe/xds/names.h"
#include "src/auth/seal.h"
#include "src/clock.h"
#include "src/command/xds.h"

namespace alzette::command::xds {
namespace {

namespace scheme = ihe::xds::scheme;
namespace relation = ihe::xds::relation;
using ihe::xds::Composition;

// By the end of the file's name.
std::string media_type_of(const std::string& path) {
  struct Type {
    std::string_view end, type;
  };
  for (const auto& [end, type] : {Type{".pdf", "application/pdf"}, Type{".xml", "text/xml"}, Type{".txt", "text/plain"},
                                  Type{".jpg", "image/jpeg"}, Type{".png", "image/png"},
                                  Type{".dcm", "application/dicom"}, Type{".json", "application/fhir+json"}})
    if (path.ends_with(end)) return std::string(type);
  return "application/octet-stream";
}

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// Codes of the national example (profiles/lu/affinity.json).
constexpr std::string_view class_code = "REPORTS^Reports^1.3.182.2.4.10";
constexpr std::string_view type_code = "51855-5^Patient note^2.16.840.1.113883.6.1";
constexpr std::string_view format_code =
    "urn:ihe:iti:xds:2017:mimeTypeSufficient^MIME type sufficient^1.3.6.1.4.1.19376.1.2.3";

std::function<std::string()> random() {
  return [] { return auth::random_token(); };
}

struct Flags {
  Peer peer;
  Described described;
  bool print_only = false;
  std::string repository = ihe::Settings().repository_id;  // of what is registered
  std::vector<std::string> unique_ids;
};

int run_provide(Flags& flags) {
  const auto composition = flags.described.read();
  if (!composition) return failed;
  const auto composed = ihe::xds::compose(*composition, random());
  const auto call = flags.peer.call();
  return submit(flags.peer, ihe::xds::provide(composed.objects, composed.documents, call), call, composed.objects);
}

// The documents stay where they are: what is sent says how they are called there.
int run_register(Flags& flags) {
  auto composition = flags.described.read();
  if (!composition) return failed;
  composition->repository = flags.repository;
  for (std::size_t i = 0; i < std::min(flags.unique_ids.size(), composition->items.size()); ++i)
    composition->items[i].unique_id = flags.unique_ids[i];
  const auto composed = ihe::xds::compose(*composition, random());
  const auto call = flags.peer.call();
  return submit(flags.peer, ihe::xds::register_set(composed.objects, call), call, composed.objects);
}

int run_publish(Flags& flags) {
  const auto composition = flags.described.read();
  if (!composition) return failed;
  const auto bundle = ihe::mhd::bundle_of(*composition, ihe::Settings(), random());
  if (!bundle) return complain(bundle.outcome());
  if (flags.print_only) return std::cout << *bundle << '\n', done;
  const auto response = flags.peer.send(
      "POST", "", {{"Content-Type", "application/fhir+json"}, {"Accept", "application/fhir+json"}}, *bundle);
  if (!response) return complain(response.outcome());
  if (response->status != 200) return tell_refusal(*response);
  const auto answer = fhir::receive(response->body);
  if (!answer) return complain(answer.outcome());
  for (const auto& entry : *answer->resource)
    if (const auto* told = entry.name == "entry" ? entry.child("response") : nullptr)
      std::cout << plain(told->value_of("status")) << '\t' << plain(told->value_of("location")) << '\n';
  return done;
}

}  // namespace

void Described::declare(CLI::App& app) {
  auto& c = composition;
  c.language = "fr-LU";
  c.source_id = ihe::Settings().home_id;
  content_type = type_code;
  folder_code = class_code;
  codes = {{scheme::class_code, std::string(class_code)},
           {scheme::type_code, std::string(type_code)},
           {scheme::format_code, std::string(format_code)},
           {scheme::facility_code, "PRACTICE^Medical practice^1.3.182.2.4.10"},
           {scheme::practice_setting_code, "GENERAL^General medicine^1.3.182.2.4.10"},
           {scheme::confidentiality_code, "N^Normal^2.16.840.1.113883.5.25"}};
  app.add_option("FILE", files, "documents; none with --new-folder alone");
  app.add_option("--patient", c.patient, "the patient: id^^^&OID&ISO")->type_name("CX");
  app.add_option("--source-patient", c.source_patient, "the same in the source's own domain (default: --patient)")
      ->type_name("CX");
  app.add_option("--source-id", c.source_id, "who submits")->type_name("OID")->capture_default_str();
  app.add_option("--author", c.author, "person: ^Weber^Anna")->type_name("XCN");
  app.add_option("--institution", c.institution, "organisation: Name^^^^^&OID&ISO^^^^id")->type_name("XON");
  app.add_option("--title", titles, "of a document, in their order (default: the name of its file)")
      ->type_name("TEXT")
      ->allow_extra_args(false);
  app.add_option("--set-title", c.title, "of the submission set")->type_name("TEXT");
  app.add_option("--mime", mime_type, "of all documents (default: by the end of the name)")->type_name("TYPE");
  app.add_option("--language", c.language)->type_name("CODE")->capture_default_str();
  const std::array<const char*, 6> names{"--class",    "--type",     "--format",
                                         "--facility", "--practice", "--confidentiality"};
  for (std::size_t i = 0; i < names.size(); ++i)
    app.add_option(names[i], codes[i].second)->type_name("CODE^DISPLAY^SCHEME")->capture_default_str();
  app.add_option("--content-type", content_type, "of the submission set")
      ->type_name("CODE^DISPLAY^SCHEME")
      ->capture_default_str();
  app.add_option("--replaces", replaces, "entry that the first document replaces (RPLC)")->type_name("UUID");
  app.add_option("--appends", appends, "entry that it is an appendix of (APND)")->type_name("UUID");
  app.add_option("--transforms", transforms, "entry that it is another form of (XFRM)")->type_name("UUID");
  app.add_option("--transforms-and-replaces", transforms_and_replaces, "both (XFRM_RPLC)")->type_name("UUID");
  app.add_option("--signs", signs, "entry that it is a signature of")->type_name("UUID");
  app.add_option("--new-folder", c.new_folder, "make a folder of this title for the documents")->type_name("TEXT");
  app.add_option("--folder-code", folder_code)->type_name("CODE^DISPLAY^SCHEME")->capture_default_str();
  app.add_option("--folder", c.folder, "put the documents into this registered folder")->type_name("UUID");
  app.add_option("--member", c.members, "put this registered entry into the folder as well")
      ->type_name("UUID")
      ->allow_extra_args(false);
  app.add_flag("--limited", c.limited,
               "mark all as limited metadata (XDR, MHD minimal): codes and patient may be left out");
}

std::optional<Composition> Described::read() {
  auto out = composition;
  const auto refuse = [](const std::string& why) { return complain(why), std::nullopt; };
  const bool into_folder = !out.folder.empty() || !out.new_folder.empty();
  if (!out.members.empty() && !into_folder) return refuse("--member goes with --folder or --new-folder");
  if (files.empty() && out.new_folder.empty() && out.members.empty())
    return refuse("nothing to submit: give a FILE, --new-folder, or --folder with --member");
  out.folder = urn_of(out.folder);
  for (auto& member : out.members) member = urn_of(member);
  if (out.patient.empty() && !out.limited) return refuse("--patient is required");
  for (const auto& [code_scheme, text] : codes) {
    if (text.empty() && out.limited) continue;
    const auto code = ihe::xds::code_from(text);
    if (!code) return refuse("\"" + text + "\" is no code: CODE^DISPLAY^SCHEME");
    out.codes.emplace_back(code_scheme, *code);
  }
  const auto set_code = ihe::xds::code_from(content_type), of_folder = ihe::xds::code_from(folder_code);
  if (!set_code || !of_folder) return refuse("--content-type and --folder-code are CODE^DISPLAY^SCHEME");
  out.content_type = *set_code;
  out.folder_code = *of_folder;
  for (std::size_t i = 0; i < files.size(); ++i) {
    std::ifstream file(files[i], std::ios::binary);
    if (!file) return refuse(files[i] + ": cannot be opened");
    std::string bytes{std::istreambuf_iterator<char>(file), {}};
    out.items.push_back({i < titles.size() ? titles[i] : name_of(files[i]),
                         mime_type.empty() ? media_type_of(files[i]) : mime_type,
                         std::make_shared<fhir::TextContent>(std::move(bytes))});
  }
  for (const auto& [type, target] :
       {std::pair{relation::rplc, replaces}, std::pair{relation::apnd, appends}, std::pair{relation::xfrm, transforms},
        std::pair{relation::xfrm_rplc, transforms_and_replaces}, std::pair{relation::signs, signs}})
    if (!target.empty()) out.relations.emplace_back(type, urn_of(target));
  out.now = clock::wall_ms();
  return out;
}

Subcommand provide(CLI::App& app) {
  const auto flags = std::make_shared<Flags>();
  auto* sub =
      app.add_subcommand("provide", "documents to a repository or recipient (ITI-41): ids given to them, a line each");
  flags->described.declare(*sub);
  flags->peer.declare(*sub, "http://127.0.0.1:8080/soap");
  return {sub, [flags] { return run_provide(*flags); }};
}

Subcommand register_set(CLI::App& app) {
  const auto flags = std::make_shared<Flags>();
  auto* sub = app.add_subcommand(
      "register", "documents that lie in a repository to its registry (ITI-42): ids given to them, a line each");
  flags->described.declare(*sub);
  sub->add_option("--repository", flags->repository, "repositoryUniqueId")->type_name("OID")->capture_default_str();
  sub->add_option("--unique-id", flags->unique_ids, "of a document, in their order (default: a new one)")
      ->type_name("OID")
      ->allow_extra_args(false);
  flags->peer.declare(*sub, "http://127.0.0.1:8080/soap");
  return {sub, [flags] { return run_register(*flags); }};
}

Subcommand publish(CLI::App& app) {
  const auto flags = std::make_shared<Flags>();
  auto* sub = app.add_subcommand("publish", "documents to a server of MHD (ITI-65): where they are, a line each");
  flags->described.declare(*sub);
  sub->add_flag("--print", flags->print_only, "print the Bundle instead of sending it");
  flags->peer.declare(*sub, "http://127.0.0.1:8080/fhir");
  return {sub, [flags] { return run_publish(*flags); }};
}

}  // namespace alzette::command::xds
