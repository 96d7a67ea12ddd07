// Groups of conditions, full text, places and compartments against a store: what drives the search, pages, versions.
#include "fhir/search/compartment.h"
#include "tests/unit/store_fixture.h"

using store_fixture::Folder;
using store_fixture::Ids;
using store_fixture::Opened;

namespace {

std::string observation(const std::string& patient, const std::string& code, const std::string& text = {}) {
  return R"("status":"final","code":{"coding":[{"system":"http://loinc.org","code":")" + code + R"(","display":")" +
         text + R"("}]},"subject":{"reference":"Patient/)" + patient + "\"}";
}

}  // namespace

TEST_CASE("_filter over a store: alternatives drive, negations and chains are judged") {
  const Folder folder;
  Opened opened(folder.path);
  for (int i = 0; i < 40; ++i) {
    const auto n = std::to_string(i);
    opened.put("Patient", "p" + n,
               R"("active":)" + std::string(i % 2 ? "true" : "false") + R"(,"name":[{"family":"f)" + n +
                   R"("}],"birthDate":"19)" + std::to_string(40 + i) + R"(-01-01")");
    opened.put("Observation", "o" + n, observation("p" + n, i % 3 ? "a" : "b"));
  }
  CHECK(opened.ids("Patient", "_filter=family eq f3 or family eq f4 or birthdate eq 1950", 2) ==
        Ids{"p3", "p4", "p10"});
  CHECK(opened.ids("Patient", "_filter=family eq f3 or (active eq false and birthdate lt 1942)") == Ids{"p0", "p3"});
  CHECK(opened.ids("Patient", "_filter=not (active eq true) and birthdate ge 1977") == Ids{"p38"});
  CHECK(opened.ids("Observation", "_filter=subject:Patient.family eq f5 or subject:Patient.family eq f6") ==
        Ids{"o5", "o6"});
  CHECK(opened.ids("Observation", "_filter=subject:Patient[active eq true].birthdate ge 1977") == Ids{"o37", "o39"});
  CHECK(opened.ids("Patient", "_filter=_has:Observation:patient:code eq b and birthdate lt 1944") == Ids{"p0", "p3"});
  CHECK(opened.ids("Patient", "_filter=_id eq p7 or _id eq p8") == Ids{"p7", "p8"});
  CHECK(opened.ids("Patient", "_filter=family eq f3 and family ne f3").empty());
  opened.put("ValueSet", "v1", R"("status":"active","version":"A1")");
  opened.put("ValueSet", "v2", R"("status":"active","version":"A2")");
  CHECK(opened.ids("ValueSet", "_filter=version ne \"A1\"") == Ids{"v2"});  // in whatever case it is kept
  auto query = store_fixture::query("Patient", "_filter=family eq f3 or family eq f4&_explain=true");
  CHECK(opened.page(query).plan.find("from _filter=") != std::string::npos);
}

TEST_CASE("_list finds what a List names, if the List may be searched") {
  const Folder folder;
  Opened opened(folder.path);
  for (const char* id : {"p1", "p2", "p3"}) opened.put("Patient", id);
  opened.put("List", "l1", R"("status":"current","mode":"working","entry":[{"item":{"reference":"Patient/p1"}},
    {"item":{"reference":"Patient/p3"}}])");
  opened.put("Condition", "c1", R"("subject":{"reference":"Patient/p1"})");
  opened.put("Condition", "c2", R"("subject":{"reference":"Patient/p1"})");
  opened.put("List", "l2", R"("status":"current","mode":"working","code":{"coding":[{"system":
    "http://terminology.hl7.org/CodeSystem/list-example-use-codes","code":"problems"}]},
    "entry":[{"item":{"reference":"Condition/c2"}}])");
  CHECK(opened.ids("Patient", "_list=l1") == Ids{"p1", "p3"});
  CHECK(opened.ids("Patient", "_list=List/l1,l2") == Ids{"p1", "p3"});
  CHECK(opened.ids("Condition", "patient=p1&_list=$current-problems") == Ids{"c2"});
  CHECK(opened.ids("Patient", "_list=nothing").empty());
  fhir::Access only_patients;
  only_patients.grants.push_back({"Patient", {fhir::Verb::search, fhir::Verb::read}});
  const auto refused =
      opened.store->snapshot()->search(only_patients, store_fixture::query("Patient", "_list=l1"), 10, 1000);
  REQUIRE_FALSE(refused);
  CHECK(refused.outcome().kind == fhir::Kind::forbidden);
}

