#include "workspace/internal/document_labels.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/utf8.h"
#include "workspace/internal/blocks.h"

namespace baton::workspace::internal {
namespace {

constexpr std::array<std::string_view, 2> kLabelKinds = {"tag:", "category:"};
constexpr std::string_view kBlanks = " \t\r\n";

constexpr std::string_view kLabelTable = R"sql(
CREATE TABLE document_labels (
  user_id TEXT NOT NULL,
  document_id TEXT NOT NULL,
  label TEXT NOT NULL,
  PRIMARY KEY (document_id, label)
);
CREATE INDEX document_labels_by_label ON document_labels (user_id, label);
)sql";

// Documents that are there already get their labels from their metadata.
constexpr std::string_view kFillSqlite = R"sql(
INSERT OR IGNORE INTO document_labels (user_id, document_id, label)
WITH RECURSIVE tags (user_id, id, tag, rest) AS (
  SELECT user_id, id, '', replace(json_extract(metadata, '$.tags'), ';', ',') || ','
    FROM documents WHERE json_extract(metadata, '$.tags') IS NOT NULL
  UNION ALL
  SELECT user_id, id, ltrim(trim(substr(rest, 1, instr(rest, ',') - 1)), '#'),
    substr(rest, instr(rest, ',') + 1) FROM tags WHERE rest <> '')
SELECT user_id, id, 'tag:' || lower(tag) FROM tags WHERE tag <> ''
UNION ALL
SELECT user_id, id, 'category:' || lower(trim(json_extract(metadata, '$.category')))
  FROM documents WHERE trim(json_extract(metadata, '$.category')) <> '';
)sql";

constexpr std::string_view kFillPostgres = R"sql(
INSERT INTO document_labels (user_id, document_id, label)
SELECT user_id, id, translate(label, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')
FROM (
  SELECT d.user_id, d.id, 'tag:' || ltrim(btrim(t.tag), '#') AS label FROM documents AS d,
    LATERAL regexp_split_to_table(CAST(d.metadata AS json) ->> 'tags', '[,;]') AS t(tag)
    WHERE ltrim(btrim(t.tag), '#') <> ''
  UNION ALL
  SELECT user_id, id, 'category:' || btrim(CAST(metadata AS json) ->> 'category')
    FROM documents WHERE btrim(CAST(metadata AS json) ->> 'category') <> '') AS labels
ON CONFLICT DO NOTHING;
)sql";

std::string LowerCaseLabel(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

std::set<std::string> LabelsOf(const std::map<std::string, std::string>& metadata) {
  std::set<std::string> labels;
  for (const std::string& tag : TagsOf(metadata)) labels.insert("tag:" + tag);
  const auto category = metadata.find("category");
  if (category != metadata.end() && !Trim(category->second).empty()) {
    labels.insert("category:" + LowerCaseLabel(Trim(category->second)));
  }
  return labels;
}

// The length of the filter that `text` begins with; 0 if it begins with none.
std::size_t FilterLength(std::string_view text) {
  for (const std::string_view kind : kLabelKinds) {
    if (!LowerCaseLabel(text.substr(0, kind.size())).starts_with(kind)) continue;
    if (text.substr(kind.size()).starts_with('"')) {
      const std::size_t quote = text.find('"', kind.size() + 1);
      if (quote != std::string_view::npos) return quote + 1;
    }
    return std::min(text.find_first_of(kBlanks), text.size());
  }
  return 0;
}

}  // namespace

std::span<const storage::Migration> LabelMigrations() {
  static const std::string sqlite = fmt::format("{}{}", kLabelTable, kFillSqlite);
  static const std::string postgres = fmt::format("{}{}", kLabelTable, kFillPostgres);
  static const std::array migrations = {
      storage::Migration{1, "tags and categories of documents", sqlite, postgres}};
  return migrations;
}

std::string CanonicalTag(std::string_view tag) {
  tag = Trim(tag);
  while (tag.starts_with('#')) tag.remove_prefix(1);
  return LowerCaseLabel(tag);
}

std::vector<std::string> TagsOf(const std::map<std::string, std::string>& metadata) {
  std::vector<std::string> tags;
  const auto field = metadata.find("tags");
  if (field == metadata.end()) return tags;
  std::string_view rest = field->second;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find_first_of(",;"), rest.size());
    std::string tag = CanonicalTag(rest.substr(0, end));
    if (!tag.empty()) tags.push_back(std::move(tag));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return tags;
}

void AppendLabelStatements(const std::string& user_id, const std::string& document_id,
                           const std::map<std::string, std::string>& metadata,
                           std::vector<storage::Statement>& batch) {
  batch.push_back({"DELETE FROM document_labels WHERE document_id = $1", {document_id}});
  for (const std::string& label : LabelsOf(metadata)) {
    batch.push_back(
        {"INSERT INTO document_labels (user_id, document_id, label) VALUES ($1, $2, $3)",
         {user_id, document_id, label}});
  }
}

std::string HasLabels(std::string_view document_id, const std::string& user_id,
                      const std::vector<std::string>& labels, storage::Statement& statement) {
  std::string conditions;
  if (labels.empty()) return conditions;
  statement.params.emplace_back(user_id);
  const std::size_t user = statement.params.size();
  for (const std::string& label : labels) {
    statement.params.emplace_back(label);
    conditions += fmt::format(
        " AND {} IN (SELECT l.document_id FROM document_labels AS l WHERE l.user_id = ${}"
        " AND l.label = ${})",
        document_id, user, statement.params.size());
  }
  return conditions;
}

Result<std::string> ParseLabel(std::string_view filter) {
  const std::string_view trimmed = Trim(filter);
  for (const std::string_view kind : kLabelKinds) {
    if (!LowerCaseLabel(trimmed.substr(0, kind.size())).starts_with(kind)) continue;
    std::string_view name = Trim(trimmed.substr(kind.size()));
    if (name.size() > 1 && name.starts_with('"') && name.ends_with('"')) {
      name = Trim(name.substr(1, name.size() - 2));
    }
    if (kind == "tag:" && name.starts_with('#')) name.remove_prefix(1);
    if (!name.empty()) return std::string(kind) + LowerCaseLabel(name);
  }
  return Fail(Code::kInvalidArgument, "filter '{}': 'tag:name' and 'category:name' are possible",
              Utf8Prefix(ReplaceInvalidUtf8(filter), 60));
}

LabelledText TakeLabels(std::string_view text) {
  LabelledText taken;
  while (!text.empty()) {
    const std::size_t length = FilterLength(text);
    const Result<std::string> label = ParseLabel(text.substr(0, length));
    if (length > 0 && label) {
      taken.labels.push_back(*label);
      text.remove_prefix(length);
      continue;
    }
    std::size_t end = std::min(text.find_first_of(kBlanks), text.size());
    end = std::min(text.find_first_not_of(kBlanks, end), text.size());
    taken.text += text.substr(0, end);
    text.remove_prefix(end);
  }
  return taken;
}

}  // namespace baton::workspace::internal
