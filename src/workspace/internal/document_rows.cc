#include "workspace/internal/document_rows.h"

#include <filesystem>
#include <utility>

#include <fmt/core.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "json/json.h"
#include "workspace/internal/document_tables.h"
#include "workspace/internal/words.h"

namespace baton::workspace::internal {
namespace {

bool IsStorableText(std::string_view text) {
  return text.find('\0') == std::string_view::npos && IsValidUtf8(text);
}

// The words a document is called by: its title, its file's name and the folder's. Where many
// files have one name ("README", "copyright"), the folder tells them apart.
std::string TitleTerms(const ParsedDocument& document) {
  const std::filesystem::path path(document.path);
  return TermsOf(fmt::format("{} {} {}", document.title, path.parent_path().filename().string(),
                             path.filename().string()));
}

}  // namespace

std::map<std::string, std::string> DecodeMetadata(std::string_view text) {
  std::map<std::string, std::string> metadata;
  const Result<json::Value> value = json::Parse(text);
  if (!value || !value->is_object()) return metadata;
  for (const auto& [key, field] : value->get_object()) {
    if (field.is_string()) metadata.emplace(key, json::ToStringView(field.get_string()));
  }
  return metadata;
}

Document ReadDocument(const storage::Rows& rows, std::size_t row) {
  Document document;
  document.id = rows.Text(row, 0);
  document.title = rows.Text(row, 1);
  document.filename = rows.Text(row, 2);
  document.path = rows.Text(row, 3);
  document.content_type = rows.Text(row, 4);
  document.characters = rows.Int(row, 5);
  document.created_at = rows.Text(row, 6);
  document.updated_at = rows.Text(row, 7);
  document.metadata = DecodeMetadata(rows.Text(row, 8));
  return document;
}

Chunk ReadChunk(const storage::Rows& rows, std::size_t row, std::size_t first) {
  Chunk chunk;
  chunk.document_id = rows.Text(row, first);
  chunk.index = rows.Int(row, first + 1);
  chunk.id = fmt::format("{}#{}", chunk.document_id, chunk.index);
  chunk.content = rows.Text(row, first + 2);
  chunk.heading = rows.Text(row, first + 3);
  chunk.begin = rows.Int(row, first + 4);
  chunk.end = rows.Int(row, first + 5);
  return chunk;
}

std::string Placeholders(std::size_t first, std::size_t count) {
  std::string list;
  for (std::size_t i = 0; i < count; ++i) {
    list += fmt::format("{}${}", i == 0 ? "" : ", ", first + i);
  }
  return list;
}

std::string EncodeMetadata(const std::map<std::string, std::string>& metadata) {
  json::Object object;
  for (const auto& [key, value] : metadata) object[key] = value;
  return json::Serialize(object);
}

Status CheckDocument(const ParsedDocument& document) {
  if (!document.path.starts_with('/')) {
    return Fail(Code::kInvalidArgument, "document '{}': its path is not absolute",
                ReplaceInvalidUtf8(document.path));
  }
  if (document.path.size() > kMaxPathBytes) {
    return Fail(Code::kInvalidArgument, "path longer than {} bytes", kMaxPathBytes);
  }
  bool valid = IsStorableText(document.path) && IsStorableText(document.title) &&
               IsStorableText(document.content) && IsStorableText(document.content_type);
  for (const auto& [key, value] : document.metadata) {
    valid = valid && IsStorableText(key) && IsStorableText(value);
  }
  for (const Chunk& chunk : document.chunks) {
    valid = valid && IsStorableText(chunk.content) && IsStorableText(chunk.heading);
  }
  if (valid) return {};
  return Fail(Code::kInvalidArgument, "document '{}': not valid UTF-8",
              ReplaceInvalidUtf8(document.path));
}

std::string HashContent(const ParsedDocument& document) {
  std::uint64_t hash = Fnv1a(document.content);
  hash = Fnv1a(document.title, hash);
  hash = Fnv1a(document.content_type, hash);
  hash = Fnv1a(EncodeMetadata(document.metadata), hash);
  for (const Chunk& chunk : document.chunks) {
    hash = Fnv1a(chunk.heading, hash);
    hash = Fnv1a(chunk.content, hash);
  }
  return fmt::format("content-{:016x}-{}", hash, document.content.size());
}

void AppendChunkInserts(const std::string& user_id, const std::string& document_id,
                        const ParsedDocument& document, std::vector<storage::Statement>& batch,
                        TermTally& tally) {
  const std::string owner = OwnerTerm(user_id);
  const std::string title = TitleTerms(document);
  const bool has_terms = document.chunk_terms.size() == document.chunks.size();
  for (std::size_t i = 0; i < document.chunks.size(); ++i) {
    const Chunk& chunk = document.chunks[i];
    std::string heading = TermsOf(chunk.heading);
    std::string content = has_terms ? document.chunk_terms[i] : TermsOf(chunk.content);
    tally.AddChunk(owner, title, heading, content);
    batch.push_back(
        {"INSERT INTO document_chunks (user_id, document_id, position, heading, content, begin_at,"
         " end_at, owner_term, title_terms, heading_terms, content_terms)"
         " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
         {user_id, document_id, static_cast<std::int64_t>(i), chunk.heading, chunk.content,
          chunk.begin, chunk.end, owner, title, std::move(heading), std::move(content)}});
  }
}

}  // namespace baton::workspace::internal
