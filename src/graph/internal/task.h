// One run of one node within a super-step.
#pragma once

#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/status.h"
#include "graph/internal/answers.h"
#include "graph/node.h"

namespace baton::graph {

enum class TaskState {
  kReady,    // has not run, or runs
  kDone,     // `output` is what it wrote
  kFailed,   // `failure` says why
  kAsking,   // `questions` wait for answers
  kStopped,  // its subgraph stopped before its end: a breakpoint, or drained
  kLeft,     // `output` is the parent graph's
};

struct Task {
  int node = 0;
  int trigger = -1;  // the graph's trigger that started it; -1 for a send
  int send = -1;     // its index among the state's sends
  TaskState state = TaskState::kReady;
  bool stored = false;         // its rows are in the store or on their way
  bool cached = false;         // `output` comes from the cache
  bool restored = false;       // it finished in an earlier run
  bool without_edges = false;  // CompileOptions::drop_edges_of_failed_steps
  int attempt = 0;
  std::string id;  // empty until somebody asks for it
  NodeOutput output;
  Status failure;                           // with kReady: of an earlier run
  bool handling = false;                    // its error handler runs in its place
  Status cause;                             // what that handles
  Deadline::Clock::time_point last_sign;    // of life
  std::vector<AskedQuestion> questions;     // the last attempt stopped at
  std::vector<AskedQuestion> answered;      // those it had answers to
  std::vector<AskedQuestion> asked_before;  // the attempt before stopped at
  bool told_expired = false;                // the attempt has failed for one of those
};

}  // namespace baton::graph
