// Subscriptions as they are read, found by their index, matched, remembered and told.
#include "src/subscription/subscription.h"

#include <doctest/doctest.h>

#include "fhir/feed.h"
#include "fhir/incoming.h"
#include "ihe/settings.h"
#include "src/clock.h"
#include "src/net/egress.h"
#include "src/obey.h"
#include "src/subscription/delivery.h"
#include "src/subscription/index.h"
#include "src/subscription/matching.h"
#include "src/subscription/notification.h"
#include "src/subscription/record.h"
#include "src/subscription/sockets.h"
#include "src/subscription/topic.h"
#include "tests/unit/store_fixture.h"

using namespace alzette;
using namespace alzette::subscription;

namespace {

constexpr std::string_view base = "http://example.org/fhir";

fhir::Result<Subscription> read_text(const std::string& members, const std::string& channel) {
  static std::vector<std::unique_ptr<std::string>> texts;
  texts.push_back(std::make_unique<std::string>(R"({"resourceType":"Subscription","id":"s","status":"requested",)"
                                                R"("reason":"x",)" +
                                                members + R"(,"channel":{)" + channel + "}}"));
  const auto incoming = fhir::receive(*texts.back());
  REQUIRE_MESSAGE(incoming, *texts.back());
  return read(*incoming->resource, base);
}

std::string refused_at(const fhir::Result<Subscription>& read) {
  return read ? "" : read.outcome().issues.front().expression;
}

const std::string hook = R"("type":"rest-hook","endpoint":"https://example.org/hook")";

Live live_of(const std::string& criteria, const std::string& id) {
  Live live;
  auto wanted = read_text(R"("criteria":")" + criteria + "\"", hook);
  REQUIRE(wanted);
  live.wanted = std::move(*wanted);
  live.wanted.id = id;
  live.owner = {std::string(base), fhir::Access::local_developer()};
  return live;
}

}  // namespace

