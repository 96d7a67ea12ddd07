// Searches on a real file against a slow evaluation of the same conditions over the rows in memory, while resources
// come, change and go.
#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "fhir/search/match.h"
#include "src/store/search.h"
#include "tests/unit/stored_view.h"

using namespace store_fixture;
using fhir::search::Clause;
using fhir::search::IndexKind;
using fhir::search::IndexRow;

namespace {

struct Kept {
  std::string type;
  std::string id;
  std::vector<IndexRow> rows;
  std::uint64_t age = 0;  // order of storing
};

// What should be in the store.
class Model {
 public:
  void put(Opened& opened, const std::string& type_name, const std::string& id, const std::string& members) {
    const auto written = opened.put(type_name, id, members);
    auto& kept = all_[type_name + "/" + id];
    if (written.effect == fhir::Written::Effect::unchanged) return;
    kept = {type_name, id, Resource(type_name, id, members).rows, ++clock_};
  }
  void remove(Opened& opened, const std::string& type_name, const std::string& id) {
    opened.remove(type_name, id);
    all_.erase(type_name + "/" + id);
  }

  bool meets(const Kept& kept, const Clause& clause) const {
    if (clause.has_type) {
      return std::any_of(all_.begin(), all_.end(), [&](const auto& other) {
        return other.second.type == clause.has_type->name.view() &&
               refers(other.second, *clause.parameter, kept.type, kept.id) &&
               meets(other.second, clause.chain.at(0).all_of);
      });
    }
    if (!clause.chain.empty()) {
      return std::any_of(all_.begin(), all_.end(), [&](const auto& other) {
        return refers(kept, *clause.parameter, other.second.type, other.second.id) &&
               std::any_of(clause.chain.begin(), clause.chain.end(), [&](const auto& inner) {
                 return other.second.type == inner.type->name.view() && meets(other.second, inner.all_of);
               });
      });
    }
    if (clause.parameter->code.view() == "_id") {
      const bool is = std::any_of(clause.any_of.begin(), clause.any_of.end(),
                                  [&](const auto& term) { return term.value.text == kept.id; });
      return is != (clause.modifier == fhir::search::Modifier::not_);
    }
    return fhir::search::matches(clause, kept.rows);
  }
  bool meets(const Kept& kept, const std::vector<Clause>& clauses) const {
    return std::all_of(clauses.begin(), clauses.end(), [&](const auto& clause) { return meets(kept, clause); });
  }

  // Ids, oldest version first.
  Ids find(const fhir::search::Query& asked) const {
    std::vector<const Kept*> found;
    for (const auto& [name, kept] : all_)
      if (kept.type == asked.type->name.view() && meets(kept, asked.all_of)) found.push_back(&kept);
    std::sort(found.begin(), found.end(), [](const auto* a, const auto* b) { return a->age < b->age; });
    Ids ids;
    for (const auto* kept : found) ids.push_back(kept->id);
    return ids;
  }

 private:
  static bool refers(const Kept& from, const fhir::SearchParameter& parameter, const std::string& type_name,
                     const std::string& id) {
    return std::any_of(from.rows.begin(), from.rows.end(), [&](const IndexRow& row) {
      return row.parameter->code.view() == parameter.code.view() && row.value.kind == IndexKind::reference &&
             row.value.type == type_name && row.value.text == id;
    });
  }
  std::map<std::string, Kept> all_;
  std::uint64_t clock_ = 0;
};

class Writer {
 public:
  explicit Writer(unsigned seed) : random_(seed) {}
  std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }
  std::string one_of(std::initializer_list<const char*> all) { return *(all.begin() + below(all.size())); }
  bool maybe() { return below(2) == 0; }

