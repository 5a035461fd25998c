// DocumentStore: changing documents that are there, with what they were kept.
#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "workspace/document_store.h"
#include "workspace/internal/document_rows.h"
#include "workspace/internal/document_versions.h"
#include "workspace/internal/term_counts.h"

namespace baton::workspace {
namespace {

constexpr std::string_view kEdited = "edited|";
constexpr std::int64_t kMaxVersions = 100;  // of a document; the oldest go

std::unexpected<Status> ChangedMeanwhile(const std::string& id) {
  return Fail(Code::kAborted, "document '{}' has changed meanwhile: read it again", id);
}

// A SourceHash() without the parser's version: a new parser makes no other file.
std::string_view WithoutParser(std::string_view hash) {
  constexpr std::string_view kFile = "file-";
  if (!hash.starts_with(kFile)) return hash;
  const std::size_t version_end = hash.find('-', kFile.size());
  return version_end == std::string_view::npos ? hash : hash.substr(version_end);
}

bool IsEdited(std::string_view stored_hash) { return stored_hash.starts_with(kEdited); }

}  // namespace

namespace internal {

bool IsSameFile(std::string_view stored_hash, std::string_view file_hash) {
  return WithoutParser(stored_hash) == WithoutParser(file_hash);
}

bool IsEditOf(std::string_view stored_hash, std::string_view file_hash) {
  if (!IsEdited(stored_hash)) return false;
  stored_hash.remove_prefix(kEdited.size());
  return WithoutParser(stored_hash.substr(0, stored_hash.find('|'))) == WithoutParser(file_hash);
}

// The hash of the file comes along, so that importing it again leaves the edit alone.
std::string HashOfEdit(std::string_view stored_hash, std::string_view content) {
  std::string_view file = stored_hash;
  if (IsEdited(file)) {
    file.remove_prefix(kEdited.size());
    file = file.substr(0, file.find('|'));
  }
  return fmt::format("{}{}|{:016x}-{}", kEdited, file, Fnv1a(content), content.size());
}

storage::Statement GuardUnchanged(const std::string& user_id, const std::string& document_id,
                                  const std::string& source_hash) {
  return {
      "UPDATE documents SET source_hash = source_hash WHERE user_id = $1 AND id = $2 AND"
      " source_hash = $3",
      {user_id, document_id, source_hash},
      1};
}

std::vector<storage::Statement> KeepVersion(const std::string& document_id,
                                            const std::string& agent, const std::string& reason,
                                            const std::string& now) {
  std::vector<storage::Statement> batch;
  batch.push_back(
      {"INSERT INTO document_versions (document_id, version, user_id, title, content, metadata,"
       " source_hash, agent, reason, created_at) SELECT d.id, COALESCE((SELECT max(v.version)"
       " FROM document_versions AS v WHERE v.document_id = d.id), 0) + 1, d.user_id, d.title,"
       " t.content, d.metadata, d.source_hash, $2, $3, $4 FROM documents AS d"
       " JOIN document_contents AS t ON t.document_id = d.id WHERE d.id = $1",
       {document_id, agent, reason, now}});
  batch.push_back(
      {"DELETE FROM document_versions WHERE document_id = $1 AND version <= (SELECT"
       " max(v.version) - $2 FROM document_versions AS v WHERE v.document_id = $1)",
       {document_id, kMaxVersions}});
  return batch;
}

}  // namespace internal

async::Task<Result<DocumentText>> DocumentStore::Load(std::string user_id,
                                                      std::string document_id) {
  const Result<storage::Rows> rows =
      co_await database_.Read({fmt::format("SELECT {}, t.content, d.source_hash FROM documents AS d"
                                           " JOIN document_contents AS t ON t.document_id = d.id"
                                           " WHERE d.user_id = $1 AND d.id = $2",
                                           internal::kDocumentColumns),
                               {user_id, document_id}});
  if (!rows) co_return Fail(rows.error());
  if (rows->rows.empty()) {
    co_return Fail(Code::kNotFound, "document '{}': no such document", document_id);
  }
  co_return DocumentText{
      .document = internal::ReadDocument(*rows, 0),
      .content = std::string(rows->Text(0, internal::kDocumentColumnCount)),
      .source_hash = std::string(rows->Text(0, internal::kDocumentColumnCount + 1))};
}

async::Task<Result<std::string>> DocumentStore::Create(std::string user_id,
                                                       ParsedDocument document) {
  BATON_CO_TRY(internal::CheckDocument(document));
  if (document.source_hash.empty()) document.source_hash = internal::HashContent(document);
  std::vector<storage::Statement> batch;
  internal::TermTally tally;
  const std::string id = AppendReplace(user_id, document, nullptr, batch, tally);
  tally.AppendTo(database_.dialect(), batch);
  const auto written = co_await database_.Write(std::move(batch), storage::Durability::kFlushed);
  if (written) co_return id;
  if (written.error().code() != Code::kAlreadyExists) co_return Fail(written.error());
  co_return Fail(Code::kAlreadyExists, "'{}' exists already", document.path);
}

async::Task<Status> DocumentStore::Change(std::string user_id, const DocumentText& was,
                                          ParsedDocument document, ChangeNote note,
                                          std::vector<storage::Statement> along) {
  document.source_hash = internal::HashOfEdit(was.source_hash, document.content + document.title);
  BATON_CO_TRY(internal::CheckDocument(document));
  std::vector<storage::Statement> batch;
  batch.push_back(internal::GuardUnchanged(user_id, was.document.id, was.source_hash));
  std::ranges::move(along, std::back_inserter(batch));
  const std::string now = FormatTimestamp(clock_.Now());
  for (auto& each : internal::KeepVersion(was.document.id, note.agent, note.reason, now)) {
    batch.push_back(std::move(each));
  }
  const Stored stored{.id = was.document.id, .source_hash = {}};
  internal::TermTally tally;
  AppendReplace(user_id, document, &stored, batch, tally);
  tally.AppendTo(database_.dialect(), batch);
  const auto written = co_await database_.Write(std::move(batch), storage::Durability::kFlushed);
  if (written) co_return Status();
  if (written.error().code() == Code::kAborted) co_return ChangedMeanwhile(was.document.id);
  co_return written.error();
}

async::Task<Result<DocumentVersion>> DocumentStore::LastVersion(std::string user_id,
                                                                std::string document_id) {
  BATON_CO_TRY(co_await Get(user_id, document_id));
  const Result<storage::Rows> rows = co_await database_.Read(
      {"SELECT version, title, content, source_hash, metadata FROM document_versions"
       " WHERE user_id = $1 AND document_id = $2 ORDER BY version DESC LIMIT 1",
       {user_id, document_id}});
  if (!rows) co_return Fail(rows.error());
  if (rows->rows.empty()) {
    co_return Fail(Code::kFailedPrecondition, "document '{}' has not been changed: nothing to undo",
                   document_id);
  }
  co_return DocumentVersion{.version = rows->Int(0, 0),
                            .title = std::string(rows->Text(0, 1)),
                            .content = std::string(rows->Text(0, 2)),
                            .source_hash = std::string(rows->Text(0, 3)),
                            .metadata = internal::DecodeMetadata(rows->Text(0, 4))};
}

async::Task<Status> DocumentStore::Revert(std::string user_id, const DocumentText& was,
                                          const DocumentVersion& to, ParsedDocument document) {
  document.source_hash = to.source_hash;
  document.title = to.title;
  document.metadata = to.metadata;
  BATON_CO_TRY(internal::CheckDocument(document));
  std::vector<storage::Statement> batch;
  batch.push_back(internal::GuardUnchanged(user_id, was.document.id, was.source_hash));
  batch.push_back({"DELETE FROM document_versions WHERE document_id = $1 AND version = $2",
                   {was.document.id, to.version},
                   1});
  const Stored stored{.id = was.document.id, .source_hash = {}};
  internal::TermTally tally;
  AppendReplace(user_id, document, &stored, batch, tally);
  tally.AppendTo(database_.dialect(), batch);
  const auto written = co_await database_.Write(std::move(batch), storage::Durability::kFlushed);
  if (written) co_return Status();
  if (written.error().code() == Code::kAborted) co_return ChangedMeanwhile(was.document.id);
  co_return written.error();
}

async::Task<Result<std::vector<Document>>> DocumentStore::List(std::string user_id) {
  const Result<storage::Rows> rows = co_await database_.Read(
      {fmt::format("SELECT {} FROM documents AS d WHERE d.user_id = $1 ORDER BY d.path",
                   internal::kDocumentColumns),
       {user_id}});
  if (!rows) co_return Fail(rows.error());
  std::vector<Document> documents;
  documents.reserve(rows->rows.size());
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    documents.push_back(internal::ReadDocument(*rows, row));
  }
  co_return documents;
}

}  // namespace baton::workspace