TEST_CASE("subscription: criteria of R4 and topics are told apart") {
  const auto search = read_text(R"("criteria":"Observation?code=http://loinc.org|1234-5&status=final")", hook);
  REQUIRE(search);
  CHECK(search->topic.empty());
  REQUIRE(search->filters.size() == 1);
  CHECK(search->filters[0].type->name.view() == "Observation");
  CHECK(search->filters[0].query.all_of.size() == 2);
  CHECK(read_text(R"("criteria":"Patient")", hook));
  const auto topic = read_text(R"("criteria":"http://example.org/topic|1.0")", hook);
  REQUIRE(topic);
  CHECK(topic->topic == "http://example.org/topic");
  CHECK(topic->topic_version == "1.0");
  CHECK(topic->payload == fhir::Format::json);
  CHECK(topic->content == Content::empty);
  CHECK(refused_at(read_text(R"("criteria":"Observation?nothing=1")", hook)) == "Subscription.criteria");
  CHECK(refused_at(read_text(R"("criteria":"Observation?_sort=date")", hook)) == "Subscription.criteria");
  CHECK(refused_at(read_text(R"("criteria":"SubscriptionTopic?url=1")", hook)) == "Subscription.criteria");
}

TEST_CASE("subscription: each door says where the server may send to") {
  store_fixture::Folder folder;
  store_fixture::Opened opened(folder.path);
  const auto snapshot = opened.store->snapshot();
  const auto access = fhir::Access::local_developer();
  fhir::Ids ids(1);
  const ihe::Settings settings;
  const auto written = [&](const fhir::MaySend& may_send) {
    const auto body = fhir::receive(
        R"({"resourceType":"Subscription","status":"requested","reason":"x","criteria":"Patient?active=true",)"
        R"("channel":{"type":"rest-hook","endpoint":"https://10.0.0.7/hook"}})");
    REQUIRE(body);
    auto laid = fhir::lay_out(*body->resource, "s", fhir::Method::create, base);
    REQUIRE(laid);
    fhir::Batch batch{access, {}, {}};
    batch.writes.push_back(std::move(*laid));
    return alzette::obey({*snapshot, access, base, clock::wall_ms(), ids, settings, may_send}, batch);
  };
  const auto door_to = [](const char* allowed) {
    return [egress = net::Egress({allowed})](std::string_view url) { return egress.may_send(url); };
  };
  CHECK(written(door_to("https://10.0.0.7/")));
  CHECK(!written(door_to("https://10.0.0.8/")));
  CHECK(!written(nullptr));
}

TEST_CASE("subscription: channels say what they need") {
  const std::string patient = R"("criteria":"Patient?active=true")";
  CHECK(read_text(patient, R"("type":"websocket")"));
  CHECK(read_text(patient, R"("type":"message","endpoint":"https://example.org/")")->payload == fhir::Format::json);
  CHECK(refused_at(read_text(R"("criteria":"Observation?code=1")",
                             R"("type":"message","endpoint":"https://e.org/")")) == "Subscription.channel.type");
  CHECK(refused_at(read_text(patient, R"("type":"rest-hook")")) == "Subscription.channel.endpoint");
  CHECK(refused_at(read_text(patient, R"("type":"sms","endpoint":"tel:1")")) == "Subscription.channel.type");
  const auto xml = read_text(patient, hook + R"(,"payload":"application/fhir+xml","header":["A: b","C:d"])");
  REQUIRE(xml);
  CHECK(xml->payload == fhir::Format::xml);
  CHECK(xml->headers == Headers{{"A", "b"}, {"C", "d"}});
  for (const auto* header : {"Host: x", "content-length: 1", "A b: c", ": x", "none"})
    CHECK(refused_at(read_text(patient, hook + R"(,"header":[")" + header + "\"]")) == "Subscription.channel.header");
}

TEST_CASE("subscription: extensions of the backport") {
  const std::string ext = R"({"url":"http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-)";
  const auto read = read_text(R"("criteria":"http://example.org/topic","_criteria":{"extension":[)" + ext +
                                  R"(filter-criteria","valueString":"Observation?code=1"},)" + ext +
                                  R"(filter-criteria","valueString":"Patient?active=true"}]})",
                              hook + R"(,"payload":"application/fhir+json","_payload":{"extension":[)" + ext +
                                  R"(payload-content","valueCode":"id-only"}]},"extension":[)" + ext +
                                  R"(heartbeat-period","valueUnsignedInt":60},)" + ext +
                                  R"(timeout","valueUnsignedInt":5},)" + ext + R"(max-count","valuePositiveInt":20}])");
  REQUIRE(read);
  CHECK(read->filters.size() == 2);
  CHECK(read->content == Content::id_only);
  CHECK(read->heartbeat == 60);
  CHECK(read->timeout == 5);
  CHECK(read->max_count == 20);
  for (const auto* wrong : {R"(heartbeat-period","valueString":"60"})", R"(timeout","valueInteger":5})",
                            R"(max-count","valueUnsignedInt":20})"})
    CHECK(refused_at(read_text(R"("criteria":"http://example.org/topic")",
                               hook + R"(,"extension":[)" + ext + wrong + "]")) == "Subscription.channel.extension");
}

TEST_CASE("subscription: ten thousand are told apart by what they demand") {
  Index index;
  for (int i = 0; i < 10'000; ++i) {
    const auto filter = read_filter("Observation?code=c" + std::to_string(i) + "&status=final", base, "");
    REQUIRE(filter);
    index.add("s" + std::to_string(i), {*filter});
  }
  index.add("any", nullptr);
  index.add("negative", {*read_filter("Observation?code:not=c7", base, "")});
  index.add("patient", {*read_filter("Patient?_id=p", base, "")});
  const std::string text =
      R"({"resourceType":"Observation","id":"o","status":"final","code":{"coding":[{"code":"c42"},{"code":"c43"}]}})";
  const auto incoming = fhir::receive(text);
  REQUIRE(incoming);
  const auto rows = rows_of(*incoming->resource, base, 0);
  const auto& observation = *fhir::definitions().resource("Observation");
  CHECK(index.candidates(observation, rows) == std::vector<std::string>{"any", "negative", "s42", "s43"});
  index.remove("s42");
  index.remove("any");
  index.remove("nobody");
  CHECK(index.candidates(observation, rows) == std::vector<std::string>{"negative", "s43"});
  CHECK(index.concerns(*fhir::definitions().resource("Patient")));
  index.remove("patient");
  CHECK_FALSE(index.concerns(*fhir::definitions().resource("Patient")));
}

