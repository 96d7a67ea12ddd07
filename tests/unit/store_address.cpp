// Canonicals followed by searches: to what has their address, and their version where they say one.
#include "tests/unit/cost.h"
#include "tests/unit/stored_view.h"

using namespace store_fixture;

TEST_CASE("_include and _revinclude follow canonicals by address and version, the newest where none is said") {
  Folder folder;
  Opened opened(folder.path);
  opened.put("Questionnaire", "one", R"("url":"http://e.org/q","version":"1","status":"active")");
  opened.put("Questionnaire", "two", R"("url":"http://e.org/q","version":"2","status":"active")");
  opened.put("Questionnaire", "ten", R"("url":"http://e.org/q","version":"10","status":"active")");
  opened.put("Questionnaire", "tenth", R"("url":"http://e.org/q","version":"10","status":"active")");
  opened.put("QuestionnaireResponse", "exact", R"("questionnaire":"http://e.org/q|1","status":"completed")");
  opened.put("QuestionnaireResponse", "any", R"("questionnaire":"http://e.org/q","status":"completed")");
  opened.put("QuestionnaireResponse", "other", R"("questionnaire":"http://e.org/p","status":"completed")");
  const char* forward = "QuestionnaireResponse";
  CHECK(included_in(opened, forward, "_id=exact&_include=QuestionnaireResponse:questionnaire") == Ids{"one"});
  CHECK(included_in(opened, forward, "_id=any&_include=QuestionnaireResponse:questionnaire") == Ids{"ten", "tenth"});
  CHECK(included_in(opened, forward, "_id=other&_include=*") == Ids{});
  CHECK(included_in(opened, "Questionnaire", "_id=one&_revinclude=QuestionnaireResponse:questionnaire") ==
        Ids{"exact"});
  CHECK(included_in(opened, "Questionnaire", "_id=two&_revinclude=*") == Ids{});
  CHECK(included_in(opened, "Questionnaire", "_id=tenth&_revinclude=*") == Ids{"any"});
}

TEST_CASE(":below leaves the version of a canonical open, behind the parts of it that are given") {
  Folder folder;
  Opened opened(folder.path);
  for (const char* version : {"1.0", "1.1", "2.0", "10.0"})
    opened.put("QuestionnaireResponse", "v" + std::string(version),
               R"("questionnaire":"http://e.org/q|)" + std::string(version) + R"(","status":"completed")");
  opened.put("QuestionnaireResponse", "any", R"("questionnaire":"http://e.org/q","status":"completed")");
  const char* response = "QuestionnaireResponse";
  CHECK(opened.ids(response, "questionnaire:below=http://e.org/q|1&_sort=_id") == Ids{"v1.0", "v1.1"});
  CHECK(opened.ids(response, "questionnaire:below=http://e.org/q|2.0,http://e.org/q|10&_sort=_id") ==
        Ids{"v10.0", "v2.0"});
  CHECK(opened.ids(response, "questionnaire:below=http://e.org/q").size() == 5);
  CHECK(opened.ids(response, "questionnaire:below=http://e.org/|1") == Ids{});
}

TEST_CASE("the address of a definition may say which business version is meant") {
  Folder folder;
  Opened opened(folder.path);
  for (const char* version : {"1", "2", "10"})
    opened.put("Questionnaire", "v" + std::string(version),
               R"("url":"http://e.org/q","status":"active","version":")" + std::string(version) + "\"");
  opened.put("Questionnaire", "bare", R"("url":"http://e.org/q","status":"active")");
  opened.put("Questionnaire", "other", R"("url":"http://e.org/p","version":"1","status":"draft")");
  const char* form = "Questionnaire";
  CHECK(opened.ids(form, "url=http://e.org/q|1") == Ids{"v1"});
  CHECK(opened.ids(form, "url=http://e.org/q").size() == 4);
  CHECK(opened.ids(form, "url=http://e.org/q|10,http://e.org/p&_sort=_id") == Ids{"other", "v10"});
  CHECK(opened.ids(form, "url=http://e.org/q|1,http://e.org/p|1&status=draft") == Ids{"other"});
  CHECK(opened.ids(form, "url=http://e.org/q|3") == Ids{});
  CHECK(opened.ids(form, "url=http://e.org/q\\|1") == Ids{});  // a bar of the address itself
}

TEST_CASE("media types are below the type that they begin with") {
  Folder folder;
  Opened opened(folder.path);
  int id = 0;
  for (const char* type :
       {"text/xml", "text/xml; charset=UTF-8", "text/xml;charset=UTF-8", "text/xml-dtd", "image/png"})
    opened.put("DocumentReference", "d" + std::to_string(++id),
               R"("status":"current","content":[{"attachment":{"contentType":")" + std::string(type) + "\"}}]");
  CHECK(opened.ids("DocumentReference", "contenttype=text/xml") == Ids{"d1"});
  CHECK(opened.ids("DocumentReference", "contenttype:below=text/xml&_sort=_id") == Ids{"d1", "d2", "d3"});
  CHECK(opened.ids("DocumentReference", "contenttype:below=image/png,text/xml-dtd&_sort=_id") == Ids{"d4", "d5"});
}

TEST_CASE("chains and _has follow canonicals by address and version, to the newest where none is said") {
  Folder folder;
  Opened opened(folder.path);
  opened.put("Questionnaire", "one", R"("url":"http://e.org/q","version":"1","title":"First","status":"active")");
  opened.put("Questionnaire", "two", R"("url":"http://e.org/q","version":"2","title":"Second","status":"active")");
  opened.put("QuestionnaireResponse", "exact", R"("questionnaire":"http://e.org/q|1","status":"completed")");
  opened.put("QuestionnaireResponse", "any", R"("questionnaire":"http://e.org/q","status":"amended")");
  opened.put("QuestionnaireResponse", "other", R"("questionnaire":"http://e.org/p","status":"completed")");
  const char* response = "QuestionnaireResponse";
  CHECK(opened.ids(response, "questionnaire.title=first") == Ids{"exact"});
  CHECK(opened.ids(response, "_id=any&questionnaire:Questionnaire.title=first") == Ids{});
  CHECK(opened.ids(response, "questionnaire.title=second") == Ids{"any"});
  CHECK(opened.ids(response, "questionnaire.title=third") == Ids{});
  CHECK(opened.ids(response, "_id=exact&questionnaire:Questionnaire.title=second") == Ids{});
  CHECK(opened.ids(response, "_id=any&questionnaire:Questionnaire.title=second") == Ids{"any"});
  const char* form = "Questionnaire";
  CHECK(opened.ids(form, "_has:QuestionnaireResponse:questionnaire:status=completed") == Ids{"one"});
  CHECK(opened.ids(form, "_has:QuestionnaireResponse:questionnaire:status=amended") == Ids{"two"});
  CHECK(opened.ids(form, "_id=one&_has:QuestionnaireResponse:questionnaire:status=amended") == Ids{});
  CHECK(opened.ids(form, "_id=two&_has:QuestionnaireResponse:questionnaire:status=amended") == Ids{"two"});
  CHECK(opened.ids(form, "_id=two&_has:QuestionnaireResponse:questionnaire:status=completed") == Ids{});
  CHECK(opened.ids(form, "_id=one&_has:QuestionnaireResponse:questionnaire:status=completed") == Ids{"one"});
  // As many as are looked at one by one.
  for (int i = 0; i < 300; ++i)
    opened.put(response, "r" + std::to_string(i), R"("questionnaire":"http://e.org/q|2","status":"stopped")");
  CHECK(opened.ids(form, "_has:QuestionnaireResponse:questionnaire:status=stopped&title=first") == Ids{});
  CHECK(opened.ids(form, "_has:QuestionnaireResponse:questionnaire:status=stopped&title=second") == Ids{"two"});
  CHECK(opened.ids(response, "status=stopped&questionnaire.title=second&_count=1000").size() == 300);
}

TEST_CASE("a canonical without a version does not lead to a definition without one beside others that have one") {
  Folder folder;
  Opened opened(folder.path);
  opened.put("Questionnaire", "bare", R"("url":"http://e.org/q","title":"First","status":"active")");
  const char* response = "QuestionnaireResponse";
  opened.put(response, "any", R"("questionnaire":"http://e.org/q","status":"completed")");
  CHECK(opened.ids(response, "questionnaire.title=first") == Ids{"any"});
  opened.put("Questionnaire", "one", R"("url":"http://e.org/q","version":"1","title":"Second","status":"active")");
  CHECK(opened.ids(response, "questionnaire.title=first") == Ids{});
  CHECK(opened.ids(response, "questionnaire.title=second") == Ids{"any"});
}

TEST_CASE("what shares an address costs in proportion to its number when chains lead to it") {
  Folder folder;
  Opened opened(folder.path);
  for (const int count : {400, 4'000}) {
    const auto url = R"("url":"http://e.org/q)" + std::to_string(count) + '"';
    fhir::Batch many;
    for (int i = 0; i < count; ++i)
      many.writes.push_back(write(fhir::Method::create, "Questionnaire",
                                  std::to_string(count) + "-" + std::to_string(i),
                                  url + R"(,"version":"1.0.)" + std::to_string(i) + R"(","title":")" +
                                      std::to_string(count) + R"(x","status":"active")"));
    REQUIRE(commit(*opened.store, std::move(many)));
    opened.put("QuestionnaireResponse", std::to_string(count),
               R"("questionnaire":"http://e.org/q)" + std::to_string(count) + R"(","status":"completed")");
  }
  CHECK(cost::in_proportion(
      [&](std::size_t count) {
        const auto name = std::to_string(count);
        CHECK(opened.ids("QuestionnaireResponse", "questionnaire.title=" + name + "x") == Ids{name});
      },
      4'000));
}

TEST_CASE("to follow canonicals costs effort, whether their versions fit or not") {
  Folder folder;
  Opened opened(folder.path);
  fhir::Batch many;
  for (int i = 0; i < 300; ++i)
    many.writes.push_back(write(fhir::Method::create, "Questionnaire", "q" + std::to_string(i),
                                R"("url":"http://e.org/q","version":"1","title":"x","status":"active")"));
  REQUIRE(commit(*opened.store, std::move(many)));
  const char* response = "QuestionnaireResponse";
  opened.put(response, "r", R"("questionnaire":"http://e.org/q|2","status":"completed")");
  const auto ask = [&](std::uint64_t rows) {
    const auto asked = query("Questionnaire", "_has:QuestionnaireResponse:questionnaire:status=completed");
    return opened.store->snapshot()->search(opened.access, asked, 5, rows);
  };
  CHECK(ask(200).outcome().kind == fhir::Kind::too_costly);
  CHECK(ask(10'000)->entries.empty());

  StoredView stored(folder.path);
  auto& view = *stored.view;
  const auto asked = query(response, "_include=QuestionnaireResponse:questionnaire");
  const auto found = alzette::store::search(view, opened.access, asked, {.count = 1, .effort = effort});
  REQUIRE(found);
  CHECK(alzette::store::include(view, opened.access, asked, found->keys, 10).capped);
  CHECK_FALSE(alzette::store::include(view, opened.access, asked, found->keys, 100).capped);
}
