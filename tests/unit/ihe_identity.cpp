// Patient identity: feed, cross-reference, merge and unmerge, links, demographics.
#include <doctest/doctest.h>

#include <set>

#include "tests/unit/identity_fixture.h"

using namespace identity_fixture;
using ihe::identity::Criterion;
using ihe::identity::Domains;
using ihe::identity::Field;
using ihe::identity::Named;
using Ids = std::vector<Id>;

namespace {

const std::string number = "1893120105732";

std::string fault_of(const fhir::Outcome& outcome) {
  return outcome.issues.at(0).code + " " + outcome.issues.at(0).expression;
}

template <class T>
std::string refusal(const fhir::Result<T>& result) {
  REQUIRE_FALSE(result);
  return fault_of(result.outcome());
}

}  // namespace

TEST_CASE("identity: domains are known by name, OID and URI, and both parts of an authority agree") {
  auto domains = Domains::read(R"([{"name":"TEST","oid":"2.16.840.1"},{"uri":"http://x/ids","name":"X"}])");
  REQUIRE(domains);
  CHECK(domains->by_authority("TEST", "", "")->uri == "urn:oid:2.16.840.1");
  CHECK(domains->by_authority("", "2.16.840.1", "ISO")->name == "TEST");
  CHECK(domains->by_authority("TEST", "2.16.840.1", "ISO") != nullptr);
  CHECK(domains->by_authority("X", "2.16.840.1", "ISO") == nullptr);
  CHECK(domains->by_authority("OTHER", "2.16.840.1", "ISO") == nullptr);
  CHECK(domains->by_authority("", "http://x/ids", "URI")->name == "X");
  CHECK(domains->by_uri(national)->check == ihe::identity::Domain::Check::strict);
  CHECK(domains->by_authority("whatever", "1.3.182.4.4", "ISO")->national);
  CHECK_FALSE(Domains::read(R"([{"nam":"X"}])"));
  CHECK_FALSE(Domains::read(R"([{"name":"X"},{"name":"X"}])"));
  CHECK_FALSE(Domains::read(R"({"name":"X"})"));
  CHECK_FALSE(Domains::read(R"([{"name":"X","oid":"none"}])"));
  CHECK_FALSE(Domains::read(R"([{"name":"X","check":"maybe"}])"));
  CHECK(Domains::read(" [] "));
  CHECK(Domains::uri_of("", "1.2.3", "ISO") == "urn:oid:1.2.3");
  CHECK(Domains::uri_of("TEST LAB", "", "") == "urn:x-namespace:TEST_LAB");
}

TEST_CASE("identity: a feed adds, then revises the same record, and keeps what it does not speak of") {
  Index index;
  auto first = index.feed({{a, "1"}, {national, number}});
  REQUIRE(first);
  auto again = index.feed({{a, "1"}}, "Müller");
  REQUIRE(again);
  CHECK(*first == *again);
  auto stored = index.opened.read("Patient", *first);
  CHECK(stored->version == 2);
  CHECK(stored->body.find("Müller") != std::string::npos);
  CHECK(stored->body.find("Weber") == std::string::npos);
  CHECK(stored->body.find(number) != std::string::npos);
}

TEST_CASE("identity: a feed is refused for unknown domains, foreign feeders and wrong national numbers") {
  Index index;
  CHECK(refusal(index.feed({})) == "required Patient.identifier");
  CHECK(refusal(index.feed({{a, "1"}, {"urn:oid:9.9", "1"}})) == "code-invalid Patient.identifier[1]");
  CHECK(refusal(index.feed({{"", "1"}})) == "required Patient.identifier[0]");
  CHECK(refusal(index.feed({{a, "1"}}, "X", "APP_B|HOSPITAL")) == "business-rule Patient.identifier[0]");
  CHECK(refusal(index.feed({{national, "1893120105733"}})) == "value Patient.identifier[0]");
  CHECK(refusal(index.feed({{national, "1985022912324"}})) == "value Patient.identifier[0]");
  CHECK(index.feed({{national, "18931201057"}}));  // as before 2014
  CHECK(index.opened.ids("Patient", "").size() == 1);
  index.settings.accept_unknown_domains = true;
  CHECK(index.feed({{"urn:oid:9.9", "1"}}));
}

TEST_CASE("identity: records are of one person by a national number, in either of its forms") {
  Index index;
  REQUIRE(index.feed({{a, "1"}, {national, number}}));
  REQUIRE(index.feed({{b, "7"}, {national, "18931201057"}}));
  REQUIRE(index.feed({{b, "8"}}));
  CHECK(index.cross_reference({a, "1"}).ids == Ids{{national, number}, {national, "18931201057"}, {b, "7"}});
  CHECK(index.cross_reference({a, "1"}, {b}).ids == Ids{{b, "7"}});
  CHECK(index.cross_reference({b, "7"}, {a}).ids == Ids{{a, "1"}});
  CHECK(index.cross_reference({b, "7"}, {a}).patients.size() == 1);
  CHECK(index.cross_reference({national, number}, {a, b}).ids == Ids{{a, "1"}, {b, "7"}});
  CHECK(index.cross_reference({b, "8"}).ids.empty());
  CHECK(index.cross_reference({b, "8"}).id_known);
}

TEST_CASE("identity: unknown ids and domains are told apart") {
  Index index;
  REQUIRE(index.feed({{a, "1"}}));
  CHECK_FALSE(index.cross_reference({a, "2"}).id_known);
  CHECK_FALSE(index.cross_reference({"urn:oid:9", "1"}).source_known);
  CHECK(index.cross_reference({a, "1"}, {b, "urn:oid:9", "x"}).unknown_targets == std::vector<std::size_t>{1, 2});
}

TEST_CASE("identity: after a merge the subsumed identifier finds the survivor and is given out by none") {
  Index index;
  const auto survivor = index.feed({{a, "1"}, {b, "7"}});
  const auto subsumed = index.feed({{a, "2"}, {c, "9"}});
  REQUIRE(subsumed);
  REQUIRE(index.merge({a, "1"}, {a, "2"}));
  CHECK(index.cross_reference({b, "7"}).ids == Ids{{a, "1"}, {c, "9"}});
  CHECK(index.cross_reference({a, "2"}).ids == Ids{{a, "1"}, {b, "7"}, {c, "9"}});
  CHECK(index.opened.ids("Patient", "identifier=" + a + "|2&active:not=false") == std::vector<std::string>{*survivor});
  CHECK(index.opened.read("Patient", *subsumed)->body.find("\"active\":false") != std::string::npos);
  CHECK(index.opened.ids("Provenance", "target=Patient/" + *subsumed).size() == 1);
  CHECK(index.demographics({{{Field::id, "2", a}}}).hits.at(0).record.id == *survivor);
  CHECK(index.demographics({{{Field::family, "weber"}}}).total == 1);

  SUBCASE("it is refused a second time, and other impossible merges too") {
    CHECK(refusal(index.merge({a, "1"}, {a, "2"})) == "business-rule subsumed");
    CHECK(refusal(index.merge({a, "2"}, {a, "1"})) == "business-rule surviving");
    CHECK(refusal(index.merge({a, "1"}, {a, "1"})) == "business-rule subsumed");
    CHECK(refusal(index.merge({a, "1"}, {b, "7"})) == "business-rule subsumed");
    CHECK(refusal(index.merge({a, "3"}, {a, "1"})) == "not-found surviving");
    CHECK(refusal(index.merge({a, "1"}, {a, "3"})) == "not-found subsumed");
    CHECK(refusal(index.merge({a, "1"}, {a, "3"}, "NOBODY|NOWHERE")) == "business-rule surviving");
  }
  SUBCASE("chains lead to the last survivor, whose records answer for all") {
    const auto last = index.feed({{a, "4"}});
    REQUIRE(index.merge({a, "4"}, {a, "1"}));
    CHECK(index.cross_reference({a, "2"}).ids == Ids{{a, "4"}, {b, "7"}, {c, "9"}});
    const auto snapshot = index.opened.store->snapshot();
    const auto found = ihe::identity::find(index.site(*snapshot), {a, "2"});
    REQUIRE(*found);
    CHECK((*found)->id == *last);
    CHECK(*ihe::identity::with_subsumed(index.site(*snapshot), (*found)->id) ==
          std::vector<std::string>{*last, *survivor, *subsumed});
  }
  SUBCASE("a later feed of the survivor keeps what it adopted") {
    REQUIRE(index.feed({{a, "1"}}, "Schmit"));
    CHECK(index.cross_reference({a, "2"}).ids == Ids{{a, "1"}, {b, "7"}, {c, "9"}});
    REQUIRE(index.feed({{a, "2"}, {a, "1"}}, "Schmit"));
    CHECK(index.cross_reference({a, "2"}).ids == Ids{{a, "1"}, {b, "7"}, {c, "9"}});
    CHECK(index.cross_reference({a, "1"}).ids == Ids{{b, "7"}, {c, "9"}});
  }
  SUBCASE("the same identifier twice is one") {
    REQUIRE(index.feed({{a, "1"}, {a, "1"}, {b, "7"}}));
    CHECK(index.cross_reference({b, "7"}).ids == Ids{{a, "1"}, {c, "9"}});
    const auto body = index.opened.read("Patient", *survivor)->body;
    const auto first = body.find("\"value\":\"1\"");
    CHECK(body.find("\"value\":\"1\"", first + 1) == std::string::npos);
  }
  SUBCASE("a feed under the subsumed identifier alone is refused, and the survivor stays as it is") {
    const auto before = index.opened.read("Patient", *survivor)->body;
    CHECK_FALSE(index.feed({{a, "2"}}, "Other"));
    CHECK(index.opened.read("Patient", *survivor)->body == before);
    CHECK(index.cross_reference({a, "2"}).ids == Ids{{a, "1"}, {b, "7"}, {c, "9"}});
  }
}

TEST_CASE("identity: a merge speaks of one domain, and what others call the two stays what it is") {
  Index index;
  REQUIRE(index.feed({{a, "1"}, {b, "7"}, {national, number}}));
  const auto subsumed = index.feed({{a, "2"}, {b, "9"}, {national, "1970010100101"}});
  REQUIRE(index.merge({a, "1"}, {a, "2"}));
  CHECK(index.cross_reference({a, "2"}, {b}).ids == Ids{{b, "7"}, {b, "9"}});
  CHECK(index.cross_reference({b, "9"}, {a, b}).ids == Ids{{a, "1"}, {b, "7"}});
  CHECK(index.cross_reference({a, "2"}, {national}).ids == Ids{{national, number}});  // everybody has one
  // B goes on to speak of both, and its word displaces neither.
  REQUIRE(index.feed({{b, "9"}}, "Schmit"));
  REQUIRE(index.feed({{b, "7"}}, "Schmit"));
  CHECK(index.cross_reference({a, "1"}, {b}).ids == Ids{{b, "7"}, {b, "9"}});
  SUBCASE("B merges them as well") {
    REQUIRE(index.merge({b, "7"}, {b, "9"}));
    CHECK(index.cross_reference({a, "1"}, {b}).ids == Ids{{b, "7"}});
    CHECK(index.cross_reference({b, "9"}, {b}).ids == Ids{{b, "7"}});
  }
  SUBCASE("in a chain") {
    REQUIRE(index.feed({{a, "4"}, {b, "5"}}));
    REQUIRE(index.merge({a, "4"}, {a, "1"}));
    CHECK(index.cross_reference({a, "2"}).ids == Ids{{a, "4"}, {b, "5"}, {b, "7"}, {b, "9"}, {national, number}});
  }
  SUBCASE("a message that names identifiers of other domains to be subsumed merges there too") {
    REQUIRE(index.feed({{a, "4"}, {b, "5"}}));
    REQUIRE(index.merge({{{{a, "4"}}, {{a, "1"}}}, {{{b, "5"}}, {{b, "7"}}}}));
    CHECK(index.cross_reference({a, "2"}, {b}).ids == Ids{{b, "5"}});
  }
  SUBCASE("taken back") {
    REQUIRE(index.put(*subsumed, R"("active":true,"identifier":[{"system":"urn:oid:1.2.3.2","value":"9"}])"));
    CHECK(index.cross_reference({a, "1"}, {b}).ids == Ids{{b, "7"}});
  }
}

TEST_CASE("identity: what was merged into a patient who has gone since is called otherwise like any other") {
  Index index;
  const auto survivor = index.feed({{a, "1"}});
  const auto subsumed = index.feed({{a, "2"}});
  REQUIRE(index.merge({a, "1"}, {a, "2"}));
  index.opened.remove("Patient", *survivor);
  CHECK(index.put(*subsumed,
                  R"("identifier":[{"system":"urn:oid:1.2.3.1","value":"2"},{"system":"urn:oid:1.2.3.2","value":"9"}],)"
                  R"("link":[{"type":"replaced-by","other":{"reference":"Patient/)" +
                      *survivor + R"("}}])"));
}

