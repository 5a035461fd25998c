// The documents of every user: stored whole, cut into chunks, searched.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "base/id_generator.h"
#include "base/status.h"
#include "storage/database.h"
#include "workspace/text_index.h"

namespace baton::workspace::vectors {
class VectorSearch;
}
namespace baton::workspace::internal {
class TermTally;
}

namespace baton::workspace {

struct Document {
  std::string id;  // "doc_…"
  std::string title;
  std::string filename;         // last part of `path`
  std::string path;             // absolute, as imported; unique per user
  std::string content_type;     // "text/plain" "text/markdown" "text/org" "text/html"
  std::int64_t characters = 0;  // of the content, in UTF-16 code units
  std::string created_at;       // ISO 8601
  std::string updated_at;
  std::map<std::string, std::string> metadata;  // front matter, encoding, …
};

// A stretch of a document's content, about a paragraph or a few.
struct Chunk {
  std::string id;  // "<document id>#<index>"
  std::string document_id;
  std::int64_t index = 0;  // from 0
  std::string content;
  std::string heading;     // the headings it stands under, "Install > Linux"; may be empty
  std::int64_t begin = 0;  // of the content, in UTF-16 code units
  std::int64_t end = 0;
};

// Somebody or something that a text names (internal/entity_extractor.h).
struct EntityMention {
  std::string name;
  std::string type;  // "person" "organization" "place" "work" "date"
  int count = 0;
};

// A document that has been read and cut up, not yet stored.
struct ParsedDocument {
  std::string title;
  std::string path;
  std::string content_type;
  std::string content;  // plain text or markup as UTF-8, line ends LF
  std::map<std::string, std::string> metadata;
  std::vector<Chunk> chunks;  // id and document_id are given by Put()

  // Of the bytes the document was read from (SourceHash() in importer.h); a document is
  // unchanged if its hash is. Empty: Put() takes the hash of the other members.
  std::string source_hash;
  // The words of each chunk, for the index. If there are not as many as chunks, Put() finds
  // them, on the thread that calls it.
  std::vector<std::string> chunk_terms;
  std::vector<EntityMention> entities;
};

// A document with all of it, as one read sees it.
struct DocumentText {
  Document document;
  std::string content;
  std::string source_hash;
};

// What a document was before a change.
struct DocumentVersion {
  std::int64_t version = 0;
  std::string title;
  std::string content;
  std::string source_hash;
  std::map<std::string, std::string> metadata;
};

// Who changed a document, and why.
struct ChangeNote {
  std::string agent;
  std::string reason;
};

enum class PutOutcome { kAdded, kUpdated, kUnchanged };

// Statements for the transaction that stores documents with these outcomes. Called again if
// another writer was faster.
using AlongPut = std::function<std::vector<storage::Statement>(const std::vector<PutOutcome>&)>;

// What an import came to.
struct ImportCounts {
  std::size_t added = 0;
  std::size_t updated = 0;
  std::size_t unchanged = 0;
  std::size_t skipped = 0;
};

struct SearchHit {
  Document document;
  Chunk chunk;
  std::string snippet;  // at most 500 bytes of the chunk around the best match
  double score = 0;     // 0 to 1, higher is better; stable for the same data and query
};

struct SearchQuery {
  // A person's words, and filters: `tag:name`, `category:"two words"`. Only documents that fit
  // all filters are found; filters alone find the documents that fit, newest first.
  std::string text;
  std::vector<std::string> filters;  // further ones; a word that is none is kInvalidArgument
  std::size_t limit = 10;            // at most 100
  std::vector<std::string> exclude_document_ids;
};

// Every method acts for one user: a row of another user does not exist for it (kNotFound).
//
// Lifetime: database, clock and ids outlive it.
// Threads:  safe; calls resume on the caller's executor.
class DocumentStore {
 public:
  // Creates or migrates the tables.
  static async::Task<Result<std::unique_ptr<DocumentStore>>> Open(storage::Database& database,
                                                                  const Clock& clock,
                                                                  IdGenerator& ids);
  ~DocumentStore();

  // Has searches look at vectors too. Called before the first search; `search` outlives the
  // store. While it fails, searches go by words.
  void UseVectors(vectors::VectorSearch& search) { vectors_ = &search; }