TEST_CASE("subscription: what matches is what a search would find") {
  const store_fixture::Folder folder;
  store_fixture::Opened opened(folder.path);
  const auto& store = opened.store;
  opened.put("Patient", "p", R"("name":[{"family":"Weber"}],"active":true)");
  opened.put("Observation", "o", R"("status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p"})");
  const auto access = fhir::Access::local_developer();
  const auto snapshot = store->snapshot();
  const auto changes = fhir::feed_of(*snapshot).changes(access, 0, {fhir::definitions().resource("Observation")}, 100);
  REQUIRE(changes);
  REQUIRE(changes->versions.size() == 1);
  CHECK(changes->until >= changes->versions[0].key);
  CHECK_FALSE(changes->more);
  for (const auto& [criteria, met] :
       std::vector<std::pair<std::string, bool>>{{"Observation", true},
                                                 {"Observation?status=final", true},
                                                 {"Observation?status=final,amended&subject=Patient/p", true},
                                                 {"Observation?subject=Patient/q", false},
                                                 {"Observation?_id=o", true},
                                                 {"Observation?_id=q", false},
                                                 {"Observation?status:not=final", false},
                                                 {"Observation?value-quantity:missing=true", true},
                                                 {"Observation?_lastUpdated=gt2000", true},
                                                 {"Observation?_lastUpdated=lt2000", false},
                                                 {"Observation?subject:Patient.family=weber", true},
                                                 {"Observation?subject:Patient.family=kettels", false},
                                                 {"Patient?family=weber", false}}) {
    CAPTURE(criteria);
    Change change(*snapshot, access, changes->versions[0]);
    const auto live = live_of(criteria, "s");
    CHECK(is_event(live, change) == met);
  }
  Change change(*snapshot, access, changes->versions[0]);
  auto blind = live_of("Observation", "s");
  blind.owner.access = {};
  CHECK_FALSE(is_event(blind, change));
  auto late = live_of("Observation", "s");
  late.counted.from = changes->versions[0].key;
  CHECK_FALSE(is_event(late, change));
}

TEST_CASE("subscription: events are remembered in their order") {
  const store_fixture::Folder folder;
  store_fixture::Opened opened(folder.path);
  const auto& store = opened.store;
  fhir::Batch batch;
  batch.access = fhir::Access::local_developer();
  for (std::uint64_t i = 1; i <= 12; ++i) batch.notes.push_back(event_note("s", {i, static_cast<fhir::Key>(i * 1024)}));
  batch.notes.push_back(event_note("s2", {1, 7}));
  batch.notes.push_back(counted_note("s", {12, 5}));
  batch.notes.push_back(told_note("s", 3));
  batch.notes.push_back(cursor_note(99));
  batch.notes.push_back(owner_note("s", {"http://a/fhir", fhir::Access::local_developer()}));
  REQUIRE(store_fixture::commit(*store, std::move(batch)));
  const auto snapshot = store->snapshot();
  const auto events = events_of(*snapshot, "s", 9, 3);
  REQUIRE(events.size() == 3);
  CHECK(events[0].number == 9);
  CHECK(events[2].number == 11);
  CHECK(events[2].key == 11 * 1024);
  CHECK(counted_of(*snapshot, "s")->events == 12);
  CHECK(counted_of(*snapshot, "s")->from == 5);
  CHECK_FALSE(counted_of(*snapshot, "s3"));
  CHECK(told_of(*snapshot, "s") == 3);
  CHECK(told_of(*snapshot, "s3") == 0);
  CHECK(cursor_of(*snapshot) == 99);
  const auto owner = owner_of(*snapshot, "s");
  REQUIRE(owner);
  CHECK(owner->base == "http://a/fhir");
  CHECK(owner->access.may(fhir::Verb::search, "Patient"));
}

