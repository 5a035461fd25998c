#include "workspace/internal/entity_tables.h"

#include <array>
#include <cstdint>

#include <fmt/format.h>

#include "base/hash.h"
#include "workspace/internal/entity_extractor.h"

namespace baton::workspace::internal {
namespace {

constexpr std::string_view kEntityTables = R"sql(
CREATE TABLE document_entities (
  user_id TEXT NOT NULL,
  document_id TEXT NOT NULL,
  entity_id TEXT NOT NULL,
  type TEXT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  mentions BIGINT NOT NULL,
  PRIMARY KEY (document_id, entity_id)
);
CREATE INDEX document_entities_by_name ON document_entities (user_id, name_key);
CREATE INDEX document_entities_by_id ON document_entities (user_id, entity_id);
)sql";

constexpr std::array kEntityMigrations = {
    storage::Migration{1, "entities of documents", kEntityTables}};

}  // namespace

std::span<const storage::Migration> EntityMigrations() { return kEntityMigrations; }

std::string EntityId(std::string_view type, std::string_view key) {
  return fmt::format("entity_{:016x}", Fnv1a(key, Fnv1a(fmt::format("{}\n", type))));
}

void AppendEntityStatements(const std::string& user_id, const std::string& document_id,
                            const std::vector<EntityMention>& entities,
                            std::vector<storage::Statement>& batch) {
  batch.push_back({"DELETE FROM document_entities WHERE document_id = $1", {document_id}});
  for (const EntityMention& each : entities) {
    const std::string key = EntityKey(each.name);
    batch.push_back(
        {"INSERT INTO document_entities (user_id, document_id, entity_id, type, name, name_key,"
         " mentions) VALUES ($1, $2, $3, $4, $5, $6, $7)"
         " ON CONFLICT (document_id, entity_id) DO NOTHING",
         {user_id, document_id, EntityId(each.type, key), each.type, each.name, key,
          std::int64_t{each.count}}});
  }
}

}  // namespace baton::workspace::internal
