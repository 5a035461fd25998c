// Full-text search, which the databases do not share.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/status.h"
#include "storage/database.h"

namespace baton::workspace {

struct TextMatch {
  std::string document_id;
  std::int64_t position = 0;  // of the chunk
  double rank = 0;            // higher is better; comparable within one result only
  // The chunk's terms as they are stored.
  std::string title_terms;
  std::string heading_terms;
  std::string content_terms;
};

// A word of a question as the index spells it, and how much finding it tells.
struct QueryTerm {
  std::string term;
  double weight = 0;        // above 0; higher for what is rarer among the user's chunks
  std::int64_t chunks = 0;  // of the user's that hold it
};

enum class TermsNeeded { kAll, kAny };

// Whose chunks are looked at: those of the user's documents that have all the labels
// (internal/document_labels.h).
struct SearchScope {
  std::string user_id;
  std::vector<std::string> labels;
};

// Finds chunks by their words. FTS5 on SQLite, tsvector on PostgreSQL; both are fed the same
// terms (internal/words.h), so that the same text is found on either.
//
// Lifetime: the database outlives it; the tables of documents exist.
// Threads:  safe; calls resume on the caller's executor.
class TextIndex {
 public:
  virtual ~TextIndex() = default;

  // The statements that keep the index in step with the chunk table, run within the batch
  // that changes it: OnPut after the rows of the document are there, OnRemove while they
  // still are.
  virtual std::vector<storage::Statement> OnPut(const std::string& document_id) const = 0;
  virtual std::vector<storage::Statement> OnRemove(const std::string& document_id) const = 0;

  // The words of `text`, without those that every question has ("how", "the") if others
  // remain. Empty if it has none.
  virtual async::Task<Result<std::vector<QueryTerm>>> Weigh(std::string user_id,
                                                            std::string text) = 0;

  // The scope's chunks that hold `terms`, by the weight of those they hold, except that a fourth
  // and further chunk of one document comes after the third of every other. Where more than
  // 2,000 hold a word, some of them. None for no terms.
  virtual async::Task<Result<std::vector<TextMatch>>> MatchTerms(SearchScope scope,
                                                                 std::vector<QueryTerm> terms,
                                                                 TermsNeeded needed,
                                                                 std::size_t limit) = 0;

  // What is worth a closer look: all chunks with any of the rarer of `terms`, if those are no more
  // than `limit`. Otherwise chunks with all terms that occur at all, then, if those are of fewer
  // than `documents` documents, chunks with any of them. Ranking every chunk with any word would
  // take long where words are common.
  async::Task<Result<std::vector<TextMatch>>> FindCandidates(SearchScope scope,
                                                             std::vector<QueryTerm> terms,
                                                             std::size_t documents,
                                                             std::size_t limit);

  // Any of the words of `text` may match; more and rarer words rank higher. Nothing in `text`
  // is an operator.
  async::Task<Result<std::vector<TextMatch>>> Match(std::string user_id, std::string text,
                                                    std::size_t limit);
};

std::unique_ptr<TextIndex> MakeTextIndex(storage::Database& database);

}  // namespace baton::workspace