TEST_CASE("identity: a merge of several domains speaks of these and of no other, and of all records that they name") {
  Index index;
  REQUIRE(index.feed({{a, "1"}, {b, "7"}, {c, "5"}}));
  const auto subsumed = index.feed({{a, "2"}, {b, "9"}, {c, "6"}});
  REQUIRE(index.feed({{b, "8"}}));
  SUBCASE("two of three domains") {
    REQUIRE(index.merge({{{{a, "1"}}, {{a, "2"}}}, {{{b, "7"}}, {{b, "9"}}}}));
    CHECK(index.cross_reference({a, "1"}).ids == Ids{{b, "7"}, {c, "5"}, {c, "6"}});
    REQUIRE(index.put(*subsumed, R"("active":true,"identifier":[{"system":"urn:oid:1.2.3.2","value":"9"}])"));
    CHECK(index.cross_reference({b, "7"}).ids == Ids{{a, "1"}, {c, "5"}});
    CHECK(index.cross_reference({b, "9"}).ids.empty());
  }
  SUBCASE("the subsumed of another domain has a record of its own") {
    REQUIRE(index.merge({{{{a, "1"}}, {{a, "2"}}}, {{{b, "7"}}, {{b, "8"}}}}));
    CHECK(index.cross_reference({b, "8"}).ids == Ids{{a, "1"}, {b, "7"}, {b, "9"}, {c, "5"}, {c, "6"}});
  }
  SUBCASE("one that nobody has is passed over, one record is not merged into two") {
    REQUIRE(index.feed({{b, "10"}}));
    CHECK(refusal(index.merge({{{{a, "1"}}, {{a, "2"}}}, {{{b, "10"}, "here"}, {{b, "9"}}}})) == "business-rule here");
    REQUIRE(index.merge({{{{a, "1"}}, {{a, "2"}}}, {{{b, "7"}}, {{b, "none"}}}}));
    CHECK(index.cross_reference({a, "1"}, {b}).ids == Ids{{b, "7"}, {b, "9"}});
  }
}