TEST_CASE("full text over a store: by type, with other conditions, as of a page's moment") {
  const Folder folder;
  {
    Opened opened(folder.path);
    for (int i = 0; i < 30; ++i)
      opened.put("Observation", "o" + std::to_string(i),
                 observation("p", "a", i % 3 ? "Body weight" : "Blood pressure"));
    opened.put("Patient", "p", R"("name":[{"family":"Blood"}])");
    CHECK(opened.ids("Patient", "_content=blood") == Ids{"p"});
    CHECK(opened.ids("Observation", "_content=blood", 3).size() == 10);
    CHECK(opened.ids("Observation", "_content=\"blood pressure\"&_sort=-_lastUpdated").front() == "o27");
    CHECK(opened.ids("Observation", "_content=blood OR weight").size() == 30);
    CHECK(opened.ids("Observation", "_content=body NOT weight").empty());
    CHECK(opened.ids("Observation", "_content=wei*&_id=o1,o2,o3") == Ids{"o1", "o2"});
    CHECK(opened.page(store_fixture::query("Observation", "_content=blood&_total=accurate"), 2).total == 10u);
    auto query = store_fixture::query("Observation", "_content=blood");
    const auto first = opened.page(query, 5);
    opened.put("Observation", "o12", observation("p", "a", "Nothing"));
    opened.remove("Observation", "o15");
    query.page = first.next;
    CHECK(opened.page(query, 100).entries.size() == 5);
    CHECK(opened.ids("Observation", "_content=blood").size() == 8);
    CHECK(opened.ids("", "_content=blood").size() == 9);
  }
  const auto report = alzette::store::check(folder.path, false, nullptr);
  REQUIRE(report);
  CHECK(report->whole());
}

TEST_CASE("a part of a text is found by the different texts, where these are few, and by all of them otherwise") {
  const Folder folder;
  Opened opened(folder.path);
  const std::string tail(80, 'x');
  opened.put("Patient", "a", R"("name":[{"family":"Johnson"}])");
  opened.put("Patient", "b", R"("name":[{"family":"Long)" + tail + R"(ohn"}])");
  CHECK(opened.ids("Patient", "name:contains=ohn") == Ids{"a", "b"});
  opened.put("Patient", "c", R"("name":[{"family":"John"}])");  // the list of texts is brought up to date
  CHECK(opened.ids("Patient", "name:contains=ohn") == Ids{"a", "b", "c"});
  CHECK(opened.ids("Patient", "name:text=ohn&_sort=-_id") == Ids{"c", "b", "a"});
  CHECK(opened.ids("Patient", "name:contains=xohn") == Ids{"b"});
  CHECK(opened.ids("Patient", "name:contains=zz").empty());
  fhir::Batch many;
  for (int i = 0; i < 2100; ++i)
    many.writes.push_back(store_fixture::write(fhir::Method::update, "Patient", "m" + std::to_string(i),
                                               R"("name":[{"family":"Many)" + std::to_string(i) + R"("}])"));
  REQUIRE(store_fixture::commit(*opened.store, std::move(many)));
  CHECK(opened.ids("Patient", "name:contains=any20").size() == 111);
  CHECK(opened.ids("Patient", "name:contains=ohn") == Ids{"a", "b", "c"});
}

TEST_CASE("near finds by latitude and judges the distance; ranges are found from both ends") {
  const Folder folder;
  Opened opened(folder.path);
  const auto place = [&](const char* id, const char* latitude, const char* longitude) {
    opened.put("Location", id,
               R"("position":{"latitude":)" + std::string(latitude) + R"(,"longitude":)" + longitude + "}");
  };
  place("luxembourg", "49.6117", "6.1319");
  place("esch", "49.4958", "5.9806");
  place("fiji-west", "-17", "179.99");
  place("fiji-east", "-17", "-179.99");
  CHECK(opened.ids("Location", "near=49.6|6.1|5") == Ids{"luxembourg"});
  CHECK(opened.ids("Location", "near=49.6|6.1|25") == Ids{"luxembourg", "esch"});
  CHECK(opened.ids("Location", "near=-17|180|5") == Ids{"fiji-west", "fiji-east"});
  CHECK(opened.ids("Location", "near=49.6|6.1|0").empty());
  const auto value = [](const std::string& quantity) {
    return R"("status":"final","code":{"text":"x"},"valueQuantity":{)" + quantity + "}";
  };
  opened.put("Observation", "low", value(R"("value":5,"comparator":"<")"));
  opened.put("Observation", "high", value(R"("value":5,"comparator":">")"));
  opened.put("Observation", "point", value(R"("value":5)"));
  CHECK(opened.ids("Observation", "value-quantity=lt1") == Ids{"low"});
  CHECK(opened.ids("Observation", "value-quantity=gt9") == Ids{"high"});
  CHECK(opened.ids("Observation", "value-quantity=5") == Ids{"point"});
  CHECK(opened.ids("Observation", "value-quantity=ap3") == Ids{"low"});
  CHECK(opened.ids("Observation", "value-quantity=le5") == Ids{"low", "high", "point"});
  CHECK(opened.ids("Observation", "_sort=value-quantity") == Ids{"low", "high", "point"});
}

