// The text of an item, and the words and vectors by which a query finds it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/status.h"
#include "embedding/embedder.h"
#include "json/json.h"
#include "json/pointer.h"

namespace baton::checkpoint::internal {

inline constexpr std::size_t kMaxQueryWords = 32;

// What lies at each of `places` as text: texts and numbers below it, a line each. Places without
// any are left out.
std::vector<std::string> TextsAt(const json::Object& value, std::span<const json::Pointer> places);

// The words of all texts together, in no order that means anything.
std::vector<std::string> WordsOfAll(std::span<const std::string> texts);

// A vector of length 1 for each text, without those that are all zeros. None without texts.
async::Task<Result<std::vector<std::vector<float>>>> EmbedItemTexts(embedding::Embedder& embedder,
                                                                    std::vector<std::string> texts);

// The query's vector; empty if it says nothing. kFailedPrecondition without an embedder.
async::Task<Result<std::vector<float>>> EmbedQuery(embedding::Embedder* embedder,
                                                   std::string query);

}  // namespace baton::checkpoint::internal
