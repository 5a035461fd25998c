// A thread as it stood at one of its checkpoints.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "json/json.h"

namespace baton::graph {

// A question that a run waits with.
struct PendingQuestion {
  std::string id;  // of this very call
  std::string node;
  json::Value payload;
  std::optional<json::Value> answer_schema;
  std::optional<Timestamp> expires;
  // Why an answer that was there before the question was not taken; empty if there was none.
  std::string refused;
};

// A question that has been answered.
struct AnsweredQuestion {
  std::string id;
  std::string node;
  json::Value payload;
  json::Value answer;
  std::string by;  // RunRequest::answered_by
  Timestamp at;
};

struct StateSnapshot;

// A task of the super-step after a checkpoint.
struct TaskSnapshot {
  std::string id;
  std::string node;
  bool done = false;  // the snapshot's values have its writes; always false in history
  Status error;       // what it failed with when it last ran; ok if it did not
  // Of the run of its subgraph, for StateRequest::ns; empty if it is no subgraph.
  std::string ns;
  // That run, if it was asked for and has begun.
  std::shared_ptr<const StateSnapshot> state;
};

// One checkpoint, read. `values`, `next` and `tasks` have pending writes applied when it is the
// latest that was asked for.
struct StateSnapshot {
  json::Value values;
  std::vector<std::string> next;  // sorted names of what would run next
  std::vector<TaskSnapshot> tasks;
  std::vector<PendingQuestion> questions;
  std::vector<AnsweredQuestion> answered;  // in the super-step after it; of subgraphs the latest
  std::string checkpoint_id;
  std::string parent_id;
  std::string source;  // "input" "loop" "update" "fork"
  int step = 0;
  Timestamp created;
  std::string run_id;     // RunOptions of the run that wrote it
  json::Object metadata;  // likewise
};

struct StateRequest {
  std::string thread_id;
  std::string ns;             // of a run of a subgraph; empty: the thread's own graph
  std::string checkpoint_id;  // as it was saved; empty: the latest, with pending writes
  bool subgraphs = false;     // with the states of the subgraphs that its tasks run
};

// What is left empty matches every checkpoint.
struct HistoryRequest {
  std::string thread_id;
  std::string ns;
  std::string before;  // a checkpoint: those older than it
  std::string source;
  std::optional<int> step;
  std::string run_id;
  json::Object metadata;  // members that have these values
  std::size_t limit = 100;
};

// What is written as if `as_node` had returned it, with its edges followed.
struct StateUpdate {
  json::Object values;
  // Empty: the node that ran last; kInvalidArgument if several did at once.
  std::string as_node;
};

struct UpdateRequest {
  std::string thread_id;
  std::string ns;
  // Empty: the latest, with pending writes applied before. Otherwise a new branch from it.
  std::string checkpoint_id;
  // Together, as one super-step. Without any, what waits to run does not run.
  std::vector<StateUpdate> updates;
};

}  // namespace baton::graph
