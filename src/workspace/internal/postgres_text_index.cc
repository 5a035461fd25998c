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

}  // namespace

std::vector<storage::Statement> PostgresTextIndex::OnPut(const std::string& document_id) const {
  return {{fmt::format("INSERT INTO chunk_words (document_id, position, user_id, words)"
                       " SELECT document_id, position, user_id, {} FROM document_chunks"
                       " WHERE document_id = $1",
                       PostgresWords()),
           {document_id}}};
}

std::vector<storage::Statement> PostgresTextIndex::OnRemove(const std::string& document_id) const {
  return {{"DELETE FROM chunk_words WHERE document_id = $1", {document_id}}};
}

async::Task<Result<std::vector<QueryTerm>>> PostgresTextIndex::Weigh(std::string user_id,
                                                                     std::string text) {
  return WeighTerms(database_, std::move(user_id), std::move(text));
}

// Without ts_rank, which has to read the words of each chunk that it ranks. The question is a
// subquery so that the plan does not depend on it: for a common word it would be to go through the
// table until enough are found, reading the words of each chunk.
async::Task<Result<std::vector<TextMatch>>> PostgresTextIndex::MatchTerms(
    SearchScope scope, std::vector<QueryTerm> terms, TermsNeeded needed, std::size_t limit) {
  if (terms.empty()) co_return std::vector<TextMatch>();
  storage::Statement statement{"",
                               {scope.user_id, static_cast<std::int64_t>(limit),
                                static_cast<std::int64_t>(limit * kRankedPerWanted)}};
  const std::string labelled = HasLabels("document_id", scope.user_id, scope.labels, statement);
  const std::string owner = OwnerTerm(scope.user_id);
  std::string found;
  for (const WordGroup& group : GroupWords(terms, needed)) {
    std::string words;
    for (const std::string& term : group.terms) {
      words += (words.empty() ? "" : " & ") + TsQuoted(owner + term);
    }
    statement.params.emplace_back(std::move(words));
    statement.params.emplace_back(group.weight);
    found += fmt::format(
        "{}(SELECT document_id, position, CAST(${} AS DOUBLE PRECISION) AS weight"
        " FROM chunk_words WHERE user_id = $1 AND words @@ (SELECT CAST(${} AS tsquery)){} LIMIT "
        "{})",
        found.empty() ? "" : " UNION ALL ", statement.params.size(), statement.params.size() - 1,
        labelled, kMatchedChunks);
  }
  statement.sql = fmt::format(
      "SELECT best.document_id, best.position, best.score, t.title_terms, t.heading_terms,"
      " t.content_terms FROM (SELECT document_id, position, score, nth FROM ("
      "  SELECT document_id, position, score, row_number() OVER"
      "    (PARTITION BY document_id ORDER BY score DESC, position) AS nth"
      "  FROM (SELECT document_id, position, sum(weight) AS score FROM ({}) AS found"
      "    GROUP BY document_id, position"
      "    ORDER BY score DESC, document_id DESC, position DESC LIMIT $3) AS m) AS ranked"
      "  ORDER BY nth > 3, score DESC, document_id, position LIMIT $2) AS best"
      " JOIN document_chunks AS t ON t.document_id = best.document_id AND t.position = "
      "best.position"
      " ORDER BY best.nth > 3, best.score DESC, best.document_id, best.position",
      found);
  const Result<storage::Rows> rows = co_await database_.Read(std::move(statement));
  if (!rows) co_return Fail(rows.error());
  co_return ReadMatches(*rows);
}

}  // namespace baton::workspace::internal
