// What can be counted in a text, and other ways to ask for it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace baton::workspace::analysis {

inline constexpr std::size_t kMaxAnalysedBytes = std::size_t{8} << 20U;

struct TextStatistics {
  std::int64_t words = 0;  // what stands between blanks
  std::int64_t lines = 0;
  std::int64_t filled_lines = 0;
  std::int64_t characters = 0;  // Unicode code points, without counting the byte order mark
  std::int64_t characters_without_blanks = 0;
  std::int64_t paragraphs = 0;  // stretches of filled lines
  std::int64_t sentences = 0;   // as ICU parts them
  // Of the deeper look; zero without it.
  std::int64_t distinct_words = 0;
  std::int64_t longest_sentence_words = 0;
  double average_word_length = 0;                            // in code points
  std::vector<std::pair<std::string, std::int64_t>> common;  // terms and how often, at most 20
};

// `text` is valid UTF-8. Takes time in proportion to it.
TextStatistics AnalyzeText(std::string_view text, bool deeper);

struct QueryVariations {
  std::vector<std::string> queries;  // without the original; each another
  std::vector<std::string> names;    // that a search must not lose
};

// Rewrites a question for a search by words, without a model: its words alone, with the names that
// are spoken of in `context`, each quoted part and name by itself. At most `most` variations;
// fewer where a question has no more in it.
QueryVariations ExpandQuery(std::string_view query, std::string_view context, std::size_t most);

}  // namespace baton::workspace::analysis
