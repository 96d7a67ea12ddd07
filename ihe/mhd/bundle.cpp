#include "ihe/mhd/bundle.h"

#include <map>

#include "fhir/base64.h"
#include "fhir/build.h"
#include "fhir/format/json.h"
#include "ihe/door.h"
#include "ihe/xds/names.h"
#include "ihe/xds/to_fhir.h"

namespace ihe::mhd {
namespace {

using xds::Kind;
using xds::RegistryObject;

// Of a source there is nothing to be looked up: what it describes is all that it knows.
class Nothing final : public fhir::Snapshot {
 public:
  using Access = fhir::Access;
  using Type = fhir::Type;
  fhir::Result<fhir::Version> read(const Access&, const Type&, std::string_view) override { return absent(); }
  fhir::Result<fhir::Version> vread(const Access&, const Type&, std::string_view, std::int64_t) override {
    return absent();
  }
  fhir::Result<fhir::Version> fetch(const Access&, const Type&, std::string_view,
                                    std::optional<std::int64_t>) override {
    return absent();
  }
  fhir::Result<fhir::HistoryPage> history(const Access&, const fhir::HistoryQuery&) override {
    return fhir::HistoryPage();
  }
  fhir::Result<fhir::SearchPage> search(const Access&, const fhir::search::Query&, std::uint32_t,
                                        std::uint64_t) override {
    return fhir::SearchPage();
  }
  fhir::Result<std::vector<std::string>> find(const Access&, const fhir::search::Query&, std::uint32_t) override {
    return std::vector<std::string>();
  }
  std::uint64_t count(const Type&) override { return 0; }
  std::vector<fhir::Note> notes(std::string_view) override { return {}; }
  std::optional<std::string> note(std::string_view, std::string_view) override { return std::nullopt; }
  std::string first_page() const override { return {}; }

 private:
  static fhir::Outcome absent() { return {fhir::Kind::absent, "not-found", "There is nothing here"}; }
};

// Quoted strings of `json` that are keys of `names` get the names' values.
void rename(std::string& json, const std::map<std::string, std::string>& names) {
  for (const auto& [from, to] : names) {
    const auto quoted = "\"" + from + "\"";
    for (auto at = json.find(quoted); at != std::string::npos; at = json.find(quoted, at + to.size() + 2))
      json.replace(at, quoted.size(), "\"" + to + "\"");
  }
}

std::string_view profile_of(Kind kind) {
  return kind == Kind::document_entry ? "DocumentReference" : kind == Kind::submission_set ? "SubmissionSet" : "Folder";
}

void add_entry(std::string& out, std::string_view full_url, std::string_view type, std::string_view resource) {
  if (!out.empty()) out += ',';
  out.append(R"({"fullUrl":")").append(full_url).append(R"(","resource":)").append(resource);
  out.append(R"(,"request":{"method":"POST","url":")").append(type).append(R"("}})");
}

std::string binary_of(const xds::Document& document) {
  std::string out = R"({"resourceType":"Binary","contentType":)";
  fhir::json::write_string(document.mime_type, out);
  return out + R"(,"data":")" + fhir::encode_base64(document.bytes->text()) + "\"}";
}

class Bundling {
 public:
  Bundling(const xds::Composition& composition, const Settings& settings, const std::function<std::string()>& random)
      : limited_(composition.limited),
        composed_(xds::compose(composition, random)),
        random_(random),
        site_{nothing_, access_, settings, "", composition.now, ids_},
        work_(site_) {}

  std::string bundle() {
    register_objects();
    std::string entries;
    for (const auto& object : composed_.objects)
      if (object.kind != Kind::association)
        add_entry(entries, object.id, xds::type_of(object.kind).name.view(), resource_of(object.id));
    for (const auto& document : composed_.documents)
      add_entry(entries, names_.at("Binary/" + xds::binary_id(document.unique_id)), "Binary", binary_of(document));
    return R"({"resourceType":"Bundle","meta":{"profile":[")" + std::string(xds::mhd_names::base) +
           "StructureDefinition/IHE.MHD." + (limited_ ? "Minimal" : "Comprehensive") +
           R"(.ProvideBundle"]},"type":"transaction","entry":[)" + entries + "]}";
  }

 private:
  // As the registry would keep them: a relation with its source; and what each is called within the bundle.
  void register_objects() {
    for (auto object : composed_.objects) {
      if (object.kind == Kind::association) continue;
      object.status = xds::status::approved;
      if (object.kind == Kind::document_entry)
        object.set(xds::slot::repository_unique_id, site_.settings.repository_id);
      names_.emplace(std::string(xds::type_of(object.kind).name.view()) + "/" + std::string(xds::fhir_id(object.id)),
                     object.id);
      work_.registry.add(std::move(object));
    }
    for (auto association : composed_.objects) {
      if (association.kind != Kind::association) continue;
      association.status = xds::status::approved;
      const auto source = association.source;
      work_.registry.change(source).record.associations.push_back(std::move(association));
    }
    for (const auto& document : composed_.documents)
      names_.emplace("Binary/" + xds::binary_id(document.unique_id), uuid_of(random_()));
  }

  std::string resource_of(std::string_view id) {
    const auto& stored = *work_.registry.find(id);
    fhir::Arena arena;
    auto& node = xds::to_fhir(arena, stored, work_);
    if (limited_)
      fhir::build::add(arena, fhir::build::add(arena, node, "meta"), "profile",
                       std::string(xds::mhd_names::base) + "StructureDefinition/IHE.MHD.Minimal." +
                           std::string(profile_of(stored.record.object.kind)));
    std::string json;
    fhir::json::write(node, json);
    rename(json, names_);
    return json;
  }

  const bool limited_;
  xds::Composed composed_;
  const std::function<std::string()>& random_;
  Nothing nothing_;
  fhir::Access access_ = fhir::Access::local_developer();
  fhir::Ids ids_{0};
  Site site_;
  xds::Work work_;
  std::map<std::string, std::string> names_;  // "DocumentReference/1" -> "urn:uuid:…"
};

}  // namespace

fhir::Result<std::string> bundle_of(const xds::Composition& composition, const Settings& settings,
                                    const std::function<std::string()>& random) {
  if (!composition.folder.empty())
    return fhir::Outcome(fhir::Kind::unsupported, "not-supported",
                         "Putting documents into a registered Folder is not offered by ITI-65 here; use ITI-41");
  return Bundling(composition, settings, random).bundle();
}

}  // namespace ihe::mhd
