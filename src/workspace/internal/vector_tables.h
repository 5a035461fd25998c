// Which documents have vectors, and of which model.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "storage/database.h"
#include "storage/migrations.h"

namespace baton::workspace::internal {

// document_vectors  one row a document: `model` whose vectors all its chunks have, empty while
//                   they are to be made; `stamp` rises with every change of the document, so that
//                   vectors of an older text are known as such; `version` is the user's count at
//                   the time the vectors became complete; `claimed_until` (Unix ms) keeps other
//                   processes from embedding it too
// chunk_vectors     one row a chunk: `vector` in IEEE single precision, little endian, of length 1,
//                   or no bytes for a chunk that says nothing; `text_hash` of what was embedded.
//                   A position below 0 is a spare of a former text: chunks that are what they were
//                   take theirs from it, and it goes when the document is complete
// vector_users      `version` counts the documents whose vectors became complete. Its row is
//                   locked until the commit: whoever sees a version sees all lower ones, which a
//                   sequence does not give on PostgreSQL
// vector_model      one row: the model that documents are embedded with now
std::span<const storage::Migration> VectorMigrations();

// Appends what marks a document that has been stored as one to embed, in the same transaction;
// after its rows are there. Vectors of its former text become spares.
void AppendVectorMarks(const std::string& user_id, const std::string& document_id,
                       std::vector<storage::Statement>& batch);

}  // namespace baton::workspace::internal
