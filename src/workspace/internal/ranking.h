// How well a chunk answers a question, and which part of it to show.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "workspace/text_index.h"

namespace baton::workspace::internal {

// The terms of a chunk as they are stored, separated by blanks.
struct ChunkTerms {
  std::string_view title;
  std::string_view heading;
  std::string_view content;
};

// 0 to 1. Which words of the question occur, weighted, makes up three quarters and scales the
// rest: how often they occur, and how close together those are that the question has side by
// side. So a chunk with all the words ranks above any with half of their weight. Depends on its
// arguments alone: the same on every database.
double ScoreChunk(const std::vector<QueryTerm>& question, const ChunkTerms& chunk);

// The stretch of `content`, of at most `max_bytes`, that holds the most of the question's weight;
// whole words. The beginning of it if it holds no word of the question.
std::string BestSnippet(std::string_view content, const std::vector<QueryTerm>& question,
                        std::size_t max_bytes);

}  // namespace baton::workspace::internal
