// What the offline model goes by: the question of this turn and the passages its tools found.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "llm/chat_model.h"
#include "llm/offline/stop_words.h"

namespace baton::llm::offline {

// A numbered source in a tool result. Tool results are blocks separated by blank lines:
//
//   [2] Storage design — docs/storage.md
//   An accepted run is on disk before its first chunk. A failed fsync
//   fails the run.
//
// Text outside such blocks is a passage without a number.
struct Passage {
  int number = 0;  // to cite as "[2]"; 0: cannot be cited
  std::string title;
  std::string text;
};

std::vector<Passage> ParsePassages(std::string_view tool_result);

struct Evidence {
  std::string question;              // the user's message of this turn
  std::string query;                 // its topics as written; with those before, if it refers
  std::vector<std::string> earlier;  // the user's earlier messages, oldest first
  std::string instructions;          // system messages, and prompts that follow the question
  std::vector<Passage> passages;
  bool has_results = false;   // a tool has answered in this turn, be it with nothing
  bool only_searched = true;  // no tool but those that search was called in this turn
  Language language = Language::kEnglish;

  // The topics of the query that occur in the passages, and those that do not.
  std::vector<std::string> covered;
  std::vector<std::string> missing;

  // The share of the question's topics that the passages cover; 0 without passages.
  double coverage() const;
};

// Reads the conversation. The question is the last user message. Where results stand only
// before it, unanswered (a prompt to judge or to answer from them), it is the user message
// before them, and the later one is an instruction.
Evidence GatherEvidence(const ChatRequest& request);

}  // namespace baton::llm::offline
