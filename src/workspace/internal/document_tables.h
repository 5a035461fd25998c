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
// document_fts        SQLite: FTS5 over kOwnedTerms, which it does not copy
// chunk_words         PostgreSQL: the same as a tsvector, one row a chunk
// term_counts         how many chunks hold a word (term_counts.h)
// document_imports    one row a user: the last import that ended
std::span<const storage::Migration> DocumentMigrations();

// SQL: the owner's term and then all terms of a row of document_chunks, each behind the owner's.
inline constexpr std::string_view kOwnedTerms =
    "owner_term || replace(' ' || title_terms || ' ' || heading_terms || ' ' || content_terms,"
    " ' ', ' ' || owner_term)";

// The same as a tsvector: the terms as they are, without PostgreSQL's own idea of words.
std::string PostgresWords();

// The term that stands for `user_id`. Two users might share one; queries also compare user_id.
std::string OwnerTerm(std::string_view user_id);

}  // namespace baton::workspace::internal
