#include "workspace/internal/document_tables.h"

#include <array>

#include <fmt/core.h>

#include "base/hash.h"

namespace baton::workspace::internal {
namespace {

// What both databases take. Where a chunk's row has its key is theirs: `row_key` is a column of
// its own, `identity` how (document_id, position) is kept unique.
constexpr std::string_view kTables = R"sql(
CREATE TABLE documents (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  path TEXT NOT NULL,
  filename TEXT NOT NULL,
  title TEXT NOT NULL,
  content_type TEXT NOT NULL,
  characters BIGINT NOT NULL,
  chunk_count BIGINT NOT NULL,
  source_hash TEXT NOT NULL,
  metadata TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  UNIQUE (user_id, path)
);
CREATE INDEX documents_by_filename ON documents (user_id, filename);
CREATE TABLE document_contents (
  document_id TEXT PRIMARY KEY,
  content TEXT NOT NULL
);
CREATE TABLE document_chunks (
  {row_key}
  user_id TEXT NOT NULL,
  document_id TEXT NOT NULL,
  position BIGINT NOT NULL,
  heading TEXT NOT NULL,
  content TEXT NOT NULL,
  begin_at BIGINT NOT NULL,
  end_at BIGINT NOT NULL,
  owner_term TEXT NOT NULL,
  title_terms TEXT NOT NULL,
  heading_terms TEXT NOT NULL,
  content_terms TEXT NOT NULL,
  {identity} (document_id, position)
);
CREATE TABLE document_imports (
  user_id TEXT PRIMARY KEY,
  ended_at TEXT NOT NULL,
  added BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  unchanged BIGINT NOT NULL,
  skipped BIGINT NOT NULL
);
)sql";

// bm25's weights are those of the columns in their order; the owner tells nothing.
constexpr std::string_view kSqliteIndex = R"sql(
CREATE VIRTUAL TABLE document_fts USING fts5(
  owner_term, title_terms, heading_terms, content_terms,
  content='document_chunks', content_rowid='key', tokenize='ascii');
INSERT INTO document_fts (document_fts, rank) VALUES ('rank', 'bm25(0.0, 4.0, 2.0, 1.0)');
)sql";

constexpr std::string_view kPostgresIndex = R"sql(
ALTER TABLE document_chunks ADD COLUMN
  terms TSVECTOR NOT NULL GENERATED ALWAYS AS (
    to_tsvector('simple', owner_term) ||
    setweight(to_tsvector('simple', title_terms), 'A') ||
    setweight(to_tsvector('simple', heading_terms), 'B') ||
    to_tsvector('simple', content_terms)) STORED;
CREATE INDEX document_chunks_terms ON document_chunks USING gin (terms);
)sql";

// A user's words are told apart from others' by what they begin with: FTS5 would otherwise go
// through all chunks of the user for each word. It stores which chunks hold a word and no more than
// that; ranking.h knows the rest.
constexpr std::string_view kSqliteWords = R"sql(
DROP TABLE document_fts;
CREATE VIRTUAL TABLE document_fts USING fts5(
  terms, content='', detail=none, columnsize=0, tokenize='ascii');
INSERT INTO document_fts (rowid, terms) SELECT key, {terms} FROM document_chunks;
CREATE INDEX document_chunks_by_key ON document_chunks (key, user_id, document_id, position);
CREATE TABLE term_counts (term TEXT PRIMARY KEY, chunks BIGINT NOT NULL) WITHOUT ROWID;
CREATE VIRTUAL TABLE document_vocabulary USING fts5vocab('document_fts', 'row');
INSERT INTO term_counts (term, chunks) SELECT term, doc FROM document_vocabulary;
DROP TABLE document_vocabulary;
)sql";

// As with SQLite, and apart from the chunks: rows that are found by the hundred are narrow when the
// words lie beside them. Room in each page of counts, so that one that changes stays where it is.
// New words wait in a list that each search goes through until 1 MB of them are put in their place.
constexpr std::string_view kPostgresWords = R"sql(
DROP INDEX document_chunks_terms;
ALTER TABLE document_chunks DROP COLUMN terms;
CREATE TABLE chunk_words (
  document_id TEXT NOT NULL,
  position BIGINT NOT NULL,
  user_id TEXT NOT NULL,
  words TSVECTOR NOT NULL
) WITH (toast_tuple_target = 128);
ALTER TABLE chunk_words ALTER COLUMN words SET STATISTICS 0;
CREATE INDEX chunk_words_by_document ON chunk_words (document_id);
CREATE INDEX chunk_words_by_word ON chunk_words USING gin (words)
  WITH (gin_pending_list_limit = 1024);
INSERT INTO chunk_words (document_id, position, user_id, words)
  SELECT document_id, position, user_id, {words} FROM document_chunks;
CREATE TABLE term_counts (term TEXT PRIMARY KEY, chunks BIGINT NOT NULL) WITH (fillfactor = 70);
INSERT INTO term_counts (term, chunks)
  SELECT word, ndoc FROM ts_stat('SELECT words FROM chunk_words');
)sql";

std::string SqliteTables() {
  // An own column, so that VACUUM leaves the numbers that the index refers to.
  return fmt::format(kTables, fmt::arg("row_key", "key INTEGER PRIMARY KEY,"),
                     fmt::arg("identity", "UNIQUE")) +
         std::string(kSqliteIndex);
}

std::string PostgresTables() {
  return fmt::format(kTables, fmt::arg("row_key", ""), fmt::arg("identity", "PRIMARY KEY")) +
         std::string(kPostgresIndex);
}

}  // namespace

std::span<const storage::Migration> DocumentMigrations() {
  static const std::string sqlite = SqliteTables();
  static const std::string postgres = PostgresTables();
  static const std::string sqlite_words = fmt::format(kSqliteWords, fmt::arg("terms", kOwnedTerms));
  static const std::string postgres_words =
      fmt::format(kPostgresWords, fmt::arg("words", PostgresWords()));
  static const std::array migrations = {
      storage::Migration{1, "documents, chunks and their index", sqlite, postgres},
      storage::Migration{2, "documents by what they were read from",
                         "CREATE INDEX documents_by_source ON documents (user_id, source_hash)"},
      storage::Migration{3, "words by user, with their counts", sqlite_words, postgres_words},
  };
  return migrations;
}

std::string PostgresWords() {
  return fmt::format("array_to_tsvector(string_to_array({}, ' '))", kOwnedTerms);
}

std::string OwnerTerm(std::string_view user_id) { return fmt::format("u{:016x}", Fnv1a(user_id)); }

}  // namespace baton::workspace::internal
