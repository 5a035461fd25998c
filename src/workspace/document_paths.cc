// DocumentStore::FindByPath: which document a person means by a path.
#include <filesystem>
#include <utility>

#include <fmt/core.h>

#include "workspace/document_store.h"
#include "workspace/internal/document_rows.h"

namespace baton::workspace {
namespace {

constexpr std::size_t kMaxNamedCandidates = 5;

// "./docs//a.md" as "docs/a.md"; leading ".." name nothing in a list of stored paths and go too.
std::string LastParts(const std::string& path) {
  const std::filesystem::path normal = std::filesystem::path(path).lexically_normal();
  std::filesystem::path parts;
  for (const std::filesystem::path& part : normal) {
    if (part != ".." && part != ".") parts /= part;
  }
  return parts.string();
}

std::unexpected<Status> NoDocumentAt(const std::string& path) {
  return Fail(Code::kNotFound, "path '{}': no such document", path);
}

std::unexpected<Status> SeveralFit(const std::string& path,
                                   const std::vector<Document>& candidates) {
  std::string names;
  for (std::size_t i = 0; i < candidates.size() && i < kMaxNamedCandidates; ++i) {
    names += fmt::format("{}'{}'", i == 0 ? "" : ", ", candidates[i].path);
  }
  if (candidates.size() > kMaxNamedCandidates) {
    names += fmt::format(" and {} more", candidates.size() - kMaxNamedCandidates);
  }
  return Fail(Code::kFailedPrecondition, "path '{}': several documents fit: {}", path, names);
}

// The rows of one user of which `column` is `value`, in the order of their paths.
async::Task<Result<std::vector<Document>>> SelectDocuments(storage::Database& database,
                                                           std::string user_id,
                                                           std::string_view column,
                                                           std::string value) {
  const Result<storage::Rows> rows = co_await database.Read(
      {fmt::format("SELECT {} FROM documents AS d WHERE d.user_id = $1 AND d.{} = $2"
                   " ORDER BY d.path",
                   internal::kDocumentColumns, column),
       {user_id, value}});
  if (!rows) co_return Fail(rows.error());
  std::vector<Document> documents;
  documents.reserve(rows->rows.size());
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    documents.push_back(internal::ReadDocument(*rows, row));
  }
  co_return documents;
}

}  // namespace

async::Task<Result<Document>> DocumentStore::FindByPath(std::string user_id, std::string path,
                                                        std::string base_path) {
  const std::filesystem::path wanted(path);
  if (path.empty()) co_return NoDocumentAt(path);
  const std::filesystem::path full = wanted.is_absolute() ? wanted : base_path / wanted;
  if (full.is_absolute()) {
    Result<std::vector<Document>> exact =
        co_await SelectDocuments(database_, user_id, "path", full.lexically_normal().string());
    if (!exact) co_return Fail(std::move(exact).error());
    if (!exact->empty()) co_return std::move(exact->front());
    if (wanted.is_absolute()) co_return NoDocumentAt(path);
  }
  const std::string parts = LastParts(path);
  Result<std::vector<Document>> named = co_await SelectDocuments(
      database_, user_id, "filename", std::filesystem::path(parts).filename().string());
  if (!named) co_return Fail(std::move(named).error());
  std::erase_if(
      *named, [&parts](const Document& document) { return !document.path.ends_with("/" + parts); });
  if (named->empty()) co_return NoDocumentAt(path);
  if (named->size() > 1) co_return SeveralFit(path, *named);
  co_return std::move(named->front());
}

}  // namespace baton::workspace