TEST_CASE(
    "identity: what a subsumed record is called later on, its survivors are, and no more when it is parted or goes") {
  Index index;
  const auto survivor = index.feed({{a, "1"}});
  const auto subsumed = index.feed({{a, "2"}, {b, "9"}});
  REQUIRE(index.merge({a, "1"}, {a, "2"}));
  REQUIRE(index.feed({{a, "4"}}));
  REQUIRE(index.merge({a, "4"}, {a, "1"}));  // a chain
  const auto to_ten = [](const ihe::Site& site) {
    return ihe::identity::change_identifier(site, {{b, "9"}}, {{b, "10"}}, "");
  };
  SUBCASE("changed by A47") {
    REQUIRE(index.commit(to_ten));
    CHECK(index.cross_reference({a, "4"}).ids == Ids{{b, "10"}});
    CHECK(index.cross_reference({b, "9"}).ids == Ids{{a, "4"}, {b, "10"}});
    REQUIRE(index.put(*subsumed, R"("active":true,"identifier":[{"system":"urn:oid:1.2.3.1","value":"2"},)"
                                 R"({"use":"old","system":"urn:oid:1.2.3.2","value":"9"},)"
                                 R"({"system":"urn:oid:1.2.3.2","value":"10"}])"));
    CHECK(index.cross_reference({b, "9"}).ids == Ids{{a, "2"}, {b, "10"}});
    CHECK(index.cross_reference({a, "4"}).ids.empty());
  }
  SUBCASE("moved by A43") {
    REQUIRE(index.feed({{a, "6"}}));
    REQUIRE(index.commit([](const ihe::Site& site) {
      return ihe::identity::change_link(site, {{{a, "6"}}, {{a, "4"}}, {{b, "9"}}}, "");
    }));
    CHECK(index.cross_reference({b, "9"}).ids == Ids{{a, "6"}});
    CHECK(index.cross_reference({a, "4"}).ids.empty());
    REQUIRE(index.feed({{a, "6"}}));  // which keeps it
    CHECK(index.cross_reference({b, "9"}).ids == Ids{{a, "6"}});
  }
  SUBCASE("said by its source, which keeps the link") {
    REQUIRE(index.put(*subsumed, R"("active":false,"identifier":[{"system":"urn:oid:1.2.3.1","value":"2"},)"
                                 R"({"system":"urn:oid:1.2.3.3","value":"3"}],)"
                                 R"("link":[{"type":"replaced-by","other":{"identifier":)"
                                 R"({"system":"urn:oid:1.2.3.1","value":"1"},"reference":"Patient/)" +
                                     *survivor + R"("}}])"));
    CHECK(index.cross_reference({a, "4"}).ids == Ids{{c, "3"}});
    CHECK_FALSE(index.cross_reference({b, "9"}).id_known);
  }
  SUBCASE("gone") {
    REQUIRE(index.commit([&](const ihe::Site&) -> fhir::Result<fhir::Batch> {
      fhir::Batch batch{index.access, {}, {}};
      batch.writes.push_back(store_fixture::write(fhir::Method::remove, "Patient", *subsumed));
      return batch;
    }));
    CHECK(index.cross_reference({a, "4"}).ids.empty());
    CHECK_FALSE(index.cross_reference({a, "2"}).id_known);
    CHECK_FALSE(index.cross_reference({b, "9"}).id_known);
  }
}