  // Adds the document, or replaces the one of the same path, which keeps its id, and what it was
  // as a version. One transaction, on disk when this returns. kInvalidArgument if the path is
  // empty or not absolute, or a text is no valid UTF-8.
  async::Task<Result<PutOutcome>> Put(std::string user_id, ParsedDocument document);

  // Put() for many at once, in one transaction: all or none; the outcomes are in the order of
  // `documents`. kInvalidArgument also if two have the same path. What `along` yields is of the
  // same transaction; kAborted if a guard of its fails.
  async::Task<Result<std::vector<PutOutcome>>> PutMany(std::string user_id,
                                                       std::vector<ParsedDocument> documents,
                                                       storage::Durability durability,
                                                       AlongPut along = {});

  // The source hash of each of `paths` that is stored.
  async::Task<Result<std::map<std::string, std::string>>> SourceHashes(
      std::string user_id, std::vector<std::string> paths);

  // Where a document that was read from bytes of this hash is; empty if there is none.
  async::Task<Result<std::string>> PathOfSource(std::string user_id, std::string source_hash);

  // Notes that an import has ended. When it returns, this and everything put before is on disk.
  async::Task<Status> RecordImport(std::string user_id, ImportCounts counts);

  // kNotFound: "document 'doc_…': no such document".
  async::Task<Result<Document>> Get(std::string user_id, std::string document_id);
  async::Task<Result<std::string>> GetContent(std::string user_id, std::string document_id);
  async::Task<Result<std::vector<Chunk>>> GetChunks(std::string user_id, std::string document_id);

  // The user's documents, by path.
  async::Task<Result<std::vector<Document>>> List(std::string user_id);

  // Changing a document that is there (document_changes.cc). A document that was changed keeps
  // the change when its file is imported again, unless the file is another by then.
  async::Task<Result<DocumentText>> Load(std::string user_id, std::string document_id);
  // As Put(), but kAlreadyExists if there is one of that path. The id.
  async::Task<Result<std::string>> Create(std::string user_id, ParsedDocument document);
  // Replaces the document, of the same path, by `document`, and keeps what it was as a version.
  // kAborted if it is no longer what `was` says. The statements `along` are of the same
  // transaction; one that changes too few rows is kAborted too.
  async::Task<Status> Change(std::string user_id, const DocumentText& was, ParsedDocument document,
                             ChangeNote note, std::vector<storage::Statement> along = {});
  // What the document was before its last change. kFailedPrecondition if it was not changed.
  async::Task<Result<DocumentVersion>> LastVersion(std::string user_id, std::string document_id);
  // Makes the document that version again, which is gone then. kAborted as Change().
  async::Task<Status> Revert(std::string user_id, const DocumentText& was,
                             const DocumentVersion& to, ParsedDocument document);

  // By absolute path, by path relative to `base_path`, or by a path's unique last parts
  // ("docs/a.md"). kNotFound, or kFailedPrecondition naming the candidates if several fit.
  async::Task<Result<Document>> FindByPath(std::string user_id, std::string path,
                                           std::string base_path);

  // Best first, at most one hit a document unless too few documents match. No hits for a text
  // without words or filters. A hit's document is as Get() yields it.
  async::Task<Result<std::vector<SearchHit>>> Search(std::string user_id, SearchQuery query);

  async::Task<Result<std::int64_t>> Count(std::string user_id);

 private:
  DocumentStore(storage::Database& database, const Clock& clock, IdGenerator& ids);

  struct Stored {
    std::string id;
    std::string source_hash;
  };
  using StoredByPath = std::map<std::string, Stored, std::less<>>;
  async::Task<Result<StoredByPath>> FindStored(const std::string& user_id,
                                               const std::vector<std::string>& paths);
  std::vector<storage::Statement> BuildBatch(const std::string& user_id,
                                             const std::vector<ParsedDocument>& documents,
                                             const StoredByPath& stored,
                                             std::vector<PutOutcome>& outcomes);
  std::string AppendReplace(const std::string& user_id, const ParsedDocument& document,
                            const Stored* stored, std::vector<storage::Statement>& batch,
                            internal::TermTally& tally);

  storage::Database& database_;
  const Clock& clock_;
  IdGenerator& ids_;
  std::unique_ptr<TextIndex> index_;
  vectors::VectorSearch* vectors_ = nullptr;
};

}  // namespace baton::workspace
