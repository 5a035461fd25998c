#include "workspace/document_store.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "base/utf16.h"
#include "workspace/internal/document_labels.h"
#include "workspace/internal/document_rows.h"
#include "workspace/internal/document_tables.h"
#include "workspace/internal/document_versions.h"
#include "workspace/internal/entity_tables.h"
#include "workspace/internal/term_counts.h"
#include "workspace/internal/text_encoding.h"
#include "workspace/internal/vector_tables.h"

namespace baton::workspace {

namespace {

// Another process may put the same path between our look and our write; it then wins, and we
// look again. More often than this it is not chance.
constexpr int kPutAttempts = 4;

std::unexpected<Status> NoSuchDocument(const std::string& document_id) {
  return Fail(Code::kNotFound, "document '{}': no such document", document_id);
}

bool LostRace(const Status& status) {
  return status.code() == Code::kAlreadyExists || status.code() == Code::kAborted;
}

Status CheckDocuments(const std::vector<ParsedDocument>& documents) {
  std::set<std::string_view> paths;
  for (const ParsedDocument& document : documents) {
    BATON_TRY(internal::CheckDocument(document));
    if (!paths.insert(document.path).second) {
      return Fail(Code::kInvalidArgument, "document '{}': twice in one batch", document.path);
    }
  }
  return {};
}

}  // namespace

DocumentStore::DocumentStore(storage::Database& database, const Clock& clock, IdGenerator& ids)
    : database_(database), clock_(clock), ids_(ids), index_(MakeTextIndex(database)) {}

DocumentStore::~DocumentStore() = default;

async::Task<Result<std::unique_ptr<DocumentStore>>> DocumentStore::Open(storage::Database& database,
                                                                        const Clock& clock,
                                                                        IdGenerator& ids) {
  BATON_CO_TRY(co_await storage::Migrate(database, "documents", internal::DocumentMigrations()));
  BATON_CO_TRY(
      co_await storage::Migrate(database, "document_versions", internal::VersionMigrations()));
  BATON_CO_TRY(co_await storage::Migrate(database, "document_labels", internal::LabelMigrations()));
  BATON_CO_TRY(co_await storage::Migrate(database, "vectors", internal::VectorMigrations()));
  BATON_CO_TRY(co_await storage::Migrate(database, "entities", internal::EntityMigrations()));
  co_return std::unique_ptr<DocumentStore>(new DocumentStore(database, clock, ids));
}

async::Task<Result<PutOutcome>> DocumentStore::Put(std::string user_id, ParsedDocument document) {
  std::vector<ParsedDocument> documents;
  documents.push_back(std::move(document));
  const Result<std::vector<PutOutcome>> outcomes =
      co_await PutMany(std::move(user_id), std::move(documents), storage::Durability::kFlushed);
  if (!outcomes) co_return Fail(outcomes.error());
  co_return outcomes->front();
}

async::Task<Result<std::vector<PutOutcome>>> DocumentStore::PutMany(
    std::string user_id, std::vector<ParsedDocument> documents, storage::Durability durability,
    AlongPut along) {
  BATON_CO_TRY(CheckDocuments(documents));
  std::vector<std::string> paths;
  for (ParsedDocument& document : documents) {
    if (document.source_hash.empty()) document.source_hash = internal::HashContent(document);
    paths.push_back(document.path);
  }
  for (int attempt = 1;; ++attempt) {
    const Result<StoredByPath> stored = co_await FindStored(user_id, paths);
    if (!stored) co_return Fail(stored.error());
    std::vector<PutOutcome> outcomes;
    std::vector<storage::Statement> batch = BuildBatch(user_id, documents, *stored, outcomes);
    if (along) std::ranges::move(along(outcomes), std::back_inserter(batch));
    if (batch.empty()) co_return outcomes;
    const Result<std::vector<storage::Rows>> written =
        co_await database_.Write(std::move(batch), durability);
    if (written) co_return outcomes;
    if (attempt == kPutAttempts || !LostRace(written.error())) co_return Fail(written.error());
  }
}

async::Task<Result<DocumentStore::StoredByPath>> DocumentStore::FindStored(
    const std::string& user_id, const std::vector<std::string>& paths) {
  StoredByPath stored;
  if (paths.empty()) co_return stored;
  storage::Statement statement{
      fmt::format("SELECT path, id, source_hash FROM documents WHERE user_id = $1 AND path IN ({})",
                  internal::Placeholders(2, paths.size())),
      {user_id}};
  for (const std::string& path : paths) statement.params.emplace_back(path);
  const Result<storage::Rows> rows = co_await database_.Read(std::move(statement));
  if (!rows) co_return Fail(rows.error());
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    stored.emplace(rows->Text(row, 0), Stored{.id = std::string(rows->Text(row, 1)),
                                              .source_hash = std::string(rows->Text(row, 2))});
  }
  co_return stored;
}

