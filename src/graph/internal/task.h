// One run of one node within a super-step.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "graph/node.h"

namespace baton::graph {

// A question as it was asked, with its id.
struct AskedQuestion {
  std::string id;
  json::Value payload;
  std::optional<json::Value> answer_schema;
  std::optional<Timestamp> expires;
};

enum class TaskState {
  kReady,    // has not run, or runs
  kDone,     // `output` is what it wrote
  kFailed,   // `failure` says why
  kAsking,   // `questions` wait for answers
  kStopped,  // a breakpoint within its subgraph
};

struct Task {
  int node = 0;
  int trigger = -1;  // the graph's trigger that started it; -1 for a send
  int send = -1;     // its index among the state's sends
  TaskState state = TaskState::kReady;
  bool stored = false;         // its rows are in the store or on their way
  bool restored = false;       // it finished in an earlier run
  bool without_edges = false;  // CompileOptions::drop_edges_of_failed_steps
  int attempt = 0;
  std::string id;  // empty until somebody asks for it
  NodeOutput output;
  Status failure;
  std::vector<AskedQuestion> questions;     // of the last attempt
  std::vector<AskedQuestion> asked_before;  // of the one before
};

}  // namespace baton::graph