TEST_CASE("identity: a source that writes a subsumed record anew does not part the merge") {
  Index index;
  const auto survivor = index.feed({{a, "1"}});
  const auto subsumed = index.feed({{a, "2"}});
  const std::string two = R"("identifier":[{"system":"urn:oid:1.2.3.1","value":"2"}])";
  // Who is replaced is not active, whatever is said of it (PMIR, ITI-93).
  REQUIRE(index.put(*subsumed, two + R"(,"active":true,"link":[{"type":"replaced-by","other":{"reference":"Patient/)" +
                                   *survivor + R"("}}])"));
  CHECK(index.opened.read("Patient", *subsumed)->body.find("\"active\":false") != std::string::npos);
  for (const std::string more : {"", R"(,"active":false)"}) {
    CHECK(refusal(index.put(*subsumed, two + more)) == "business-rule Patient.link");
    CHECK(index.cross_reference({a, "2"}).ids == Ids{{a, "1"}});
  }
  REQUIRE(index.put(*subsumed, two + R"(,"active":true)"));
  CHECK(index.cross_reference({a, "2"}).ids.empty());
}

TEST_CASE("identity: a merge by FHIR is the same, its link may name an identifier, and taking it back undoes it") {
  Index index;
  const auto survivor = index.feed({{a, "1"}, {b, "7"}});
  const auto other = index.feed({{a, "2"}, {national, number}});
  const auto before = index.opened.read("Patient", *survivor)->body;
  const auto put = [&](const std::string& members) { return index.put(*other, members); };
  const std::string ids = R"("identifier":[{"system":"urn:oid:1.2.3.1","value":"2"},)"
                          R"({"system":"urn:oid:1.3.182.4.4","value":"1893120105732"}])";
  REQUIRE(put(ids + R"(,"active":false,"link":[{"type":"replaced-by","other":{"identifier":)"
                    R"({"system":"urn:oid:1.2.3.2","value":"7"}}}])"));
  CHECK(index.cross_reference({a, "2"}).ids == Ids{{a, "1"}, {b, "7"}, {national, number}});
  CHECK(index.opened.ids("Provenance", "").size() == 1);
  REQUIRE(put(ids + R"(,"active":true)"));
  CHECK(index.cross_reference({a, "2"}).ids == Ids{{national, number}});
  CHECK(index.cross_reference({a, "1"}).ids == Ids{{b, "7"}});
  CHECK(index.opened.ids("Provenance", "").size() == 2);
  const auto after = index.opened.read("Patient", *survivor)->body;
  CHECK(after.substr(after.find("identifier")) == before.substr(before.find("identifier")));
  CHECK(refusal(put(ids + R"(,"link":[{"type":"replaced-by","other":{"reference":"Patient/none"}}])")) ==
        "not-found Patient.link.other");
  CHECK(refusal(put(R"("identifier":[{"system":"urn:oid:1.3.182.4.4","value":"1893120105733"}])")) ==
        "value Patient.identifier");
}