  std::string patient() {
    std::string out = R"("active":)" + one_of({"true", "false"});
    if (maybe())
      out += R"(,"identifier":[{"system":")" + one_of({"urn:a", "urn:b"}) + R"(","value":")" +
             std::to_string(below(9)) +
             R"(","type":{"coding":[{"system":"urn:t","code":"MR"}],"text":"Medical record"}},{"value":"bare"}])";
    if (maybe())
      out += R"(,"name":[{"family":")" +
             one_of({"Weber", "Weberová", "Straße", "STRASSE", "O'Neil", "Müller-Lüdenscheidt", "x"}) +
             R"(","given":["Zoë",")" + one_of({"Anna", "anna", "Jo"}) + R"("]}])";
    if (maybe()) out += R"(,"gender":")" + one_of({"male", "female", "other"}) + '"';
    if (maybe()) out += R"(,"birthDate":")" + one_of({"1970", "1970-02", "1970-02-03", "1999-12-31"}) + '"';
    if (maybe()) out += R"(,"generalPractitioner":[{"reference":"Practitioner/)" + std::to_string(below(3)) + R"("}])";
    if (maybe()) out += R"(,"managingOrganization":{"reference":"http://elsewhere.org/fhir/Organization/1"})";
    return out;
  }
  std::string observation() {
    std::string out = R"("status":")" + one_of({"final", "amended"}) +
                      R"(","code":{"coding":[{"system":"http://loinc.org","code":")" +
                      one_of({"8480-6", "8462-4", "8302-2"}) + R"("}],"text":")" +
                      one_of({"Systolic pressure", "Body height"}) + R"("})";
    if (maybe()) out += R"(,"subject":{"reference":"Patient/p)" + std::to_string(below(40)) + R"("})";
    if (maybe())
      out += R"(,"effectiveDateTime":")" +
             one_of({"2020", "2020-02-29", "2020-02-29T10:00:00Z", "2021-01-01T00:00:00.5+01:00"}) + '"';
    else
      out += R"(,"effectivePeriod":{"start":")" + one_of({"2019-06", "2020-02-28"}) + R"("})";
    if (maybe())
      out += R"(,"valueQuantity":{"value":)" + one_of({"100", "0.5", "0.50", "120.4", "-3", "1e3"}) + R"(,"unit":")" +
             one_of({"mm[Hg]", "g"}) + R"(","system":"http://unitsofmeasure.org","code":")" +
             one_of({"mm[Hg]", "g", "mg", "kg"}) + R"("})";
    else if (maybe())
      out += R"(,"valueString":")" +
             one_of({"High, and 100%", "a_b",
                     "long long long long long long long long long long long long long long text A",
                     "long long long long long long long long long long long long long long text B"}) +
             '"';
    if (maybe())
      out +=
          R"(,"component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":)" +
          std::to_string(90 + below(60)) +
          R"(,"unit":"mm","system":"http://unitsofmeasure.org","code":"mm[Hg]"}},{"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":)" +
          std::to_string(50 + below(60)) + R"(,"unit":"mm","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}])";
    return out;
  }
  std::string value_set() {
    return R"("status":"active","url":"http://acme.org/)" +
           one_of({"fhir", "fhirx", "fhir/ValueSet/1", "fhir/ValueSet/1/x"}) + R"(","version":")" +
           std::to_string(below(3)) + R"(","name":")" + one_of({"A", "B"}) + '"';
  }

 private:
  std::mt19937 random_;
};

