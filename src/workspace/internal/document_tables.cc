#include "workspace/internal/document_tables.h"

#include <array>

#include <fmt/core.h>

#include "base/hash.h"

namespace baton::workspace::internal {
namespace {

// bm25's weights are those of the columns in their order; the owner tells nothing.
constexpr std::string_view kSqliteTables = R"sql(
CREATE TABLE documents (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  path TEXT NOT NULL,
  filename TEXT NOT NULL,
  title TEXT NOT NULL,
  content_type TEXT NOT NULL,
  characters INTEGER NOT NULL,
  chunk_count INTEGER NOT NULL,
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
  key INTEGER PRIMARY KEY,
  user_id TEXT NOT NULL,
  document_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  heading TEXT NOT NULL,
  content TEXT NOT NULL,
  begin_at INTEGER NOT NULL,
  end_at INTEGER NOT NULL,
  owner_term TEXT NOT NULL,
  title_terms TEXT NOT NULL,
  heading_terms TEXT NOT NULL,
  content_terms TEXT NOT NULL,
  UNIQUE (document_id, position)
);
CREATE VIRTUAL TABLE document_fts USING fts5(
  owner_term, title_terms, heading_terms, content_terms,
  content='document_chunks', content_rowid='key', tokenize='ascii');
INSERT INTO document_fts (document_fts, rank) VALUES ('rank', 'bm25(0.0, 4.0, 2.0, 1.0)');
CREATE TABLE document_imports (
  user_id TEXT PRIMARY KEY,
  ended_at TEXT NOT NULL,
  added INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  unchanged INTEGER NOT NULL,
  skipped INTEGER NOT NULL
);
)sql";

constexpr std::string_view kPostgresTables = R"sql(
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
  terms TSVECTOR NOT NULL GENERATED ALWAYS AS (
    to_tsvector('simple', owner_term) ||
    setweight(to_tsvector('simple', title_terms), 'A') ||
    setweight(to_tsvector('simple', heading_terms), 'B') ||
    to_tsvector('simple', content_terms)) STORED,
  PRIMARY KEY (document_id, position)
);
CREATE INDEX document_chunks_terms ON document_chunks USING gin (terms);
CREATE TABLE document_imports (
  user_id TEXT PRIMARY KEY,
  ended_at TEXT NOT NULL,
  added BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  unchanged BIGINT NOT NULL,
  skipped BIGINT NOT NULL
);
)sql";

constexpr std::array kMigrations = {
    storage::Migration{1, "documents, chunks and their index", kSqliteTables, kPostgresTables},
};

}  // namespace

std::span<const storage::Migration> DocumentMigrations() { return kMigrations; }

std::string OwnerTerm(std::string_view user_id) { return fmt::format("u{:016x}", Fnv1a(user_id)); }

}  // namespace baton::workspace::internal