std::vector<storage::Statement> DocumentStore::BuildBatch(
    const std::string& user_id, const std::vector<ParsedDocument>& documents,
    const StoredByPath& stored, std::vector<PutOutcome>& outcomes) {
  std::vector<storage::Statement> batch;
  const std::string now = FormatTimestamp(clock_.Now());
  internal::TermTally tally;
  for (const ParsedDocument& document : documents) {
    const auto found = stored.find(document.path);
    const Stored* before = found == stored.end() ? nullptr : &found->second;
    if (before != nullptr && (before->source_hash == document.source_hash ||
                              internal::IsEditOf(before->source_hash, document.source_hash))) {
      outcomes.push_back(PutOutcome::kUnchanged);
      continue;
    }
    if (before != nullptr) {
      // An edit that was made since our look is not lost.
      batch.push_back(internal::GuardUnchanged(user_id, before->id, before->source_hash));
      if (!internal::IsSameFile(before->source_hash, document.source_hash)) {
        std::ranges::move(internal::KeepVersion(before->id, "import", "the file has changed", now),
                          std::back_inserter(batch));
      }
    }
    AppendReplace(user_id, document, before, batch, tally);
    outcomes.push_back(before == nullptr ? PutOutcome::kAdded : PutOutcome::kUpdated);
  }
  tally.AppendTo(database_.dialect(), batch);
  return batch;
}

// The row of `documents` comes first among what locks rows on PostgreSQL: two writers of one
// document then wait for each other there, and the second sees all the first has done.
// Yields the document's id.
std::string DocumentStore::AppendReplace(const std::string& user_id, const ParsedDocument& document,
                                         const Stored* stored,
                                         std::vector<storage::Statement>& batch,
                                         internal::TermTally& tally) {
  const std::string id = stored == nullptr ? ids_.New("doc") : stored->id;
  const std::string now = FormatTimestamp(clock_.Now());
  std::vector<storage::SqlValue> params = {user_id,
                                           id,
                                           document.path,
                                           std::filesystem::path(document.path).filename().string(),
                                           document.title,
                                           document.content_type,
                                           Utf16Length(document.content),
                                           static_cast<std::int64_t>(document.chunks.size()),
                                           document.source_hash,
                                           internal::EncodeMetadata(document.metadata),
                                           now};
  if (stored == nullptr) {
    batch.push_back(
        {"INSERT INTO documents (user_id, id, path, filename, title, content_type,"
         " characters, chunk_count, source_hash, metadata, created_at, updated_at)"
         " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)",
         std::move(params)});
  } else {
    std::ranges::move(index_->OnRemove(id), std::back_inserter(batch));
    batch.push_back(internal::ForgetTerms(database_.dialect(), id));
    batch.push_back(
        {"UPDATE documents SET filename = $4, title = $5, content_type = $6,"
         " characters = $7, chunk_count = $8, source_hash = $9, metadata = $10,"
         " updated_at = $11 WHERE user_id = $1 AND id = $2 AND path = $3",
         std::move(params), 1});
    batch.push_back({"DELETE FROM document_chunks WHERE document_id = $1", {id}});
  }
  batch.push_back(
      {"INSERT INTO document_contents (document_id, content) VALUES ($1, $2)"
       " ON CONFLICT (document_id) DO UPDATE SET content = excluded.content",
       {id, document.content}});
  internal::AppendChunkInserts(user_id, id, document, batch, tally);
  internal::AppendEntityStatements(user_id, id, document.entities, batch);
  internal::AppendLabelStatements(user_id, id, document.metadata, batch);
  std::ranges::move(index_->OnPut(id), std::back_inserter(batch));
  internal::AppendVectorMarks(user_id, id, batch);
  return id;
}

