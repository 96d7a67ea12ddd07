// The chances m and u from pairs of which nobody said whether they are one person.
#include <algorithm>
#include <cmath>

#include "ihe/match/match.h"

namespace ihe::match {
namespace {

constexpr std::size_t levels = 4;       // Agreement::missing tells nothing
constexpr double belief_in_start = 50;  // pairs that the starting value counts as much as
constexpr int rounds = 50;

using Counts = std::array<std::array<double, levels>, fields>;

void count(const Agreements& pair, double share, Counts& counts) {
  for (std::size_t f = 0; f < fields; ++f)
    if (pair[f] != Agreement::missing) counts[f][static_cast<std::size_t>(pair[f])] += share;
}

double sum(const std::array<double, levels>& counts) {
  double all = 0;
  for (const double n : counts) all += n;
  return all;
}

// Observed shares, leaning on the starting ones where little was observed.
void update(const Counts& counts, double Chance::*chance, const Weights& start, Weights& weights) {
  for (std::size_t f = 0; f < fields; ++f)
    for (std::size_t a = 0; a < levels; ++a)
      weights.chances[f][a].*chance =
          (counts[f][a] + belief_in_start * start.chances[f][a].*chance) / (sum(counts[f]) + belief_in_start);
}

// That a pair is of one person, when `prior` of all pairs are.
double belief(const Agreements& pair, double prior, const Weights& weights) {
  double odds = std::log(prior / (1 - prior));
  for (std::size_t f = 0; f < fields; ++f) {
    if (pair[f] == Agreement::missing) continue;
    const auto [m, u] = weights.chances[f][static_cast<std::size_t>(pair[f])];
    if (m > 0 && u > 0) odds += std::log(m / u);
  }
  return 1 / (1 + std::exp(-odds));
}

}  // namespace

Weights learn(const std::vector<Agreements>& random, const std::vector<Agreements>& blocked, const Weights& start) {
  Weights weights = start;
  Counts apart{};
  for (const auto& pair : random) count(pair, 1, apart);
  update(apart, &Chance::u, start, weights);
  double prior = 0.1;
  for (int round = 0; round < rounds && !blocked.empty(); ++round) {
    Counts together{};
    double same = 0;
    for (const auto& pair : blocked) {
      const double share = belief(pair, prior, weights);
      same += share;
      count(pair, share, together);
    }
    update(together, &Chance::m, start, weights);
    prior = std::clamp(same / static_cast<double>(blocked.size()), 1e-6, 0.999);
  }
  return weights;
}

}  // namespace ihe::match
