// The words of a text in no particular language.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace baton::embedding {

// A tsvector holds a mebibyte; words beyond these are not found.
inline constexpr std::size_t kMaxWords = 4096;

// The distinct words of `text` in their order: letters and digits, compatibility forms unified,
// case folded, at most 64 bytes of each; a Han or kana character is a word. No stemming: the
// language is not known. At most `most` words.
std::vector<std::string> WordsOf(std::string_view text, std::size_t most);

// Those of all texts together.
std::vector<std::string> WordsOfAll(std::span<const std::string> texts, std::size_t most);

}  // namespace baton::embedding
