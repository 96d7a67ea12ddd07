// The ledger of acknowledged writes: clients write by HTTP and keep book, the server is killed with kill -9 at random
// moments and opened again on the same folder. Afterwards every acknowledged write is there as it was acknowledged,
// every unknown one is there in full or not at all, no transaction is half there, no version is missing, and read,
// history, search and count agree. ALZETTE_LEDGER_ROUNDS sets the number of kills, ALZETTE_LEDGER_SEED what is done.
#include <doctest/doctest.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <thread>

#include "tests/wire/program.h"

namespace {

using wire::Answer;
using wire::Http;
using wire::member;

constexpr int clients = 4;
constexpr const char* name_system = "urn:alzette:test:ledger";

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

// What a version holds: its text between `"identifier"` and the end, exactly as sent; "" = deleted.
using Content = std::string;

// A resource that one client writes under an id of its own choice.
struct Resource {
  std::string type;
  std::string id;
  std::vector<Content> versions;   // acknowledged, or found after a restart; version n is at n - 1
  std::optional<Content> unknown;  // sent, and the answer never came
  bool exists() const { return !versions.empty() && !versions.back().empty(); }
};

// A create whose id the server gives; found again by its identifier.
struct Creation {
  std::string name;
  Content content;
  std::string id;  // "" = unknown
  bool acknowledged = false;
};

// Three resources in one transaction.
struct Group {
  std::string name;
  bool acknowledged = false;
  std::map<std::string, Content> put;  // Type/id -> content
  Content created;                     // an Observation with the name as identifier
};

struct Faults {
  std::mutex mutex;
  std::vector<std::string> list;
  void add(std::string what) {
    std::lock_guard lock(mutex);
    list.push_back(std::move(what));
  }
};

struct Counts {
  std::atomic<std::uint64_t> acknowledged{0}, failed{0}, unknown{0};
};

Content content_for(const std::string& type, const std::string& name, std::mt19937_64& random) {
  std::string text = R"("identifier":[{"system":")" + std::string(name_system) + R"(","value":")" + name + R"("}],)";
  std::string filling(random() % 20 ? random() % 300 : random() % 6000, static_cast<char>('a' + random() % 26));
  filling += std::to_string(random());
  if (type == "Observation") return text + R"("status":"final","code":{"text":")" + filling + R"("}})";
  if (type == "Organization") return text + R"("name":")" + filling + R"("})";
  return text + R"("name":[{"family":")" + filling + R"("}]})";
}

std::string resource_text(const std::string& type, const std::string& id, const Content& content) {
  std::string text = R"({"resourceType":")" + type + R"(",)";
  if (!id.empty()) text += R"("id":")" + id + R"(",)";
  return text + content;
}

class Client {
 public:
  Client(int number, std::uint64_t seed, Counts& counts, Faults& faults)
      : number_(number), random_(seed * 1000 + static_cast<unsigned>(number)), counts_(counts), faults_(faults) {}

  // Writes until the connection breaks.
  void write(const std::string& address, const std::atomic<bool>& over) {
    Http http(address);
    while (!over) {
      auto chance = random_() % 100;
      bool answered = chance < 45   ? put(http)
                      : chance < 60 ? remove(http)
                      : chance < 80 ? create(http)
                                    : transaction(http);
      if (!answered) return;
    }
  }

  // After a restart: settles what was unknown and compares with what the server has. `all`: also what did not change
  // since the last look.
  void verify(const std::string& address, bool all) {
    Http http(address);
    for (auto& [id, resource] : resources_)
      if (all || resource.unknown || touched_.count(id)) verify(http, resource);
    for (std::size_t at = all ? 0 : creations_looked_at_; at < creations_.size(); ++at) verify(http, creations_[at]);
    for (std::size_t at = all ? 0 : groups_looked_at_; at < groups_.size(); ++at) verify(http, groups_[at]);
    creations_looked_at_ = creations_.size();
    groups_looked_at_ = groups_.size();
    touched_.clear();
  }

  std::uint64_t living(const std::string& type) const {
    std::uint64_t count = 0;
    for (const auto& [id, resource] : resources_) count += resource.type == type && resource.exists() ? 1 : 0;
    for (const auto& creation : creations_) count += type == "Patient" && !creation.id.empty() ? 1 : 0;
    for (const auto& group : groups_)
      if (group.acknowledged) count += type == "Observation" || group.put.count(type + "/" + group.name) ? 1 : 0;
    return count;
  }

 private:
  std::string fresh(const char* kind) { return kind + std::to_string(number_) + "-" + std::to_string(next_++); }

