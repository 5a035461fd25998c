// How much each word of a question tells.
#pragma once

#include <string>
#include <vector>

#include "async/task.h"
#include "base/status.h"
#include "storage/database.h"
#include "workspace/text_index.h"

namespace baton::workspace::internal {

// At most so many chunks of a group of words are looked at. What more than these hold tells little.
inline constexpr int kMatchedChunks = 2'000;

// Of those that match, so many times the number that is wanted are looked up: three chunks of a
// document come before a fourth of another.
inline constexpr std::size_t kRankedPerWanted = 3;

// Words that a chunk must all hold, and what that is worth.
struct WordGroup {
  std::vector<std::string> terms;
  double weight = 0;
};
std::vector<WordGroup> GroupWords(const std::vector<QueryTerm>& terms, TermsNeeded needed);

// Weighs the terms of `text` by their rarity among the chunks of `user_id`.
async::Task<Result<std::vector<QueryTerm>>> WeighTerms(storage::Database& database,
                                                       std::string user_id, std::string text);

// Rows of (document_id, position, rank, title_terms, heading_terms, content_terms) as matches.
std::vector<TextMatch> ReadMatches(const storage::Rows& rows);

}  // namespace baton::workspace::internal
