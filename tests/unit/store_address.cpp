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
