// The statements of a group as PostgreSQL gets them: rows for one table in one statement.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "storage/database.h"

namespace baton::storage::internal {

// Plain inserts of the same SQL that are in free order (Statement::free_order) become one
// statement of several rows; a statement in fixed order stays behind all that was before it.
// The server's work for a small insert is mostly that for a statement: 32 callers that each add
// a row to two tables send 4 statements in place of 64.
//
// Lifetime: the statements given outlive it.
class MergedInserts {
 public:
  explicit MergedInserts(std::span<const Statement* const> given);

  // In the order to send them in.
  const std::vector<const Statement*>& statements() const { return statements_; }

  // Whether statement `sent` is made of several of those given.
  bool IsMerged(std::size_t sent) const { return sources_[sent].size() > 1; }

  // Which of those given statement `sent`, which is not merged, is.
  std::size_t SourceOf(std::size_t sent) const { return sources_[sent].front(); }

  // From the rows of each statement sent, those of each given.
  std::vector<Rows> RowsOfGiven(std::vector<Rows> rows) const;

 private:
  using Indices = std::vector<std::size_t>;

  void Keep(std::size_t index);
  void Merge();
  void AddMerged(std::span<const std::size_t> indices);

  const std::span<const Statement* const> given_;
  std::map<std::string_view, Indices> waiting_;  // by SQL: inserts since the last fixed statement
  std::vector<const Statement*> statements_;
  std::vector<Indices> sources_;  // of each of statements_, in given_
  std::deque<Statement> merged_;  // what statements_ points to beside given_
};

}  // namespace baton::storage::internal