TEST_CASE("a compartment holds what refers to its resource by any of the ways of its definition") {
  const Folder folder;
  Opened opened(folder.path);
  for (const char* id : {"p1", "p2"}) opened.put("Patient", id);
  opened.put("Observation", "subject", observation("p1", "a"));
  opened.put("Observation", "performer", observation("p2", "a") + R"(,"performer":[{"reference":"Patient/p1"}])");
  opened.put("Observation", "other", observation("p2", "a"));
  const auto& patients = *fhir::definitions().compartment("Patient");
  const auto inside = [&](std::string_view type, std::string_view id) {
    auto query = store_fixture::query(type, "");
    const auto clause = fhir::search::in_compartment(store_fixture::type(type), patients, id);
    REQUIRE(clause);
    query.all_of.push_back(*clause);
    Ids ids;
    for (const auto& entry : opened.page(query).entries) ids.push_back(entry.version->id);
    return ids;
  };
  CHECK(inside("Observation", "p1") == Ids{"subject", "performer"});
  CHECK(inside("Patient", "p1") == Ids{"p1"});
  CHECK_FALSE(fhir::search::in_compartment(store_fixture::type("Organization"), patients, "p1"));
  auto all = store_fixture::query("Observation", "");
  all.all_of.push_back(*fhir::search::in_compartment_of(store_fixture::type("Observation"), patients, {}));
  CHECK(opened.page(all).entries.size() == 3);
  all.all_of[0] = *fhir::search::in_compartment_of(store_fixture::type("Observation"), patients,
                                                   store_fixture::query("Patient", "_id=p2").all_of);
  CHECK(opened.page(all).entries.size() == 2);
}

TEST_CASE("notes are kept with the batch that writes them, and removed ones stay away") {
  const Folder folder;
  {
    Opened opened(folder.path);
    fhir::Batch batch;
    batch.notes = {{"room", "a", "1"}, {"room", "b", "2"}, {"other", "a", "3"}};
    REQUIRE(store_fixture::commit(*opened.store, std::move(batch)));
    CHECK(opened.store->snapshot()->note("room", "a") == "1");
    batch = {};
    batch.notes = {{"room", "a", std::nullopt}, {"room", "b", "4", true}};
    REQUIRE(store_fixture::commit(*opened.store, std::move(batch)));
    batch = {};
    batch.notes = {{"room", "a", "5", true}};  // only where there is one
    REQUIRE(store_fixture::commit(*opened.store, std::move(batch)));
  }
  Opened again(folder.path);
  const auto notes = again.store->snapshot()->notes("room");
  REQUIRE(notes.size() == 1);
  CHECK(notes[0].name == "b");
  CHECK(notes[0].text == "4");
}

TEST_CASE("rows that are added later are found, and are whole for a check") {
  const Folder folder;
  {
    Opened opened(folder.path);
    auto late =
        store_fixture::write(fhir::Method::update, "Patient", "p", R"("gender":"male","birthDate":"1970-01-01")");
    std::vector<fhir::search::IndexRow> kept, withheld;
    for (auto& row : late.rows) (row.parameter->code.view() == "gender" ? withheld : kept).push_back(row);
    late.rows = kept;
    REQUIRE(store_fixture::commit(*opened.store, std::move(late)));
    CHECK(opened.ids("Patient", "gender=male").empty());
    const auto key = opened.read("Patient", "p")->key;
    for (int twice = 0; twice < 2; ++twice) {
      fhir::Batch batch;
      batch.additions = {{key, withheld}};
      REQUIRE(store_fixture::commit(*opened.store, std::move(batch)));
    }
    CHECK(opened.ids("Patient", "gender=male&birthdate=1970") == Ids{"p"});
    auto query = store_fixture::query("Patient", "gender=male");
    query.page = opened.store->snapshot()->first_page();
    opened.put("Patient", "q", R"("gender":"male")");
    CHECK(opened.page(query).entries.size() == 1);
  }
  const auto report = alzette::store::check(folder.path, false, nullptr);
  REQUIRE(report);
  CHECK(report->whole());
}

