// What documents were before they were changed.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/database.h"
#include "storage/migrations.h"

namespace baton::workspace::internal {

// document_versions  one row a change: the document as it was before, newest last
std::span<const storage::Migration> VersionMigrations();

// The source hash of a document that was edited holds that of the file it came from.
bool IsEditOf(std::string_view stored_hash, std::string_view file_hash);
// Whether both are of one file's bytes, whichever version of the parser has read them.
bool IsSameFile(std::string_view stored_hash, std::string_view file_hash);
std::string HashOfEdit(std::string_view stored_hash, std::string_view content);

// Fails the batch (kAborted) unless the document is still what it was; the first of a batch's
// statements, as it takes the document's lock.
storage::Statement GuardUnchanged(const std::string& user_id, const std::string& document_id,
                                  const std::string& source_hash);

// Keeps the document as it is now as a version; before the statements that change it.
std::vector<storage::Statement> KeepVersion(const std::string& document_id,
                                            const std::string& agent, const std::string& reason,
                                            const std::string& now);

}  // namespace baton::workspace::internal
