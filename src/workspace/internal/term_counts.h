// How many of a user's chunks hold a word, known without counting.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "async/task.h"
#include "base/status.h"
#include "storage/database.h"

namespace baton::workspace::internal {

// The table term_counts has a row (term, chunks) for each word of each user: `term` is the user's
// OwnerTerm() and the word behind it, and the OwnerTerm() alone for how many chunks there are. It
// changes in the transaction that changes the chunks, so that it is never wrong.
//
// A tally gathers the words of all chunks that one transaction adds: a word that many hold is
// one row then.
//
// Threads: one at a time.
class TermTally {
 public:
  // A chunk, by its terms as they are stored: separated by blanks.
  void AddChunk(std::string_view owner_term, std::string_view title, std::string_view heading,
                std::string_view content);

  // Adds what was gathered to the table; nothing if there was none.
  void AppendTo(storage::Dialect dialect, std::vector<storage::Statement>& batch) const;

 private:
  struct Count {
    std::int64_t chunks = 0;
    std::int64_t last_chunk = 0;  // a word counts once in a chunk
  };
  struct TermHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view term) const;
  };
  using Counts = std::unordered_map<std::string, Count, TermHash, std::equal_to<>>;
  void AddWords(Counts& counts, std::string_view terms) const;

  std::map<std::string, Counts, std::less<>> owners_;
  std::int64_t chunk_ = 0;
};

// Takes the chunks of a document out of the table, while its rows are still there.
storage::Statement ForgetTerms(storage::Dialect dialect, const std::string& document_id);

// The rows of the words `terms` of one user; the empty word is how many chunks there are. A word
// that no chunk holds is not among them.
async::Task<Result<std::map<std::string, std::int64_t>>> ReadTermCounts(
    storage::Database& database, const std::string& owner_term, std::vector<std::string> terms);

}  // namespace baton::workspace::internal
