// What a run's stream has said so far, as a task tells it.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "runs/orchestrator.h"

namespace baton::runs::tasks {

// Reads a run's chunks in order and holds what a client that applies supersedes_seq holds.
class RunReading {
 public:
  void Add(const Chunk& chunk);

  std::string answer() const;
  const std::string& progress() const { return progress_; }  // the last status line
  const std::string& error() const { return error_; }
  const std::string& questions() const { return questions_; }  // JSON; empty: asks nothing
  // Of the last chunk: "completed" "waiting" "failed" "cancelled"; empty while the run goes on.
  const std::string& state() const { return state_; }
  std::int64_t last_seq() const { return last_seq_; }

 private:
  std::map<std::int64_t, std::string> content_;  // by seq
  std::string progress_;
  std::string error_;
  std::string questions_;
  std::string state_;
  std::int64_t last_seq_ = 0;
};

}  // namespace baton::runs::tasks