async::Task<Result<std::map<std::string, std::string>>> DocumentStore::SourceHashes(
    std::string user_id, std::vector<std::string> paths) {
  const Result<StoredByPath> stored = co_await FindStored(user_id, paths);
  if (!stored) co_return Fail(stored.error());
  std::map<std::string, std::string> hashes;
  for (const auto& [path, document] : *stored) hashes.emplace(path, document.source_hash);
  co_return hashes;
}

async::Task<Result<std::string>> DocumentStore::PathOfSource(std::string user_id,
                                                             std::string source_hash) {
  const Result<storage::Rows> rows = co_await database_.Read(
      {"SELECT path FROM documents WHERE user_id = $1 AND source_hash = $2 ORDER BY path LIMIT 1",
       {user_id, source_hash}});
  if (!rows) co_return Fail(rows.error());
  co_return rows->rows.empty() ? std::string() : std::string(rows->Text(0, 0));
}

async::Task<Status> DocumentStore::RecordImport(std::string user_id, ImportCounts counts) {
  std::vector<storage::Statement> batch;
  batch.push_back(
      {"INSERT INTO document_imports (user_id, ended_at, added, updated, unchanged,"
       " skipped) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (user_id) DO UPDATE SET"
       " ended_at = excluded.ended_at, added = excluded.added,"
       " updated = excluded.updated, unchanged = excluded.unchanged,"
       " skipped = excluded.skipped",
       {user_id, FormatTimestamp(clock_.Now()), static_cast<std::int64_t>(counts.added),
        static_cast<std::int64_t>(counts.updated), static_cast<std::int64_t>(counts.unchanged),
        static_cast<std::int64_t>(counts.skipped)}});
  BATON_CO_TRY(co_await database_.Write(std::move(batch), storage::Durability::kFlushed));
  co_return Status();
}

async::Task<Result<Document>> DocumentStore::Get(std::string user_id, std::string document_id) {
  const Result<storage::Rows> rows = co_await database_.Read(
      {fmt::format("SELECT {} FROM documents AS d WHERE d.user_id = $1 AND d.id = $2",
                   internal::kDocumentColumns),
       {user_id, document_id}});
  if (!rows) co_return Fail(rows.error());
  if (rows->rows.empty()) co_return NoSuchDocument(document_id);
  co_return internal::ReadDocument(*rows, 0);
}

async::Task<Result<std::string>> DocumentStore::GetContent(std::string user_id,
                                                           std::string document_id) {
  const Result<storage::Rows> rows = co_await database_.Read(
      {"SELECT t.content FROM documents AS d JOIN document_contents AS t ON t.document_id = d.id"
       " WHERE d.user_id = $1 AND d.id = $2",
       {user_id, document_id}});
  if (!rows) co_return Fail(rows.error());
  if (rows->rows.empty()) co_return NoSuchDocument(document_id);
  co_return std::string(rows->Text(0, 0));
}

async::Task<Result<std::vector<Chunk>>> DocumentStore::GetChunks(std::string user_id,
                                                                 std::string document_id) {
  const Result<storage::Rows> rows = co_await database_.Read(
      {fmt::format("SELECT {} FROM document_chunks AS c WHERE c.user_id = $1"
                   " AND c.document_id = $2 ORDER BY c.position",
                   internal::kChunkColumns),
       {user_id, document_id}});
  if (!rows) co_return Fail(rows.error());
  // A document may have no chunks; only then is it worth asking whether it exists.
  if (rows->rows.empty()) BATON_CO_TRY(co_await Get(user_id, document_id));
  std::vector<Chunk> chunks;
  chunks.reserve(rows->rows.size());
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    chunks.push_back(internal::ReadChunk(*rows, row));
  }
  co_return chunks;
}

async::Task<Result<std::int64_t>> DocumentStore::Count(std::string user_id) {
  const Result<storage::Rows> rows =
      co_await database_.Read({"SELECT count(*) FROM documents WHERE user_id = $1", {user_id}});
  if (!rows) co_return Fail(rows.error());
  co_return rows->Int(0, 0);
}

}  // namespace baton::workspace
