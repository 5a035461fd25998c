// Documents and chunks as rows.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "storage/database.h"
#include "workspace/document_store.h"
#include "workspace/internal/term_counts.h"

namespace baton::workspace::internal {

inline constexpr std::size_t kMaxPathBytes = 2000;  // PostgreSQL indexes no value above 2.7 KB

// What ReadDocument() reads, for a SELECT on `documents AS d`.
inline constexpr std::string_view kDocumentColumns =
    "d.id, d.title, d.filename, d.path, d.content_type, d.characters, d.created_at, d.updated_at,"
    " d.metadata";
inline constexpr std::size_t kDocumentColumnCount = 9;
Document ReadDocument(const storage::Rows& rows, std::size_t row);

// What ReadChunk() reads, for a SELECT on `document_chunks AS c`; `first` is the column of the
// first of them.
inline constexpr std::string_view kChunkColumns =
    "c.document_id, c.position, c.content, c.heading, c.begin_at, c.end_at";
Chunk ReadChunk(const storage::Rows& rows, std::size_t row, std::size_t first = 0);

// "$3, $4, $5" for (3, 3).
std::string Placeholders(std::size_t first, std::size_t count);

// A flat JSON object of strings.
std::string EncodeMetadata(const std::map<std::string, std::string>& metadata);
std::map<std::string, std::string> DecodeMetadata(std::string_view text);

// What is wrong with a document that is to be stored, if anything.
Status CheckDocument(const ParsedDocument& document);

// Of all that a reader of the document sees; for documents that come without a hash.
std::string HashContent(const ParsedDocument& document);

// Appends the INSERT of each chunk, with its terms, which are tallied too.
void AppendChunkInserts(const std::string& user_id, const std::string& document_id,
                        const ParsedDocument& document, std::vector<storage::Statement>& batch,
                        TermTally& tally);

}  // namespace baton::workspace::internal