TEST_CASE("B59, B60, B61: what may not be searched is not searched by way of what may") {
  const Folder folder;
  Opened opened(folder.path);
  opened.put("Patient", "p1");
  opened.put("Observation", "o1", observation("p1", "a", "Secret"));
  fhir::Access access;
  access.grants.push_back({"Patient", {fhir::Verb::search, fhir::Verb::read}});
  const auto kind = [&](std::string_view type, const std::string& text) {
    const auto found = opened.store->snapshot()->search(access, store_fixture::query(type, text), 10, 1000);
    return found ? std::optional<fhir::Kind>() : found.outcome().kind;
  };
  for (const char* text :
       {"_has:Observation:patient:code=a", "_filter=_has:Observation:patient:code eq a",
        "_filter=not (_has:Observation:patient:code eq a)",
        "_filter=_id eq p1 or _has:Observation:patient:code pr true", "_has:Observation:patient:code:not=a",
        "_has:Observation:patient:code:missing=true&_total=accurate", "_list=l"})
    CHECK_MESSAGE(kind("Patient", text) == fhir::Kind::forbidden, text);
  CHECK(kind("Observation", "_content=secret") == fhir::Kind::forbidden);
  // A search over everything is one over all that may be seen; inclusions likewise.
  const auto all = opened.store->snapshot()->search(access, store_fixture::query("", "_content=secret"), 10, 1000);
  REQUIRE(all);
  CHECK(all->entries.empty());
  const auto with = opened.store->snapshot()->search(
      access, store_fixture::query("Patient", "_revinclude=Observation:patient"), 10, 1000);
  REQUIRE(with);
  CHECK(with->entries.size() == 1);
}

TEST_CASE("B63: a page of everything since the beginning looks at a page of rows") {
  const Folder folder;
  Opened opened(folder.path);
  fhir::Batch many;
  for (int i = 0; i < 3000; ++i)
    many.writes.push_back(store_fixture::write(fhir::Method::update, "Patient", "m" + std::to_string(i)));
  REQUIRE(store_fixture::commit(*opened.store, std::move(many)));
  for (const char* text : {"_lastUpdated=gt0001", "_lastUpdated=gt0001&_sort=-_lastUpdated", "_filter=_id pr true"}) {
    const auto found = opened.store->snapshot()->search(opened.access, store_fixture::query("Patient", text), 10, 200);
    CAPTURE(text);
    REQUIRE(found);
    CHECK(found->entries.size() == 10);
  }
}

