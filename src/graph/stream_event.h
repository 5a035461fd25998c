// What happens during a run, for who watches it.
#pragma once

#include <string>

#include "async/task.h"
#include "base/status.h"
#include "json/json.h"

namespace baton::graph {

struct StreamEvent {
  enum class Kind {
    // Before a task runs: {"step", "triggers"}; with details also its "input".
    kTaskStarted,
    // After: {"status": "done" | "failed" | "asking" | "stopped", "attempts"}, and where it
    // applies "cached": true, "error": {"code", "message"}, "questions": [{"id", "payload"}];
    // with details also "result", what it wrote.
    kTaskFinished,
    // The state after each super-step, when a run goes on, and when one stops in the middle of
    // a super-step.
    kValues,
    // What a task wrote, when it is done.
    kUpdates,
    // What a node gave to NodeContext::Emit().
    kCustom,
    // New input, a fork, and the end of every super-step ("source" "input", "fork", "loop"):
    // {"checkpoint_id", "parent_id", "source", "step"}; with details also "values" and "next".
    // With DurabilityMode::kSync, each is told of once it is stored; new input is stored by the
    // first super-step, in every mode. A checkpoint that is not stored on its own is told of too.
    kCheckpoint,
    // [message, {"node", "task_id", "step", "attempt"}]: what a node gave to
    // NodeContext::EmitMessage(), and the messages it wrote to a messages channel unless they
    // were there before or their id was given so.
    kMessages,
    // kTaskStarted, kTaskFinished and kCheckpoint with details, as {"step", "timestamp",
    // "type": "task" | "task_result" | "checkpoint", "payload"}.
    kDebug,
  };
  Kind kind = Kind::kCustom;
  std::string node;     // empty for kValues and kCheckpoint
  std::string task_id;  // likewise
  json::Value data;
  std::string ns;  // of the subgraph it comes from; empty for the thread's own graph
};

// Threads: called on the run's executor.
class StreamListener {
 public:
  virtual ~StreamListener() = default;
  // The kinds the listener wants; the others are not built.
  virtual bool Wants(StreamEvent::Kind kind) const = 0;
  // Whether events are to hold what costs a copy of the state.
  virtual bool WantsDetails() const { return false; }
  // Suspends the run while it runs. A failure ends the run with it.
  virtual async::Task<Status> OnEvent(StreamEvent event) = 0;
};

}  // namespace baton::graph
