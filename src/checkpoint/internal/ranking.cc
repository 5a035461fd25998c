#include "checkpoint/internal/ranking.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace baton::checkpoint::internal {
namespace {

bool ComesBefore(const Found& a, const Found& b) {
  if (a.score != b.score) return a.score > b.score;
  if (a.word_count != b.word_count) return a.word_count < b.word_count;
  if (a.updated != b.updated) return a.updated > b.updated;
  return std::tie(a.ns, a.key) < std::tie(b.ns, b.key);
}

}  // namespace

void ScoreWords(std::vector<Found>& found, std::size_t query_words) {
  std::vector<double> weights;
  double whole = 0;
  for (std::size_t word = 0; word < query_words; ++word) {
    const auto holders = std::ranges::count_if(
        found, [&](const Found& item) { return ((item.words >> word) & 1U) != 0; });
    weights.push_back(std::log1p(static_cast<double>(found.size()) /
                                 static_cast<double>(std::max<std::ptrdiff_t>(1, holders))));
    whole += weights.back();
  }
  for (Found& item : found) {
    double held = 0;
    for (std::size_t word = 0; word < query_words; ++word) {
      if (((item.words >> word) & 1U) != 0) held += weights[word];
    }
    item.score = whole == 0 ? 0 : held / whole;
  }
}

void KeepBest(std::vector<Found>& found, std::size_t count) {
  count = std::min(count, found.size());
  const auto end = found.begin() + static_cast<std::ptrdiff_t>(count);
  std::partial_sort(found.begin(), end, found.end(), ComesBefore);
  found.erase(end, found.end());
}

void DropFirst(std::vector<Found>& found, std::size_t offset) {
  offset = std::min(offset, found.size());
  found.erase(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(offset));
}

}  // namespace baton::checkpoint::internal
