// alzette xds retrieve UNIQUEID…: ITI-43
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "src/command/xds.h"

namespace alzette::command::xds {
namespace {

struct Flags {
  Peer peer;
  std::vector<std::string> ids;
  std::string repository = ihe::Settings().repository_id;
  std::string home, out = ".";
};

// The name of a document's file: what is no letter, digit, dot or hyphen of its id becomes "_".
std::string file_name(std::string_view unique_id) {
  std::string name;
  for (const char c : unique_id) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name += letter || c == '-' || (c == '.' && !name.empty()) ? c : '_';
  }
  return name;
}

bool write(const std::string& path, const fhir::Content& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  return bytes.each([&](std::string_view piece) {
    return static_cast<bool>(file.write(piece.data(), static_cast<std::streamsize>(piece.size())));
  }) && file.flush();
}

int keep(const Flags& flags, const ihe::xds::Document& document) {
  const auto& ids = flags.ids;
  if (std::find(ids.begin(), ids.end(), document.unique_id) == ids.end())
    return complain("the answer holds a document that was not asked for: " + plain(document.unique_id));
  if (flags.out == "-") {
    document.bytes->each([](std::string_view piece) { return static_cast<bool>(std::cout << piece); });
    return std::cout.flush() ? done : failed;
  }
  const auto path = flags.out + "/" + file_name(document.unique_id);
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) return complain(path + " is there already");
  if (!write(path, *document.bytes)) return complain(path + ": cannot be written");
  std::cout << plain(document.unique_id) << '\t' << plain(document.mime_type) << '\t' << document.bytes->size() << '\t'
            << path << '\n';
  return done;
}

int run(const Flags& flags) {
  std::vector<ihe::xds::DocumentRequest> requests;
  for (const auto& id : flags.ids) requests.push_back({flags.home, flags.repository, id});
  const auto call = flags.peer.call();
  const auto told = flags.peer.exchange(ihe::xds::retrieve(requests, call), call);
  if (!told) return complain(told.outcome());
  int code = tell_errors(*told);
  for (const auto& document : told->documents) code = std::max(code, keep(flags, document));
  return code;
}

}  // namespace

Subcommand retrieve(CLI::App& app) {
  const auto flags = std::make_shared<Flags>();
  auto* sub = app.add_subcommand("retrieve", "documents from a repository (ITI-43) into files, a line each");
  sub->add_option("UNIQUEID", flags->ids, "uniqueIds of the documents")->required();
  sub->add_option("--repository", flags->repository, "repositoryUniqueId")->type_name("OID")->capture_default_str();
  sub->add_option("--home", flags->home, "homeCommunityId that is asked")->type_name("URN");
  sub->add_option("--out", flags->out, "folder for the files, or - for stdout")
      ->type_name("DIR")
      ->capture_default_str();
  flags->peer.declare(*sub, "http://127.0.0.1:8080/soap");
  return {sub, [flags] { return run(*flags); }};
}

}  // namespace alzette::command::xds
