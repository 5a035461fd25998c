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

std::string FtsExpression(const std::string& owner_term, std::string_view words) {
  return fmt::format("owner_term : {} AND {{title_terms heading_terms content_terms}} : ({})",
                     FtsQuoted(owner_term), words);
}

std::string FtsTermExpression(const std::string& owner_term, const std::string& term) {
  return FtsExpression(owner_term, FtsQuoted(term));
}

std::string FtsCount(std::size_t parameter) {
  return fmt::format(
      "(SELECT count(*) FROM (SELECT 1 FROM document_fts WHERE document_fts MATCH ${} LIMIT {}))",
      parameter, kCommonTermCount);
}

}  // namespace

std::vector<storage::Statement> SqliteTextIndex::OnPut(const std::string& document_id) const {
  return {
      {"INSERT INTO document_fts"
       " (rowid, owner_term, title_terms, heading_terms, content_terms)"
       " SELECT key, owner_term, title_terms, heading_terms, content_terms"
       " FROM document_chunks WHERE document_id = $1",
       {document_id}}};
}

// The index holds no copy of the text, so it must be told what it is to forget.
std::vector<storage::Statement> SqliteTextIndex::OnRemove(const std::string& document_id) const {
  return {
      {"INSERT INTO document_fts"
       " (document_fts, rowid, owner_term, title_terms, heading_terms, content_terms)"
       " SELECT 'delete', key, owner_term, title_terms, heading_terms, content_terms"
       " FROM document_chunks WHERE document_id = $1",
       {document_id}}};
}

async::Task<Result<std::vector<QueryTerm>>> SqliteTextIndex::Weigh(std::string user_id,
                                                                   std::string text) {
  return WeighTerms(database_, std::move(user_id), std::move(text),
                    {.count_chunks = &FtsCount, .expression = &FtsTermExpression});
}

async::Task<Result<std::vector<TextMatch>>> SqliteTextIndex::MatchTerms(
    SearchScope scope, std::vector<QueryTerm> terms, TermsNeeded needed, std::size_t limit) {
  if (terms.empty()) co_return std::vector<TextMatch>();
  std::string words;
  for (const QueryTerm& term : terms) {
    if (!words.empty()) words += needed == TermsNeeded::kAll ? " AND " : " OR ";
    words += FtsQuoted(term.term);
  }
  storage::Statement statement;
  statement.params = {FtsExpression(OwnerTerm(scope.user_id), words), scope.user_id,
                      static_cast<std::int64_t>(limit)};
  // The plus keeps SQLite from asking the index once for each chunk of the labels.
  std::string labelled = HasLabels("document_id", scope.user_id, scope.labels, statement);
  if (!labelled.empty()) {
    labelled = fmt::format(" AND +rowid IN (SELECT key FROM document_chunks WHERE user_id = $2{})",
                           labelled);
  }
  // bm25 is lower for better matches.
  statement.sql = fmt::format(
      "SELECT document_id, position, -score FROM ("
      " SELECT c.document_id, c.position, m.score, row_number() OVER"
      "   (PARTITION BY c.document_id ORDER BY m.score, c.position) AS nth"
      " FROM (SELECT rowid AS key, rank AS score FROM document_fts"
      "   WHERE document_fts MATCH $1{} ORDER BY rank LIMIT 2000) AS m"
      " JOIN document_chunks AS c ON c.key = m.key WHERE c.user_id = $2) AS best"
      " ORDER BY nth > 3, score, document_id, position LIMIT $3",
      labelled);
  const Result<storage::Rows> rows = co_await database_.Read(std::move(statement));
  if (!rows) co_return Fail(rows.error());
  co_return ReadMatches(*rows);
}

}  // namespace baton::workspace::internal
