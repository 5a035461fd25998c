#include "runs/routing/linear_model.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace baton::runs::routing {
namespace {

// What occurs less often teaches little and costs as much.
constexpr int kMinOccurrences = 3;

using Sums = std::vector<float>;  // one a column

// SplitMix64 (Steele, Lea, Flood 2014): the same order of rows on every machine.
std::uint64_t NextRandom(std::uint64_t& state) {
  state += 0x9E3779B97F4A7C15ULL;
  std::uint64_t z = state;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31U);
}

void Shuffle(std::vector<std::uint32_t>& order, std::uint64_t& state) {
  for (std::size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[NextRandom(state) % i]);
  }
}

// The candidates' probabilities, of the sums of their columns.
void Normalise(const Sums& sums, const std::vector<LinearModel::Candidate>& candidates,
               std::vector<float>& out) {
  out.resize(candidates.size());
  float most = -1e30F;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    out[i] = 0;
    for (std::size_t c = 0; c < candidates[i].count; ++c) out[i] += sums[candidates[i].columns[c]];
    most = std::max(most, out[i]);
  }
  float total = 0;
  for (float& value : out) total += value = std::exp(value - most);
  for (float& value : out) value /= total;
}

}  // namespace

std::vector<LinearModel::IndexedRow> LinearModel::Index(const std::vector<Row>& rows) {
  std::unordered_map<std::uint64_t, int> occurrences;
  for (const Row& row : rows) {
    for (const Feature& feature : row.features) ++occurrences[feature.id];
  }
  std::vector<IndexedRow> indexed(rows.size());
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (const Feature& feature : rows[r].features) {
      if (occurrences[feature.id] < kMinOccurrences) continue;
      const auto next = static_cast<std::uint32_t>(index_.size());
      const auto at = index_.try_emplace(feature.id, next).first;
      indexed[r].emplace_back(at->second, feature.value);
    }
  }
  return indexed;
}

LinearModel LinearModel::Train(const std::vector<Row>& rows, std::size_t columns,
                               const TrainOptions& options) {
  LinearModel model;
  model.columns_ = columns;
  const std::vector<IndexedRow> indexed = model.Index(rows);
  model.weights_.assign(model.index_.size() * columns, 0);
  std::vector<float> summed(model.weights_.size(), 0);  // for the average of the later epochs
  std::vector<std::uint32_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0U);
  std::uint64_t state = options.seed;
  std::vector<float> probabilities;
  Sums sums;
  Sums step;
  int averaged = 0;
  for (int epoch = 0; epoch < options.epochs; ++epoch) {
    Shuffle(order, state);
    const float rate = options.rate / (1 + 0.3F * static_cast<float>(epoch));
    for (const std::uint32_t r : order) {
      const Row& row = rows[r];
      sums.assign(columns, 0);
      for (const auto& [feature, value] : indexed[r]) {
        const float* weights = &model.weights_[feature * columns];
        for (std::size_t c = 0; c < columns; ++c) sums[c] += weights[c] * value;
      }
      Normalise(sums, row.candidates, probabilities);
      step.assign(columns, 0);
      for (std::size_t i = 0; i < row.candidates.size(); ++i) {
        const float error = (i == row.answer ? 1.0F : 0.0F) - probabilities[i];
        for (std::size_t c = 0; c < row.candidates[i].count; ++c) {
          step[row.candidates[i].columns[c]] += rate * row.weight * error;
        }
      }
      for (const auto& [feature, value] : indexed[r]) {
        float* weights = &model.weights_[feature * columns];
        for (std::size_t c = 0; c < columns; ++c) weights[c] += step[c] * value;
      }
    }
    const float keep = 1 - options.decay * static_cast<float>(rows.size()) * rate;
    for (float& weight : model.weights_) weight *= keep;
    if (epoch * 2 < options.epochs) continue;
    ++averaged;
    for (std::size_t i = 0; i < summed.size(); ++i) summed[i] += model.weights_[i];
  }
  for (std::size_t i = 0; i < summed.size(); ++i) {
    model.weights_[i] = summed[i] / static_cast<float>(std::max(averaged, 1));
  }
  return model;
}

std::vector<float> LinearModel::Predict(const std::vector<Feature>& features,
                                        const std::vector<Candidate>& candidates) const {
  Sums sums(columns_, 0);
  for (const Feature& feature : features) {
    const auto known = index_.find(feature.id);
    if (known == index_.end()) continue;
    const float* weights = &weights_[known->second * columns_];
    for (std::size_t c = 0; c < columns_; ++c) sums[c] += weights[c] * feature.value;
  }
  std::vector<float> probabilities;
  Normalise(sums, candidates, probabilities);
  return probabilities;
}

float LinearModel::Contribution(const Feature& feature, const Candidate& candidate) const {
  const auto known = index_.find(feature.id);
  if (known == index_.end()) return 0;
  float sum = 0;
  for (std::size_t c = 0; c < candidate.count; ++c) {
    sum += weights_[known->second * columns_ + candidate.columns[c]] * feature.value;
  }
  return sum;
}

}  // namespace baton::runs::routing