  void fault(const std::string& what, const std::optional<Answer>& answer = {}) {
    std::string text = what;
    if (answer) text += " (" + std::to_string(answer->status) + " " + answer->body.substr(0, 300) + ")";
    faults_.add(std::move(text));
  }

  // Counts the answer; false when there was none. Anything but a success is a fault: nothing sent here is refusable.
  bool settle(const std::optional<Answer>& answer, const std::string& what) {
    if (!answer) {
      ++counts_.unknown;
      return false;
    }
    if (answer->status < 300) {
      ++counts_.acknowledged;
      return true;
    }
    ++counts_.failed;
    fault(what + " was refused", answer);
    return true;
  }

  Resource& some_resource() {
    if (resources_.size() < 3 || random_() % 100 < 15) {
      std::string id = fresh("p");
      return resources_.emplace(id, Resource{"Patient", id, {}, {}}).first->second;
    }
    auto at = resources_.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(random_() % resources_.size()));
    return at->second;
  }

  bool put(Http& http) {
    Resource& resource = some_resource();
    touched_[resource.id] = true;
    Content content = content_for(resource.type, resource.id, random_);
    resource.unknown = content;
    auto answer = http.ask("PUT", "/fhir/" + resource.type + "/" + resource.id,
                           resource_text(resource.type, resource.id, content));
    if (!settle(answer, "PUT " + resource.id)) return false;
    resource.unknown.reset();
    if (answer->status >= 300) return true;
    resource.versions.push_back(std::move(content));
    std::string version = "W/\"" + std::to_string(resource.versions.size()) + "\"";
    if (answer->header("ETag") != version) fault("PUT " + resource.id + " did not answer with " + version, answer);
    return true;
  }

  bool remove(Http& http) {
    Resource& resource = some_resource();
    if (!resource.exists()) return true;
    touched_[resource.id] = true;
    resource.unknown = "";
    auto answer = http.ask("DELETE", "/fhir/" + resource.type + "/" + resource.id);
    if (!settle(answer, "DELETE " + resource.id)) return false;
    resource.unknown.reset();
    if (answer->status < 300) resource.versions.emplace_back();
    return true;
  }

  bool create(Http& http) {
    std::string name = fresh("c");
    creations_.push_back({name, content_for("Patient", name, random_), "", false});
    Creation& creation = creations_.back();
    auto answer = http.ask("POST", "/fhir/Patient", resource_text("Patient", "", creation.content));
    if (!settle(answer, "POST " + name)) return false;
    if (answer->status >= 300) return true;
    creation.acknowledged = true;
    std::string location = answer->header("Location");
    auto from = location.find("/Patient/");
    if (from != std::string::npos) creation.id = location.substr(from + 9, location.find('/', from + 9) - from - 9);
    if (creation.id.empty()) fault("POST " + name + " answered without a Location", answer);
    return true;
  }

  bool transaction(Http& http) {
    Group group;
    group.name = fresh("t");
    std::string text = R"({"resourceType":"Bundle","type":"transaction","entry":[)";
    for (const char* type : {"Patient", "Organization"}) {
      std::string place = std::string(type) + "/" + group.name;
      group.put[place] = content_for(type, group.name, random_);
      text += R"({"resource":)" + resource_text(type, group.name, group.put[place]) +
              R"(,"request":{"method":"PUT","url":")" + place + R"("}},)";
    }
    group.created = content_for("Observation", group.name, random_);
    text += R"({"fullUrl":"urn:uuid:9c5f6b1e-0000-4000-8000-000000000001","resource":)" +
            resource_text("Observation", "", group.created) + R"(,"request":{"method":"POST","url":"Observation"}}]})";
    groups_.push_back(group);
    auto answer = http.ask("POST", "/fhir", text);
    if (!settle(answer, "transaction " + group.name)) return false;
    groups_.back().acknowledged = answer->status < 300;
    return true;
  }

  static bool holds(const std::string& body, const Content& content) { return body.ends_with(content); }

  void verify(Http& http, Resource& resource) {
    const std::string place = "/fhir/" + resource.type + "/" + resource.id;
    auto answer = http.ask("GET", place);
    if (!answer) return fault("no answer to GET " + place);
    if (resource.unknown) settle_unknown(*answer, resource);
    if (resource.versions.empty()) {
      if (answer->status != 404) fault(place + " was never written, yet is there", answer);
      return;
    }
    const auto newest = std::to_string(resource.versions.size());
    if (resource.exists()) {
      if (answer->status != 200 || !holds(answer->body, resource.versions.back()) ||
          member(answer->body, "versionId") != newest)
        fault(place + ": lost or changed; version " + newest + " was acknowledged", answer);
    } else if (answer->status != 410) {
      fault(place + ": its deletion was acknowledged", answer);
    }
    verify_history(http, place, resource);
    verify_search(http, resource);
  }

