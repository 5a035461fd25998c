// Answers made of the sentences that the sources themselves say.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "llm/offline/evidence.h"

namespace baton::llm::offline {

// A sentence of a passage that speaks to the question.
struct Finding {
  std::size_t passage = 0;   // index into the passages
  std::size_t position = 0;  // its place within the passage
  std::string text;
  std::vector<int> citations;  // source numbers; several say the same
  bool is_heading = false;
  bool repeats_title = false;  // says nothing that its document's title does not say
  double score = 0;
};

struct ExtractionLimits {
  std::size_t max_sentences = 6;
  std::size_t max_bytes = 1200;  // of sentence text
};

// The sentences that match the question best (BM25 over the sentences of all passages),
// without repetitions; grouped by passage, the best passage first, and within a passage in the
// order of the source. For a question without topics ("summarise this") what each passage
// begins with. Empty if nothing matches.
std::vector<Finding> FindSentences(const Evidence& evidence, const ExtractionLimits& limits = {});

// The sentences, each with its citation marks, a paragraph per passage.
std::string ComposeAnswer(const std::vector<Finding>& findings);

}  // namespace baton::llm::offline