TEST_CASE("identity: a source that writes its record anew does not undo what was merged into it") {
  Index index;
  const auto survivor = index.feed({{a, "1"}});
  REQUIRE(index.feed({{a, "2"}}));
  REQUIRE(index.merge({a, "1"}, {a, "2"}));
  REQUIRE(index.put(*survivor, R"("identifier":[{"system":"urn:oid:1.2.3.1","value":"1"}])"));
  CHECK(index.cross_reference({a, "2"}).ids == Ids{{a, "1"}});
  CHECK(index.opened.read("Patient", *survivor)->body.find("\"replaces\"") != std::string::npos);
}

TEST_CASE("identity: a message that names two records links them; links are unsaid; identifiers change and move") {
  Index index;
  const auto first = index.feed({{a, "1"}});
  const auto second = index.feed({{b, "7"}});
  REQUIRE(index.feed({{a, "1"}, {b, "7"}}));
  CHECK(index.cross_reference({b, "7"}).ids == Ids{{a, "1"}});
  CHECK(index.opened.ids("Patient", "identifier=" + b + "|7") == std::vector<std::string>{*second});
  const auto commit = [&](auto work) { return index.commit(work); };
  REQUIRE(commit([](const ihe::Site& site) { return ihe::identity::unlink(site, {{a, "1"}}, {{b, "7"}}); }));
  CHECK(index.cross_reference({b, "7"}).ids.empty());
  CHECK(refusal(commit([](const ihe::Site& site) {
          return ihe::identity::unlink(site, {{a, "1"}}, {{b, "7"}, "subsumed"});
        })) == "business-rule subsumed");
  REQUIRE(commit([](const ihe::Site& site) { return ihe::identity::link(site, {{a, "1"}}, {{b, "7"}}); }));
  CHECK(index.cross_reference({a, "1"}).ids == Ids{{b, "7"}});

  REQUIRE(commit([](const ihe::Site& site) {
    return ihe::identity::change_identifier(site, {{a, "1"}}, {{a, "5"}}, "");
  }));
  CHECK(index.cross_reference({b, "7"}).ids == Ids{{a, "5"}});
  CHECK(index.cross_reference({a, "1"}).ids == Ids{{a, "5"}, {b, "7"}});

  // ITI-64: the local identifier C|3 was said to be of A|5 and is of A|6.
  REQUIRE(index.feed({{a, "6"}}));
  REQUIRE(index.feed({{a, "5"}, {c, "3"}}));
  REQUIRE(commit([](const ihe::Site& site) {
    return ihe::identity::change_link(site, {{{a, "6"}}, {{a, "5"}}, {{c, "3"}}}, "");
  }));
  CHECK(index.cross_reference({c, "3"}).ids == Ids{{a, "6"}});
  CHECK(index.cross_reference({a, "5"}).ids == Ids{{b, "7"}});

  // The patient stays A|6; what changes is that C|4 is C|3.
  REQUIRE(index.feed({{c, "4"}}));
  const auto local_merge = [](const ihe::Site& site) {
    return ihe::identity::change_link(site, {{{a, "6"}}, {{a, "6"}}, {{c, "3"}}, Named{{c, "4"}}}, "");
  };
  REQUIRE(commit(local_merge));
  CHECK(index.cross_reference({c, "4"}).ids == Ids{{a, "6"}, {c, "3"}});
  CHECK(index.cross_reference({a, "6"}).ids == Ids{{c, "3"}});
  CHECK(refusal(commit([](const ihe::Site& site) {
          return ihe::identity::change_link(site, {{{a, "6"}}, {{a, "6"}, "before"}, {{c, "3"}}}, "");
        })) == "business-rule before");
}