  // The one write without an answer is there in full or not at all.
  static void settle_unknown(const Answer& answer, Resource& resource) {
    const auto next = std::to_string(resource.versions.size() + 1);
    bool took_effect = resource.unknown->empty() ? answer.status == 410 && resource.exists()
                                                 : answer.status == 200 && member(answer.body, "versionId") == next &&
                                                       holds(answer.body, *resource.unknown);
    if (took_effect) resource.versions.push_back(std::move(*resource.unknown));
    resource.unknown.reset();
  }

  void verify_history(Http& http, const std::string& place, const Resource& resource) {
    auto first = resource.versions.size() > 5 ? resource.versions.size() - 5 : 0;
    for (auto version = first; version < resource.versions.size(); ++version) {
      auto answer = http.ask("GET", place + "/_history/" + std::to_string(version + 1));
      const Content& content = resource.versions[version];
      if (!answer || answer->status != (content.empty() ? 410 : 200) || !holds(answer->body, content))
        fault(place + " version " + std::to_string(version + 1) + " is not what was acknowledged", answer);
    }
    auto answer = http.ask("GET", place + "/_history?_count=1");
    if (!answer || member(answer->body, "total") != std::to_string(resource.versions.size()))
      fault(place + " should have " + std::to_string(resource.versions.size()) + " versions", answer);
  }

  void verify_search(Http& http, const Resource& resource) {
    auto answer = search(http, resource.type, resource.id);
    if (!answer || member(answer->body, "total") != (resource.exists() ? "1" : "0"))
      return fault("search and read disagree about " + resource.id, answer);
    if (resource.exists() && answer->body.find(resource.versions.back()) == std::string::npos)
      fault("search finds an old version of " + resource.id, answer);
  }

  static std::optional<Answer> search(Http& http, const std::string& type, const std::string& name) {
    return http.ask("GET", "/fhir/" + type + "?_total=accurate&identifier=" + name_system + "%7C" + name);
  }

  void verify(Http& http, Creation& creation) {
    auto answer = search(http, "Patient", creation.name);
    if (!answer) return fault("no answer to a search for " + creation.name);
    if (creation.id.empty() && member(answer->body, "total") == "0") {
      // Sent again on the condition that it is not there, it is there once.
      answer = http.ask("POST", "/fhir/Patient", resource_text("Patient", "", creation.content),
                        "If-None-Exist: identifier=" + std::string(name_system) + "%7C" + creation.name + "\r\n");
      if (!answer || answer->status >= 300) return fault("the retry of " + creation.name + " was refused", answer);
      answer = search(http, "Patient", creation.name);
    }
    if (!answer || member(answer->body, "total") != "1" || answer->body.find(creation.content) == std::string::npos)
      return fault("create " + creation.name + ": lost, changed or doubled", answer);
    auto at = answer->body.find("\"resource\":");
    std::string id = member(answer->body.substr(at), "id");
    if (!creation.id.empty() && creation.id != id) fault("create " + creation.name + " has another id", answer);
    creation.id = id;
  }

  void verify(Http& http, Group& group) {
    int there = 0;
    for (const auto& [place, content] : group.put) {
      auto answer = http.ask("GET", "/fhir/" + place);
      if (answer && answer->status == 200) {
        ++there;
        if (!holds(answer->body, content)) fault(place + " is not what its transaction wrote", answer);
      }
    }
    auto answer = search(http, "Observation", group.name);
    if (answer && member(answer->body, "total") == "1" && answer->body.find(group.created) != std::string::npos)
      ++there;
    if (there != 0 && there != 3) fault("transaction " + group.name + " is half there: " + std::to_string(there));
    if (group.acknowledged && there != 3) fault("transaction " + group.name + " was acknowledged and is lost");
    group.acknowledged = there == 3;
  }

  int number_;
  std::uint64_t next_ = 0;
  std::mt19937_64 random_;
  Counts& counts_;
  Faults& faults_;
  std::map<std::string, Resource> resources_;
  std::map<std::string, bool> touched_;
  std::vector<Creation> creations_;
  std::vector<Group> groups_;
  std::size_t creations_looked_at_ = 0, groups_looked_at_ = 0;
};

