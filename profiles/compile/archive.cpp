// The published conformance resources as an archive: every bundle of the package, entry by entry, as compact JSON with
// its numbers as written, less the narratives and the package's own additions.
#include "fhir/archive.h"

#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "profiles/compile/parts.h"

namespace profiles {
namespace {

constexpr const char* files[] = {"profiles-types.json",        "profiles-resources.json", "profiles-others.json",
                                 "extension-definitions.json", "search-parameters.json",  "valuesets.json",
                                 "v3-codesystems.json",        "v2-tables.json",          "conceptmaps.json"};
constexpr std::string_view foreign = "https://medplum.com/";
constexpr std::size_t resources = 4474;  // as many as HL7's package has of these

// Events of a bundle's JSON: { "entry": [ { "fullUrl": …, "resource": { … } } ] }. What lies in a resource goes on to
// the writer.
class Entries {
 public:
  explicit Entries(fhir::ArchiveWriter& archive) : archive_(archive) {}

  bool Null() { return !writing() || writer_.Null(); }
  bool Bool(bool value) { return !writing() || writer_.Bool(value); }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    return !writing() || writer_.RawValue(text, size, rapidjson::kNumberType);
  }
  bool Int(int) { return false; }  // numbers come as text
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }

  bool String(const char* text, rapidjson::SizeType size, bool) {
    const std::string_view value(text, size);
    if (depth_ == entry && key_ == "fullUrl") full_url_ = value;
    if (depth_ == resource && key_ == "resourceType") type_ = value;
    if (depth_ == resource && key_ == "url") url_ = value;
    if (depth_ == resource && key_ == "version") version_ = value;
    return !writing() || writer_.String(text, size);
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    if (depth_ <= resource) key_.assign(text, size);
    if (depth_ == resource) narrative_ = key_ == "text";
    return !writing() || writer_.Key(text, size);
  }
  bool StartObject() {
    if (depth_ == list) full_url_.clear();
    if (depth_ == entry && key_ == "resource") {
      json_.Clear();
      writer_.Reset(json_);
      type_.clear();
      url_.clear();
      version_.clear();
      narrative_ = false;
    }
    ++depth_;
    return !writing() || writer_.StartObject();
  }
  bool EndObject(rapidjson::SizeType) {
    if (depth_ == resource) narrative_ = false;
    if (writing() && !writer_.EndObject()) return false;
    if (depth_ == resource && !url_.empty() && !url_.starts_with(foreign) && !full_url_.starts_with(foreign))
      archive_.add(type_, url_, version_, {json_.GetString(), json_.GetSize()});
    --depth_;
    return true;
  }
  bool StartArray() {
    ++depth_;
    return !writing() || writer_.StartArray();
  }
  bool EndArray(rapidjson::SizeType) {
    --depth_;
    return !(depth_ >= resource && !narrative_) || writer_.EndArray();
  }

 private:
  static constexpr int list = 2, entry = 3, resource = 4;  // open brackets there
  bool writing() const { return depth_ >= resource && !narrative_; }

  fhir::ArchiveWriter& archive_;
  rapidjson::StringBuffer json_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_{json_};
  int depth_ = 0;
  bool narrative_ = false;
  std::string key_, full_url_, type_, url_, version_;
};

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void add_bundle(const std::string& text, const std::string& path, fhir::ArchiveWriter& archive) {
  Entries entries(archive);
  rapidjson::StringStream stream(text.c_str());
  rapidjson::Reader reader;
  if (!reader.Parse<rapidjson::kParseNumbersAsStringsFlag>(stream, entries))
    throw std::runtime_error(path + " is not JSON");
}

}  // namespace

std::string compile_archive(const std::string& folder, const std::string& ours) {
  fhir::ArchiveWriter archive;
  for (const char* name : files) {
    const std::string path = folder + '/' + name;
    add_bundle(read_text(path), path, archive);
  }
  if (archive.size() != resources)
    throw std::runtime_error("the archive has " + std::to_string(archive.size()) + " resources, " +
                             std::to_string(resources) + " expected");
  for (const std::string& path : sorted_files(ours))
    add_bundle("{\"entry\":[{\"resource\":" + read_text(path) + "}]}", path, archive);
  return archive.finish(9);
}

}  // namespace profiles