constexpr const char* patient_searches[] = {"",
                                            "active=true",
                                            "identifier=urn:a|3",
                                            "identifier=3",
                                            "identifier=urn:a|",
                                            "identifier=|bare",
                                            "identifier=urn:b|1,urn:a|2,bare",
                                            "identifier:not=urn:a|3",
                                            "identifier:of-type=urn:t|MR|5",
                                            "identifier:text=medical",
                                            "identifier:missing=true",
                                            "identifier:missing=false",
                                            "name=weber",
                                            "name=web",
                                            "family=strasse",
                                            "family:exact=Straße",
                                            "family:contains=UDEN",
                                            "family=x",
                                            "name=zoe",
                                            "given:exact=anna",
                                            "gender=male",
                                            "gender=male,female",
                                            "gender:not=male",
                                            "gender:missing=true",
                                            "birthdate=1970",
                                            "birthdate=1970-02",
                                            "birthdate=gt1970-02-03",
                                            "birthdate=ge1970-02-03",
                                            "birthdate=lt1970-02-03",
                                            "birthdate=le1970-02",
                                            "birthdate=ne1970",
                                            "birthdate=sa1970-02-02",
                                            "birthdate=eb1970-02-04",
                                            "birthdate=ap1970-02-03",
                                            "birthdate=ge1970&birthdate=lt1980",
                                            "general-practitioner=Practitioner/1",
                                            "general-practitioner=2",
                                            "general-practitioner=Practitioner/1,Practitioner/2",
                                            "organization=http://elsewhere.org/fhir/Organization/1",
                                            "general-practitioner:missing=true",
                                            "gender=male&family=weber&active=true",
                                            "general-practitioner.name=who",
                                            "general-practitioner:Practitioner.active=true",
                                            "_has:Observation:patient:code=8480-6",
                                            "_has:Observation:patient:code=8480-6&gender=male",
                                            "_has:Observation:subject:value-quantity=gt100",
                                            "_id=p1,p2,nobody",
                                            "_id:not=p1",
                                            "gender=nothing",
                                            "address=x",
                                            "_has:Observation:patient:_has:AuditEvent:entity:agent=x"};

constexpr const char* observation_searches[] = {
    "code=http://loinc.org|8480-6",
    "code=8480-6,8302-2",
    "code:text=pressure",
    "code:text=press",
    "code:text=ressure",
    "date=2020",
    "date=2020-02-29",
    "date=gt2020-02-29",
    "date=ge2020-02-29",
    "date=lt2020-03",
    "date=le2020-02-28",
    "date=sa2019",
    "date=eb2020-03-01",
    "date=ne2020",
    "date=ap2020-02-29",
    "date=ge2020-02&date=le2020-03",
    "value-quantity=100",
    "value-quantity=0.5",
    "value-quantity=gt100",
    "value-quantity=ge100",
    "value-quantity=lt0",
    "value-quantity=le0.5",
    "value-quantity=ne100",
    "value-quantity=ap110",
    "value-quantity=sa100",
    "value-quantity=eb100",
    "value-quantity=100|http://unitsofmeasure.org|g",
    "value-quantity=1000|http://unitsofmeasure.org|mg",
    "value-quantity=gt0.1|http://unitsofmeasure.org|kg",
    "value-quantity=100||mm[Hg]",
    "value-quantity:missing=true",
    "value-string=high",
    "value-string=long long long long long long long long long long long long long long text A",
    "value-string:exact=long long long long long long long long long long long long long long text B",
    "value-string:contains=100",
    "value-string:contains=text b",
    "subject=Patient/p1",
    "subject=p1",
    "patient=p1,p2,p3",
    "subject:Patient=p4",
    "subject=http://example.org/fhir/Patient/p1",
    "patient.gender=male",
    "patient.family=weber",
    "patient.general-practitioner.name=who",
    "patient:missing=true",
    "code-value-quantity=8480-6$gt100",
    "code-value-quantity=http://loinc.org|8480-6$lt1000",
    "component-code-value-quantity=8480-6$gt120",
    "component-code-value-quantity=http://loinc.org|8462-4$lt70",
    "combo-code-value-quantity=8480-6$ge100",
    "component-code-value-quantity=8480-6$gt120,8462-4$lt60",
    "status=final&code=8480-6&patient.gender=female",
    "combo-code=8462-4",
    "status:not=final",
    "subject:identifier=x"};

constexpr const char* value_set_searches[] = {"url=http://acme.org/fhir",
                                              "url:below=http://acme.org/fhir",
                                              "url:above=http://acme.org/fhir/ValueSet/1/x/y",
                                              "url:below=http://acme.org/",
                                              "url=http://acme.org/fhir,http://acme.org/fhirx",
                                              "name=a",
                                              "version=1"};