using Clients = std::vector<std::unique_ptr<Client>>;

template <class Work>
void each(Clients& all, const Work& work) {
  std::vector<std::thread> threads;
  for (auto& client : all) threads.emplace_back([&] { work(*client); });
  for (auto& thread : threads) thread.join();
}

void check_counts(const std::string& address, const Clients& all, Faults& faults) {
  Http http(address);
  for (const char* type : {"Patient", "Organization", "Observation"}) {
    std::uint64_t expected = 0;
    for (const auto& client : all) expected += client->living(type);
    auto answer = http.ask("GET", std::string("/fhir/") + type + "?_summary=count");
    if (!answer || member(answer->body, "total") != std::to_string(expected))
      faults.add(std::string(type) + ": " + std::to_string(expected) + " should be there, the server counts " +
                 (answer ? member(answer->body, "total") : "nothing"));
  }
}

Clients make_clients(std::uint64_t seed, Counts& counts, Faults& faults) {
  Clients all;
  for (int number = 0; number < clients; ++number)
    all.push_back(std::make_unique<Client>(number, seed, counts, faults));
  return all;
}

std::vector<std::string> serve(const wire::Folder& folder) {
  return {"serve", "--data", folder.path("data"), "--http", "127.0.0.1:0"};
}

}  // namespace

TEST_CASE("ledger: a store that went back in time is noticed") {
  wire::Folder folder;
  std::filesystem::create_directory(folder.path("data"));
  Counts counts;
  Faults faults;
  Clients all = make_clients(1, counts, faults);
  for (int part = 0; part < 3; ++part) {
    wire::Program server(folder.path(), serve(folder));
    std::string address = server.ready();
    REQUIRE_MESSAGE(!address.empty(), server.err());
    each(all, [&](Client& client) { client.verify(address, true); });
    if (part == 2) break;
    CHECK(faults.list.empty());
    std::atomic<bool> over{false};
    std::thread end([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      over = true;
    });
    each(all, [&](Client& client) { client.write(address, over); });
    end.join();
    server.signal(SIGTERM);
    REQUIRE(server.wait() == 0);
    namespace fs = std::filesystem;
    if (part == 0) {
      fs::copy(folder.path("data"), folder.path("early"), fs::copy_options::recursive);
    } else {
      fs::remove_all(folder.path("data"));
      fs::rename(folder.path("early"), folder.path("data"));
    }
  }
  CHECK_FALSE(faults.list.empty());
}

TEST_CASE(
    "ledger: no acknowledged write is lost and no transaction is half there, however often the server is killed") {
  const auto rounds = setting("ALZETTE_LEDGER_ROUNDS", 200);
  const auto seed = setting("ALZETTE_LEDGER_SEED", std::random_device()());
  MESSAGE("seed " << seed << ", " << rounds << " rounds");
  wire::Folder folder;
  std::filesystem::create_directory(folder.path("data"));
  std::mt19937_64 random(seed);
  Counts counts;
  Faults faults;
  Clients all = make_clients(seed, counts, faults);

  for (std::uint64_t round = 0; round <= rounds && faults.list.empty(); ++round) {
    wire::Program server(folder.path(), serve(folder));
    std::string address = server.ready();
    REQUIRE_MESSAGE(!address.empty(), server.err());
    bool last = round == rounds;
    bool everything = last || round % 25 == 24;
    each(all, [&](Client& client) { client.verify(address, everything); });
    if (everything) check_counts(address, all, faults);
    if (last) {
      server.signal(SIGTERM);
      CHECK(server.wait() == 0);
      break;
    }
    std::atomic<bool> over{false};
    std::thread killer([&, after = 100 + random() % 300] {
      std::this_thread::sleep_for(std::chrono::milliseconds(after));
      server.signal(SIGKILL);
      over = true;
    });
    each(all, [&](Client& client) { client.write(address, over); });
    killer.join();
    CHECK(server.wait() == 128 + SIGKILL);
  }
  MESSAGE("acknowledged " << counts.acknowledged.load() << ", refused " << counts.failed.load() << ", unknown "
                          << counts.unknown.load() << ", faults " << faults.list.size());
  for (std::size_t at = 0; at < std::min<std::size_t>(faults.list.size(), 20); ++at) FAIL_CHECK(faults.list[at]);
  CHECK(counts.acknowledged > rounds * 10);
  CHECK(counts.unknown > 0);

  wire::Program check(folder.path(), {"check", "--data", folder.path("data")});
  int code = check.wait();
  CHECK_MESSAGE(code == 0, check.out(), check.err());
}
