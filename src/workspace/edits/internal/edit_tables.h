// The tables of edits and folders, and a proposal as it is stored.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "storage/migrations.h"
#include "workspace/edits/edit_service.h"

namespace baton::workspace::edits::internal {

// edit_proposals  one row a proposal; `edit` is its JSON, `applied_at` empty until it is applied
// user_folders    the folders that users have made, which may be empty; others follow from paths
std::span<const storage::Migration> EditMigrations();

// {"operations": [{"kind", "begin", "end", "text", …}]} or {"mode", "content", "position"}.
std::string EncodeEdit(const Proposal& proposal);
// kDataLoss for what is none.
Result<Proposal> DecodeEdit(std::string_view text);

// Of a folder's path: the same for every user, and found among a user's own folders only.
std::string FolderId(std::string_view path);

}  // namespace baton::workspace::edits::internal