TEST_CASE("a chained condition is evaluated inside contained resources") {
  const Folder folder;
  Opened opened(folder.path);
  opened.put("Patient", "alone", R"("name":[{"family":"Weber"}])");
  const auto observation = [&](const std::string& id, const std::string& subject, const std::string& more) {
    opened.put("Observation", id,
               R"("status":"final","code":{"text":"x"},"subject":{"reference":")" + subject + "\"}" + more);
  };
  observation("outside", "Patient/alone", "");
  CHECK(opened.ids("Observation", "subject.family=weber") == Ids{"outside"});
  observation("inside", "#p", R"(,"performer":[{"reference":"#q"}],"contained":[
    {"resourceType":"Patient","id":"p","name":[{"family":"Weber"}],"birthDate":"1970-01-02",
     "managingOrganization":{"reference":"Organization/o"},"identifier":[{"system":"urn:a","value":"1"}]},
    {"resourceType":"Patient","id":"q","name":[{"family":"Klein"}]}])");
  observation("other", "#q", R"(,"contained":[{"resourceType":"Patient","id":"q","name":[{"family":"Klein"}]},
    {"resourceType":"Device","id":"d","deviceName":[{"name":"Weber","type":"other"}]}],"device":{"reference":"#d"})");
  for (const auto& [query, expected] : std::initializer_list<std::pair<std::string, Ids>>{
           {"subject.family=weber", {"outside", "inside"}},
           {"subject:Patient.name:exact=Weber", {"outside", "inside"}},
           {"patient.family=weber", {"outside", "inside"}},
           {"subject:Device.device-name=weber", {}},
           {"device.device-name=weber", {"other"}},
           {"subject.family=klein", {"other"}},
           {"performer:Practitioner.family=klein", {}},
           {"performer:Patient.family=klein", {"inside"}},
           {"patient.birthdate=lt1980", {"inside"}},
           {"patient.identifier=urn:a|1", {"inside"}},
           {"patient.organization=Organization/o", {"inside"}},
           {"subject.family=weber&status=final&code:text=x", {"outside", "inside"}},
           {"subject.family=klein,weber", {"outside", "inside", "other"}}}) {
    CAPTURE(query);
    CHECK(opened.ids("Observation", query) == expected);
  }
  opened.put("Observation", "inside", R"("status":"final","code":{"text":"x"})");
  CHECK(opened.ids("Observation", "subject.family=weber") == Ids{"outside"});
  opened.put("Bundle", "document", R"("type":"document","entry":[
    {"fullUrl":"http://e.org/Composition/c","resource":{"resourceType":"Composition","id":"c","status":"final",
     "title":"Summary","type":{"text":"x"},"date":"2020-01-01","author":[{"display":"a"}],
     "subject":{"reference":"Patient/alone"}}},
    {"fullUrl":"http://e.org/Patient/p","resource":{"resourceType":"Patient","id":"p","name":[{"family":"Weber"}]}}])");
  CHECK(opened.ids("Bundle", "composition.patient=Patient/alone") == Ids{"document"});
  CHECK(opened.ids("Bundle", "composition.title=other").empty());
  CHECK(opened.ids("Bundle", "message.event=x").empty());
  opened.put("Bundle", "message", R"("type":"message","entry":[
    {"fullUrl":"http://e.org/MessageHeader/m","resource":{"resourceType":"MessageHeader",
     "eventCoding":{"system":"urn:e","code":"x"},"source":{"endpoint":"http://e.org"}}}])");
  CHECK(opened.ids("Bundle", "message.event=x") == Ids{"message"});
  opened.put("Bundle", "collection", R"("type":"collection","entry":[
    {"fullUrl":"http://e.org/Composition/c","resource":{"resourceType":"Composition","id":"c","status":"final",
     "title":"Summary","type":{"text":"x"},"date":"2020-01-01","author":[{"display":"a"}],
     "subject":{"reference":"Patient/alone"}}}])");
  CHECK(opened.ids("Bundle", "composition.title=summary") == Ids{"document"});
  CHECK(opened.ids("Composition", "title=summary&_contained=true").empty());
}

TEST_CASE("contained resources are found by their own values, apart from those that stand alone") {
  const Folder folder;
  Opened opened(folder.path);
  opened.put("Patient", "alone", R"("name":[{"family":"Weber"}])");
  opened.put("Observation", "o1", R"("status":"final","code":{"text":"x"},"subject":{"reference":"#p"},
    "contained":[{"resourceType":"Patient","id":"p","name":[{"family":"Weber"}]}])");
  opened.put("Observation", "o2", R"("status":"final","code":{"text":"x"},"contained":[
    {"resourceType":"Patient","id":"p","name":[{"family":"Klein"}]}])");
  const auto names = [&](const std::string& text) {
    Ids found;
    for (const auto& entry : opened.page(store_fixture::query("Patient", text)).entries)
      found.push_back(std::string(entry.version->type->name) + "/" + entry.version->id);
    return found;
  };
  CHECK(names("family=weber") == Ids{"Patient/alone"});
  CHECK(names("family=weber&_contained=true") == Ids{"Observation/o1"});
  CHECK(names("family=weber&_contained=both") == Ids{"Patient/alone", "Observation/o1"});
  CHECK(names("_contained=true") == Ids{"Observation/o1", "Observation/o2"});
  CHECK(names("_id=p&_contained=true&family:contains=lei") == Ids{"Observation/o2"});
  CHECK(opened.ids("Observation", "code:text=x").size() == 2);
  const auto refused = opened.store->snapshot()->search(
      opened.access, store_fixture::query("Patient", "organization.name=x&_contained=true"), 10, 1000);
  CHECK_FALSE(refused);
}
