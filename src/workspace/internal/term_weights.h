// How much each word of a question tells.
#pragma once

#include <string>
#include <vector>

#include "async/task.h"
#include "base/status.h"
#include "storage/database.h"
#include "workspace/text_index.h"

namespace baton::workspace::internal {

// Beyond this many chunks a word is just common: counting stops.
inline constexpr int kCommonTermCount = 20'000;

// How an index counts the chunks of one user that hold a term: an SQL expression with the one
// parameter $`parameter`, and the value of that parameter.
struct TermCounting {
  std::string (*count_chunks)(std::size_t parameter);
  std::string (*expression)(const std::string& owner_term, const std::string& term);
};

// Weighs the terms of `text` by their rarity among the chunks of `user_id`.
async::Task<Result<std::vector<QueryTerm>>> WeighTerms(storage::Database& database,
                                                       std::string user_id, std::string text,
                                                       TermCounting counting);

// Rows of (document_id, position, rank) as matches.
std::vector<TextMatch> ReadMatches(const storage::Rows& rows);

}  // namespace baton::workspace::internal
