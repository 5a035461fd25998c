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
#include "graph/embedder.h"
#include "json/json.h"
#include "json/pointer.h"

namespace baton::checkpoint::internal {

// The distinct words of `text` in their order: letters and digits, compatibility forms unified,
// case folded, at most 64 bytes of each; a Han or kana character is a word. No stemming: the
// language is not known. At most `most` words.
std::vector<std::string> WordsOf(std::string_view text, std::size_t most);

// A tsvector holds a mebibyte; words beyond these are not found.
inline constexpr std::size_t kMaxWords = 4096;
inline constexpr std::size_t kMaxQueryWords = 32;

// What lies at each of `places` as text: texts and numbers below it, a line each. Places without
// any are left out.
std::vector<std::string> TextsAt(const json::Object& value, std::span<const json::Pointer> places);

// The words of all texts together, in no order that means anything.
std::vector<std::string> WordsOfAll(std::span<const std::string> texts);

// A vector of length 1 for each text, without those that are all zeros. None without texts.
async::Task<Result<std::vector<std::vector<float>>>> EmbedTexts(graph::Embedder& embedder,
                                                                std::vector<std::string> texts);

// The query's vector; empty if it says nothing. kFailedPrecondition without an embedder.
async::Task<Result<std::vector<float>>> EmbedQuery(graph::Embedder* embedder, std::string query);

// Of two vectors of length 1; 0 if they have not the same number of dimensions.
double Cosine(std::span<const float> a, std::span<const float> b);

// IEEE 754 single precision, little endian.
std::string EncodeVector(std::span<const float> vector);
std::vector<float> DecodeVector(std::string_view bytes);

}  // namespace baton::checkpoint::internal
