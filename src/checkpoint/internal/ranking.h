// The order of what a query finds: the same for every store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"

namespace baton::checkpoint::internal {

// What was found, before its value is read.
struct Found {
  std::int64_t id = 0;  // the store's own
  std::string ns;       // encoded
  std::string key;
  Timestamp updated;
  std::int64_t word_count = 0;  // searches by words
  std::uint32_t words = 0;      // a bit for each word of the query that it holds
  double score = 0;
};

// Of the items that were ranked, more than these are not.
inline constexpr std::size_t kMaxRanked = 20'000;

// Scores `found`, which is everything that holds one of `query_words` words at least, from 0
// to 1.
void ScoreWords(std::vector<Found>& found, std::size_t query_words);

// Puts the best `count` first, in their order, and drops the others.
void KeepBest(std::vector<Found>& found, std::size_t count);

// Without the first `offset`.
void DropFirst(std::vector<Found>& found, std::size_t offset);

}  // namespace baton::checkpoint::internal
