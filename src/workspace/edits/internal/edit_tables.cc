#include "workspace/edits/internal/edit_tables.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "json/json.h"

namespace baton::workspace::edits::internal {
namespace {

constexpr std::string_view kTables = R"sql(
CREATE TABLE edit_proposals (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  document_id TEXT NOT NULL,
  source_hash TEXT NOT NULL,
  edit TEXT NOT NULL,
  agent TEXT NOT NULL,
  summary TEXT NOT NULL,
  created_at TEXT NOT NULL,
  applied_at TEXT NOT NULL
);
CREATE INDEX edit_proposals_by_document ON edit_proposals (user_id, document_id);
CREATE TABLE user_folders (
  user_id TEXT NOT NULL,
  path TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (user_id, path)
);
)sql";

constexpr std::array kMigrations = {storage::Migration{1, "edit proposals and folders", kTables}};

void SetIf(json::Object& object, std::string_view key, const std::optional<std::string>& value) {
  if (value) object[key] = *value;
}

std::optional<std::string> TextIf(const json::Object& object, std::string_view key) {
  if (json::Find(object, key) == nullptr) return std::nullopt;
  return std::string(json::GetString(object, key));
}

json::Object EncodeOperation(const Operation& operation) {
  json::Object object{{"kind", static_cast<int>(operation.kind)},
                      {"begin", operation.begin},
                      {"end", operation.end},
                      {"text", operation.text},
                      {"pre_hash", operation.pre_hash}};
  SetIf(object, "original_text", operation.original_text);
  SetIf(object, "anchor_text", operation.anchor_text);
  SetIf(object, "left_context", operation.left_context);
  SetIf(object, "right_context", operation.right_context);
  SetIf(object, "seen_left", operation.seen_left);
  SetIf(object, "seen_right", operation.seen_right);
  if (operation.occurrence_index) object["occurrence_index"] = *operation.occurrence_index;
  return object;
}

Operation DecodeOperation(const json::Object& object) {
  Operation operation;
  operation.kind = static_cast<OperationKind>(json::GetInt(object, "kind", 0));
  operation.begin = json::GetInt(object, "begin", 0);
  operation.end = json::GetInt(object, "end", 0);
  operation.text = json::GetString(object, "text");
  operation.pre_hash = json::GetString(object, "pre_hash");
  operation.original_text = TextIf(object, "original_text");
  operation.anchor_text = TextIf(object, "anchor_text");
  operation.left_context = TextIf(object, "left_context");
  operation.right_context = TextIf(object, "right_context");
  operation.seen_left = TextIf(object, "seen_left");
  operation.seen_right = TextIf(object, "seen_right");
  if (json::Find(object, "occurrence_index") != nullptr) {
    operation.occurrence_index = static_cast<int>(json::GetInt(object, "occurrence_index", 0));
  }
  return operation;
}

}  // namespace

std::span<const storage::Migration> EditMigrations() { return kMigrations; }

std::string EncodeEdit(const Proposal& proposal) {
  json::Object object;
  if (proposal.content_edit) {
    object["mode"] = static_cast<int>(proposal.content_edit->mode);
    object["content"] = proposal.content_edit->content;
    object["position"] = proposal.content_edit->position;
    return json::Serialize(object);
  }
  json::Array operations;
  for (const Operation& each : proposal.operations) operations.push_back(EncodeOperation(each));
  object["operations"] = std::move(operations);
  return json::Serialize(object);
}

Result<Proposal> DecodeEdit(std::string_view text) {
  const Result<json::Value> value = json::Parse(text, {.max_bytes = kMaxEditedBytes * 8});
  if (!value || !value->is_object()) return Fail(Code::kDataLoss, "an edit that is no JSON");
  const json::Object& object = value->get_object();
  Proposal proposal;
  const json::Value* operations = json::Find(object, "operations");
  if (operations == nullptr || !operations->is_array()) {
    proposal.content_edit = {.mode = static_cast<ContentMode>(json::GetInt(object, "mode", 0)),
                             .content = std::string(json::GetString(object, "content")),
                             .position = json::GetInt(object, "position", 0)};
    return proposal;
  }
  for (const json::Value& each : operations->get_array()) {
    if (each.is_object()) proposal.operations.push_back(DecodeOperation(each.get_object()));
  }
  return proposal;
}

std::string FolderId(std::string_view path) { return fmt::format("folder_{:016x}", Fnv1a(path)); }

}  // namespace baton::workspace::edits::internal
