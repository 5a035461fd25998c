// The tables of documents.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "storage/migrations.h"

namespace baton::workspace::internal {

// documents           one row a document; (user_id, path) is unique
// document_contents   its text
// document_chunks     its chunks, with their terms (words.h) for the index: `owner_term` stands
//                     for the user, so that a search is narrowed to one user's rows within the
//                     index and not after it
// document_fts        SQLite: FTS5 over document_chunks, which it does not copy. PostgreSQL has
//                     the generated column document_chunks.terms in its place.
// document_imports    one row a user: the last import that ended
std::span<const storage::Migration> DocumentMigrations();

// The term that stands for `user_id`. Two users might share one; queries also compare user_id.
std::string OwnerTerm(std::string_view user_id);

}  // namespace baton::workspace::internal