TEST_CASE("identity: demographics by whole words and wildcards, domains, pages") {
  Index index;
  for (int i = 0; i < 5; ++i) REQUIRE(index.feed({{a, std::to_string(i)}}, i % 2 ? "Weber" : "Webering"));
  REQUIRE(index.feed({{b, "9"}, {national, number}}, "O'Hara-Müller"));
  REQUIRE(index.feed({{c, "8"}, {national, number}}, "Hara"));
  CHECK(index.demographics({{{Field::family, "WEBER"}}}).total == 2);
  CHECK(index.demographics({{{Field::family, "web*"}}}).total == 5);
  CHECK(index.demographics({{{Field::family, "*bering"}}}).total == 3);
  CHECK(index.demographics({{{Field::family, "w*r"}}}).total == 2);
  CHECK(index.demographics({{{Field::family, "o hara muller"}}}).total == 1);
  CHECK(index.demographics({{{Field::id, "9", b}, {Field::family, "hara"}}}).total == 0);
  CHECK(index.demographics({{{Field::id, "9", ""}}}).total == 1);

  // The person of O'Hara-Müller is known in C by another record.
  const auto in_c = index.demographics({{{Field::id, "9", b}}, {c}});
  REQUIRE(in_c.hits.size() == 1);
  CHECK(in_c.hits[0].ids == Ids{{c, "8"}});
  CHECK(index.demographics({{{Field::family, "weber"}}, {c}}).hits.empty());

  std::vector<std::string> seen;
  ihe::identity::DemographicsQuery query{{{Field::family, "web*"}}, {}, "", 2};
  for (;;) {
    const auto page = index.demographics(query);
    CHECK(page.total == 5);
    CHECK(page.before == seen.size());
    if (page.hits.empty()) break;
    for (const auto& hit : page.hits) seen.push_back(hit.record.id);
    query.after = seen.back();
  }
  CHECK(seen.size() == 5);
  CHECK(std::set<std::string>(seen.begin(), seen.end()).size() == 5);
  const auto snapshot = index.opened.store->snapshot();
  CHECK_FALSE(ihe::identity::demographics(index.site(*snapshot), {{{Field::family, "*"}}}));
}
