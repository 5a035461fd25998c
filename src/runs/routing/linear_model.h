// The arithmetic of the offline router: weights of features, learned from rows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runs/routing/features.h"

namespace baton::runs::routing {

// Multinomial logistic regression over columns. A candidate's score is the sum of its columns'
// weights times the features: its own column, and those of the roles it has in the situation
// (it edits what is open; it answered last), which all candidates share. What one agent's rows
// teach about a role so counts for every agent in it.
//
// Threads: immutable after Train().
class LinearModel {
 public:
  // A candidate is a set of columns, at most this many.
  static constexpr std::size_t kMaxColumns = 4;
  struct Candidate {
    std::array<std::uint16_t, kMaxColumns> columns{};
    std::uint16_t count = 0;
  };
  struct Row {
    std::vector<Feature> features;
    std::vector<Candidate> candidates;
    std::size_t answer = 0;  // into candidates
    float weight = 1;
  };

  struct TrainOptions {
    int epochs = 8;
    float rate = 0.5F;
    float decay = 2e-4F;  // of the weights per epoch: the regularisation
    std::uint64_t seed = 1;
  };

  // `columns` is how many there are. The same rows give the same model.
  static LinearModel Train(const std::vector<Row>& rows, std::size_t columns,
                           const TrainOptions& options);

  // One probability a candidate.
  std::vector<float> Predict(const std::vector<Feature>& features,
                             const std::vector<Candidate>& candidates) const;

  // What the feature adds to the candidate's score.
  float Contribution(const Feature& feature, const Candidate& candidate) const;
  bool Knows(const Feature& feature) const { return index_.contains(feature.id); }

 private:
  using IndexedRow = std::vector<std::pair<std::uint32_t, float>>;

  // Numbers the features.
  std::vector<IndexedRow> Index(const std::vector<Row>& rows);

  // Rows of `weights_`, one a feature, `columns_` wide.
  std::unordered_map<std::uint64_t, std::uint32_t> index_;
  std::size_t columns_ = 0;
  std::vector<float> weights_;
};

}  // namespace baton::runs::routing