// The store's view asked with other bounds than the door does.
struct Engine : StoredView {
  using StoredView::StoredView;
  // All pages of `count` matches.
  Ids ids(const fhir::search::Query& asked, std::uint32_t count, std::uint64_t few, bool any_order = false) {
    Ids all;
    alzette::store::Want want{.count = count, .effort = effort, .any_order = any_order, .few = few, .few_sorted = few};
    alzette::store::Entry entry;
    for (;;) {
      auto found = alzette::store::search(*view, access, asked, want);
      if (!found) FAIL(found.outcome().issues.at(0).diagnostics);
      for (const auto key : found->keys) {
        REQUIRE(view->entry(key, entry));
        all.push_back(view->identity(entry.rid).id);
      }
      if (found->range > 0) ++walks;
      if (!found->more) return all;
      want.after = found->keys.back();
      want.range = found->range;
    }
  }
  std::size_t walks = 0;  // pages along the range of a condition
  const fhir::Access access = fhir::Access::local_developer();
};

Ids sorted(Ids ids) {
  std::sort(ids.begin(), ids.end());
  return ids;
}

void populate(Opened& opened, Model& model, Writer& writer, int changes) {
  for (int i = 0; i < 3; ++i)
    model.put(opened, "Practitioner", std::to_string(i),
              R"("active":true,"name":[{"family":")" + writer.one_of({"Who", "Else"}) + R"("}])");
  for (int i = 0; i < changes; ++i) {
    const auto n = std::to_string(writer.below(40));
    switch (writer.below(8)) {
      case 0:
        model.remove(opened, "Patient", "p" + n);
        break;
      case 1:
        model.remove(opened, "Observation", "o" + n);
        break;
      case 2:
        model.put(opened, "ValueSet", "v" + n, writer.value_set());
        break;
      case 3:
      case 4:
        model.put(opened, "Patient", "p" + n, writer.patient());
        break;
      default:
        model.put(opened, "Observation", "o" + n, writer.observation());
    }
  }
}

// What a page holds beside its matches, by id.
void put_webers(const Opened& opened, int count) {
  fhir::Batch many;
  for (int i = 0; i < count; ++i)
    many.writes.push_back(
        write(fhir::Method::create, "Patient", "p" + std::to_string(i), R"("name":[{"family":"Weber"}])"));
  REQUIRE(commit(*opened.store, std::move(many)));
}

}  // namespace

TEST_CASE("every kind, prefix and modifier finds what a slow evaluation finds") {
  Folder folder;
  Opened opened(folder.path);
  Model model;
  Writer writer(7);
  for (int round = 0; round < 3; ++round) {
    populate(opened, model, writer, 250);
    Engine engine(folder.path);
    std::size_t hits = 0;
    const auto check = [&](const char* type_name, const char* text) {
      const auto asked = query(type_name, text);
      const auto expected = model.find(asked);
      hits += expected.empty() ? 0 : 1;
      INFO(type_name << "?" << text);
      CHECK(sorted(opened.ids(type_name, text)) == sorted(expected));
      CHECK(sorted(opened.ids(type_name, text, 3)) == sorted(expected));
      CHECK(engine.ids(asked, 4, 1) == expected);                        // everything is wide: walk and judge
      CHECK(sorted(engine.ids(asked, 4, 1, true)) == sorted(expected));  // along ranges where there are any
      CHECK(sorted(engine.ids(asked, 1, 1, true)) == sorted(expected));
      CHECK(engine.ids(asked, 4096, 4096, true) == expected);  // all on one page: oldest first
      auto counted = asked;
      counted.total = fhir::search::Total::accurate;
      CHECK(opened.page(counted, 2).total == expected.size());
      CHECK(opened.page(counted, 0).total == expected.size());
      auto newest = query(type_name, std::string(text) + (*text ? "&" : "") + "_sort=-_lastUpdated");
      Ids reversed(expected.rbegin(), expected.rend());
      CHECK(engine.ids(newest, 4, 4096) == reversed);
      CHECK(engine.ids(newest, 4, 1) == reversed);
    };
    for (const auto* text : patient_searches) check("Patient", text);
    for (const auto* text : observation_searches) check("Observation", text);
    for (const auto* text : value_set_searches) check("ValueSet", text);
    CHECK(hits > 70);
    CHECK(engine.walks > 200);
  }
  CHECK(alzette::store::check(folder.path, false, {}).outcome().issues.at(0).code == "lock-error");
  opened.store.reset();
  CHECK(alzette::store::check(folder.path, false, {})->whole());
}

