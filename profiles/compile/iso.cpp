// The lists of ISO that FHIR takes codes from, out of Debian's package iso-codes, as code systems beside those of R4:
// countries (3166-1: two letters, three letters, three digits), their parts (3166-2), currencies (4217), scripts
// (15924), and the languages (639) that language tags of BCP 47 begin with.
// http://hl7.org/fhir/R4/terminologies-systems.html, http://hl7.org/fhir/R4/iso3166.html
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>

#include "profiles/compile/source.h"

namespace profiles {
namespace {

rapidjson::Document read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw std::runtime_error("cannot read " + path + ": the Debian package iso-codes is missing (./dev setup)");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  rapidjson::Document document;
  document.Parse(text.c_str());
  if (document.HasParseError()) throw std::runtime_error(path + " is not JSON");
  return document;
}

// A CodeSystem resource under construction.
class System {
 public:
  System(Source& source, const char* url, const char* name, bool complete)
      : document_(*source.documents.emplace_back(std::make_unique<rapidjson::Document>())) {
    document_.SetObject();
    set("resourceType", "CodeSystem");
    set("url", url);
    set("name", name);
    set("content", complete ? "complete" : "not-present");
    concepts_.SetArray();
  }

  // Of a list, those entries that have `key` and not `better`; a code that is there already stays as it is.
  void add(const rapidjson::Document& list, const char* number, const char* key, const char* better = "") {
    for (const Json& item : items(list, number)) {
      const auto code = text(item, key);
      if (code.empty() || !text(item, better).empty() || !codes_.emplace(code).second) continue;
      rapidjson::Value row(rapidjson::kObjectType);
      row.AddMember("code", copy(code), document_.GetAllocator());
      row.AddMember("display", copy(text(item, "name")), document_.GetAllocator());
      concepts_.PushBack(row, document_.GetAllocator());
    }
  }

  void finish(Source& source) {
    document_.AddMember("concept", concepts_, document_.GetAllocator());
    source.code_systems.push_back(&document_);
  }

 private:
  rapidjson::Value copy(std::string_view value) {
    return {value.data(), static_cast<rapidjson::SizeType>(value.size()), document_.GetAllocator()};
  }
  void set(const char* name, const char* value) {
    document_.AddMember(rapidjson::StringRef(name), rapidjson::StringRef(value), document_.GetAllocator());
  }

  rapidjson::Document& document_;
  rapidjson::Value concepts_;
  std::set<std::string> codes_;
};

}  // namespace

void read_iso(Source& source, const std::string& folder) {
  const auto countries = read(folder + "/iso_3166-1.json");
  System country(source, "urn:iso:std:iso:3166", "ISO3166Part1", true);
  for (const char* key : {"alpha_2", "alpha_3", "numeric"}) country.add(countries, "3166-1", key);
  country.finish(source);

  System part(source, "urn:iso:std:iso:3166:-2", "ISO3166Part2", true);
  part.add(read(folder + "/iso_3166-2.json"), "3166-2", "code");
  part.finish(source);

  System currency(source, "urn:iso:std:iso:4217", "ISO4217", true);
  currency.add(read(folder + "/iso_4217.json"), "4217", "alpha_3");
  currency.finish(source);

  System script(source, "urn:iso:std:iso:15924", "ISO15924", true);
  script.add(read(folder + "/iso_15924.json"), "15924", "alpha_4");
  script.finish(source);

  // The shortest code of a language is its subtag; the three letters of those that have two are no valid tag.
  const auto languages = read(folder + "/iso_639-3.json"), families = read(folder + "/iso_639-5.json");
  System language(source, "urn:ietf:bcp:47", "BCP47", false);
  language.add(languages, "639-3", "alpha_2");
  language.add(languages, "639-3", "alpha_3", "alpha_2");
  language.add(families, "639-5", "alpha_3");
  language.finish(source);
}

}  // namespace profiles
