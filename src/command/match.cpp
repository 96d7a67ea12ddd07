// alzette match measure | learn
#include "ihe/match/match.h"

#include <CLI/CLI.hpp>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <map>
#include <numeric>
#include <random>
#include <sstream>

#include "fhir/incoming.h"
#include "ihe/identity/matricule.h"
#include "src/command/command.h"
#include "src/generate/pairs.h"
#include "src/store/store.h"

namespace alzette::command {
namespace {

namespace match = ihe::match;

constexpr std::size_t grades = 4;

struct Flags {
  CLI::App app{"How patients are told apart: measures matching on labelled pairs, learns its weights from a store.",
               "alzette match"};
  CLI::App* measure = app.add_subcommand("measure", "precision and recall on hard pairs that the generator makes");
  CLI::App* learn =
      app.add_subcommand("learn", "weights and frequencies of names from the patients of a stopped store");
  Place place;
  std::string weights, out = "match.json";
  std::uint64_t pairs = 10'000, seed = 1, patients = 100'000;

  Flags() {
    app.require_subcommand(1);
    measure->add_option("--pairs", pairs, "how many pairs (default 10,000)")->type_name("N");
    measure->add_option("--seed", seed, "which nation (default 1)")->type_name("S");
    measure->add_option("--weights", weights, "weights to measure (default: the built-in ones)")->type_name("FILE");
    learn->add_option("--out", out, "where to write them (default match.json)")->type_name("FILE");
    learn->add_option("--patients", patients, "how many to look at (default 100,000)")->type_name("N");
    place.declare(*learn);
  }
};

std::optional<match::Person> person_of(std::string_view json) {
  const auto incoming = fhir::receive(json);
  if (!incoming) return std::nullopt;
  return match::person_of(*incoming->resource, ihe::identity::matricule_system);
}

bool share_a_key(const match::Person& stored, const match::Person& asked) {
  const auto keys = match::keys_of(stored);
  for (const auto& group : match::probes_of(asked))
    for (const auto& key : group)
      if (std::find(keys.begin(), keys.end(), key) != keys.end()) return true;
  return !asked.national.empty() && stored.national == asked.national;
}

// Pairs of one kind by the grade that they got.
struct Row {
  bool same = false;
  std::array<std::uint64_t, grades> got{};
  std::uint64_t not_met = 0;  // share no key, and so are not found in a store
  std::uint64_t all() const { return got[0] + got[1] + got[2] + got[3]; }
  std::uint64_t at_least(std::size_t grade) const {
    return std::accumulate(got.begin(), got.begin() + static_cast<std::ptrdiff_t>(grade) + 1, std::uint64_t{0});
  }
};
using Rows = std::map<std::string_view, Row>;

std::string percent(std::uint64_t part, std::uint64_t whole) {
  if (!whole) return "-";
  std::ostringstream text;
  text << std::fixed << std::setprecision(2) << 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  return text.str();
}

// Of pairs of one person the last column is the recall at probable; of pairs of two, how many were taken for one there.
void print_kinds(const Rows& rows, bool same) {
  std::cout << std::left << std::setw(24) << (same ? "one person" : "two people") << std::right;
  for (const char* head : {"pairs", "certain", "probable", "possible", "not", "no key"})
    std::cout << std::setw(10) << head;
  std::cout << std::setw(10) << (same ? "recall %" : "false %") << '\n';
  for (const auto& [kind, row] : rows) {
    if (row.same != same) continue;
    std::cout << std::left << std::setw(24) << kind << std::right << std::setw(10) << row.all();
    for (const auto n : row.got) std::cout << std::setw(10) << n;
    std::cout << std::setw(10) << row.not_met << std::setw(10) << percent(row.at_least(1), row.all()) << '\n';
  }
}

// Counted over all pairs that have at least the grade.
void print_grades(const Rows& rows) {
  std::cout << std::left << std::setw(24) << "at least" << std::right;
  for (const char* head : {"pairs", "right", "wrong", "precision", "recall %"}) std::cout << std::setw(10) << head;
  std::cout << '\n';
  for (const auto grade : {match::Grade::certain, match::Grade::probable, match::Grade::possible}) {
    std::uint64_t same = 0, right = 0, wrong = 0;
    for (const auto& [kind, row] : rows) {
      const auto met = row.at_least(static_cast<std::size_t>(grade));
      same += row.same ? row.all() : 0;
      (row.same ? right : wrong) += met;
    }
    std::cout << std::left << std::setw(24) << match::code_of(grade) << std::right << std::setw(10) << right + wrong
              << std::setw(10) << right << std::setw(10) << wrong << std::setw(10) << percent(right, right + wrong)
              << std::setw(10) << percent(right, same) << '\n';
  }
}

int run_measure(const Flags& flags) {
  auto weights = match::Weights::standard();
  if (!flags.weights.empty()) {
    std::ifstream file(flags.weights, std::ios::binary);
    if (!file) return complain(flags.weights + ": cannot be read");
    const std::string text(std::istreambuf_iterator<char>(file), {});
    auto read = match::read_weights(text);
    if (!read) return complain(read.outcome());
    weights = std::move(*read);
  }
  const generate::Population population(flags.seed);
  Rows rows;
  for (std::uint64_t i = 0; i < flags.pairs; ++i) {
    const auto pair = generate::pair_of(population, flags.seed, i);
    const auto one = person_of(pair.one), other = person_of(pair.other);
    if (!one || !other) return complain("the generator made a Patient that cannot be read");
    auto& row = rows[pair.kind];
    row.same = pair.same;
    ++row.got[static_cast<std::size_t>(match::judge(*one, *other, weights).grade)];
    row.not_met += share_a_key(*one, *other) ? 0 : 1;
  }
  print_kinds(rows, true);
  print_kinds(rows, false);
  print_grades(rows);
  return done;
}

// People of the store, the oldest first.
std::optional<std::vector<match::Person>> people_of(store::Archive& archive, std::uint64_t most) {
  const auto access = fhir::Access::local_developer();
  const auto snapshot = archive.snapshot();
  fhir::search::Query query;
  query.type = fhir::definitions().resource("Patient");
  std::vector<match::Person> people;
  do {
    auto page = snapshot->search(access, query, 1000, UINT64_MAX);
    if (!page) {
      complain(page.outcome());
      return std::nullopt;
    }
    for (const auto& entry : page->entries)
      if (auto person = person_of(entry.version->body)) people.push_back(std::move(*person));
    query.page = page->next;
  } while (!query.page.empty() && people.size() < most);
  return people;
}

std::unordered_map<std::string, double> shares_of(const std::vector<match::Person>& people,
                                                  std::vector<std::string> match::Person::*names) {
  const double least = 3;  // bearers: below, a share says nothing
  std::unordered_map<std::string, double> shares;
  for (const auto& person : people)
    if (!(person.*names).empty()) ++shares[(person.*names).front()];
  std::erase_if(shares, [least](const auto& share) { return share.second < least; });
  for (auto& share : shares) share.second /= static_cast<double>(people.size());
  return shares;
}

// Pairs of neighbours under one key: enough of each block, without all the pairs of the largest.
std::vector<match::Agreements> blocked_pairs(const std::vector<match::Person>& people) {
  std::unordered_map<std::string, std::size_t> last;
  std::vector<match::Agreements> pairs;
  for (std::size_t i = 0; i < people.size(); ++i)
    for (auto& key : match::keys_of(people[i])) {
      const auto [at, fresh] = last.try_emplace(std::move(key), i);
      if (!fresh && at->second != i) pairs.push_back(match::compare(people[at->second], people[i]));
      at->second = i;
    }
  return pairs;
}

std::vector<match::Agreements> random_pairs(const std::vector<match::Person>& people) {
  constexpr std::size_t count = 200'000;
  std::mt19937_64 random(1);
  std::vector<match::Agreements> pairs;
  for (std::size_t i = 0; i < count; ++i)
    pairs.push_back(match::compare(people[random() % people.size()], people[random() % people.size()]));
  return pairs;
}

int run_learn(const Flags& flags) {
  const auto folder = flags.place.folder();
  if (!folder) return failed;
  const auto archive = open_for_bulk(*folder);
  if (!archive) return failed;
  const auto people = people_of(*archive, flags.patients);
  if (!people) return failed;
  if (people->size() < 1000) return complain("there are too few patients to learn from: 1,000 are needed");
  auto weights = match::learn(random_pairs(*people), blocked_pairs(*people), match::Weights::standard());
  weights.families = shares_of(*people, &match::Person::families);
  weights.givens = shares_of(*people, &match::Person::givens);
  weights.rare_name = 2 / static_cast<double>(people->size());
  std::ofstream file(flags.out, std::ios::binary | std::ios::trunc);
  file << match::write_weights(weights);
  if (!file.flush()) return complain(flags.out + ": cannot be written");
  std::cout << "learned from " << people->size() << " patients: " << flags.out
            << "; try: alzette match measure --weights " << flags.out << '\n';
  return done;
}

int run(const Arguments& arguments) {
  Flags flags;
  if (auto code = parse(flags.app, arguments)) return *code;
  return *flags.measure ? run_measure(flags) : run_learn(flags);
}

std::string help_text() {
  Flags flags;
  return flags.app.help() + flags.measure->help() + flags.learn->help();
}

}  // namespace

const Command match{"match", "how well patients are told apart, and weights learned from a store", run, help_text};

}  // namespace alzette::command
