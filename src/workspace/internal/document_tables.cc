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
  static const std::array migrations = {
      storage::Migration{1, "documents, chunks and their index", sqlite, postgres},
      storage::Migration{2, "documents by what they were read from",
                         "CREATE INDEX documents_by_source ON documents (user_id, source_hash)"},
  };
  return migrations;
}

std::string OwnerTerm(std::string_view user_id) { return fmt::format("u{:016x}", Fnv1a(user_id)); }

}  // namespace baton::workspace::internal
