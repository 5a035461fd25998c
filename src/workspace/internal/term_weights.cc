#include "workspace/internal/term_weights.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/core.h>

#include "workspace/internal/document_tables.h"
#include "workspace/internal/words.h"

namespace baton::workspace::internal {
namespace {

// Even a word that is everywhere counts a little when it is asked for.
constexpr double kLeastWeight = 0.5;

double TermWeight(std::int64_t chunks_of_user, std::int64_t chunks_with_term) {
  const auto all = static_cast<double>(std::max(chunks_of_user, chunks_with_term));
  const auto with = static_cast<double>(chunks_with_term);
  return kLeastWeight + std::log(1 + (all - with + 0.5) / (with + 0.5));
}

}  // namespace

async::Task<Result<std::vector<QueryTerm>>> WeighTerms(storage::Database& database,
                                                       std::string user_id, std::string text,
                                                       TermCounting counting) {
  const std::string owner = OwnerTerm(user_id);
  std::vector<QueryTerm> terms;
  storage::Statement statement{
      "SELECT (SELECT CAST(coalesce(sum(chunk_count), 0) AS BIGINT) FROM documents"
      " WHERE user_id = $1)",
      {user_id}};
  for (std::string& term : QueryTerms(text)) {
    statement.params.emplace_back(counting.expression(owner, term));
    statement.sql += ", " + counting.count_chunks(statement.params.size());
    terms.push_back({.term = std::move(term)});
  }
  if (terms.empty()) co_return terms;
  const Result<storage::Rows> counts = co_await database.Read(std::move(statement));
  if (!counts) co_return Fail(counts.error());
  for (std::size_t i = 0; i < terms.size(); ++i) {
    terms[i].chunks = counts->Int(0, i + 1);
    terms[i].weight = TermWeight(counts->Int(0, 0), terms[i].chunks);
  }
  co_return terms;
}

std::vector<TextMatch> ReadMatches(const storage::Rows& rows) {
  std::vector<TextMatch> matches;
  matches.reserve(rows.rows.size());
  for (std::size_t row = 0; row < rows.rows.size(); ++row) {
    matches.push_back(
        {fmt::format("{}#{}", rows.Text(row, 0), rows.Int(row, 1)), rows.Real(row, 2)});
  }
  return matches;
}

}  // namespace baton::workspace::internal
