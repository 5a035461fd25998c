// Who and what a text speaks of, by rules and lists of names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "workspace/document_store.h"

namespace baton::workspace::internal {

inline constexpr std::size_t kMaxEntitiesOfDocument = 300;

// The people, organisations, places, works and dates that `text` (valid UTF-8) names, the most
// frequent first. Precision before recall: a name counts where a title, a first name, a word such
// as "University", a list or quotation marks say what it is; other capitals are left alone. Takes
// time in proportion to the text, of which the first 4 MiB are read.
std::vector<EntityMention> ExtractEntities(std::string_view text);

// By which spellings of a name are one: lower case, single blanks.
std::string EntityKey(std::string_view name);

}  // namespace baton::workspace::internal
