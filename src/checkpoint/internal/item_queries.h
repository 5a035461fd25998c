// The long-term store's questions as SQL, where the two databases differ.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "graph/long_term_store.h"
#include "storage/database.h"

namespace baton::checkpoint::internal {

// A statement in the making. Values go in by Bind() alone, which yields their place: "$3".
class SqlDraft {
 public:
  SqlDraft& operator+=(std::string_view sql) {
    statement_.sql += sql;
    return *this;
  }
  std::string Bind(storage::SqlValue value) {
    statement_.params.push_back(std::move(value));
    return "$" + std::to_string(statement_.params.size());
  }
  storage::Statement Take() && { return std::move(statement_); }

 private:
  storage::Statement statement_;
};

// What the columns `scopes` and `words` hold: a term for each namespace that `ns` lies in, itself
// included, and the words, each separated by blanks.
std::string ScopeTerms(const graph::StoreNamespace& ns);
std::string JoinWords(const std::vector<std::string>& words);

// Where a scan of the vectors has come to.
struct VectorPlace {
  std::int64_t item_id = -1;
  std::int64_t place = -1;
};

// Writes the queries of one database.
class ItemQueries {
 public:
  explicit ItemQueries(storage::Dialect dialect) : dialect_(dialect) {}

  // Alias `i` of long_term_items: within the prefix, alive at `now`, and all of the filter.
  std::string Where(SqlDraft& draft, const graph::StoreSearch& search, Timestamp now) const;

  // Columns id, ns, key, updated_us, word_count, and a bit for each of `words` that the item
  // holds; only items that hold one. The newest come first.
  storage::Statement HoldersOf(const std::vector<std::string>& words,
                               const graph::StoreSearch& search, Timestamp now) const;

  // Columns id, ns, key, updated_us, place, vector of `model`, in the order of the first and the
  // fifth, behind `last`.
  storage::Statement VectorsAfter(VectorPlace last, std::size_t limit, std::string_view model,
                                  const graph::StoreSearch& search, Timestamp now) const;

 private:
  std::string Filter(SqlDraft& draft, const graph::Condition& condition) const;
  std::string SqliteComparison(SqlDraft& draft, const graph::Condition& condition) const;
  std::string PostgresComparison(SqlDraft& draft, const graph::Condition& condition) const;

  const storage::Dialect dialect_;
};

}  // namespace baton::checkpoint::internal
