#include "workspace/internal/vector_tables.h"

#include <array>
#include <string_view>

namespace baton::workspace::internal {
namespace {

constexpr std::string_view kSqliteVectors = R"sql(
CREATE TABLE document_vectors (
  document_id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  stamp BIGINT NOT NULL,
  model TEXT NOT NULL,
  version BIGINT NOT NULL,
  claimed_until BIGINT NOT NULL
);
CREATE INDEX document_vectors_by_stamp ON document_vectors (user_id, stamp);
CREATE INDEX document_vectors_by_version ON document_vectors (user_id, version);
CREATE INDEX document_vectors_by_model ON document_vectors (model, claimed_until);
CREATE TABLE chunk_vectors (
  document_id TEXT NOT NULL,
  position BIGINT NOT NULL,
  user_id TEXT NOT NULL,
  model TEXT NOT NULL,
  vector BLOB NOT NULL,
  PRIMARY KEY (document_id, position)
);
CREATE TABLE vector_users (user_id TEXT PRIMARY KEY, version BIGINT NOT NULL);
CREATE TABLE vector_model (only_row BIGINT PRIMARY KEY, model TEXT NOT NULL);
INSERT INTO document_vectors (document_id, user_id, stamp, model, version, claimed_until)
  SELECT id, user_id, 1, '', 0, 0 FROM documents;
)sql";

const std::string& PostgresVectors() {
  static const std::string text = [] {
    std::string sql(kSqliteVectors);
    sql.replace(sql.find("BLOB"), 4, "BYTEA");
    return sql;
  }();
  return text;
}

}  // namespace

std::span<const storage::Migration> VectorMigrations() {
  static const std::array migrations = {
      storage::Migration{1, "vectors of chunks", kSqliteVectors, PostgresVectors()},
      storage::Migration{2, "what a vector was made of",
                         "ALTER TABLE chunk_vectors ADD COLUMN text_hash TEXT NOT NULL DEFAULT ''"},
  };
  return migrations;
}

void AppendVectorMarks(const std::string& user_id, const std::string& document_id,
                       std::vector<storage::Statement>& batch) {
  batch.push_back(
      {"INSERT INTO document_vectors (document_id, user_id, stamp, model, version, claimed_until)"
       " VALUES ($1, $2, 1, '', 0, 0) ON CONFLICT (document_id) DO UPDATE SET"
       " stamp = document_vectors.stamp + 1, model = '', claimed_until = 0",
       {document_id, user_id}});
  // Where it was changed twice before it was embedded, the older vectors stay: they are of more
  // chunks.
  batch.push_back(
      {"UPDATE chunk_vectors SET position = -1 - position WHERE document_id = $1 AND position >= 0"
       " AND NOT EXISTS (SELECT 1 FROM chunk_vectors AS spare"
       "  WHERE spare.document_id = $1 AND spare.position < 0)",
       {document_id}});
  batch.push_back(
      {"DELETE FROM chunk_vectors WHERE document_id = $1 AND position >= 0", {document_id}});
}

}  // namespace baton::workspace::internal