TEST_CASE("_sort: the same order by gathering and by walking the index, in pages of any size") {
  Folder folder;
  Opened opened(folder.path);
  Model model;
  Writer writer(11);
  populate(opened, model, writer, 500);
  Engine engine(folder.path);
  const std::pair<const char*, std::vector<const char*>> sorts[] = {
      {"Patient",
       {"_sort=family", "_sort=-family", "_sort=birthdate", "_sort=-birthdate", "_sort=gender,-birthdate",
        "_sort=-gender,family,_id", "_sort=_id", "_sort=-_id", "_sort=identifier", "_sort=-identifier",
        "_sort=_lastUpdated,_id", "_sort=general-practitioner", "gender=male&_sort=family", "_sort=active,-family",
        "_sort=address"}},
      {"Observation",
       {"_sort=date", "_sort=-date", "_sort=value-quantity", "_sort=-value-quantity", "_sort=code,-date,value-quantity",
        "_sort=value-string", "_sort=-component-value-quantity", "status=final&_sort=-date"}},
      {"ValueSet", {"_sort=url", "_sort=-url,version", "_sort=name,-version"}}};
  for (const auto& [type_name, texts] : sorts)
    for (const auto* text : texts) {
      INFO(type_name << "?" << text);
      const auto asked = query(type_name, text);
      const auto gathered = engine.ids(asked, 1000, 100'000);
      std::string unsorted = text;
      unsorted.erase(unsorted.find("_sort"));
      if (!unsorted.empty()) unsorted.pop_back();
      auto all = model.find(query(type_name, unsorted));
      auto sorted = gathered;
      std::sort(all.begin(), all.end());
      std::sort(sorted.begin(), sorted.end());
      CHECK(sorted == all);
      CHECK(engine.ids(asked, 1000, 0) == gathered);
      for (const std::uint32_t count : {1u, 3u, 7u}) {
        CHECK(engine.ids(asked, count, 0) == gathered);
        CHECK(engine.ids(asked, count, 100'000) == gathered);
      }
    }
}

TEST_CASE("_sort orders by the smallest value, downwards by the largest, and puts those without one last") {
  Folder folder;
  Opened opened(folder.path);
  opened.put("Patient", "none");
  opened.put("Patient", "bc", R"("name":[{"family":"B"},{"family":"c"}])");
  opened.put("Patient", "ad", R"("name":[{"family":"D"},{"family":"A"}])");
  opened.put("Patient", "e", R"("name":[{"family":"É"}])");
  CHECK(opened.ids("Patient", "_sort=family") == Ids{"ad", "bc", "e", "none"});
  CHECK(opened.ids("Patient", "_sort=-family") == Ids{"e", "ad", "bc", "none"});
  const auto refused = opened.store->snapshot()->search(
      opened.access,
      [] {
        auto asked = query("Observation", "");
        asked.sort.push_back({type("Observation").parameter("code-value-quantity"), false});
        return asked;
      }(),
      5, effort);
  CHECK_FALSE(refused);
}

TEST_CASE("pages show the moment of the first one, whatever is written meanwhile") {
  Folder folder;
  Opened opened(folder.path);
  Model model;
  Writer writer(5);
  populate(opened, model, writer, 400);
  for (const char* text : {"", "gender=male,female", "_sort=family", "_sort=-birthdate,family", "birthdate=gt1900",
                           "_has:Observation:patient:status=final", "general-practitioner.active=true",
                           "active=true&_sort=-_lastUpdated"}) {
    INFO(text);
    auto asked = query("Patient", text);
    const auto expected = opened.ids("Patient", text);
    Ids seen;
    std::optional<std::uint64_t> total;
    asked.total = fhir::search::Total::accurate;
    for (;;) {
      auto got = opened.page(asked, 3);
      if (!total) total = got.total;
      CHECK(got.total == total);
      for (const auto& entry : got.entries) seen.push_back(entry.version->id);
      if (got.next.empty()) break;
      asked.page = got.next;
      populate(opened, model, writer, 12);
    }
    CHECK(seen == expected);
    CHECK(total == expected.size());
  }
}

TEST_CASE("_lastUpdated is a range of keys") {
  Folder folder;
  std::int64_t now = 1'577'836'800'000;  // 2020-01-01T00:00:00Z
  Opened opened(folder.path, {.bulk = false, .queue = 10, .clock = [&] { return now; }});
  for (const char* id : {"a", "b", "c", "d"}) {
    opened.put("Patient", id);
    now += 86'400'000;
  }
  CHECK(opened.ids("Patient", "_lastUpdated=2020-01-02") == Ids{"b"});
  CHECK(opened.ids("Patient", "_lastUpdated=gt2020-01-02") == Ids{"c", "d"});
  CHECK(opened.ids("Patient", "_lastUpdated=ge2020-01-02T00:00:00Z&_lastUpdated=lt2020-01-04T00:00:00Z") ==
        Ids{"b", "c"});
  CHECK(opened.ids("Patient", "_lastUpdated=le2020-01-02") == Ids{"a", "b"});
  CHECK(opened.ids("Patient", "_lastUpdated=ne2020-01-02") == Ids{"a", "c", "d"});
  CHECK(opened.ids("Patient", "_lastUpdated=eb2020-01-02,sa2020-01-03") == Ids{"a", "d"});
  CHECK(opened.ids("Patient", "_lastUpdated=2020-01-01,2020-01-03&_sort=-_lastUpdated") == Ids{"c", "a"});
  CHECK(opened.ids("Patient", "_lastUpdated=2031") == Ids{});
}

TEST_CASE("a quantity that reaches from one end to another is found once, however many of its ends match") {
  Folder folder;
  Opened opened(folder.path);
  opened.put("Observation", "less", R"("status":"final","valueQuantity":{"value":10,"comparator":"<"})");
  opened.put("Observation", "point", R"("status":"final","valueQuantity":{"value":5})");
  opened.put("Observation", "both", R"("status":"final","valueQuantity":{"value":7,"comparator":">"},"component":[
      {"code":{"text":"a"},"valueQuantity":{"value":5,"unit":"a"}},
      {"code":{"text":"b"},"valueQuantity":{"value":5,"comparator":"<","unit":"b"}}])");
  opened.put("Condition", "range", R"("onsetRange":{"low":{"value":1,"unit":"a","code":"a"},"high":{"value":5}})");
  for (const std::uint32_t count : {1u, 2u, 1000u}) {
    const auto found = [&](std::string_view type_name, const std::string& text) {
      auto ids = opened.ids(type_name, text, count);
      std::sort(ids.begin(), ids.end());
      return ids;
    };
    CHECK(found("Observation", "value-quantity=ne37") == Ids{"both", "less", "point"});
    CHECK(found("Observation", "value-quantity=lt100") == Ids{"both", "less", "point"});
    CHECK(found("Observation", "combo-value-quantity=lt100") == Ids{"both", "less", "point"});
    CHECK(found("Observation", "combo-value-quantity=gt0") == Ids{"both", "less", "point"});
    CHECK(found("Condition", "onset-age=gt0") == Ids{"range"});
  }
}

TEST_CASE("an AuditEvent is found by texts of codes and by systems alone though its index has no rows for them") {
  const Folder folder;
  {
    Opened opened(folder.path);
    const std::string rest = R"("type":{"system":"urn:types","code":"rest","display":"Restful Operation"},)"
                             R"("recorded":"2026-01-01T00:00:00Z","source":{"observer":{"display":"The registry"}},)";
    opened.put("AuditEvent", "a", rest + R"("agent":[{"requestor":true,"who":{"display":"Dr Weber"}}])");
    opened.put("AuditEvent", "b", rest + R"("agent":[{"requestor":true,"who":{"reference":"Practitioner/p"}}])");
    const Ids both{"a", "b"}, first{"a"}, none;
    CHECK(opened.ids("AuditEvent", "type:text=restful&_sort=_id") == both);
    CHECK(opened.ids("AuditEvent", "type:text=operating") == none);
    CHECK(opened.ids("AuditEvent", "type=urn:types|&_sort=_id") == both);
    CHECK(opened.ids("AuditEvent", "type=urn:others|") == none);
    CHECK(opened.ids("AuditEvent", "type=urn:types|rest&agent:missing=false&_sort=_id") == both);
    CHECK(opened.ids("AuditEvent", "_content=weber") == first);
    CHECK(opened.ids("AuditEvent", "_content=restful") == none);
  }
  const auto report = alzette::store::check(folder.path, false, {});
  REQUIRE(report);
  CHECK(report->faults.empty());
}

TEST_CASE("a system search goes over types, in the order of storing") {
  Folder folder;
  Opened opened(folder.path);
  opened.put("Patient", "a", R"("identifier":[{"value":"1"}])");
  opened.put("Organization", "b", R"("name":"x","identifier":[{"value":"1"}])");
  opened.put("Patient", "c");
  opened.put("Patient", "a", R"("identifier":[{"value":"2"}])");
  CHECK(opened.ids("", "_type=Patient,Organization") == Ids{"b", "c", "a"});
  CHECK(opened.ids("", "_type=Patient,Organization", 1) == Ids{"b", "c", "a"});
  CHECK(opened.ids("", "_id=b,c") == Ids{"b", "c"});
  CHECK(opened.ids("", "_type=Patient,Organization&_sort=_id") == Ids{"a", "b", "c"});
  auto everything = query("", "_lastUpdated=gt2000");
  everything.total = fhir::search::Total::accurate;
  CHECK(opened.page(everything, 1).total == 3);
  fhir::Access some;
  some.grants.push_back({"Patient", {fhir::Verb::search, fhir::Verb::read}});
  auto found = opened.store->snapshot()->search(some, everything, 10, effort);
  REQUIRE(found);
  CHECK(found->entries.size() == 2);
  CHECK(opened.store->snapshot()->search(some, query("", "_type=Patient,Organization"), 10, effort).outcome().kind ==
        fhir::Kind::forbidden);
  CHECK(opened.store->snapshot()->search(some, query("Patient", "organization.name=x"), 10, effort).outcome().kind ==
        fhir::Kind::forbidden);
}

TEST_CASE("a bare id of several resources is refused") {
  Folder folder;
  Opened opened(folder.path);
  opened.put("Patient", "1");
  opened.put("Observation", "o", R"("status":"final","code":{"text":"x"},"subject":{"reference":"Patient/1"})");
  CHECK(opened.ids("Observation", "subject=1") == Ids{"o"});
  opened.put("Group", "1", R"("type":"person","actual":true)");
  const auto refused = opened.store->snapshot()->search(opened.access, query("Observation", "subject=1"), 5, effort);
  REQUIRE_FALSE(refused);
  CHECK(refused.outcome().kind == fhir::Kind::malformed);
  CHECK(opened.ids("Observation", "subject=Patient/1") == Ids{"o"});
}

TEST_CASE("_include and _revinclude: once each, by iteration, bounded, as of the page's moment") {
  Folder folder;
  Opened opened(folder.path);
  opened.put("Organization", "top", R"("name":"top")");
  opened.put("Organization", "org", R"("name":"org","partOf":{"reference":"Organization/top"})");
  opened.put(
      "Patient", "p",
      R"("managingOrganization":{"reference":"Organization/org"},"link":[{"other":{"reference":"Patient/p"},"type":"seealso"}])");
  opened.put("Observation", "o1", R"("status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p"})");
  opened.put(
      "Observation", "o2",
      R"("status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p"},"focus":[{"reference":"Patient/p"}])");
  opened.put("Observation", "o3", R"("status":"final","code":{"text":"x"},"subject":{"reference":"Patient/nobody"})");
  CHECK(included_in(opened, "Observation", "_include=Observation:subject") == Ids{"p"});
  CHECK(included_in(opened, "Observation", "_include=Observation:subject:Group") == Ids{});
  CHECK(included_in(opened, "Observation", "_include=*") == Ids{"p"});
  CHECK(included_in(opened, "Observation", "_include=Observation:subject&_include=Patient:organization") == Ids{"p"});
  CHECK(included_in(opened, "Observation", "_include=Observation:subject&_include:iterate=Patient:organization") ==
        Ids{"org", "p"});
  CHECK(
      included_in(
          opened, "Observation",
          "_include=Observation:subject&_include:iterate=Patient:organization&_include:iterate=Organization:partof") ==
      Ids{"org", "p", "top"});
  CHECK(included_in(opened, "Patient", "_revinclude=Observation:subject") == Ids{"o1", "o2"});
  CHECK(included_in(opened, "Patient", "_revinclude=*") == Ids{"o1", "o2"});
  CHECK(included_in(opened, "Organization",
                    "_id=org&_revinclude=Patient:organization&_revinclude:iterate=Observation:subject") ==
        Ids{"o1", "o2", "p"});
  CHECK(included_in(opened, "Patient", "_include=Patient:link") == Ids{});
  opened.remove("Patient", "p");
  CHECK(included_in(opened, "Observation", "_include=Observation:subject") == Ids{});
  fhir::Batch many;
  for (int i = 0; i < 1200; ++i)
    many.writes.push_back(write(fhir::Method::create, "Observation", "m" + std::to_string(i),
                                R"("status":"final","code":{"text":"x"},"subject":{"reference":"Patient/q"})"));
  many.writes.push_back(write(fhir::Method::create, "Patient", "q"));
  REQUIRE(commit(*opened.store, std::move(many)));
  const auto page = opened.page(query("Patient", "_revinclude=Observation:subject"));
  CHECK(page.includes_capped);
  CHECK(page.entries.size() == 1001);
}

TEST_CASE("too much effort is refused, and a page token that is none of ours as well") {
  Folder folder;
  Opened opened(folder.path);
  put_webers(opened, 2000);
  const auto ask = [&](const char* text, std::uint64_t rows) {
    return opened.store->snapshot()->search(opened.access, query("Patient", text), 5, rows);
  };
  CHECK(ask("family:contains=zzz", 500)->entries.empty());  // there are few different names
  CHECK(ask("_filter=not (family co web)", 500).outcome().kind == fhir::Kind::too_costly);
  CHECK(ask("_filter=not (family co web)", 50'000)->entries.empty());
  CHECK(ask("family=weber", 5'000)->entries.size() == 5);
  for (const char* bad :
       {"x", "1.2", "1.2.3", "-1.0.0", "9999999999999999999.1.1", "zzzzzzz.1.1", "1.1.1.1", "..", "\xff"}) {
    auto asked = query("Patient", "");
    asked.page = bad;
    const auto refused = opened.store->snapshot()->search(opened.access, asked, 5, effort);
    REQUIRE_FALSE(refused);
    CHECK(refused.outcome().kind == fhir::Kind::malformed);
  }
  auto asked = query("Patient", "family=weber&gender:missing=true");
  asked.explain = true;
  CHECK(opened.page(asked, 5).plan.find("family=weber") != std::string::npos);
}

TEST_CASE("what conditions of one request look at is counted together") {
  Folder folder;
  {
    Opened opened(folder.path);
    put_webers(opened, 300);
  }
  StoredView stored(folder.path);
  const auto access = fhir::Access::local_developer();
  const auto asked = query("Patient", "_filter=not (family co web)");
  std::uint64_t left = 2'000;
  CHECK(alzette::store::find(*stored.view, access, asked, 2, left)->empty());
  CHECK(left < 2'000);
  for (int i = 0; i < 10; ++i)
    if (!alzette::store::find(*stored.view, access, asked, 2, left)) return;
  FAIL("ten more were answered, with " << left << " rows left");
}