TEST_CASE("subscription: notifications are Bundles that our own reader takes") {
  const auto* type = fhir::definitions().resource("Patient");
  fhir::Version version;
  version.type = type;
  version.id = "p";
  version.version = 2;
  version.last_updated = 1'000;
  version.method = fhir::Method::update;
  version.body = R"({"resourceType":"Patient","id":"p"})";
  auto removed = version;
  removed.method = fhir::Method::remove;
  removed.body.clear();
  const std::vector<Told> told{{7, 1'000, version}, {8, 0, std::nullopt}, {9, 2'000, removed}};
  const Standing standing{base, "s", "http://t", Status::active, "event-notification", 9, "it \"failed\""};
  const auto id = make_uuid();
  CHECK(id.size() == 36);
  for (const auto content : {Content::empty, Content::id_only, Content::full_resource}) {
    const auto text = notification(standing, told, content, id, 5'000);
    const auto incoming = fhir::receive(text);
    REQUIRE_MESSAGE(incoming, text);
    CHECK_FALSE(fhir::faults_of(*incoming->resource));
    CHECK((text.find("focus") != std::string::npos) == (content != Content::empty));
    CHECK((text.find("DELETE") != std::string::npos) == (content == Content::full_resource));
  }
  const auto message = patient_message(version, base, "http://e/", id, 5'000);
  const auto incoming = fhir::receive(message);
  REQUIRE_MESSAGE(incoming, message);
  CHECK_FALSE(fhir::faults_of(*incoming->resource));
  const std::vector<std::string> parameters{status_parameters(standing, {}, Content::empty, "s")};
  const auto bundle = status_bundle(parameters, std::string(base) + "/Subscription/$status?id=1");
  CHECK_MESSAGE(fhir::receive(bundle), bundle);
  CHECK(fhir::receive(status_bundle({}, base)));
}

TEST_CASE("subscription: tokens bind what they say, for a time, and nothing else does") {
  const auth::Seal seal(auth::Seal::Key{1, 2, 3});
  const auto token = binding_token(seal, {"a", "b"}, 1'000);
  CHECK(read_binding_token(seal, token, 999) == std::vector<std::string>{"a", "b"});
  CHECK_FALSE(read_binding_token(seal, token, 1'001));
  CHECK_FALSE(read_binding_token(seal, token + "A", 999));
  CHECK_FALSE(read_binding_token(seal, seal.seal("9999 a", "page"), 999));
  CHECK_FALSE(read_binding_token(seal, "", 0));
  CHECK(read_request("bind-with-token: T").value == "T");
  CHECK(read_request("bind-with-token T").kind == Asked::Kind::token);
  CHECK(read_request("bind :42").value == "42");
  CHECK(read_request("bind 42").kind == Asked::Kind::id);
  CHECK(read_request("hello").kind == Asked::Kind::other);
  CHECK(websocket_url("https://h:1/fhir") == "wss://h:1/ws");
}

TEST_CASE("subscription: topics as Basic") {
  const std::string prefix = R"({"url":"http://hl7.org/fhir/4.3/StructureDefinition/extension-SubscriptionTopic.)";
  const auto topic = [&](const std::string& trigger) {
    return R"({"resourceType":"Basic","code":{"coding":[{"system":"http://hl7.org/fhir/fhir-types",)"
           R"("code":"SubscriptionTopic"}]},"extension":[)" +
           prefix + R"(url","valueUri":"http://t"},)" + prefix + R"(resourceTrigger","extension":[)" + trigger + "]}]}";
  };
  const auto read = [](const std::string& text) {
    const auto incoming = fhir::receive(text);
    REQUIRE_MESSAGE(incoming, text);
    return read_topic(*incoming->resource);
  };
  const std::string encounter = R"({"url":"resource","valueUri":"http://hl7.org/fhir/StructureDefinition/Encounter"})";
  const auto good = read(topic(encounter + R"(,{"url":"supportedInteraction","valueCode":"update"},)"
                                           R"({"url":"queryCriteria","extension":[)"
                                           R"({"url":"current","valueString":"status=finished"}]})"));
  REQUIRE(good);
  REQUIRE(*good);
  CHECK((*good)->url == "http://t");
  const auto& trigger = (*good)->triggers.at(0);
  CHECK(trigger.on == std::array<bool, 3>{false, true, false});
  CHECK(trigger.current);
  CHECK_FALSE(trigger.previous);
  CHECK_FALSE(read(topic(R"({"url":"resource","valueUri":"Nothing"})")));
  CHECK_FALSE(read(topic(encounter + R"(,{"url":"fhirPathCriteria","valueString":"(true"})")));
  CHECK_FALSE(read(topic(encounter + R"(,{"url":"queryCriteria","extension":[)"
                                     R"({"url":"current","valueString":"stat=x"}]})")));
  CHECK_FALSE(read(topic(encounter + R"(,{"url":"supportedInteraction","valueCode":"read"})")));
  CHECK_FALSE(read(R"({"resourceType":"Basic","code":{"coding":[{"system":"http://hl7.org/fhir/fhir-types",)"
                   R"("code":"SubscriptionTopic"}]},"extension":[)" +
                   prefix + R"(url","valueUri":"http://t"}]})"));
  const auto other = read(R"({"resourceType":"Basic","code":{"text":"something"}})");
  REQUIRE(other);
  CHECK_FALSE(*other);
}
