#include "workspace/internal/postgres_text_index.h"

#include <utility>

#include <fmt/core.h>

#include "workspace/internal/document_labels.h"
#include "workspace/internal/document_tables.h"
#include "workspace/internal/term_weights.h"

namespace baton::workspace::internal {
namespace {

// In a tsquery a quoted string is a lexeme, whatever it holds.
std::string TsQuoted(std::string_view term) {
  std::string quoted = "'";
  for (const char c : term) {
    if (c == '\'' || c == '\\') quoted += c;
    quoted += c;
  }
  return quoted + '\'';
}

std::string TsExpression(const std::string& owner_term, std::string_view words) {
  return fmt::format("{} & ({})", TsQuoted(owner_term), words);
}

std::string TsTermExpression(const std::string& owner_term, const std::string& term) {
  return TsExpression(owner_term, TsQuoted(term));
}

std::string TsCount(std::size_t parameter) {
  return fmt::format(
      "(SELECT count(*) FROM (SELECT 1 FROM document_chunks"
      " WHERE terms @@ CAST(${} AS tsquery) LIMIT {}) AS counted)",
      parameter, kCommonTermCount);
}

}  // namespace

// The column `terms` is generated with its row, and goes with it.
std::vector<storage::Statement> PostgresTextIndex::OnPut(const std::string&) const { return {}; }
std::vector<storage::Statement> PostgresTextIndex::OnRemove(const std::string&) const { return {}; }

async::Task<Result<std::vector<QueryTerm>>> PostgresTextIndex::Weigh(std::string user_id,
                                                                     std::string text) {
  return WeighTerms(database_, std::move(user_id), std::move(text),
                    {.count_chunks = &TsCount, .expression = &TsTermExpression});
}

async::Task<Result<std::vector<TextMatch>>> PostgresTextIndex::MatchTerms(
    SearchScope scope, std::vector<QueryTerm> terms, TermsNeeded needed, std::size_t limit) {
  if (terms.empty()) co_return std::vector<TextMatch>();
  storage::Statement statement;
  statement.params = {scope.user_id, std::string(), std::string(),
                      static_cast<std::int64_t>(limit)};
  // ts_rank_cd knows nothing of rarity: alone, it would put a chunk that repeats a common word
  // before the one that has the rare word. So the weights of the words found come first.
  std::string words;
  std::string found;
  for (const QueryTerm& term : terms) {
    if (!words.empty()) words += needed == TermsNeeded::kAll ? " & " : " | ";
    words += TsQuoted(term.term);
    statement.params.emplace_back(TsQuoted(term.term));
    statement.params.emplace_back(term.weight);
    found += fmt::format(
        "CAST(terms @@ CAST(${} AS tsquery) AS INTEGER) * CAST(${} AS DOUBLE PRECISION) + ",
        statement.params.size() - 1, statement.params.size());
  }
  statement.params[1] = TsExpression(OwnerTerm(scope.user_id), words);
  statement.params[2] = words;
  statement.sql = fmt::format(
      "SELECT document_id, position, score FROM ("
      " SELECT document_id, position, score, row_number() OVER"
      "   (PARTITION BY document_id ORDER BY score DESC, position) AS nth"
      " FROM (SELECT document_id, position,"
      "     {}ts_rank_cd(terms, CAST($3 AS tsquery), 32) AS score"
      "   FROM document_chunks WHERE user_id = $1 AND terms @@ CAST($2 AS tsquery){}"
      "   ORDER BY score DESC LIMIT 2000) AS m) AS best"
      " ORDER BY nth > 3, score DESC, document_id, position LIMIT $4",
      found, HasLabels("document_id", scope.user_id, scope.labels, statement));
  const Result<storage::Rows> rows = co_await database_.Read(std::move(statement));
  if (!rows) co_return Fail(rows.error());
  co_return ReadMatches(*rows);
}

}  // namespace baton::workspace::internal
