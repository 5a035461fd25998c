// One score from two ways of finding.
#pragma once

#include <vector>

namespace baton::workspace::internal {

// What speaks for a chunk. Each is 0 to 1, 0 if it was not found so.
struct Evidence {
  double words = 0;     // ScoreChunk()
  double likeness = 0;  // of its vector to the question's
};

// The score of each chunk, 0 to 1:
//
//   0.75 * max(words, trust * likeness) + 0.25 * (1 * R(words) + trust * R(likeness)) / (1 + trust)
//
// R is reciprocal rank fusion (Cormack et al., 2009) scaled to 1 at the top: 61 / (60 + r), r the
// place of the chunk in the order of that evidence, equals having the same place; 0 where it has
// none. The first part keeps the score absolute: a chunk that answers little scores little,
// though it is the best there is. The second puts what both ways found before what one found.
// `trust`, 0 to 1, is what a likeness counts beside words; with 0 it decides nothing.
std::vector<double> FuseScores(const std::vector<Evidence>& chunks, double trust);

}  // namespace baton::workspace::internal
