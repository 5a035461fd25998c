#include "workspace/internal/sqlite_text_index.h"

#include <utility>

#include <fmt/core.h>

#include "workspace/internal/document_labels.h"
#include "workspace/internal/document_tables.h"
#include "workspace/internal/term_weights.h"

namespace baton::workspace::internal {
namespace {

// In FTS5's query language a quoted string is a word, whatever it holds.
std::string FtsQuoted(std::string_view term) {
  std::string quoted = "\"";
  for (const char c : term) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

std::vector<storage::Statement> SqliteTextIndex::OnPut(const std::string& document_id) const {
  return {{fmt::format("INSERT INTO document_fts (rowid, terms) SELECT key, {}"
                       " FROM document_chunks WHERE document_id = $1",
                       kOwnedTerms),
           {document_id}}};
}

// The index holds no copy of the text, so it must be told what it is to forget.
std::vector<storage::Statement> SqliteTextIndex::OnRemove(const std::string& document_id) const {
  return {{fmt::format("INSERT INTO document_fts (document_fts, rowid, terms) SELECT 'delete', key,"
                       " {} FROM document_chunks WHERE document_id = $1",
                       kOwnedTerms),
           {document_id}}};
}

async::Task<Result<std::vector<QueryTerm>>> SqliteTextIndex::Weigh(std::string user_id,
                                                                   std::string text) {
  return WeighTerms(database_, std::move(user_id), std::move(text));
}

// Without FTS5's own rank: bm25 goes through every chunk of each word to know how rare it is. What
// is in document_chunks_by_key is read for many chunks, their wide rows for those that are left.
async::Task<Result<std::vector<TextMatch>>> SqliteTextIndex::MatchTerms(
    SearchScope scope, std::vector<QueryTerm> terms, TermsNeeded needed, std::size_t limit) {
  if (terms.empty()) co_return std::vector<TextMatch>();
  storage::Statement statement{"",
                               {scope.user_id, static_cast<std::int64_t>(limit),
                                static_cast<std::int64_t>(limit * kRankedPerWanted)}};
  // The plus keeps SQLite from asking the index once for each chunk of the labels.
  std::string labelled = HasLabels("document_id", scope.user_id, scope.labels, statement);
  if (!labelled.empty()) {
    labelled = fmt::format(" AND +rowid IN (SELECT key FROM document_chunks WHERE user_id = $1{})",
                           labelled);
  }
  const std::string owner = OwnerTerm(scope.user_id);
  std::string found;
  for (const WordGroup& group : GroupWords(terms, needed)) {
    std::string words;
    for (const std::string& term : group.terms) {
      words += (words.empty() ? "" : " AND ") + FtsQuoted(owner + term);
    }
    statement.params.emplace_back(std::move(words));
    statement.params.emplace_back(group.weight);
    found += fmt::format(
        "{}SELECT key, ${} AS weight FROM (SELECT rowid AS key FROM document_fts"
        " WHERE document_fts MATCH ${}{} ORDER BY rowid DESC LIMIT {})",
        found.empty() ? "" : " UNION ALL ", statement.params.size(), statement.params.size() - 1,
        labelled, kMatchedChunks);
  }
  statement.sql = fmt::format(
      "SELECT t.document_id, t.position, best.score, t.title_terms, t.heading_terms,"
      " t.content_terms FROM (SELECT key, score, nth, document_id, position FROM ("
      "  SELECT c.key, c.document_id, c.position, m.score, row_number() OVER"
      "    (PARTITION BY c.document_id ORDER BY m.score DESC, c.position) AS nth"
      "  FROM (SELECT key, sum(weight) AS score FROM ({}) AS found"
      "    GROUP BY key ORDER BY score DESC, key DESC LIMIT $3) AS m"
      "  CROSS JOIN document_chunks AS c INDEXED BY document_chunks_by_key"
      "    ON c.key = m.key WHERE c.user_id = $1) AS ranked"
      "  ORDER BY nth > 3, score DESC, document_id, position LIMIT $2) AS best"
      " CROSS JOIN document_chunks AS t ON t.key = best.key"
      " ORDER BY nth > 3, best.score DESC, t.document_id, t.position",
      found);
  const Result<storage::Rows> rows = co_await database_.Read(std::move(statement));
  if (!rows) co_return Fail(rows.error());
  co_return ReadMatches(*rows);
}

}  // namespace baton::workspace::internal
