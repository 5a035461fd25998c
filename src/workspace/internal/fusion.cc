#include "workspace/internal/fusion.h"

#include <algorithm>
#include <cstddef>
#include <functional>

namespace baton::workspace::internal {
namespace {

constexpr double kRankShare = 0.25;
constexpr double kRankConstant = 60;  // the authors' own

// Scaled reciprocal ranks by one kind of evidence.
std::vector<double> ReciprocalRanks(const std::vector<Evidence>& chunks, double Evidence::* kind) {
  std::vector<double> order;
  order.reserve(chunks.size());
  for (const Evidence& chunk : chunks) order.push_back(chunk.*kind);
  std::ranges::sort(order, std::greater<>());
  std::vector<double> ranks;
  for (const Evidence& chunk : chunks) {
    const auto better =
        std::ranges::lower_bound(order, chunk.*kind, std::greater<>()) - order.begin();
    const double place = static_cast<double>(better) + 1;
    ranks.push_back(chunk.*kind > 0 ? (kRankConstant + 1) / (kRankConstant + place) : 0);
  }
  return ranks;
}

}  // namespace

std::vector<double> FuseScores(const std::vector<Evidence>& chunks, double trust) {
  const std::vector<double> by_words = ReciprocalRanks(chunks, &Evidence::words);
  const std::vector<double> by_likeness = ReciprocalRanks(chunks, &Evidence::likeness);
  std::vector<double> scores;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const double relevance = std::max(chunks[i].words, trust * chunks[i].likeness);
    const double rank = (by_words[i] + trust * by_likeness[i]) / (1 + trust);
    scores.push_back((1 - kRankShare) * relevance + kRankShare * rank);
  }
  return scores;
}

}  // namespace baton::workspace::internal
