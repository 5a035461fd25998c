#include "workspace/text_match.h"

#include <string>
#include <utility>
#include <vector>

#include "workspace/internal/ranking.h"
#include "workspace/internal/words.h"

namespace baton::workspace {

double TextMatchScore(std::string_view question, std::string_view text) {
  std::vector<QueryTerm> terms;
  for (std::string& term : internal::QueryTerms(question)) {
    terms.push_back({.term = std::move(term), .weight = 1, .chunks = 1});
  }
  if (terms.empty()) return 0;
  const std::string words = internal::TermsOf(text);
  return internal::ScoreChunk(terms, {.title = {}, .heading = {}, .content = words});
}

}  // namespace baton::workspace
