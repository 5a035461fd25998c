#include "workspace/internal/document_versions.h"

#include <array>

namespace baton::workspace::internal {
namespace {

constexpr std::string_view kVersionTables = R"sql(
CREATE TABLE document_versions (
  document_id TEXT NOT NULL,
  version BIGINT NOT NULL,
  user_id TEXT NOT NULL,
  title TEXT NOT NULL,
  content TEXT NOT NULL,
  metadata TEXT NOT NULL,
  source_hash TEXT NOT NULL,
  agent TEXT NOT NULL,
  reason TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (document_id, version)
);
)sql";

constexpr std::array kVersionMigrations = {
    storage::Migration{1, "versions of documents", kVersionTables}};

}  // namespace

std::span<const storage::Migration> VersionMigrations() { return kVersionMigrations; }

}  // namespace baton::workspace::internal
