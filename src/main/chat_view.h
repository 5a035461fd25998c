// Shows a turn's chunks in the terminal, or prints them as JSON lines.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "main/terminal.h"
#include "runs/orchestrator.h"

namespace baton::app {

// Threads: one.
class ChatView {
 public:
  // `json`: every chunk as one JSON line on standard output, nothing else.
  explicit ChatView(bool json);

  void Show(const runs::Chunk& chunk);

  // What a waiting run asks about: "permission", "effect_in_doubt"; and its question, as a
  // person reads it.
  static std::string KindOf(const std::string& question_json);
  static std::string DescribeQuestion(const std::string& question_json);

 private:
  void ShowContent(const runs::Chunk& chunk);
  void ShowToolCall(const runs::Chunk& chunk);
  void ShowComplete(const runs::Chunk& chunk);
  void EndLine();
  void Note(const std::string& text);  // dim, on standard error

  const bool json_;
  Terminal out_;
  Terminal err_;
  std::string agent_;
  bool in_line_ = false;  // the answer's last line is not ended yet
};

}  // namespace baton::app
