#include "workspace/org/internal/org_tables.h"

#include <array>

namespace baton::workspace::org::internal {
namespace {

// `content` is the file byte for byte. `version` counts its changes and fences them: an UPDATE
// names the version it was made from. `imported_hash` is of the bytes that were imported last;
// empty for a file that began here.
constexpr std::string_view kTables = R"sql(
CREATE TABLE org_files (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  path TEXT NOT NULL,
  content TEXT NOT NULL,
  version BIGINT NOT NULL,
  imported_hash TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  UNIQUE (user_id, path)
);
CREATE TABLE org_inboxes (
  user_id TEXT PRIMARY KEY,
  file_id TEXT NOT NULL
);
)sql";

constexpr std::array kMigrations = {storage::Migration{1, "org files and inboxes", kTables}};

}  // namespace

std::span<const storage::Migration> OrgMigrations() { return kMigrations; }

}  // namespace baton::workspace::org::internal
