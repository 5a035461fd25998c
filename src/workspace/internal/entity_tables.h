// Which document mentions what.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/database.h"
#include "storage/migrations.h"
#include "workspace/document_store.h"

namespace baton::workspace::internal {

// document_entities  one row for each entity that a document mentions; `name_key` is EntityKey()
//                    of its name, `entity_id` stands for type and key
std::span<const storage::Migration> EntityMigrations();

std::string EntityId(std::string_view type, std::string_view key);

// Replaces what the document is said to mention.
void AppendEntityStatements(const std::string& user_id, const std::string& document_id,
                            const std::vector<EntityMention>& entities,
                            std::vector<storage::Statement>& batch);

}  // namespace baton::workspace::internal
