// What documents are filed under, and how a search asks for it.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "storage/database.h"
#include "storage/migrations.h"

namespace baton::workspace::internal {

// document_labels  one row for each label of a document. A label is "tag:<tag>" or
//                  "category:<category>", in lower case (ASCII), from the front matter
std::span<const storage::Migration> LabelMigrations();

// A tag as it is compared: " #Green" is "green"; empty for one that is only blanks and '#'.
std::string CanonicalTag(std::string_view tag);

// The tags of a document's metadata ("red, #Green"), canonical.
std::vector<std::string> TagsOf(const std::map<std::string, std::string>& metadata);

// Replaces what the document is filed under.
void AppendLabelStatements(const std::string& user_id, const std::string& document_id,
                           const std::map<std::string, std::string>& metadata,
                           std::vector<storage::Statement>& batch);

// " AND d.id IN (…) AND …" for a SELECT in which `document_id` is "d.id": only documents with all
// of `labels`. Adds its parameters to `statement`; empty for no labels.
std::string HasLabels(std::string_view document_id, const std::string& user_id,
                      const std::vector<std::string>& labels, storage::Statement& statement);

// The label that "tag:x" or "category:x" asks for, its name in quotes or not. kInvalidArgument
// for anything else.
Result<std::string> ParseLabel(std::string_view filter);

struct LabelledText {
  std::string text;                 // without its filters
  std::vector<std::string> labels;  // of those
};

// Takes the filters out of a search: words that begin with `tag:` or `category:`, of which a
// name with blanks is in double quotes: `tag:"to read"`. What is no filter stays.
LabelledText TakeLabels(std::string_view text);

}  // namespace baton::workspace::internal
